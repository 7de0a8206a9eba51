"""The code that trains the reader of clips. Nothing is trained here."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from aigc_kit.worlds.tinyworld.motion import CLIP_ATTRIBUTES, ClipSpec, film  # noqa: E402
from aigc_kit.worlds.tinyworld.reading import CLIP_ANSWERS, FRAMES, SIDE  # noqa: E402
from assets.train.clipreader import clips, evaluate, negatives, train  # noqa: E402


@pytest.fixture(scope="module")
def two():
    return [
        film(ClipSpec("puppy", "red", "sea", "day", "left"), FRAMES, SIDE, SIDE, seed=1),
        film(ClipSpec("ball", "blue", "moon", "night", "bounce"), FRAMES, SIDE, SIDE, seed=2),
    ]


def test_labels_are_places_in_the_lists():
    row = clips.labels_of(ClipSpec("cat", "white", "city", "night", "grow"))
    names = [values[k] for k, values in zip(row, CLIP_ATTRIBUTES.values(), strict=True)]
    assert names == ["cat", "white", "city", "night", "grow"]


def test_every_kind_of_negative_is_another_clip(two):
    rng = np.random.default_rng(0)
    for name, make in negatives.KINDS.items():
        made = make(rng, two[0], two[1], False)
        assert made.shape == (FRAMES, SIDE, SIDE, 3), name
        assert made.dtype == np.uint8, name
        assert not np.array_equal(made, two[0]), name
    assert sum(negatives.SHARES) == pytest.approx(1)
    assert len(negatives.SHARES) == len(negatives.KINDS)


def test_disordered_hops_are_no_hops(two):
    made = negatives.disordered(np.random.default_rng(0), two[1], hops=True)
    assert np.array_equal(made, two[1][[0, 2, 4, 1, 3]])


def test_spoiling_keeps_shape_and_range_and_is_alike_in_all_frames(two):
    batch = torch.from_numpy(np.stack([np.repeat(two[0][:1], FRAMES, 0)] * 16)).permute(0, 1, 4, 2, 3).float()
    torch.manual_seed(1)
    out = train.spoil(batch, np.random.default_rng(3))
    assert out.shape == batch.shape
    assert 0 <= out.min() <= out.max() <= 255
    assert not torch.equal(out, batch)
    apart = (out[:, 0] - out[:, 1]).abs().mean((1, 2, 3))
    assert (apart < 20).all()  # only the noise differs
    assert (apart < 1e-4).any()  # and not every clip has some


def test_the_loss_counts_what_is_right():
    answers = torch.zeros(3, CLIP_ANSWERS)
    answers[:, -1] = torch.tensor([5.0, 5.0, -5.0])
    at = 0
    for values in CLIP_ATTRIBUTES.values():
        answers[:2, at] = 9.0
        at += len(values)
    loss, right = train.judged(answers, torch.zeros(2, 5, dtype=torch.long))
    assert set(right.values()) == {1.0}
    assert loss < 1
    assert train.judged(answers, torch.ones(2, 5, dtype=torch.long))[1]["motion"] == 0


def test_wilson_by_hand():
    made = evaluate.wilson(8, 10)  # Wilson 1927: centre (p + z2/2n)/(1 + z2/n), z = 1.96
    assert (made["low"], made["high"]) == (pytest.approx(0.4902, abs=2e-4), pytest.approx(0.9433, abs=2e-4))


def test_the_pace_rises_and_falls():
    assert train.pace(0) < train.pace(49) == 1
    assert train.pace(train.STEPS - 1) < 0.01
