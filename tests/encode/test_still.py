"""A clip that stands still, in part or for good, keeps its length in every format."""

from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from aigc_kit.media import encode

A, B = (np.full((48, 64, 3), value, np.uint8) for value in (60, 200))
NOISE = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
SLOPE = np.linspace(0, 255, 48 * 64 * 3).reshape(48, 64, 3).astype(np.uint8)
CLIPS = {"still": [A] * 24, "one frame": [A], "two": [A, A], "still at the end": [B, *[A] * 23],
         "still at first": [*[A] * 23, B], "in between": [A, *[B] * 22, A], "noise": [NOISE] * 24}  # fmt: skip


@pytest.mark.parametrize("frames", CLIPS.values(), ids=CLIPS)
@pytest.mark.parametrize("fps", [8, 16, 24, "24000/1001"])
@pytest.mark.parametrize("kind", [".webp", ".gif", ".mp4"])
def test_the_length_of_a_clip_is_that_of_its_frames(frames, fps, kind, tmp_path):
    with encode.Writer(tmp_path / f"clip{kind}", fps) as writer:
        for frame in frames:
            writer.add(frame)
    facts = encode.probe(tmp_path / f"clip{kind}")
    wanted = float(len(frames) / Fraction(fps))
    step = {".webp": 0.001, ".gif": 0.01, ".mp4": 1e-6}[kind]  # units in which the format counts
    assert facts.seconds == pytest.approx(wanted, abs=(len(frames) if kind == ".gif" else 1) * step)
    assert (facts.width, facts.height) == (64, 48)


@pytest.mark.parametrize("picture", [A, SLOPE], ids=["grey", "slope"])
@pytest.mark.parametrize("size", [(48, 64), (47, 63)])
def test_a_still_webp_is_an_animation_of_its_picture(picture, size, tmp_path):
    frame = np.ascontiguousarray(picture[: size[0], : size[1]])
    file = tmp_path / "still.webp"
    encode.webp(file, [frame] * 32, 16)
    with Image.open(file) as image:
        assert (image.n_frames, image.is_animated, image.info["loop"]) == (1, False, 0)
        image.load()
        assert image.info["duration"] == 2000
        seen = np.asarray(image.convert("RGB")).astype(int)
    assert np.abs(seen - frame).mean() < 4
    (read,) = encode.read_frames(file)
    assert np.array_equal(read, seen)
    assert (
        file.read_bytes()[:4] == b"RIFF" and int.from_bytes(file.read_bytes()[4:8], "little") == file.stat().st_size - 8
    )
