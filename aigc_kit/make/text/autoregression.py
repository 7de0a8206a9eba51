"""The autoregressive loop: look at the scores, choose a token, append it, look again."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakSet

import numpy as np

from aigc_kit.make.text.engines import Candidates, Engine
from aigc_kit.make.text.measures import entropy
from aigc_kit.make.text.sampling import draw, softmax, warp
from aigc_kit.make.text.settings import Settings

SHOWN = 20  # candidates in a view


@dataclass(frozen=True)
class Candidate:
    """One possible next token: its id, its characters for display, its probability in [0, 1]."""

    token: int
    text: str
    probability: float


@dataclass(frozen=True)
class StageView:
    """One filter at work on the 20 tokens that were most probable before it.

    Args:
        name: "repetition_penalty", "temperature", "top_k" or "top_p".
        value: of its setting.
        kept: tokens that can still be drawn after it.
        before, after: the same tokens in the same order, with their probabilities; 0 for what the filter took out.
    """

    name: str
    value: float
    kept: int
    before: tuple[Candidate, ...]
    after: tuple[Candidate, ...]


@dataclass(frozen=True)
class TokenView:
    """The moment in which one token was chosen.

    Args:
        token: its id; -1 for a chunk of text from a server.
        text: its characters for display.
        so_far: the text made until now, this token included.
        logprob: natural log-probability of the token under the model; None when unknown.
        candidates: the 20 most probable tokens under the model, before any filter.
        stages: the filters that were on, in order.
        missing_mass: probability of tokens that the engine did not list (0 with full logits).
        entropy: bits, of the distribution that the token was drawn from, over the listed tokens; None from a server.
    """

    token: int
    text: str
    so_far: str
    logprob: float | None
    candidates: tuple[Candidate, ...] = ()
    stages: tuple[StageView, ...] = ()
    missing_mass: float = 0.0
    entropy: float | None = None


@dataclass(frozen=True)
class BeamView:
    """The rows of a beam search after one step, best first: (text, sum of log-probabilities)."""

    rows: tuple[tuple[str, float], ...]


class Moment:
    """What is needed to make a TokenView later: a reference to the scores, until the view is made or they are dropped.

    Scores of a large vocabulary take 0.2 to 0.6 MB per token. A caller who keeps every step would keep them all, so
    only the youngest `Moments.KEPT` moments hold scores; an older one that somebody still holds turns into its view.
    """

    __slots__ = ("__weakref__", "_candidates", "_ids", "_length", "_make", "_settings", "_view", "logprob", "token")

    def __init__(
        self,
        token: int,
        candidates: Candidates,
        ids: list[int],
        settings: Settings,
        make: Callable[[int, Sequence[int]], tuple[str, str]],
        prompt_length: int,
    ) -> None:
        self.token = token
        self.logprob = candidates.logprob_of(token)
        self._candidates: Candidates | None = candidates
        self._ids, self._length, self._settings, self._make = ids, len(ids), settings, (make, prompt_length)
        self._view: TokenView | None = None

    def view(self) -> TokenView:
        """The view; made on the first call."""
        if self._view is None:
            assert self._candidates is not None
            ids = self._ids[: self._length]
            make, start = self._make
            text, so_far = make(self.token, [*ids[start:], self.token])
            listed, stages, bits = _stage_views(self._candidates, ids, self._settings, lambda t: make(t, ())[0])
            missing = self._candidates.missing_mass
            self._view = TokenView(self.token, text, so_far, self.logprob, listed, stages, missing, bits)
            self._candidates = None
        return self._view


class Moments:
    """Sees to it that only the youngest moments hold scores."""

    KEPT = 64

    def __init__(self) -> None:
        self._alive: WeakSet[Moment] = WeakSet()

    def add(self, moment: Moment) -> Moment:
        """Register a new moment, and let the oldest one make its view when too many are alive."""
        self._alive.add(moment)
        if len(self._alive) > self.KEPT:
            oldest = min(self._alive, key=lambda m: m._length)
            oldest.view()
            self._alive.discard(oldest)
        return moment


def _stage_views(
    candidates: Candidates, ids: Sequence[int], settings: Settings, text: Callable[[int], str]
) -> tuple[tuple[Candidate, ...], tuple[StageView, ...], float]:
    vocabulary = candidates.ids if candidates.scale == "logprobs" else None
    stages = warp(candidates.scores, settings, ids, vocabulary)
    known: dict[int, str] = {}

    def listed(order: np.ndarray, probabilities: np.ndarray) -> tuple[Candidate, ...]:
        rows = [(int(candidates.ids[i]), float(probabilities[i])) for i in order]
        for token, _ in rows:
            if token not in known:
                known[token] = text(token)
        return tuple(Candidate(token, known[token], probability) for token, probability in rows)

    raw = np.exp(candidates.logprobs())
    first, views = listed(_best(raw), raw), []
    previous = raw  # true probabilities; what an engine did not list is missing in them
    for stage in stages[1:]:
        after, order = stage.probabilities, _best(previous)
        assert stage.value is not None
        views.append(StageView(stage.name, stage.value, stage.kept, listed(order, previous), listed(order, after)))
        previous = after
    return first, tuple(views), entropy(softmax(stages[-1].logits))


def _best(probabilities: np.ndarray) -> np.ndarray:
    order = np.argsort(-probabilities, kind="stable")[:SHOWN]
    return order[probabilities[order] > 0]


@dataclass
class Progress:
    """What a text run has made so far; filled by the loops below.

    Args:
        new: token ids after the prompt, the one that ends the text included.
        logprobs: of these tokens under the model (T = 1, no filter), natural.
        finish: "eos", "length" or "stop"; None while running.
        text: set when the run ends.
        missing: highest missing mass met.
        count: tokens made, as a server counts them; None when they are in `new`.
    """

    new: list[int]
    logprobs: list[float]
    finish: str | None = None
    text: str = ""
    missing: float = 0.0
    count: int | None = None


def tokens(
    engine: Engine, prompt: Sequence[int], settings: Settings, seed: int, progress: Progress
) -> Iterator[Callable[[], Any]]:
    """Sample or take the arg-max, one token at a time; yields the preview of each.

    The draws come from `Generator(PCG64(seed))`, one uniform number a token: the same seed gives the same text on the
    same engine, dtype and machine.
    """
    settings = as_searched(settings)
    rng = np.random.Generator(np.random.PCG64(seed))
    ids, moments = list(prompt), Moments()
    session = engine.open(ids, enough(settings))

    def words(token: int, new: Sequence[int]) -> tuple[str, str]:
        return engine.token_text(token), engine.decode(new) if new else ""

    try:
        while progress.finish is None:
            candidates = session.candidates()
            token = choose(candidates, settings, ids, rng)
            moment = moments.add(Moment(token, candidates, ids, settings, words, len(prompt)))
            _take_in(moment, candidates, ids, progress)
            progress.finish, progress.text = finished(engine, settings, progress.new)
            if progress.finish is None:
                session.append(token)
            del candidates
            yield moment.view
    finally:
        session.close()
        if not progress.text:
            progress.text = engine.decode(progress.new)


def enough(settings: Settings) -> int | None:
    """How many of the most probable tokens decide the draw: top-k needs its k, the arg-max one. None: all of them.

    Never fewer than a view shows. A repetition penalty can lift any token into the top, so it needs all.
    """
    if settings.repetition_penalty != 1:
        return None
    if settings.temperature == 0:
        return SHOWN
    return None if settings.top_k is None else max(settings.top_k, SHOWN)


def as_searched(settings: Settings) -> Settings:
    """Greedy search is sampling at T = 0 without filters; the repetition penalty stays, as in transformers."""
    if settings.search == "greedy":
        return replace(settings, temperature=0.0, top_k=None, top_p=1.0)
    return settings


def choose(candidates: Candidates, settings: Settings, ids: Sequence[int], rng: np.random.Generator) -> int:
    """The next token's id."""
    vocabulary = candidates.ids if candidates.scale == "logprobs" else None
    final = warp(candidates.scores, settings, ids, vocabulary)[-1]
    return int(candidates.ids[draw(final.probabilities, rng)])


def finished(engine: Engine, settings: Settings, new: Sequence[int]) -> tuple[str | None, str]:
    """Why the text ends here, if it does, and the text as it stands (cut in front of a stop text)."""
    if settings.stop:
        text = engine.decode(new)
        found = [text.index(stop) for stop in settings.stop if stop in text]
        if found:
            return "stop", text[: min(found)]
    if new and new[-1] in engine.eos_ids:
        return "eos", engine.decode(new[:-1])
    if len(new) >= settings.max_new_tokens:
        return "length", engine.decode(new)
    return None, ""


def _take_in(moment: Moment, candidates: Candidates, ids: list[int], progress: Progress) -> None:
    ids.append(moment.token)
    progress.new.append(moment.token)
    progress.logprobs.append(moment.logprob)
    progress.missing = max(progress.missing, candidates.missing_mass)
