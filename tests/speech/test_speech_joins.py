"""Joins: exact silences, no steps in the wave, spans that lie where the sound is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit.make.speech.joins import EDGE_SECONDS, Joiner, insert, pause_after, quietest, silence, trim
from aigc_kit.media.wav import RATE

RNG = np.random.default_rng(0)


def buzz(seconds, lead=0.2, tail=0.3):
    sound = (0.5 * np.sin(2 * np.pi * 200 * np.arange(round(seconds * RATE)) / RATE + 1)).astype(np.float32)
    return np.concatenate([silence(lead), sound, silence(tail)])


def test_trimming_leaves_the_same_edge_at_both_ends():
    wave = trim(buzz(0.5))
    loud = np.flatnonzero(np.abs(wave) > 0.01)
    assert loud[0] / RATE == pytest.approx(EDGE_SECONDS, abs=0.001)
    assert (len(wave) - loud[-1]) / RATE == pytest.approx(EDGE_SECONDS, abs=0.001)


def test_trimming_silence_keeps_it():
    assert len(trim(silence(0.1))) == len(silence(0.1))


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 0.5)), max_size=4))
def test_inserted_silences_add_exactly_their_length(places):
    wave = buzz(0.5)
    made = insert(wave, places)
    extra = sum(round(length * RATE) for _, length in places)
    assert len(made) == len(wave) + extra
    assert np.abs(np.diff(made)).max() <= np.abs(np.diff(wave)).max() + 0.01  # no click that was not there


def test_an_inserted_silence_is_silent():
    wave = np.full(RATE, 0.5, np.float32)
    made = insert(wave, [(0.5, 0.25)])
    gap = made[RATE // 2 : RATE // 2 + RATE // 4]
    assert not gap.any()
    assert abs(made[RATE // 2 - 1]) < 0.01
    assert abs(made[RATE // 2 + RATE // 4]) < 0.01


def test_spans_say_where_each_segment_is():
    joiner = Joiner()
    for text, length in (("一。", 0.5), ("二，", 0.25), ("三", 0.1)):
        joiner.gap()
        joiner.add(text, np.ones(round(length * RATE), np.float32), pause_after(text))
    starts = [span.start for span in joiner.spans]
    assert starts == pytest.approx([0, 0.5 + 0.35, 0.5 + 0.35 + 0.25 + 0.15])
    assert joiner.seconds == pytest.approx(joiner.spans[-1].end)
    wave = joiner.wave()
    assert len(wave) / RATE == pytest.approx(joiner.seconds)
    for span in joiner.spans:
        assert wave[round(span.start * RATE) : round(span.end * RATE)].all()
    assert wave.sum() == pytest.approx(0.85 * RATE)  # everything between the spans is silent


@given(st.text(max_size=8), st.integers(0, 6))
def test_pauses_rise_strictly_with_the_level(text, level):
    assert pause_after(text, level + 1) > pause_after(text, level) > 0


def test_the_quietest_moment_is_found_between_two_sounds():
    wave = np.concatenate([buzz(0.3, lead=0, tail=0.02), buzz(0.3, lead=0.02, tail=0)])
    for asked in (0.26, 0.30, 0.34, 0.38):
        assert 0.30 <= quietest(wave, asked) <= 0.34
    assert 0 <= quietest(wave, 0.0) <= 0.08
    assert quietest(wave[:100], 5.0) == 5.0
