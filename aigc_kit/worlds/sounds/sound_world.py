"""Render short sounds: instrument, speed, register, contour, mode.

Notes begin on the 40 ms grid of the codec, always at phase 0, so that there are finitely many frames.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import product

import numpy as np

from aigc_kit.core.bilingual import Words

OWN_RATE, HOP, FRAMES = 16_000, 640, 75
SPEEDS = {"slow": 15, "medium": 10, "fast": 5}
"""Frames of 40 ms that a note lasts."""
REGISTERS = {"low": 45, "middle": 60, "high": 75}
SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
TONICS = 3
"""Semitones by which the tonic may lie above the register's lowest, from 0."""
SOUND_CHOICES: dict[str, tuple[str, ...]] = {
    "instrument": ("flute", "organ", "guitar", "bell"),
    "speed": tuple(SPEEDS),
    "register": tuple(REGISTERS),
    "contour": ("rising", "falling", "arch", "repeated"),
    "mode": tuple(SCALES),
}
SOUND_TITLES: dict[str, Words] = {
    "instrument": Words("instrument", "乐器"),
    "speed": Words("speed", "快慢"),
    "register": Words("register", "音区"),
    "contour": Words("contour", "走向"),
    "mode": Words("mode", "调式"),
}
SOUND_NAMES: dict[str, Words] = {
    "flute": Words("flute", "长笛"),
    "organ": Words("organ", "风琴"),
    "guitar": Words("guitar", "吉他"),
    "bell": Words("bell", "铃"),
    "slow": Words("slow", "慢速"),
    "medium": Words("medium", "中速"),
    "fast": Words("fast", "快速"),
    "low": Words("low", "低音"),
    "middle": Words("middle", "中音"),
    "high": Words("high", "高音"),
    "rising": Words("rising", "上行"),
    "falling": Words("falling", "下行"),
    "arch": Words("arch", "先上后下"),
    "repeated": Words("repeated", "同音重复"),
    "major": Words("major", "大调"),
    "minor": Words("minor", "小调"),
}
PARTIALS: dict[str, tuple[tuple[float, float, float], ...]] = {
    "flute": ((1, 1.0, 0), (2, 0.25, 0), (3, 0.08, 0)),
    "organ": ((1, 0.6, 0), (2, 0.6, 0), (3, 0.5, 0), (4, 0.4, 0), (6, 0.3, 0), (8, 0.25, 0)),
    "guitar": tuple((h, h**-0.8, 0.35 / (1 + 0.25 * h)) for h in range(1, 11)),
    "bell": ((1, 1.0, 0.5), (2.76, 0.6, 0.25), (5.4, 0.35, 0.12), (8.93, 0.2, 0.06)),
}
"""(frequency ratio, amplitude, seconds until 1/e or 0)."""
ATTACKS = {"flute": 0.06, "organ": 0.01, "guitar": 0.003, "bell": 0.003}
FALL, LOUD = 0.035, 0.35


@dataclass(frozen=True)
class SoundWish:
    """Hold what a sound should be, None where open.

    A repeated tone has no mode.
    """

    instrument: str | None = None
    speed: str | None = None
    register: str | None = None
    contour: str | None = None
    mode: str | None = None

    def items(self) -> list[tuple[str, str]]:
        """List what is wished: (quality, value)."""
        pairs = [(field.name, getattr(self, field.name)) for field in fields(self)]
        return [(name, value) for name, value in pairs if value is not None]


def wishes() -> Iterator[SoundWish]:
    """List every whole wish of the world."""
    for values in product(*SOUND_CHOICES.values()):
        wish = SoundWish(*values)
        if wish.contour != "repeated":
            yield wish
        elif wish.mode == "major":
            yield SoundWish(*values[:4])


def melody(wish: SoundWish, tonic: int = 0) -> list[int]:
    """Give the MIDI pitches of a whole wish."""
    count = FRAMES // SPEEDS[str(wish.speed)]
    if wish.contour == "rising":
        steps = list(range(count))
    elif wish.contour == "falling":
        steps = list(range(count))[::-1]
    elif wish.contour == "arch":
        steps = [min(k, count - 1 - k) for k in range(count)]
    else:
        steps = [2] * count
    if count > 8 and wish.contour in ("rising", "falling"):
        steps = [step // 2 for step in steps]
    scale = SCALES[wish.mode or "major"]
    base = REGISTERS[str(wish.register)] + tonic
    return [base + scale[step % 7] + 12 * (step // 7) for step in steps]


def render(wish: SoundWish, tonic: int = 0) -> np.ndarray:
    """Render a whole wish: float32 (48000,), 16000 Hz, [-1, 1]."""
    wave = np.zeros(FRAMES * HOP, np.float32)
    frames = SPEEDS[str(wish.speed)]
    for place, pitch in enumerate(melody(wish, tonic)):
        begin = HOP // 2 + place * frames * HOP
        tone = _tone(str(wish.instrument), pitch, frames)[: len(wave) - begin]
        wave[begin : begin + len(tone)] = tone
    return wave


@lru_cache(maxsize=4096)
def _tone(instrument: str, pitch: int, frames: int) -> np.ndarray:
    time = np.arange(frames * HOP) / OWN_RATE
    frequency = 440 * 2 ** ((pitch - 69) / 12)
    tone = np.zeros(len(time))
    for ratio, amplitude, fall in PARTIALS[instrument]:
        if frequency * ratio < 7400:
            sine = amplitude * np.sin(2 * np.pi * frequency * ratio * time)
            tone += sine * np.exp(-time / fall) if fall else sine
    tone *= LOUD / np.sqrt(sum(amplitude**2 for _, amplitude, _ in PARTIALS[instrument]))
    tone *= np.minimum(1, time / ATTACKS[instrument])
    end = int(FALL * OWN_RATE)
    tone[-end:] *= np.linspace(1, 0, end)
    return tone.astype(np.float32)


def sound_caption(wish: SoundWish, language: str = "zh", draw: random.Random | None = None) -> str:
    """Say a wish in the world's words, parted by spaces.

    Its parts are shuffled by `draw`.
    """
    words = [getattr(SOUND_NAMES[value], language) for _, value in wish.items()]
    if draw is not None:
        draw.shuffle(words)
    return " ".join(words)


def read_sound(text: str) -> tuple[SoundWish, str]:
    """Read a wish from words, and what is left over."""
    chosen: dict[str, str] = {}
    rest = text
    for name, values in SOUND_CHOICES.items():
        for value in values:
            words = SOUND_NAMES[value]
            match = re.search(rf"{words.zh}|\b{words.en}\b", rest, re.IGNORECASE)
            if match and name not in chosen:
                chosen[name] = value
                rest = rest.replace(match.group(), " ", 1)
    return SoundWish(**chosen), " ".join(re.sub(r"[，。、,.]", " ", rest).split())
