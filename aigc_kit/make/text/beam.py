"""Beam search: keep the `beams` most probable beginnings, extend each by every token, keep the best again.

The same search as transformers' `generate(num_beams=B)` with its defaults (length_penalty 1, early_stopping False):
a finished text counts with its mean log-probability per token, and the search ends when no running text can still
beat the worst of B finished ones.

Source: Graves 2012, "Sequence Transduction with Recurrent Neural Networks", 3; transformers `_beam_search`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from aigc_kit.make.text.autoregression import BeamView, Progress, finished
from aigc_kit.make.text.engines import Candidates, Engine
from aigc_kit.make.text.sampling import repetition_penalty
from aigc_kit.make.text.settings import Settings


@dataclass(frozen=True)
class Row:
    """A text of the search.

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
    """Run the search; yields a preview of the rows after each extension. Temperature, top-k and top-p play no part."""
    width = settings.beams
    running, done = [Row((), (), np.float32(0))], []
    keep = max(2, 1 + len(engine.eos_ids)) * width
    beams = engine.open_beams(prompt, keep if settings.repetition_penalty == 1 else None)
    try:
        for length in range(1, settings.max_new_tokens + 1):
            found = beams.candidates()
            progress.missing = max([progress.missing, *(c.missing_mass for c in found)])
            pool = _extend(running, found, prompt, settings, keep)
            at_end = length == settings.max_new_tokens
            ends = [at_end or row.new[-1] in engine.eos_ids for _, row in pool]
            for (_, row), end in zip(pool[:width], ends[:width], strict=True):
                if end:
                    done.append(Row(row.new, row.logprobs, np.float32(row.score / np.float32(length))))
            done = sorted(done, key=lambda row: -row.score)[:width]
            alive = [pair for pair, end in zip(pool, ends, strict=True) if not end][:width]
            running = [row for _, row in alive]
            yield partial(_view, engine, running or done)
            if not running or (len(done) == width and running[0].score / np.float32(length) <= done[-1].score):
                break
            beams.advance([parent for parent, _ in alive], [row.new[-1] for row in running])
    finally:
        beams.close()
        best = (done or running)[0]
        progress.new, progress.logprobs = list(best.new), list(best.logprobs)
        reason, text = finished(engine, settings, progress.new)
        progress.finish, progress.text = reason or "length", text or engine.decode(progress.new)


def _view(engine: Engine, rows: Sequence[Row]) -> BeamView:
    return BeamView(tuple((engine.decode(row.new), float(sum(row.logprobs))) for row in rows))


def _extend(
    running: Sequence[Row], found: Sequence[Candidates], prompt: Sequence[int], settings: Settings, keep: int
) -> list[tuple[int, Row]]:
    """The `keep` best extensions of all rows, best first, each with the index of its parent."""
    parents, tokens, scores, logprobs = [], [], [], []
    for index, (row, candidates) in enumerate(zip(running, found, strict=True)):
        raw = candidates.logprobs()
        used = raw
        if settings.repetition_penalty != 1:  # transformers applies it to log-probabilities here
            used = repetition_penalty(raw, [*prompt, *row.new], settings.repetition_penalty, candidates.ids)
        total = used + row.score
        best = np.argpartition(-total, keep)[:keep] if keep < len(total) else np.arange(len(total))
        parents += [index] * len(best)
        tokens += candidates.ids[best].tolist()
        scores += total[best].tolist()
        logprobs += raw[best].tolist()
    order = sorted(range(len(scores)), key=lambda i: (-scores[i], parents[i], tokens[i]))[:keep]
    return [
        (
            parents[i],
            Row(
                (*running[parents[i]].new, tokens[i]),
                (*running[parents[i]].logprobs, logprobs[i]),
                np.float32(scores[i]),
            ),
        )
        for i in order
    ]
