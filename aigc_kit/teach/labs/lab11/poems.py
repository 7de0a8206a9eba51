"""Score fifty quatrains under several prompts, whole and damaged."""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from aigc_kit.core import paths
from aigc_kit.promptlab.alignment import likelihood

if TYPE_CHECKING:
    from aigc_kit.make.text.engines.base import Engine

MARKS = "，。"


@dataclass(frozen=True)
class Quatrain:
    """Hold a quatrain of the Tang, public domain.

    rhyme: the 平水韵 group of its even lines.
    """

    title: str
    author: str
    text: str
    rhyme: str


@cache
def quatrains() -> tuple[Quatrain, ...]:
    """Read the fifty quatrains."""
    rows = json.loads((paths.assets() / "data" / "quatrains.json").read_text(encoding="utf-8"))
    return tuple(Quatrain(**row) for row in rows)


def _other(poem: Quatrain, rng: random.Random) -> Quatrain:
    return rng.choice([each for each in quatrains() if each.title != poem.title and each.rhyme != poem.rhyme])


KINDS: Mapping[str, Callable[[Quatrain, Quatrain], str]] = {
    "说体裁、题目": lambda poem, _: f"<五绝>{poem.title}<诗><不限韵>",
    "再说韵部": lambda poem, _: f"<五绝>{poem.title}<诗><韵{poem.rhyme}>",
    "说错韵部": lambda poem, other: f"<五绝>{poem.title}<诗><韵{other.rhyme}>",
    "说错题目": lambda poem, other: f"<五绝>{other.title}<诗><韵{poem.rhyme}>",
    "说错体裁": lambda poem, _: f"<七绝>{poem.title}<诗><韵{poem.rhyme}>",
}
"""What a prompt says -> how it is written, for a poem and another one."""


def likelihoods(engine: "Engine", seed: int = 0) -> list[dict[str, Any]]:
    """Score every poem after every kind of prompt.

    Returns:
        {"poem", "kind", "prompt": Likelihood of the prompt by itself, "answer": of the poem after it}.
    """
    rng, rows = random.Random(seed), list[dict[str, Any]]()
    for poem in quatrains():
        other = _other(poem, rng)
        for kind, write in KINDS.items():
            prompt = write(poem, other)
            scores = {
                "prompt": likelihood.text(engine, prompt),
                "answer": likelihood.response(engine, prompt, poem.text),
            }
            rows.append({"poem": poem.title, "kind": kind, **scores})
    return rows


def per_token(rows: Sequence[Mapping[str, Any]], kind: str, part: str = "answer") -> list[float]:
    """Give nats a token of each poem, in order."""
    return [row[part].per_token for row in rows if row["kind"] == kind]


def _shuffled(poem: Quatrain, rng: random.Random) -> str:
    """Mix the first four characters of each line."""
    lines = []
    for line, mark in zip(_lines(poem), MARKS * 2, strict=True):
        inner = list(line[:-1])
        while inner == list(line[:-1]) and len(set(inner)) > 1:
            rng.shuffle(inner)
        lines.append("".join(inner) + line[-1] + mark)
    return "".join(lines)


def _unrhymed(poem: Quatrain, rng: random.Random) -> str:
    """End the last line in another rhyme."""
    end = _lines(_other(poem, rng))[3][-1]
    return poem.text[:-2] + end + poem.text[-1]


def _lines(poem: Quatrain) -> list[str]:
    return [line for half in poem.text.split("。") for line in half.split("，") if line]


DAMAGES: Mapping[str, Callable[[Quatrain, random.Random], str]] = {
    "少写两句": lambda poem, _: poem.text[: len(poem.text) // 2],
    "最后一字不押韵": _unrhymed,
    "句内打乱字序": _shuffled,
    "换成别人的诗": lambda poem, rng: _other(poem, rng).text,
    "照抄题目五遍": lambda poem, _: "，".join([(poem.title * 5)[:5]] * 4) + "。",
}
"""What is wrong -> how a poem gets it."""


ROUTINE_TITLE, ROUTINE = "春夜", "不看题目，都写春夜"


def damaged(engine: "Engine | None" = None, seed: int = 0) -> dict[str, list[str]]:
    """Damage every poem in every way, always alike.

    With an engine also `ROUTINE`: what it writes by itself on one title, for all of them.
    """
    texts = {"原诗": [poem.text for poem in quatrains()]}
    for name, damage in DAMAGES.items():
        rng = random.Random(f"{name} {seed}")
        texts[name] = [damage(poem, rng) for poem in quatrains()]
    if engine is not None:
        written = {rhyme: _routine(engine, rhyme) for rhyme in sorted({poem.rhyme for poem in quatrains()})}
        texts[ROUTINE] = [written[poem.rhyme] for poem in quatrains()]
    return texts


def _routine(engine: "Engine", rhyme: str) -> str:
    """Continue one title by the most probable character."""
    ids, fresh = engine.encode(f"<五绝>{ROUTINE_TITLE}<诗><韵{rhyme}>"), list[int]()
    with closing(engine.open(ids)) as session:
        for _ in range(24):
            scores = session.candidates()
            fresh.append(int(scores.ids[scores.scores.argmax()]))
            if fresh[-1] in engine.eos_ids:
                break
            session.append(fresh[-1])
    return engine.decode(fresh)


def seen(scores: Mapping[str, Mapping[str, Sequence[float]]], seed: int = 0) -> list[dict[str, Any]]:
    """Say which damages each measure sees.

    Args:
        scores: measure -> "原诗", then damages -> one number a poem, smaller is better.

    Returns:
        {"measure", "damage", "delta": paired difference to the whole poems, "sees": it rises, and the interval shows
        it}.
    """
    rows: list[dict[str, Any]] = []
    for measure, by_damage in scores.items():
        for damage in list(by_damage)[1:]:
            apart = likelihood.delta(by_damage["原诗"], by_damage[damage], seed)
            rows.append({"measure": measure, "damage": damage, "delta": apart, "sees": apart.low > 0})
    return rows
