"""Say light and motion by music, and hear them again.

The rule is ours (`sayable.AUDIBLE`): night is low, day is high, what bounces is fast. Wind, rain, waves and crickets
are computed and laid under it, so that a scene sounds; nothing is read of them. The ear counts beginnings and measures
pitch in the wave of the music: it knows neither the notes nor what was asked. Noise has beginnings everywhere, so it
listens before the ambience is added.
"""

from collections.abc import Mapping

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, unknown_name
from aigc_kit.core.types import Take
from aigc_kit.make import music
from aigc_kit.media.wav import RATE

LOW_BELOW = 65.5  # MIDI pitch of the middle tone: of 48 tunes night lay from 48 to 64, day from 67 to 81
FAST_FROM = 3.2  # beginnings of tones a second: of the same tunes up to 2.7, and from 4.2 on where something bounces
LOUDNESS = 0.06  # of an ambience, root mean square, where music peaks at .9
SECONDS = 12.0
_KEYS = {"night": -12, "day": 5}
_FRAME, _HOP = 2048, 512
AMBIENCES = ("rain", "wind", "waves", "crickets")


def compose(facts: Mapping[str, str], seed: int) -> Take:
    """Write a tune by the rule.

    Args:
        facts: attribute -> value.
        seed: of the draw.
    """
    light, bounces = facts.get("light"), facts.get("motion") == "bounce"
    words = "快速，音符密集" if bounces else "慢速，音符稀疏" if light == "night" else "中速，音符匀称"
    return music.make(words, seed=seed, key=_KEYS.get(light or "", 0), instrument="zheng")


def hear(wave: np.ndarray) -> dict[str, str]:
    """Read light and motion from a wave, by the rule.

    Args:
        wave: float32 (N,) at 24000 Hz, a second or more.

    Returns:
        "light": by the middle pitch; "motion": "bounce" where it is fast, else absent.

    Raises:
        BadInput: too short, or silent.
    """
    pitch, rate = middle_pitch(wave), beginnings(wave)
    light = {"light": "night" if pitch < LOW_BELOW else "day"}
    return light | ({"motion": "bounce"} if rate >= FAST_FROM else {})


def middle_pitch(wave: np.ndarray) -> float:
    """Find the median MIDI pitch of the strongest partial.

    Frames a tenth as loud as the loudest count, and louder ones.
    """
    power = _spectra(wave)
    top = int(1500 / RATE * _FRAME)
    sums = power[:, 2:top].sum(axis=1)
    peaks = power[sums >= 0.1 * sums.max(), 2:top].argmax(axis=1) + 2
    return float(np.median(69 + 12 * np.log2(peaks * RATE / _FRAME / 440)))


def beginnings(wave: np.ndarray) -> float:
    """Count beginnings of tones a second.

    A beginning is a peak of the rise in level over all frequencies.

    Source: spectral flux, Bello et al. 2005, "A Tutorial on Onset Detection in Music Signals".
    """
    from scipy.signal import find_peaks

    levels = np.sqrt(_spectra(wave))
    flux = np.maximum(np.diff(levels, axis=0), 0).sum(axis=1)
    peaks, _ = find_peaks(flux, height=0.2 * np.quantile(flux, 0.98), distance=4)
    return len(peaks) / (len(wave) / RATE)


def _spectra(wave: np.ndarray) -> np.ndarray:
    wave = np.asarray(wave, float)
    if wave.ndim != 1 or len(wave) < RATE or not np.abs(wave).max() > 1e-4:
        raise BadInput(
            asked=Words("to hear light and motion in a sound", "从声音里听出光线和运动"),
            found=Words(f"a sound of {wave.shape}, or a silent one", f"声音的形状是 {wave.shape}，或者没有声音"),
            todo=Words(f"give float32 (N,) at {RATE} Hz, a second or more", f"给 {RATE} Hz 的 float32 (N,)，至少一秒"),
        )
    frames = np.lib.stride_tricks.sliding_window_view(wave, _FRAME)[::_HOP]
    return np.abs(np.fft.rfft(frames * np.hanning(_FRAME), axis=1)) ** 2


def ambience_of(facts: Mapping[str, str], prompt: str) -> str:
    """Choose what a scene sounds like, "" for nothing."""
    if "雨" in prompt or "rain" in prompt.lower():
        return "rain"
    scenes = {"sea": "waves", "forest": "wind", "moon": "", "plain": ""}
    night = "crickets" if facts.get("light") == "night" and facts.get("scene") != "moon" else ""
    return scenes.get(facts.get("scene", ""), "") or night


def ambience(kind: str, seconds: float = SECONDS, seed: int = 0) -> np.ndarray:
    """Compute rain, wind, waves or crickets.

    Args:
        kind: of `AMBIENCES`.
        seconds: 0.1 or more.

    Returns:
        wave float32 (N,) at 24000 Hz, root mean square .06.

    Raises:
        UnknownName: no such sound.
    """
    if kind not in AMBIENCES:
        raise unknown_name(Words(f"the ambience {kind!r}", f"环境声 {kind!r}"), kind, AMBIENCES, Words("sound", "声音"))
    rng = np.random.default_rng(seed)
    count = round(seconds * RATE)
    time = np.arange(count) / RATE
    if kind == "crickets":
        chirps = (np.sin(2 * np.pi * 0.8 * time + rng.uniform(0, 6)) > 0.3) * (np.sin(2 * np.pi * 28 * time) > 0)
        wave = np.sin(2 * np.pi * 4300 * time) * chirps
    else:
        low, high, fall = {"rain": (500, 9000, 0.0), "wind": (40, 500, 0.7), "waves": (60, 2500, 0.9)}[kind]
        spectrum = np.fft.rfft(rng.normal(size=count))
        frequencies = np.fft.rfftfreq(count, 1 / RATE)
        inside = (frequencies > low) & (frequencies < high)
        wave = np.fft.irfft(spectrum * inside / np.maximum(frequencies, 1) ** fall, count)
        speed = {"rain": 0.0, "wind": 0.13, "waves": 0.16}[kind]
        wave = wave * (0.55 + 0.45 * np.sin(2 * np.pi * speed * time + rng.uniform(0, 6)))
    return (wave * LOUDNESS / np.sqrt(np.mean(wave**2))).astype(np.float32)


def mixed(tune: np.ndarray, kind: str, seed: int) -> np.ndarray:
    """Lay an ambience under the beginning of a tune.

    At most `SECONDS`, faded out; the peak stays within .95.
    """
    wave = np.array(tune[: round(SECONDS * RATE)], np.float32)
    if kind:
        wave = wave + ambience(kind, len(wave) / RATE, seed)[: len(wave)]
    tail = min(len(wave), RATE)
    wave[-tail:] *= np.linspace(1, 0, tail, dtype=np.float32)
    peak = float(np.abs(wave).max())
    return wave * np.float32(0.95 / peak) if peak > 0.95 else wave
