"""Each measure reacts to a known corruption in the right direction, and to nothing else."""

import numpy as np
import pytest

from aigc_kit.core.errors import BadInput
from aigc_kit.make.video.measures import Consistency, consistency, flicker, flow, frame_difference, warping_error
from aigc_kit.worlds.tinyworld.motion import ClipSpec, film


@pytest.fixture(scope="module")
def clip():
    return film(ClipSpec("ball", "red", "city", "day", "right"), 17, 64, 64, 1)


def corrupted(clip, kind):
    rng = np.random.default_rng(0)
    if kind == "flicker":
        gain = np.where(np.arange(len(clip)) % 2, 0.9, 1.0)[:, None, None, None]
        return (clip * gain).astype(np.uint8)
    if kind == "noise":
        return np.clip(clip + rng.normal(0, 12, clip.shape), 0, 255).astype(np.uint8)
    if kind == "shuffled":
        return clip[rng.permutation(len(clip))]
    if kind == "boiling":  # every frame bent by a few pixels in its own way
        y, x = np.mgrid[:64, :64]
        bent = [frame[(y + 2 * np.sin(x / 5 + 2 * i)).astype(int).clip(0, 63), x] for i, frame in enumerate(clip)]
        return np.stack(bent)
    return np.repeat(clip[:1], len(clip), axis=0)


def test_a_still_picture_scores_zero(clip):
    assert consistency(corrupted(clip, "still")) == Consistency(0.0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize(("kind", "factor"), [("noise", 2), ("shuffled", 1.3), ("boiling", 2)])
def test_warping_error_rises_with_what_motion_does_not_explain(clip, kind, factor):
    good, bad = consistency(clip), consistency(corrupted(clip, kind))
    assert bad.warping > factor * good.warping
    assert bad.difference > good.difference


def test_flicker_is_seen_and_motion_is_not_taken_for_it(clip):
    fast, slow = clip[::2], np.repeat(clip, 2, axis=0)
    assert flicker(corrupted(clip, "flicker")) > 5 * flicker(clip)
    assert frame_difference(fast) > 1.3 * frame_difference(clip) > 1.3 * frame_difference(slow)
    fade = np.clip(np.linspace(0.4, 1, 17)[:, None, None, None] * clip[:1], 0, 255).astype(np.uint8)
    assert flicker(fade) < 0.003 < frame_difference(fade)


def test_closed_forms():
    steps = np.zeros((4, 16, 16, 3), np.uint8)
    steps[1], steps[3] = 51, 51
    assert frame_difference(steps) == pytest.approx(0.2)
    assert flicker(steps) == pytest.approx(0.4, rel=1e-5)


def test_the_flow_of_a_shifted_picture_is_the_shift():
    rng = np.random.default_rng(1)
    from scipy.ndimage import gaussian_filter

    picture = gaussian_filter(rng.random((64, 64)), 3)
    picture = (picture - picture.min()) / np.ptp(picture)
    found = flow(picture, np.roll(picture, (2, -1), axis=(0, 1)))[:, 10:-10, 10:-10]
    assert np.abs(np.median(found, axis=(1, 2)) - [2, -1]).max() < 0.25


def test_warping_counts_only_what_is_seen_in_both(clip):
    error, share = warping_error(clip)
    assert 0 < error < 0.1 and 0.8 < share <= 1


@pytest.mark.parametrize(
    "wrong",
    [np.zeros((2, 64, 64, 3), np.uint8), np.zeros((9, 64, 64, 3)), np.zeros((9, 8, 8, 3), np.uint8), "clip", None],
)
def test_what_is_no_clip_is_refused(wrong):
    with pytest.raises(BadInput, match="consistency of a clip"):
        consistency(wrong)
