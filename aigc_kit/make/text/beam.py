"""Search by beams: extend the best beginnings, keep the best.

The same search as transformers' `generate(num_beams=B)` with its defaults (length_penalty 1, early_stopping False):
a finished text counts with its mean log-probability per token, and the search ends when no running text can still
beat the worst of B finished ones.

Source: Graves 2012, "Sequence Transduction with Recurrent Neural Networks", 3; transformers `_beam_search`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from aigc_kit.make.text.autoregression import BeamView, Progress, finished
from aigc_kit.make.text.engines import Candidates, Engine
from aigc_kit.make.text.sampling import repetition_penalty
from aigc_kit.make.text.settings import Settings


@dataclass(frozen=True)
class Row:
    """Hold a text of the search.

    Args:
        new: its tokens after the prompt.
        logprobs: of each of them under the model.
        score: running: the sum that the search maximises; finished: that sum / number of tokens.
    """

    new: tuple[int, ...]
    logprobs: tuple[float, ...]
    score: np.float32


def search(
    engine: Engine, prompt: Sequence[int], settings: Settings, progress: Progress
) -> Iterator[Callable[[], Any]]:
    """Run the search and yield a preview after each extension."""
    width = settings.beams
    running, ends = [Row((), (), np.float32(0))], []
    keep = max(2, 1 + len(engine.eos_ids)) * width
    beams = engine.open_beams(prompt, keep if settings.repetition_penalty == 1 else None)
    try:
        for length in range(1, settings.max_new_tokens + 1):
            candidates = beams.candidates()
            progress.missing = max([progress.missing, *(each.missing_mass for each in candidates)])
            pool = _extend(running, candidates, prompt, settings, keep)
            last = engine.eos_ids if length < settings.max_new_tokens else {row.new[-1] for _, row in pool}
            ends += [
                replace(row, score=np.float32(row.score / np.float32(length)))
                for _, row in pool[:width]
                if row.new[-1] in last
            ]
            ends = sorted(ends, key=lambda row: -row.score)[:width]
            alive = [(parent, row) for parent, row in pool if row.new[-1] not in last][:width]
            running = [row for _, row in alive]
            yield partial(_view, engine, running or ends)
            if not running or (len(ends) == width and running[0].score / np.float32(length) <= ends[-1].score):
                break
            beams.advance([parent for parent, _ in alive], [row.new[-1] for row in running])
    finally:
        beams.close()
        best = (ends or running)[0]
        progress.new, progress.logprobs = list(best.new), list(best.logprobs)
        reason, text = finished(engine, settings, progress.new)
        progress.finish, progress.text = reason or "length", text or engine.decode(progress.new)


def _view(engine: Engine, rows: Sequence[Row]) -> BeamView:
    return BeamView(tuple((engine.decode(row.new), float(sum(row.logprobs))) for row in rows))


def _extend(
    running: Sequence[Row], scores: Sequence[Candidates], prompt: Sequence[int], settings: Settings, keep: int
) -> list[tuple[int, Row]]:
    """List the `keep` best extensions with their parents, best first."""
    pool = []
    for parent, (row, candidates) in enumerate(zip(running, scores, strict=True)):
        logprobs = weights = candidates.logprobs()
        if settings.repetition_penalty != 1:  # transformers applies it to log-probabilities here
            weights = repetition_penalty(logprobs, [*prompt, *row.new], settings.repetition_penalty, candidates.ids)
        total = weights + row.score
        best = np.argpartition(-total, keep)[:keep] if keep < len(total) else np.arange(len(total))
        columns = (values[best].tolist() for values in (total, candidates.ids, logprobs))
        pool += [(-score, parent, token, logprob) for score, token, logprob in zip(*columns, strict=True)]
    pool = sorted(pool, key=lambda entry: entry[:3])[:keep]
    return [
        (parent, Row((*running[parent].new, token), (*running[parent].logprobs, logprob), np.float32(-score)))
        for score, parent, token, logprob in pool
    ]
