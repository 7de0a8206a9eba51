"""Look at the scores, choose a token, append it, again."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from weakref import WeakSet

import numpy as np

from aigc_kit.make.text.engines import Candidates, Engine
from aigc_kit.make.text.measures import entropy
from aigc_kit.make.text.sampling import Stage, draw, softmax, warp
from aigc_kit.make.text.settings import Settings

SHOWN = 20  # candidates in a view


@dataclass(frozen=True)
class Candidate:
    """Hold a possible next token, its probability in [0, 1]."""

    token: int
    text: str
    probability: float


@dataclass(frozen=True)
class StageView:
    """Show one filter at work on the 20 likeliest tokens.

    Args:
        name: "repetition_penalty", "temperature", "top_k" or "top_p".
        value: of its setting.
        kept: tokens that can still be drawn after it.
        before, after: these tokens in the same order, with their probabilities; 0 for what the filter took out.
    """

    name: str
    value: float
    kept: int
    before: tuple[Candidate, ...]
    after: tuple[Candidate, ...]


@dataclass(frozen=True)
class TokenView:
    """Show the moment in which one token was chosen.

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
    """Show a beam's rows (text, sum of log-probabilities), best first."""

    rows: tuple[tuple[str, float], ...]


class Moment:
    """Hold the scores until a TokenView is made of them.

    Scores of a large vocabulary take 0.2 to 0.6 MB per token. A caller who keeps every step would keep them all, so
    only the youngest `Moments.KEPT` moments hold scores; an older one that somebody still holds turns into its view.
    """

    __slots__ = (
        "__weakref__",
        "_candidates",
        "_engine",
        "_ids",
        "_length",
        "_settings",
        "_start",
        "_view",
        "logprob",
        "token",
    )

    def __init__(
        self, token: int, candidates: Candidates, ids: list[int], settings: Settings, engine: Engine, start: int
    ) -> None:
        self.token = token
        self.logprob = candidates.logprob_of(token)
        self._candidates: Candidates | None = candidates
        self._ids, self._length, self._settings = ids, len(ids), settings
        self._engine, self._start = engine, start
        self._view: TokenView | None = None

    def view(self) -> TokenView:
        """Make the view on the first call."""
        if self._view is None:
            assert self._candidates is not None
            ids, engine = self._ids[: self._length], self._engine
            so_far = engine.decode([*ids[self._start :], self.token])
            likely, stages, bits = _stage_views(self._candidates, ids, self._settings, engine.token_text)
            text, missing = engine.token_text(self.token), self._candidates.missing_mass
            self._view = TokenView(self.token, text, so_far, self.logprob, likely, stages, missing, bits)
            self._candidates = None
        return self._view


class Moments:
    """See to it that only the youngest moments hold scores."""

    KEPT = 64

    def __init__(self) -> None:
        self._alive: WeakSet[Moment] = WeakSet()

    def add(self, moment: Moment) -> Moment:
        """Register a moment, and turn the oldest into its view."""
        self._alive.add(moment)
        if len(self._alive) > self.KEPT:
            oldest = min(self._alive, key=lambda m: m._length)
            oldest.view()
            self._alive.discard(oldest)
        return moment


def _stage_views(
    candidates: Candidates, ids: Sequence[int], settings: Settings, text: Callable[[int], str]
) -> tuple[tuple[Candidate, ...], tuple[StageView, ...], float]:
    stages = _filter(candidates, settings, ids)
    text = cache(text)

    def rows(order: np.ndarray, probabilities: np.ndarray) -> tuple[Candidate, ...]:
        tokens = (int(candidates.ids[i]) for i in order)
        return tuple(Candidate(t, text(t), float(probabilities[i])) for t, i in zip(tokens, order, strict=True))

    raw = np.exp(candidates.logprobs())
    views, before = list[StageView](), raw  # true probabilities; what an engine did not list is missing in them
    for stage in stages[1:]:
        after, order = stage.probabilities, _best(before)
        assert stage.value is not None
        views.append(StageView(stage.name, stage.value, stage.kept, rows(order, before), rows(order, after)))
        before = after
    return rows(_best(raw), raw), tuple(views), entropy(softmax(stages[-1].logits))


def _best(probabilities: np.ndarray) -> np.ndarray:
    order = np.argsort(-probabilities, kind="stable")[:SHOWN]
    return order[probabilities[order] > 0]


@dataclass
class Progress:
    """Hold what a text run has made so far.

    Args:
        new: token ids after the prompt, the one that ends the text included.
        logprobs: of these tokens under the model (T = 1, no filter), natural.
        finish: "eos", "length" or "stop"; None while running.
        text: set when the run ends.
        missing: highest missing mass met.
        cut: the same after temperature, bounds (least, most); 0 where top-k alone decides.
        count: tokens made, as a server counts them; None when they are in `new`.
    """

    new: list[int]
    logprobs: list[float]
    finish: str | None = None
    text: str = ""
    missing: float = 0.0
    cut: tuple[float, float] = (0.0, 0.0)
    count: int | None = None


def tokens(
    engine: Engine, prompt: Sequence[int], settings: Settings, seed: int, progress: Progress
) -> Iterator[Callable[[], Any]]:
    """Choose one token at a time, and yield its preview.

    The draws come from `Generator(PCG64(seed))`, one uniform number a token: the same seed gives the same text on the
    same engine, dtype and machine.
    """
    if settings.search == "greedy":  # sampling at T = 0; the repetition penalty stays, as in transformers
        settings = replace(settings, temperature=0.0, top_k=None, top_p=1.0)
    rng = np.random.Generator(np.random.PCG64(seed))
    ids, moments = list(prompt), Moments()
    session = engine.open(ids, enough(settings))
    try:
        while progress.finish is None:
            candidates = session.candidates()
            token = int(candidates.ids[draw(_filter(candidates, settings, ids)[-1].probabilities, rng)])
            moment = moments.add(Moment(token, candidates, ids, settings, engine, len(prompt)))
            ids.append(token)
            progress.new.append(token)
            progress.logprobs.append(moment.logprob)
            progress.missing = max(progress.missing, candidates.missing_mass)
            if settings.top_k is None or settings.top_k > len(candidates.ids):
                progress.cut = max(progress.cut, candidates.cut_mass(settings.temperature), key=sum)
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
    """Count the most probable tokens that decide the draw.

    Top-k needs its k, the arg-max one, but never fewer than a view shows. None is all of them: a repetition penalty can
    lift any token into the top.
    """
    if settings.repetition_penalty != 1:
        return None
    if settings.temperature == 0:
        return SHOWN
    return None if settings.top_k is None else max(settings.top_k, SHOWN)


def _filter(candidates: Candidates, settings: Settings, ids: Sequence[int]) -> list[Stage]:
    vocabulary = candidates.ids if candidates.scale == "logprobs" else None
    return warp(candidates.scores, settings, ids, vocabulary)


def finished(engine: Engine, settings: Settings, new: Sequence[int]) -> tuple[str | None, str]:
    """Tell why a text ends here, or None, and it."""
    if settings.stop:
        text = engine.decode(new)
        places = [text.index(stop) for stop in settings.stop if stop in text]
        if places:
            return "stop", text[: min(places)]  # in front of the stop text
    if new and new[-1] in engine.eos_ids:
        return "eos", engine.decode(new[:-1])
    if len(new) >= settings.max_new_tokens:
        return "length", engine.decode(new)
    return None, ""
