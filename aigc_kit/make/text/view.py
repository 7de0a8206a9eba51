"""What a learner can look at after each token: the candidates before and after each filter. Computed when asked for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from weakref import WeakSet

import numpy as np

from aigc_kit.make.text.engines.base import Candidates
from aigc_kit.make.text.measures import entropy
from aigc_kit.make.text.sampling import softmax, warp
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
