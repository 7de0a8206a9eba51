"""Measure music, with a reference and without one.

Without: bars, scale, loudness, silence. With: log-spectral distance of two waves, Fréchet distance of two sets. None of
them is taste; each must move the right way when something is spoilt on purpose.
"""

import random
from collections.abc import Sequence

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.worlds.tunes.hearing import intervals_of
from aigc_kit.worlds.tunes.tune import HIGHEST, LENGTHS, LOWEST, Note, Tune

WINDOW = 1024
QUIET = 1e-3
"""Amplitude below which a sample counts as silent (-60 dB)."""


def tune_features(tune: Tune) -> np.ndarray:
    """Count what a tune consists of, float64 (45,).

    Shares of twelve pitch classes, of intervals from -12 to 12 semitones, of eight lengths.

    Raises:
        BadInput: fewer than two notes.
    """
    pitches = [note.pitch for note in tune.notes if note.pitch is not None]
    if len(pitches) < 2:
        raise BadInput(
            asked=Words("to measure a tune", "测量一首曲子"),
            found=Words(f"{len(pitches)} notes", f"里面有 {len(pitches)} 个音"),
            todo=Words("give two notes at least", "至少要有两个音"),
        )
    classes = np.bincount(np.array(pitches) % 12, minlength=12) / len(pitches)
    steps = np.clip(intervals_of(tune.notes), -12, 12) + 12
    lengths = [sum(note.length == length for note in tune.notes) / len(tune.notes) for length in LENGTHS]
    return np.r_[classes, np.bincount(steps, minlength=25) / len(steps), lengths]


def frechet(first: np.ndarray, second: np.ndarray, floor: float = 1e-6) -> float:
    """Measure the Fréchet distance of two sets, taken as Gaussian.

    |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)), the formula of FID and FAD.

    Args:
        first, second: features (N, D), two rows or more each.
        floor: added to the variances, so that few rows do not make them singular.

    Raises:
        BadInput: fewer than two rows, other columns, or numbers that are none.

    Source: Dowson and Landau 1982; Heusel et al. (arXiv:1706.08500); Kilgour et al. (arXiv:1812.08466).
    """
    one, two = np.asarray(first, float), np.asarray(second, float)
    fits = one.ndim == two.ndim == 2 and one.shape[1] == two.shape[1] and min(len(one), len(two)) >= 2
    if not fits or not (np.isfinite(one).all() and np.isfinite(two).all()):
        raise BadInput(
            asked=Words(f"the distance of {one.shape} and {two.shape}", f"{one.shape} 与 {two.shape} 两组特征的距离"),
            found=Words("no two tables of finite numbers", "不是两张行数至少为 2、列数相同的有限数字表"),
            todo=Words("give features (N, D) of both sets", "给两组形状 (N, D) 的特征"),
        )
    covariances = [np.cov(rows.T) + floor * np.eye(one.shape[1]) for rows in (one, two)]
    values, vectors = np.linalg.eigh(covariances[0])
    root = vectors * np.sqrt(values.clip(0)) @ vectors.T
    cross = np.sqrt(np.linalg.eigvalsh(root @ covariances[1] @ root).clip(0)).sum()
    means = ((one.mean(0) - two.mean(0)) ** 2).sum()
    return float(means + sum(np.trace(each) for each in covariances) - 2 * cross)


def spectral_distance(wave: np.ndarray, reference: np.ndarray) -> float:
    """Measure the log-spectral distance to a reference, in dB.

    Root of the mean squared difference of the levels, over frames and frequencies; both float (N,), of one rate and
    length, of which the shorter counts.

    Raises:
        BadInput: shorter than a window of 1024 samples.
    """
    length = min(len(wave), len(reference))
    if length < WINDOW:
        raise BadInput(
            asked=Words(f"the distance of waves of {length} samples", f"{length} 个样点的两段声音的距离"),
            found=Words("shorter than a window", "比一个分析窗还短"),
            todo=Words(f"give {WINDOW} samples at least", f"至少给 {WINDOW} 个样点"),
        )
    levels = []
    for part in (wave, reference):
        frames = np.lib.stride_tricks.sliding_window_view(np.asarray(part[:length], float), WINDOW)[:: WINDOW // 2]
        power = np.abs(np.fft.rfft(frames * np.hanning(WINDOW), axis=1)) ** 2
        levels.append(10 * np.log10(power + 1e-6))
    return float(np.sqrt(((levels[0] - levels[1]) ** 2).mean()))


def silent_share(wave: np.ndarray) -> float:
    """Measure the share of silent samples, below -60 dB."""
    return float((np.abs(np.asarray(wave)) < QUIET).mean()) if len(wave) else 1.0


def spoil(tune: Tune, share: float, seed: int = 0) -> Tune:
    """Replace a share of the pitches by chance.

    A corruption whose size is known: any pitch of the compass may come.
    """
    draw = random.Random(seed)

    def changed(note: Note) -> Note:
        if note.pitch is None or draw.random() >= share:
            return note
        return Note(draw.randint(LOWEST, HIGHEST), note.length)

    return Tune(tuple(tuple(changed(note) for note in bar) for bar in tune.bars), tune.ends, tune.bpm)


def shared_runs(tunes: Sequence[Tune], known: Sequence[Tune], length: int = 12) -> float:
    """Measure what share of runs stands in known tunes.

    Runs are of `length` notes in a row, pitch and duration; 0 where there are none.
    """

    def runs(tune: Tune) -> list[tuple[Note, ...]]:
        notes = tune.notes
        return [tuple(notes[k : k + length]) for k in range(len(notes) - length + 1)]

    table = {run for tune in known for run in runs(tune)}
    own = [run for tune in tunes for run in runs(tune)]
    return sum(run in table for run in own) / len(own) if own else 0.0
