"""The autoregressive loop: look at the scores, choose a token, append it, look again."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from aigc_kit.make.text.engines import Candidates, Engine
from aigc_kit.make.text.sampling import draw, warp
from aigc_kit.make.text.settings import Settings
from aigc_kit.make.text.view import SHOWN, Moment, Moments


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
