"""Play tunes as events, and sound by adding sines."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.make.music.settings import LONGEST_SECONDS, Settings
from aigc_kit.media.wav import RATE
from aigc_kit.worlds.tunes.harmony import accompany
from aigc_kit.worlds.tunes.tune import Tune

PARTIALS: dict[str, tuple[tuple[float, float, float], ...]] = {
    "zheng": tuple((h, h**-0.9, 0.9 / (1 + 0.35 * h)) for h in range(1, 9)),
    "dizi": ((1, 1.0, 0), (2, 0.3, 0), (3, 0.12, 0), (4, 0.05, 0)),
    "organ": ((1, 0.6, 0), (2, 0.6, 0), (3, 0.4, 0), (4, 0.4, 0), (6, 0.25, 0), (8, 0.2, 0)),
    "bell": ((1, 1.0, 1.1), (2.76, 0.5, 0.5), (5.4, 0.3, 0.25), (8.93, 0.15, 0.12)),
}
"""Of each instrument: (frequency ratio, amplitude, seconds until 1/e or 0 for a steady tone)."""
ATTACK = {"zheng": 0.004, "dizi": 0.05, "organ": 0.012, "bell": 0.003}
RELEASE, LOUD, PEAK, TAIL = 0.03, 0.25, 0.9, 0.4


class Event(NamedTuple):
    """Hold one sounding note.

    Seconds, MIDI pitch, loudness in [0, 1], number of its voice.
    """

    start: float
    seconds: float
    pitch: int
    loudness: float
    voice: int = 0


def perform(tune: Tune, settings: Settings, seed: int = 0) -> list[Event]:
    """Play a tune as the settings say.

    Loudness rises to the middle of a phrase and on first beats, by `dynamics`; `humanise` moves beginnings by some
    20 ms (standard deviation) and loudness by a tenth.

    Raises:
        BadInput: no notes, or longer than 300 s.
    """
    rng = np.random.default_rng(seed)
    bpm = settings.bpm or tune.bpm
    beat = 15 / bpm  # seconds of a sixteenth
    events: list[Event] = []
    voices = [tune.bars, *accompany(tune, settings.harmony)]
    for number, bars in enumerate(voices):
        now, ends = 0, (0, *tune.ends)
        for place, bar in enumerate(bars):
            start = max(end for end in ends if end <= place)
            stop = min((end for end in tune.ends if end > place), default=len(bars))
            arch = np.sin(np.pi * (place - start + 0.5) / max(1, stop - start))
            within = 0
            for note in bar:
                if note.pitch is not None:
                    accent = 0.12 if within == 0 else 0.0
                    loud = 0.6 + settings.dynamics * (0.3 * (arch - 0.5) + accent) - (0.25 if number else 0.0)
                    late = settings.humanise * rng.normal(0, 0.02)
                    loud += settings.humanise * rng.normal(0, 0.1)
                    begin = max(0.0, now * beat + late)
                    events.append(
                        Event(
                            begin, note.length * beat * 0.97, note.pitch + settings.key, min(1, max(0.1, loud)), number
                        )
                    )
                now += note.length
                within += note.length
    check_events(events)
    return events


def check_events(events: Sequence[Event]) -> None:
    """Refuse pieces without notes, or longer than 300 s (BadInput)."""
    longest = max((event.start + event.seconds for event in events), default=0.0)
    if not events or longest > LONGEST_SECONDS:
        raise BadInput(
            asked=Words("to play a piece", "播放一首曲子"),
            found=Words(f"{len(events)} notes in {longest:.0f} s", f"有 {len(events)} 个音，长 {longest:.0f} 秒"),
            todo=Words(
                f"give notes that last at most {LONGEST_SECONDS:g} s", f"给出音符，总长不超过 {LONGEST_SECONDS:g} 秒"
            ),
        )


def sound(events: list[Event], instrument: str = "zheng", rate: int = RATE) -> np.ndarray:
    """Add up the sines of all notes.

    Args:
        events: in seconds.
        instrument: of `PARTIALS`.
        rate: samples a second.

    Returns:
        wave float32 (N,), peak at most 0.9.

    Raises:
        BadInput: no notes, or longer than 300 s.
        UnknownName: no such instrument.
    """
    Settings(instrument=instrument)
    check_events(events)
    end = max(event.start + event.seconds for event in events)
    wave = np.zeros(round((end + TAIL) * rate), np.float32)
    for event in events:
        tone = _tone(instrument, event.pitch, max(1, round(event.seconds * rate)), rate)
        begin = round(event.start * rate)
        tone = tone[: len(wave) - begin]
        wave[begin : begin + len(tone)] += np.float32(event.loudness) * tone
    peak = float(np.abs(wave).max())
    return wave * np.float32(PEAK / peak) if peak > PEAK else wave


@lru_cache(maxsize=512)
def _tone(instrument: str, pitch: int, samples: int, rate: int) -> np.ndarray:
    """One note of loudness 1, float32 (samples + its fall,)."""
    frequency = 440 * 2 ** ((pitch - 69) / 12)
    decays = any(fall for _, _, fall in PARTIALS[instrument])
    release = 0.25 if decays else RELEASE
    count = samples + round(release * rate)
    time = np.arange(count, dtype=np.float32) / rate
    tone = np.zeros(count, np.float32)
    total = 0.0
    for ratio, amplitude, fall in PARTIALS[instrument]:
        if frequency * ratio < 0.45 * rate:
            sine = np.sin(np.float32(2 * np.pi * frequency * ratio) * time)
            tone += np.float32(amplitude) * (sine * np.exp(-time / fall) if fall else sine)
            total += amplitude**2
    tone *= LOUD * np.sqrt(2) / np.float32(max(total, 1e-9) ** 0.5)
    tone *= np.minimum(1, time / ATTACK[instrument])
    tone[samples:] *= np.linspace(1, 0, count - samples, dtype=np.float32)
    tone.setflags(write=False)
    return tone
