"""Pitch of syllables, against sounds whose pitch is known, and the voice against its dictionary."""

from itertools import pairwise

import numpy as np
import pytest

from aigc_kit.core.errors import BadInput
from aigc_kit.make import speech
from aigc_kit.make.speech import tones
from aigc_kit.make.speech.engines.base import Segment, Spoken
from aigc_kit.make.speech.frontend import Syllable
from aigc_kit.media.wav import RATE
from tests.conftest import require_card

TEXT = "今天的天气真不错"


def glide(start, end, seconds):
    """A tone whose frequency moves from `start` to `end`, evenly in semitones."""
    steps = np.arange(round(seconds * RATE)) / (seconds * RATE)
    frequency = start * (end / start) ** steps
    return (0.5 * np.sin(2 * np.pi * np.cumsum(frequency) / RATE)).astype(np.float32)


def test_a_glide_of_an_octave_falls_twelve_semitones():
    """Its neighbours hold what it begins and ends with: a step looks at 40 ms, two of them beyond each border."""
    wave = np.concatenate([glide(400, 400, 1.0), glide(400, 200, 0.5), glide(200, 200, 0.3)])
    syllable = Syllable("骂", 0, "ma", 4)
    heights = tones.curve(wave, tones.Span(syllable, 1.0, 1.5)).heights
    assert heights[0] - heights[-1] == pytest.approx(12, abs=1.5)
    assert (np.diff(heights) < 0.2).all()
    level = tones.curve(wave, tones.Span(syllable, 0.1, 0.9)).heights
    assert np.abs(level).max() < 0.5, "the median is that of the long level part"


def test_silence_has_no_curve():
    wave = np.concatenate([glide(200, 200, 0.5), np.zeros(RATE // 2, np.float32)])
    assert tones.curve(wave, tones.Span(Syllable("骂", 0, "ma", 4), 0.6, 0.9)) is None


def test_tones_are_recognised_from_the_other_groups():
    shapes = {1: np.zeros(10), 2: np.linspace(-3, 3, 10), 3: np.full(10, -5.0), 4: np.linspace(4, -4, 10)}
    rng = np.random.default_rng(0)
    curves = [
        tones.Curve("字", tone, group, shape + rng.normal(0, 0.3, 10))
        for group in range(4)
        for tone, shape in shapes.items()
    ]
    assert tones.recognised(curves) == [curve.tone for curve in curves]
    turned = [tones.Curve("字", 4, 9, shapes[2])]  # sung as a second tone, whatever the dictionary says
    assert tones.recognised([*curves, *turned])[-1] == 2


def test_borders_of_the_built_in_voice_lie_in_its_sound():
    require_card("baker")
    voice = speech.engine(speech.plan_for(TEXT, card="baker"))
    wave, spans = tones.spoken(voice, TEXT)
    assert np.array_equal(wave, speech.make(TEXT, card="baker").data)
    assert "".join(span.syllable.character for span in spans) == TEXT
    assert spans[0].start == 0 and spans[-1].end == len(wave) / RATE
    assert all(a.end == b.start and a.start < a.end for a, b in pairwise(spans))


def test_the_voice_sings_the_tones_of_the_dictionary():
    require_card("baker")
    curves = tones.sung(speech.engine(speech.plan_for(TEXT, card="baker")))
    right = [guess == curve.tone for guess, curve in zip(tones.recognised(curves), curves, strict=True)]
    assert len(curves) >= 28 and sum(right) >= 0.8 * len(curves)  # 29 of 31 where it was measured; by guessing 8


def test_a_voice_without_borders_is_refused():
    class Mute:
        def speak(self, segment, settings, *, seed=0):
            assert isinstance(segment, Segment)
            return Spoken(glide(200, 200, 0.5), ())

    with pytest.raises(BadInput, match="baker"):
        tones.spoken(Mute(), "你好")
