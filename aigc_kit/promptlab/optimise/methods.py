"""Search prompts: each method is a generator that never counts.

It yields what it wants scored, a list of edits, and receives their scores, higher being better; or a `Slope`, and
receives the slopes. Who counts calls, keeps scores and stops is `optimizer`: no method can spend more than another.
"""

import random
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any

from aigc_kit.promptlab.optimise.spaces import Edit, Prefixes, Space

ROUND = 4  # prompts that are scored together
POPULATION, TOURNAMENT, MUTATED = 8, 3, 0.7
BEAM, CANDIDATES = 2, 8


@dataclass(frozen=True)
class Slope:
    """Ask how the score would change with each character."""

    prompt: str


Wanted = list[Edit] | Slope
Search = Generator[Wanted, Any, None]
Scored = dict[str, float]


def random_search(space: Space, start: str, score: float, rng: random.Random) -> Search:
    """Draw prompts and look back at none."""
    while True:
        yield [Edit("draw", (), space.draw(rng)) for _ in range(ROUND)]


def climb(space: Space, start: str, score: float, rng: random.Random) -> Search:
    """Edit the best so far, and keep what is better."""
    best, top = yield from _begin(space, start, score, rng)
    while True:
        edits = [space.edit(best, rng) for _ in range(ROUND)]
        scores = yield edits
        high = max(range(len(scores)), key=lambda k: scores[k])
        if scores[high] > top:
            best, top = edits[high].prompt, scores[high]


def beam(space: Space, start: str, score: float, rng: random.Random) -> Search:
    """Edit the two best: one may be a dead end."""
    known = yield from _several(space, start, score, rng, BEAM * 2)
    while True:
        best = sorted(known, key=lambda prompt: -known[prompt])[:BEAM]
        edits = [space.edit(prompt, rng) for prompt in best for _ in range(ROUND // BEAM)]
        scores = yield edits
        known = {prompt: known[prompt] for prompt in best} | dict(_pairs(edits, scores))


def evolution(space: Space, start: str, score: float, rng: random.Random) -> Search:
    """Cross and mutate the winners of small tournaments."""
    known = yield from _several(space, start, score, rng, POPULATION)
    while True:
        children = []
        for _ in range(ROUND):
            one, other = (
                max(rng.sample(sorted(known), min(TOURNAMENT, len(known))), key=lambda prompt: known[prompt])
                for _ in range(2)
            )
            child = space.cross(one, other, rng)
            edited = space.edit(child, rng) if rng.random() < MUTATED else Edit("cross", (), child)
            kind = "cross" if edited.kind == "cross" else edited.kind
            children.append(Edit(kind, tuple(dict.fromkeys((one, other))), edited.prompt))
        scores = yield children
        known |= dict(_pairs(children, scores))
        known = {prompt: known[prompt] for prompt in sorted(known, key=lambda prompt: -known[prompt])[:POPULATION]}


def hotflip(space: Space, start: str, score: float, rng: random.Random) -> Search:
    """Let the gradient over tokens name the characters to try.

    One place is chosen, its eight most promising characters are scored, and the best is kept.

    Source: HotFlip, Ebrahimi et al. (arXiv:1712.06751); AutoPrompt, Shin et al. (arXiv:2010.15980) sections 2.1, 2.2.
    """
    assert isinstance(space, Prefixes)
    best, top = yield from _begin(space, start, score, rng)
    while True:
        slopes = yield Slope(best)
        place = rng.randrange(space.length)
        order = (-slopes[place]).argsort()[:CANDIDATES]
        edits = [
            Edit("gradient", (best,), best[:place] + space.alphabet[int(k)] + best[place + 1 :])
            for k in order
            if space.alphabet[int(k)] != best[place]
        ]
        scores = yield edits
        high = max(range(len(scores)), key=lambda k: scores[k])
        if scores[high] > top:
            best, top = edits[high].prompt, scores[high]


def bandit(space: Space, start: str, score: float, rng: random.Random) -> Search:
    """Climb, choosing the kind of edit by what helped before.

    Arms are the kinds of edits, a win is a better prompt, the choice is Thompson's: no network, no replay, no table of
    states, for there is one state.
    """
    best, top = yield from _begin(space, start, score, rng)
    wins: dict[str, list[int]] = {kind: [1, 1] for kind in space.kinds}
    while True:
        kind = max(wins, key=lambda name: rng.betavariate(*wins[name]))
        edit = space.edit(best, rng, kind)
        (value,) = yield [edit]
        wins[kind][value <= top] += 1
        if value > top:
            best, top = edit.prompt, value


def _begin(space: Space, start: str, score: float, rng: random.Random) -> Generator[Wanted, Any, tuple[str, float]]:
    """Begin at the start, or at a draw."""
    if space.holds(start):
        return start, score
    draw = space.draw(rng)
    (value,) = yield [Edit("draw", (), draw)]
    return draw, value


def _several(space: Space, start: str, score: float, rng: random.Random, count: int) -> Generator[Wanted, Any, Scored]:
    known = {start: score} if space.holds(start) else {}
    draws = [Edit("draw", (), space.draw(rng)) for _ in range(count - len(known))]
    scores = yield draws
    return known | dict(_pairs(draws, scores))


def _pairs(edits: list[Edit], scores: list[float]) -> list[tuple[str, float]]:
    return [(edit.prompt, score) for edit, score in zip(edits, scores, strict=True)]


METHODS: Mapping[str, Callable[[Space, str, float, random.Random], Search]] = {
    "random": random_search,
    "climb": climb,
    "beam": beam,
    "evolution": evolution,
    "hotflip": hotflip,
    "bandit": bandit,
}
