"""Measures against closed forms, brute force, and another library."""

import math
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit.core.errors import BadInput
from aigc_kit.make.speech import measures
from aigc_kit.media.wav import RATE
from aigc_kit.works.evaluation import character_error


def tone(frequency, seconds=1.0, amplitude=0.3, harmonics=5):
    t = np.arange(round(seconds * RATE)) / RATE
    wave = sum(np.sin(2 * np.pi * k * frequency * t) / k for k in range(1, harmonics + 1))
    return (amplitude * wave / np.abs(wave).max()).astype(np.float32)


@pytest.mark.parametrize("frequency", [80, 110, 147.3, 220, 261.6, 333, 440])
def test_the_pitch_of_a_tone_is_its_frequency(frequency):
    found = measures.voiced_pitch(tone(frequency))
    assert len(found) > 85  # of 100 steps; the last window runs beyond the end
    assert np.median(found) == pytest.approx(frequency, rel=2e-3)
    assert np.percentile(np.abs(found / frequency - 1), 95) < 0.01


def test_a_glide_is_followed():
    t = np.arange(2 * RATE) / RATE
    low, high = 120.0, 240.0
    phase = 2 * np.pi * (low * t + (high - low) * t**2 / 4)
    times, found = measures.pitch((0.3 * np.sin(phase)).astype(np.float32))
    inside = np.isfinite(found) & (times < 1.9)
    truth = low + (high - low) * times / 2
    assert np.abs(found[inside] / truth[inside] - 1).max() < 0.02
    assert inside.mean() > 0.9


def test_noise_and_silence_have_no_voice():
    noise = np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)
    assert len(measures.voiced_pitch(noise)) < 5
    assert len(measures.voiced_pitch(np.zeros(RATE, np.float32))) == 0


def test_the_silent_share_of_a_half_silent_wave_is_a_half():
    wave = np.concatenate([tone(200), np.zeros(RATE, np.float32)])
    assert measures.silence(wave) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("amplitude", [0.1, 0.5])
def test_loudness_of_a_1_khz_tone(amplitude):
    """ITU-R BS.1770: a sine of 997 Hz at full scale in one channel is at -3.01 LUFS."""
    t = np.arange(3 * RATE) / RATE
    wave = (amplitude * np.sin(2 * np.pi * 997 * t)).astype(np.float32)
    assert measures.loudness(wave) == pytest.approx(-3.01 + 20 * math.log10(amplitude), abs=0.2)


def test_loudness_of_nothing_is_none():
    assert measures.loudness(np.zeros(RATE, np.float32)) is None
    assert measures.loudness(tone(200, seconds=0.3)) is None


def test_clipping_counts_samples_at_full_scale():
    wave = np.zeros(1000, np.float32)
    wave[:10] = 1.0
    assert measures.clipped(wave) == pytest.approx(0.01)
    assert measures.clipped(wave / 2) == 0


def test_the_mel_spectrogram_shows_a_tone_where_it_is():
    spectrum = measures.mel(tone(1000, harmonics=1))
    assert spectrum.shape[0] == 80
    assert (spectrum.min(), spectrum.max()) == (-80.0, 0.0)
    top = 2595 * math.log10(1 + RATE / 2 / 700)
    band = 2595 * math.log10(1 + 1000 / 700) / top * 81 - 1  # HTK mel of 1 kHz, among 80 equally spaced centres
    assert abs(int(spectrum[:, 50].argmax()) - band) <= 1


@given(st.text("今天气好", max_size=6), st.text("今天气好", min_size=1, max_size=6))
def test_character_errors_against_its_definition(a, b):
    @lru_cache(None)
    def distance(i, j):
        if i == 0 or j == 0:
            return i + j
        same = a[i - 1] == b[j - 1]
        return min(distance(i - 1, j) + 1, distance(i, j - 1) + 1, distance(i - 1, j - 1) + (not same))

    assert character_error(a, b) == distance(len(a), len(b)) / len(b)


@pytest.mark.parametrize("wave", [np.zeros((2, 5), np.float32), np.zeros(5, np.int16), np.array([np.nan], np.float32)])
def test_what_is_no_wave_is_refused(wave):
    with pytest.raises(BadInput, match="not a wave of finite floats"):
        measures.silence(wave)


@given(st.integers(0, 3000), st.floats(0, 1))
def test_a_report_of_any_length_does_not_fail(length, level):
    found = measures.report(np.full(length, level, np.float32))
    assert found.seconds == length / RATE
    assert 0 <= found.silence <= 1
