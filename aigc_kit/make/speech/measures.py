"""Measure a wave: length, silence, pitch, loudness, clipping.

Waves are float32 (N,) in [-1, 1] at `RATE` Hz throughout.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Take, Words
from aigc_kit.media.wav import RATE

FRAME, HOP = 960, 240  # samples: 40 ms, 10 ms
LOWEST, HIGHEST = 65.0, 500.0  # Hz, of a voice
SILENT_DB = -40.0  # below the loudest frame
APERIODIC = 0.2  # YIN: a frame whose normalised difference stays above this is unvoiced
SHORTEST_LOUDNESS = 0.4  # seconds: one block of ITU-R BS.1770
INAUDIBLE = 1e-6  # peak of a wave that is silence
MELS = 80


@dataclass(frozen=True)
class Report:
    """Hold what a wave measures.

    Args:
        seconds: its length.
        silence: share of 10 ms steps that are silent, in [0, 1].
        pitch: median of the voiced steps, Hz; None when none is voiced.
        pitch_range: standard deviation of the voiced steps, in semitones; None as above.
        loudness: LUFS; None below 0.4 s, or for silence.
        peak: largest absolute sample.
        clipped: share of samples at full scale, in [0, 1].
    """

    seconds: float
    silence: float
    pitch: float | None
    pitch_range: float | None
    loudness: float | None
    peak: float
    clipped: float


def report(wave: np.ndarray) -> Report:
    """Measure all there is of one wave."""
    frequencies = voiced_pitch(wave)
    middle = float(np.median(frequencies)) if len(frequencies) else None
    spread = float(np.std(12 * np.log2(frequencies / middle))) if middle else None
    peak = float(np.abs(wave).max(initial=0.0))
    return Report(seconds(wave), silence(wave), middle, spread, loudness(wave), peak, clipped(wave))


@dataclass(frozen=True)
class Sound(Report):
    """Add a name and the real-time factor to a report."""

    name: str
    real_time_factor: float


def reports(takes: Mapping[str, Take]) -> list[Sound]:
    """Measure several sounds {name: take}, one row each."""
    measures = {name: (report(take.data), real_time_factor(take)) for name, take in takes.items()}
    return [Sound(**asdict(row), name=name, real_time_factor=factor) for name, (row, factor) in measures.items()]


@dataclass(frozen=True)
class Duration:
    """Hold the seconds of sound at one control level."""

    control: str
    level: float
    seconds: float


def durations(takes: Mapping[str, Mapping[float, Take]]) -> list[Duration]:
    """List how long sounds last, {control: {level: take}}."""
    rows = [(control, *point) for control, curve in takes.items() for point in curve.items()]
    return [Duration(control, level, seconds(take.data)) for control, level, take in rows]


@dataclass(frozen=True)
class Contour:
    """Hold a sound's name, seconds, and `pitch` along its time."""

    name: str
    seconds: float
    times: np.ndarray
    frequencies: np.ndarray


def contours(takes: Mapping[str, Take] | Sequence[tuple[str, Take]]) -> list[Contour]:
    """Follow the pitch of takes by name, mapping or pairs."""
    pairs = takes.items() if isinstance(takes, Mapping) else takes
    return [Contour(name, seconds(take.data), *pitch(take.data)) for name, take in pairs]


@dataclass(frozen=True)
class Arrival:
    """Hold when one segment is made, and when played.

    Args:
        segment: from 1.
        text: what is said.
        begun, ready: while it is synthesised, seconds from the start of the run.
        played, ended: where playing starts with the first segment, or as much later as it must to never stall.
    """

    segment: int
    text: str
    begun: float
    ready: float
    played: float
    ended: float


def arrivals(ready: Sequence[float], spans: Sequence[tuple[str, float, float]]) -> list[Arrival]:
    """Work out when each segment can be played.

    Args:
        ready: seconds from the start of the run at which each segment was done, rising.
        spans: (text, start, end) of each segment in the wave, seconds.

    >>> [row.played for row in arrivals([1.0, 2.5], [("a", 0.0, 1.0), ("b", 1.0, 2.0)])]
    [1.5, 2.5]
    """
    wait = max(ready[0], *(at - start for at, (_, start, _) in zip(ready, spans, strict=True)))
    rows = enumerate(zip([0.0, *ready[:-1]], ready, spans, strict=True), 1)
    return [Arrival(i, text, last, at, start + wait, end + wait) for i, (last, at, (text, start, end)) in rows]


def seconds(wave: np.ndarray) -> float:
    """Measure the length of a wave, in seconds.

    >>> seconds(np.zeros(12_000, np.float32))
    0.5
    """
    return len(_mono(wave)) / RATE


def real_time_factor(take: Take) -> float:
    """Divide seconds of work by seconds of sound.

    Importing and loading do not count.
    """
    length = seconds(take.data)
    return take.measured()["seconds"].value / length if length else float("inf")


def levels(wave: np.ndarray) -> np.ndarray:
    """Measure the level of each 10 ms step.

    RMS over 40 ms in dB of full scale, float64 (T,), at least -120.
    """
    frames = _frames(_mono(wave))
    return 20 * np.log10(np.maximum(np.sqrt((frames.astype(np.float64) ** 2).mean(axis=1)), 1e-6))


def silence(wave: np.ndarray, below: float = SILENT_DB) -> float:
    """Measure the share of silent steps, in [0, 1].

    Steps of 10 ms whose level is more than |below| dB under that of the loudest one.

    >>> silence(np.zeros(4800, np.float32))
    1.0
    """
    steps = levels(wave)
    top = float(steps.max(initial=-120.0))
    return 1.0 if top <= -120 else float(np.mean(steps < top + below))


