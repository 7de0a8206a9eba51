"""Follow the pitch of syllables, beside their tones.

The built-in voice says when each syllable ends, so the pitch of a wave can be cut by syllables. Nothing here knows
what the voice meant: heights come from `measures.pitch`, tones from the dictionary.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.make.speech import measures
from aigc_kit.make.speech.engines.base import Segment
from aigc_kit.make.speech.frontend import Syllable, normalise, syllables
from aigc_kit.make.speech.joins import EDGE_SECONDS, QUIET, trim
from aigc_kit.make.speech.settings import Settings
from aigc_kit.media.wav import RATE

if TYPE_CHECKING:
    from aigc_kit.make.speech.engines.base import Engine

POINTS = 10  # of a curve, from the beginning of the voiced part to its end
FEWEST = 5  # voiced steps of 10 ms, below which a curve is not followed
GROUPS = ("妈麻马骂", "八拔把爸", "书熟属树", "通同统痛", "汤糖躺烫", "方房访放", "衣姨椅意", "猫毛卯帽")
"""Syllables that differ in the tone only: the first, second, third and fourth tone of each."""
CARRIER = "我说{}这个字"


@dataclass(frozen=True)
class Span:
    """Hold one syllable and its place, in seconds."""

    syllable: Syllable
    start: float
    end: float


@dataclass(frozen=True)
class Curve:
    """Hold how high one syllable is sung.

    Args:
        character, tone: what was read, its tone in the dictionary, 1 to 4.
        group: syllables of one group differ in the tone only.
        heights: float64 (POINTS,), semitones above the median of the whole sentence.
    """

    character: str
    tone: int
    group: int
    heights: np.ndarray


def spoken(engine: "Engine", text: str) -> tuple[np.ndarray, list[Span]]:
    """Speak a short sentence, and say where each syllable is.

    Returns:
        (wave, float32 (N,) in [-1, 1] at 24000 Hz, its ends trimmed; the syllables in their order).

    Raises:
        BadInput: a voice that does not know when its syllables end.
    """
    words = normalise(text).spoken
    sound = engine.speak(Segment(words, words), Settings())
    said = syllables(words)
    if len(sound.marks) != len(said) - 1:
        found = Words(
            f"{len(said)} syllables, but the voice tells {len(sound.marks)} borders",
            f"有 {len(said)} 个音节，声音却给出 {len(sound.marks)} 个分界",
        )
        raise BadInput(
            asked=Words(f"the syllables of {text!r}", f"{text!r} 的音节"),
            found=found,
            todo=Words("take the voice 'baker', without signs", "用声音 'baker'，不带符号"),
        )
    loud = np.flatnonzero(np.abs(sound.wave) > QUIET * float(np.abs(sound.wave).max()))
    lead = max(int(loud[0]) - round(EDGE_SECONDS * RATE), 0) / RATE  # what `trim` cuts off before
    wave = trim(sound.wave)
    borders = [0.0, *(second - lead for _, second in sound.marks), len(wave) / RATE]
    return wave, [Span(*each) for each in zip(said, borders, borders[1:], strict=False)]


def curve(wave: np.ndarray, span: Span, group: int = 0) -> Curve | None:
    """Follow the pitch of one syllable, if it is voiced."""
    times, frequencies = measures.pitch(wave)
    voiced = np.isfinite(frequencies)
    inside = voiced & (times >= span.start) & (times < span.end)
    if inside.sum() < FEWEST:
        return None
    heights = 12 * np.log2(frequencies[inside] / np.median(frequencies[voiced]))
    even = np.interp(np.linspace(0, len(heights) - 1, POINTS), np.arange(len(heights)), heights)
    return Curve(span.syllable.character, span.syllable.tone, group, even)


def sung(engine: "Engine") -> list[Curve]:
    """Let a voice say every syllable of `GROUPS`."""
    place, curves = CARRIER.index("{"), []
    for number, group in enumerate(GROUPS):
        for character in group:
            wave, spans = spoken(engine, CARRIER.format(character))
            each = curve(wave, spans[place], number)
            curves += [each] if each else []
    return curves


def recognised(curves: Sequence[Curve]) -> list[int]:
    """Recognise each tone by the nearest mean of other groups.

    Returns:
        the tone of each curve as its pitch alone says, its own group left out of the means.
    """
    answers = []
    for each in curves:
        others = [other for other in curves if other.group != each.group]
        means = {
            tone: np.mean([other.heights for other in others if other.tone == tone], axis=0)
            for tone in sorted({other.tone for other in others})
        }
        answers.append(min(means, key=lambda tone: float(np.sum((means[tone] - each.heights) ** 2))))
    return answers
