"""Similarity of clips and texts, and the time that is left: against numbers worked out by hand."""

import random

import numpy as np
import pytest

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Step
from aigc_kit.make.diffusion.denoise import seconds_left
from aigc_kit.make.video.measures import frame_words, text_similarity
from aigc_kit.worlds.tinyworld import clip as miniclip
from aigc_kit.worlds.tinyworld.motion import ClipSpec, film


def brightness(pictures, texts):
    """A judge with a closed form: the mean brightness, divided by the length of the text."""
    return np.array([[picture.mean() / 255 / len(text) for text in texts] for picture in pictures])


def test_the_mean_of_frames_at_equal_distances():
    frames = np.zeros((9, 32, 32, 3), np.uint8)
    frames[::2] = 255  # frames 0, 2, 4, 6, 8 are looked at
    assert text_similarity(frames, ["ab", "abcd"], brightness) == pytest.approx([0.5, 0.25])
    assert text_similarity(frames[:3], ["a"], brightness) == pytest.approx([2 / 3])


def test_a_frame_shows_no_motion():
    assert frame_words("夜里一只红色的小猫向左移动") == "一只红色的小猫，夜晚"
    assert frame_words("a blue donut turns into a cup on the moon") == "a blue donut, on the moon"
    assert frame_words("向左移动") == ""
    with pytest.raises(BadInput, match="name a subject"):
        text_similarity(np.zeros((5, 32, 32, 3), np.uint8), ["向左移动"])


def test_the_small_clip_prefers_the_right_text():
    if not miniclip.available():
        pytest.skip("the small CLIP is not shipped")
    rng, right = random.Random(5), 0
    for number in range(12):
        spec, other = ClipSpec.sample(rng), ClipSpec.sample(rng)
        said = [f"{s.colour} {s.subject} {s.scene} {s.light}" for s in (spec, other)]
        scores = text_similarity(film(spec, 5, 64, 64, seed=number), said)
        right += scores[0] > scores[1]
    assert right >= 10


def step(index, seconds, phase="denoise"):
    return Step(index, 5, phase, seconds, lambda: None)


def test_time_left():
    assert seconds_left([]) is None
    assert seconds_left([step(0, 4.0)]) == pytest.approx(3 * 4.0)
    assert seconds_left([step(0, 4.0), step(1, 1.0)], decode=2.0) == pytest.approx(2 * 1.0 + 2.0)
    assert seconds_left([step(0, 4.0), step(1, 1.0), step(2, 1.2), step(3, 1.1)]) == 0
    assert seconds_left([step(3, 1.0), step(4, 3.0, "decode")], decode=9.0) == 0
