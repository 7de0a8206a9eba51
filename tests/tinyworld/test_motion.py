"""Clips of the tiny world: where the subject is, measured from the pixels."""

import random
import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit.core.errors import BadInput, UnknownName
from aigc_kit.worlds.tinyworld.captions import canonical, clip_caption, clip_words
from aigc_kit.worlds.tinyworld.motion import CLIP_ATTRIBUTES, CLIP_HELD_OUT, MOTIONS, ClipSpec, film


def subject_mask(clip):
    """Where a red subject on a plain background by night is, frame by frame."""
    red = clip[..., 0].astype(int) - np.maximum(clip[..., 1], clip[..., 2])
    return red > 60


def middle(mask):
    y, x = np.nonzero(mask)
    return x.mean(), y.mean()


def red(motion, subject="square"):
    return ClipSpec(subject, "red", "plain", "night", motion)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("motion", "dx", "dy"), [("left", -1, 0), ("right", 1, 0), ("up", 0, -1), ("down", 0, 1)])
def test_travel_goes_where_it_says(motion, dx, dy, seed):
    masks = subject_mask(film(red(motion), 17, 64, 64, seed))
    steps = np.diff(np.array([middle(mask) for mask in masks]), axis=0)
    along = steps @ np.array([dx, dy])
    assert along.min() > 0.4 and abs(along.sum() - 64 * 0.27) < 64 * 0.09
    assert np.abs(steps @ np.array([dy, dx])).max() < 0.4


def test_the_first_frame_does_not_give_the_direction_away():
    """Starts of left and right overlap: no threshold on the start tells them apart."""
    starts = {
        motion: [middle(subject_mask(film(red(motion), 1, 64, 64, seed))[0])[0] for seed in range(40)]
        for motion in ("left", "right")
    }
    assert np.percentile(starts["left"], 20) < np.percentile(starts["right"], 90)


def test_growth_bounce_and_turn():
    areas = [mask.sum() for mask in subject_mask(film(red("grow"), 17, 64, 64, 1))]
    assert all(b >= a for a, b in pairwise(areas)) and areas[-1] > 4 * areas[0]
    heights = [middle(mask)[1] for mask in subject_mask(film(red("bounce"), 17, 64, 64, 1))]
    peaks = [i for i in range(1, 16) if heights[i] < heights[i - 1] and heights[i] <= heights[i + 1]]
    assert len(peaks) == 2 and heights[8] > heights[4] + 8
    turning = film(red("turn"), 17, 64, 64, 1)
    spots = np.array([middle(mask) for mask in subject_mask(turning)])
    change = np.abs(np.diff(turning.astype(int), axis=0)).max(axis=(1, 2, 3))
    assert np.ptp(spots, axis=0).max() < 3 and (change > 50).all()


def test_a_donut_becomes_a_cup_and_keeps_its_hole():
    from scipy.ndimage import label

    clip = film(ClipSpec("donut", "red", "plain", "night", "morph"), 17, 128, 128, 3)
    for frame in clip[[1, 8, 16]]:
        gap = ~binary_subject(frame)
        regions, count = label(gap)
        sizes = np.sort(np.bincount(regions.ravel())[1:])
        assert count >= 2 and sizes[-2] > 20  # the outside, and the hole through which the background shows


def binary_subject(frame):
    """Not the background: the plain night is a smooth blue, blue above red by more than 20."""
    return frame[..., 2].astype(int) - frame[..., 0] < 20


@given(st.integers(0, 10_000), st.sampled_from(["zh", "en"]))
def test_captions_use_only_the_words_of_the_world(seed, language):
    rng = random.Random(seed)
    spec = ClipSpec.sample(rng).told(rng, keep=0.6)
    for text in (clip_caption(spec, rng, language), canonical(spec, language)):
        rest = text
        for word in sorted(clip_words(), key=len, reverse=True):
            rest = re.sub(rf"\b{word}\b" if word.isascii() and word.isalpha() else re.escape(word), " ", rest)
        assert rest.strip() == "", (text, rest)


def test_a_caption_says_what_is_set():
    spec = ClipSpec("puppy", None, "moon", None, "bounce")
    assert canonical(spec) == "一只小狗跳跃，在月球上"
    assert canonical(spec, "en") == "a puppy jumping, on the moon"
    assert canonical(ClipSpec("donut", "pink", motion="morph")) == "一个粉色的甜甜圈变形"
    assert canonical(ClipSpec("cup", motion="morph"), "en") == "a coffee cup morphing"  # named both, the end came first
    assert canonical(ClipSpec()) == canonical(ClipSpec(), "en") == ""
    with pytest.raises(UnknownName, match="language"):
        canonical(spec, "fr")


def test_training_never_shows_a_held_out_pair_and_everything_else_comes_up():
    rng = random.Random(0)
    specs = [ClipSpec.sample(rng, training=True) for _ in range(6000)]
    assert not any(spec.held_out() for spec in specs)
    for name, values in CLIP_ATTRIBUTES.items():
        assert {getattr(spec, name) for spec in specs} == set(values)
    assert len(CLIP_HELD_OUT) == len(set(CLIP_HELD_OUT)) == 8
    shares = [sum(spec.motion == motion for spec in specs) / len(specs) for motion in MOTIONS]
    assert min(shares) > 0.08
    with pytest.raises(UnknownName, match="held-out pair"):
        ClipSpec("ball", "green").fill(rng, training=True)


def test_clips_are_reproducible_and_of_any_length_or_size():
    spec = ClipSpec("cat", "white", "city", "night", "turn")
    assert (film(spec, 9, 64, 104, 5) == film(spec, 9, 64, 104, 5)).all()
    assert (film(spec, 9, 64, 64, 5) != film(spec, 9, 64, 64, 6)).any()
    assert (film(spec, 17, 64, 64, 5)[::2] == film(spec, 9, 64, 64, 5)).all()


@pytest.mark.parametrize("wrong", [("puppy", "morph"), ("ball", "turn")])
def test_what_does_not_go_together_is_refused(wrong):
    with pytest.raises(BadInput, match="only donut and cup can morph"):
        ClipSpec(subject=wrong[0], motion=wrong[1])
    with pytest.raises(UnknownName, match="no such value"):
        ClipSpec(subject="wizard")
    with pytest.raises(BadInput, match="0 frames"):
        film(ClipSpec(), 0)
