"""Every advice of an error about frames is followed here, and works."""

import re

import numpy as np
import pytest
from PIL import Image

from aigc_kit.core.errors import BadInput
from aigc_kit.media import encode
from aigc_kit.media.frames import to_frames

RAMP = np.linspace(0, 1, 16 * 16).reshape(16, 16)


def followed(value, **given):
    """Ask, read the advice, and do what its code says with `array` and `image`."""
    with pytest.raises(BadInput) as caught:
        to_frames(value, **given)
    image = value if isinstance(value, Image.Image) else None
    names = {"np": np, "to_frames": to_frames, "image": image}
    names["array"] = np.asarray(value) if image is None else None
    code = re.search(r"to_frames\(.*\)", caught.value.todo)
    if code:
        if "array = np.asarray(image)" in caught.value.todo:
            names["array"] = np.asarray(image)
        return eval(code[0], names)
    (name, *_) = re.findall(r"range=('[^']+')", caught.value.todo)
    return to_frames(value, range=name.strip("'"))


@pytest.mark.parametrize("scale", [(0, 1000), (-5, 5), (0, 70_000), (3, 4), (0, 255), (-1, 1.5)])
@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int32, np.int64])
def test_arrays_of_any_range_can_be_shown_as_advised(scale, kind):
    array = (RAMP * (scale[1] - scale[0]) + scale[0]).astype(kind)
    try:
        frames = to_frames(array)
    except BadInput:
        frames = followed(array)
    assert frames.data.shape == (1, 16, 16, 3)
    assert frames.data.max() > frames.data.min()


WHOLE = {np.int8: (-128, 127), np.int16: (-32768, 32767), np.uint16: (0, 65535), np.int32: (-(2**31), 2**31 - 1)}


@pytest.mark.parametrize("kind", [*WHOLE, np.int64, np.uint64, np.float16, np.float32, np.float64])
@pytest.mark.parametrize("number", [0, 1, -1, 7, 300, -300, 1.5, -0.05, 60_000, -60_000])
def test_an_array_of_one_number_can_be_shown_as_advised(number, kind):
    """No scale makes a picture of it: its least and its greatest are one."""
    low, high = WHOLE.get(kind, (-(2**31), 2**31))
    array = np.full((8, 8), max(0 if kind is np.uint64 else low, min(high, number))).astype(kind)
    try:
        frames = to_frames(array)
    except BadInput:
        frames = followed(array)
    assert frames.data.shape == (1, 8, 8, 3) and len(np.unique(frames.data)) == 1


@pytest.mark.parametrize("kind", WHOLE)
def test_numbers_over_all_of_their_dtype_can_be_shown_as_advised(kind):
    """Their difference is more than the dtype holds."""
    low, high = WHOLE[kind]
    array = np.array([[low, high], [high, low]]).repeat(8, 0).repeat(8, 1).astype(kind)
    frames = to_frames(array) if kind is np.uint16 else followed(array)
    assert np.unique(frames.data).tolist() == [0, 255]


@pytest.mark.parametrize("mode", ["F", "I"])
def test_a_plain_picture_of_one_number_can_be_shown_as_advised(mode):
    assert followed(Image.new(mode, (8, 8), 7)).data.shape == (1, 8, 8, 3)


@pytest.mark.parametrize("given", ["[0, 1]", "[-1, 1]", "0..255", "0..65535"])
def test_a_range_that_does_not_hold_names_one_that_does(given):
    assert followed(RAMP * 90_000 - 10_000, range=given).data.max() == 255


def test_sixteen_bits_are_read_exactly():
    gray = (np.arange(256, dtype=np.uint16) * 257).reshape(16, 16)
    wanted = np.arange(256, dtype=np.uint8).reshape(16, 16)
    for value in (gray, Image.fromarray(gray)):
        assert (to_frames(value).data[0, ..., 0] == wanted).all()
    assert Image.fromarray(gray).mode == "I;16"
    assert to_frames(np.stack([gray] * 3, -1)).notes[-1] == "16-bit integers taken as 0 to 65535"


@pytest.mark.parametrize("mode", ["F", "I"])
def test_pictures_of_plain_numbers_can_be_shown_as_advised(mode):
    image = Image.fromarray((RAMP * 1000).astype(np.float32 if mode == "F" else np.int32))
    assert image.mode == mode
    frames = followed(image)
    assert (frames.data.min(), frames.data.max()) == (0, 255)


def test_other_modes_can_be_shown_as_advised():
    assert followed(Image.new("HSV", (16, 16), (0, 0, 255))).data.min() == 255


def test_what_is_not_finite_names_its_cause():
    half = np.full((8, 8, 3), np.inf, np.float16)
    with pytest.raises(BadInput, match=r"65,504"):
        to_frames(half)
    full = np.float32(half)
    with pytest.raises(BadInput, match=r"np\.argwhere") as caught:
        to_frames(full)
    code = re.search(r"np\.argwhere\(.*\)\[0\]", caught.value.todo)[0]
    assert eval(code, {"np": np, "array": full}).tolist() == [0, 0, 0]


class Taken:
    """A Take as the encoders see it."""

    def __init__(self, data):
        self.data = data


@pytest.mark.parametrize("wrap", [to_frames, Taken, lambda clip: clip, lambda clip: Taken(clip[None]), list])
@pytest.mark.parametrize("name", ["mp4", "gif", "webp"])
def test_clips_are_written_from_whatever_holds_them(tmp_path, wrap, name):
    clip = np.random.default_rng(0).integers(0, 255, (4, 32, 32, 3), np.uint8)
    facts = getattr(encode, name)(tmp_path / f"clip.{name}", wrap(clip), fps=8)
    assert (facts.frames, facts.width, facts.height) == (4, 32, 32)
    assert (to_frames(wrap(clip)).data == clip).all()


def test_a_refused_frame_is_written_as_advised(tmp_path):
    floats = np.random.default_rng(0).random((4, 32, 32, 3), np.float32)
    with pytest.raises(BadInput, match=r"to_frames\(") as caught:
        encode.mp4(tmp_path / "clip.mp4", floats, 8)
    assert "aigc_kit.media.frames.to_frames" in caught.value.todo
    assert encode.mp4(tmp_path / "clip.mp4", to_frames(floats), 8).frames == 4
