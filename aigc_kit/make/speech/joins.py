"""Join segments: even edges, measured silences, no clicks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aigc_kit.media.wav import RATE

EDGE_SECONDS = 0.03  # silence that stays before and after the sound of a segment
FADE_SECONDS = 0.005  # a fade this short is not heard, and leaves no step in the wave
QUIET = 10 ** (-50 / 20)  # 50 dB below the loudest sample counts as silence

REACH = 0.07  # seconds: the end of a syllable is known to within some frames
WINDOW = 240  # samples, 10 ms: the power of a moment

PAUSES = {"sentence": 0.35, "clause": 0.15, "paragraph": 0.6}
"""Seconds between segments, by what the first one ends with: a full stop, a comma (or nothing), a line end."""

BREAK_SECONDS = 0.08
"""What one level of [break_n] adds to every pause, on voices that have no such control of their own."""

INLINE_SECONDS = {"[uv_break]": 0.25, "[lbreak]": 0.6}
"""The kit's own silences for ChatTTS's inline tokens, on voices that do not know them."""


@dataclass(frozen=True)
class Span:
    """Hold where a segment is in the wave, in seconds."""

    text: str
    start: float
    end: float


def pause_after(text: str, level: int = 0) -> float:
    """Choose the seconds of silence after a segment, with breaks.

    >>> pause_after("你好。"), pause_after("你好，", 7), pause_after("第一段\\n")
    (0.35, 0.71, 0.6)
    """
    kind = "paragraph" if text.endswith("\n") else "sentence" if text.rstrip(_CLOSING)[-1:] in _ENDS else "clause"
    return round(PAUSES[kind] + level * BREAK_SECONDS, 6)


_ENDS = tuple("。！？!?…；;.")
_CLOSING = "”’\"'）)】」』》 \t"


def silence(seconds: float) -> np.ndarray:
    """Make float32 (N,) zeros."""
    return np.zeros(round(max(seconds, 0.0) * RATE), dtype=np.float32)


def trim(wave: np.ndarray) -> np.ndarray:
    """Cut the silence of float32 (N,) but `EDGE_SECONDS`, and fade.

    Returns:
        float32 (M,), M <= N; all of a wave that is silent.
    """
    loud = np.flatnonzero(np.abs(wave) > QUIET * max(float(np.abs(wave).max(initial=0.0)), 1e-6))
    if not len(loud):
        return wave.astype(np.float32)
    edge = round(EDGE_SECONDS * RATE)
    return fade(wave[max(loud[0] - edge, 0) : loud[-1] + edge + 1])


def fade(wave: np.ndarray, start: bool = True, end: bool = True) -> np.ndarray:
    """Copy a wave, fading `FADE_SECONDS` at its ends (raised cosine)."""
    wave = np.array(wave, dtype=np.float32)
    length = min(round(FADE_SECONDS * RATE), len(wave))
    ramp = (0.5 - 0.5 * np.cos(np.pi * np.arange(length) / max(length, 1))).astype(np.float32)
    if start:
        wave[:length] *= ramp
    if end:
        wave[len(wave) - length :] *= ramp[::-1]
    return wave


def insert(wave: np.ndarray, places: Sequence[tuple[float, float]]) -> np.ndarray:
    """Put silences into a wave.

    Args:
        wave: float32 (N,).
        places: (second in `wave`, seconds of silence), in any order.

    Returns:
        float32 (N + all silences,); both sides of a cut fade.
    """
    parts, last = [], 0
    gaps = sorted((min(max(round(at * RATE), 0), len(wave)), length) for at, length in places if length > 0)
    for index, (at, length) in enumerate(gaps):
        parts += [fade(wave[last:at], start=index > 0), silence(length)]
        last = at
    parts.append(fade(wave[last:], start=bool(gaps), end=False) if gaps else wave)
    return np.concatenate(parts).astype(np.float32)


def quietest(wave: np.ndarray, second: float, reach: float = REACH) -> float:
    """Find the quietest moment near another one, in seconds.

    There one sound has ended and the next has not begun.

    Args:
        wave: float32 (N,).
        second: where to look.
        reach: seconds to either side.
    """
    low = max(round((second - reach) * RATE), 0)
    near = wave[low : round((second + reach) * RATE) + WINDOW].astype(np.float64) ** 2
    if len(near) <= WINDOW:
        return second
    power = np.convolve(near, np.ones(WINDOW), "valid")
    return (low + int(power.argmin()) + WINDOW // 2) / RATE


class Joiner:
    """Collect the segments of a run into one wave."""

    def __init__(self) -> None:
        self._parts: list[np.ndarray] = []
        self._length = 0
        self.spans: list[Span] = []
        self._pause = 0.0
        self._open: str | None = None  # the text of the segment that streams

    def add(self, text: str, wave: np.ndarray, pause: float) -> None:
        """Append a segment, float32 (N,), and `pause` seconds behind."""
        start = self.seconds
        self._push(wave)
        self.spans.append(Span(text, start, self.seconds))
        self._pause = pause

    def extend(self, text: str, wave: np.ndarray, pause: float) -> None:
        """Append a part of a segment that streams, as `add`."""
        if self._open == text and self.spans:
            self._push(wave)
            self.spans[-1] = Span(text, self.spans[-1].start, self.seconds)
        else:
            self.add(text, wave, pause)
            self._open = text

    def gap(self) -> None:
        """Put the last segment's pause, before adding the next one."""
        self._open = None
        if self.spans:
            self._push(silence(self._pause))

    def wave(self) -> np.ndarray:
        """Join what is there so far: float32 (N,)."""
        return np.concatenate(self._parts) if self._parts else np.zeros(0, dtype=np.float32)

    @property
    def seconds(self) -> float:
        """Measure the length of the wave so far."""
        return self._length / RATE

    def _push(self, wave: np.ndarray) -> None:
        self._parts.append(np.asarray(wave, dtype=np.float32))
        self._length += len(wave)