def pitch(wave: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Estimate the fundamental frequency by YIN.

    Returns:
        (times, in seconds, of the middle of each step; frequencies in Hz, nan where there is no voice), float64 (T,)
        each, T steps of 10 ms.

    Source: de Cheveigné and Kawahara 2002, "YIN, a fundamental frequency estimator", steps 1 to 5.
    """
    wave = _mono(wave)
    longest, shortest = int(RATE / LOWEST) + 1, int(RATE / HIGHEST)
    frames = _frames(wave, FRAME + longest)
    times = (np.arange(len(frames)) * HOP + FRAME / 2) / RATE
    ratio = _normalised_difference(frames, longest)
    loud = levels(wave)  # one for each frame
    audible = loud > loud.max(initial=-120.0) + SILENT_DB
    frequencies = np.full(len(frames), np.nan)
    for i in np.flatnonzero(audible):
        lag = _lag(ratio[i], shortest)
        if lag is not None:
            frequencies[i] = RATE / lag
    return times, frequencies


def voiced_pitch(wave: np.ndarray) -> np.ndarray:
    """Pick the frequencies of the voiced steps, in Hz."""
    frequencies = pitch(wave)[1]
    return frequencies[np.isfinite(frequencies)]


def loudness(wave: np.ndarray, rate: int = RATE) -> float | None:
    """Measure the integrated loudness.

    Args:
        wave: floats (N,) in [-1, 1].
        rate: samples per second.

    Returns:
        LUFS; None below 0.4 s, and for silence.

    Raises:
        BadInput: no such wave.

    Source: ITU-R BS.1770-4, by pyloudnorm.
    """
    wave = _mono(wave)
    if len(wave) < SHORTEST_LOUDNESS * rate or not np.abs(wave).max(initial=0.0) > INAUDIBLE:
        return None
    import pyloudnorm

    level = float(pyloudnorm.Meter(rate).integrated_loudness(wave.astype(np.float64)))
    return level if np.isfinite(level) else None


def clipped(wave: np.ndarray) -> float:
    """Measure the share of samples with |x| >= 0.999."""
    wave = _mono(wave)
    return float(np.mean(np.abs(wave) >= 0.999)) if len(wave) else 0.0


def mel(wave: np.ndarray) -> np.ndarray:
    """Compute a mel spectrogram for the eye.

    float32 (80, T) in dB below its loudest point, floor -80, T steps of 10 ms. By transformers.audio_utils: Hann window
    of 40 ms, 80 mel bands (HTK scale) from 0 to 12 kHz.
    """
    from transformers.audio_utils import mel_filter_bank, spectrogram, window_function

    filters = mel_filter_bank(1 + 1024 // 2, MELS, 0.0, RATE / 2, RATE, mel_scale="htk")
    power = spectrogram(
        np.pad(_mono(wave).astype(np.float64), (0, max(0, 1024 - len(wave)))),
        window_function(FRAME, "hann"),
        frame_length=FRAME,
        hop_length=HOP,
        fft_length=1024,
        power=2.0,
        mel_filters=filters,
    )
    decibels = 10 * np.log10(np.maximum(power, 1e-12))
    return np.maximum(decibels - decibels.max(), -80).astype(np.float32)


def _mono(wave: np.ndarray) -> np.ndarray:
    wave = np.asarray(wave)
    if wave.ndim != 1 or not np.issubdtype(wave.dtype, np.floating) or not np.isfinite(wave).all():
        raise BadInput(
            asked=Words(
                f"a measure of an array of shape {wave.shape} and type {wave.dtype}",
                f"测量形状 {wave.shape}、类型 {wave.dtype} 的数组",
            ),
            found=Words("not a wave of finite floats, one channel", "不是一个声道、取值有限的浮点波形"),
            todo=Words("give Take.data of a speech run", "给语音运行的 Take.data"),
        )
    return wave


def _frames(wave: np.ndarray, length: int = FRAME) -> np.ndarray:
    """Cut frames (T, length), one every `HOP` samples, zero-padded."""
    count = max(1, -(-len(wave) // HOP))
    longer = np.pad(wave, (0, count * HOP + length - len(wave)))
    return np.lib.stride_tricks.sliding_window_view(longer, length)[::HOP][:count]


def _normalised_difference(frames: np.ndarray, longest: int) -> np.ndarray:
    """Compute YIN's d'(lag), float64 (T, longest + 1)."""
    frames = frames.astype(np.float64)
    head = frames[:, :FRAME]
    size = 1 << (FRAME + longest + FRAME - 1).bit_length()
    spectrum = np.fft.rfft(frames, size) * np.conj(np.fft.rfft(head, size))
    product = np.fft.irfft(spectrum, size)[:, : longest + 1]
    energy = np.cumsum(np.pad(frames**2, ((0, 0), (1, 0))), axis=1)
    sums = energy[:, FRAME : FRAME + longest + 1] - energy[:, : longest + 1]
    difference = np.maximum(sums[:, :1] + sums - 2 * product, 0)
    running = np.cumsum(difference[:, 1:], axis=1) / np.arange(1, longest + 1)
    ratio = np.ones_like(difference)
    np.divide(difference[:, 1:], running, out=ratio[:, 1:], where=running > 0)
    return ratio


def _lag(ratio: np.ndarray, shortest: int) -> float | None:
    """Find the period of a voice, in samples.

    The first dip below the threshold, followed to its bottom and refined by a parabola; None: no voice.
    """
    below = np.flatnonzero(ratio[shortest:-1] < APERIODIC)
    if not len(below):
        return None
    at = int(below[0]) + shortest
    while at + 2 < len(ratio) and ratio[at + 1] < ratio[at]:
        at += 1
    left, middle, right = ratio[at - 1 : at + 2]
    bend = left - 2 * middle + right
    return at + (0.5 * (left - right) / bend if bend > 0 else 0.0)
