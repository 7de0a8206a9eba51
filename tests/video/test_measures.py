"""Each measure reacts to a known corruption in the right direction, and to nothing else."""

import numpy as np
import pytest

from aigc_kit.core.errors import BadInput
from aigc_kit.make.video.measures import Consistency, consistency, disorder, flicker, frame_difference
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
    assert consistency(corrupted(clip, "still")) == Consistency(0.0, 0.0, 0.0)


ONE_WAY = [(subject, motion) for subject in ("ball", "puppy", "donut", "star") for motion in ("right", "up", "grow")]


@pytest.mark.parametrize(("subject", "motion"), ONE_WAY)
def test_disorder_tells_any_shuffling_of_what_moves_on(subject, motion):
    clip = film(ClipSpec(subject, "red", "city", "day", motion), 17, 64, 64, 3)
    rng = np.random.default_rng(0)
    shuffled = [disorder(clip[rng.permutation(17)]) for _ in range(10)]
    assert disorder(clip) < 0.5 < 0.6 < min(shuffled)
    assert disorder(clip[::-1]) == pytest.approx(disorder(clip)), "backwards hangs together as well"


def test_disorder_does_not_tell_what_returns_at_once():
    """The measure's known limit, which lab 04 tells."""
    rng = np.random.default_rng(0)
    clip = film(ClipSpec("puppy", "red", "city", "day", "bounce"), 17, 64, 64, 3)
    shuffled = [disorder(clip[rng.permutation(17)]) for _ in range(10)]
    assert disorder(clip) > 0.6 and min(shuffled) < 1.4 * disorder(clip)


def test_disorder_of_shuffled_frames_is_one_on_average(clip):
    """Over all orders, neighbours are any two frames: the mean ratio is 1."""
    rng = np.random.default_rng(0)
    mean = np.mean([disorder(clip[rng.permutation(len(clip))]) for _ in range(60)])
    assert mean == pytest.approx(1, abs=0.05)


def test_shuffled_frames_flicker_too(clip):
    assert flicker(corrupted(clip, "shuffled")) > 1.5 * flicker(clip)


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
    assert disorder(steps) == pytest.approx(0.2 / (0.2 * 4 / 6), rel=1e-5)  # four of the six pairs differ


@pytest.mark.parametrize(
    "wrong",
    [np.zeros((2, 64, 64, 3), np.uint8), np.zeros((9, 64, 64, 3)), np.zeros((9, 8, 8, 3), np.uint8), "clip", None],
)
def test_what_is_no_clip_is_refused(wrong):
    with pytest.raises(BadInput, match="consistency of a clip"):
        consistency(wrong)
