"""Frames from anything, against frames written pixel by pixel."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from aigc_kit.core.errors import BadInput
from aigc_kit.media.frames import to_frames

# Every layout as an index expression: value[layout] at (b, t, y, x, c)
PLACE = {
    "HW": lambda b, t, y, x, c: (y, x),
    "HWC": lambda b, t, y, x, c: (y, x, c),
    "CHW": lambda b, t, y, x, c: (c, y, x),
    "THW": lambda b, t, y, x, c: (t, y, x),
    "THWC": lambda b, t, y, x, c: (t, y, x, c),
    "TCHW": lambda b, t, y, x, c: (t, c, y, x),
    "CTHW": lambda b, t, y, x, c: (c, t, y, x),
    "BTHWC": lambda b, t, y, x, c: (b, t, y, x, c),
    "BTCHW": lambda b, t, y, x, c: (b, t, c, y, x),
    "BCTHW": lambda b, t, y, x, c: (b, c, t, y, x),
}


def build(layout, sizes, pixels):
    """An array in that layout whose pixel (b, t, y, x, c) is pixels[b, t, y, x, c]."""
    shape = tuple(sizes[axis] for axis in layout)
    array = np.zeros(shape, pixels.dtype)
    for index in np.ndindex(pixels.shape):
        array[PLACE[layout](*index)] = pixels[index]
    return array


def clip(draw_seed, sizes):
    rng = np.random.default_rng(draw_seed)
    pixels = rng.integers(0, 256, [sizes[axis] for axis in "BTHWC"], dtype=np.uint8)
    pixels.flat[0], pixels.flat[-1] = 255, 0
    return pixels


cases = st.tuples(
    st.sampled_from(sorted(PLACE)),
    st.integers(5, 7),  # frames: not a number of channels
    st.integers(8, 11),
    st.integers(8, 11),
    st.sampled_from([1, 3, 4]),
    st.integers(0, 1000),
)


@given(cases, st.sampled_from(["uint8", "unit", "signed", "torch", "torch signed", "int32"]))
def test_every_layout_and_range_gives_the_same_pixels(case, kind):
    layout, frames, height, width, channels, seed = case
    sizes = {"B": 1, "T": frames if "T" in layout else 1, "H": height, "W": width}
    sizes["C"] = channels if "C" in layout else 1
    pixels = clip(seed, sizes)
    value = build(layout, sizes, pixels)
    if kind == "unit":
        value = value / np.float32(255)
    elif kind == "signed":
        value = value / np.float32(127.5) - 1
    elif kind == "int32":
        value = value.astype(np.int32)
    elif kind.startswith("torch"):
        import torch

        value = torch.from_numpy(value / np.float32(127.5) - 1 if "signed" in kind else value)
    given_layout = layout if layout in ("HW", "THW") or (layout == "CHW" and channels > 1) else None
    taken = to_frames(value, layout=given_layout)
    assert taken.data.dtype == np.uint8 and taken.data.shape == (sizes["T"], height, width, 3)
    truth = pixels[0]
    if channels == 4 and "C" in layout:
        share = truth[..., 3:] / 255
        expected = truth[..., :3] * share + 255 * (1 - share)
        assert np.abs(taken.data - expected).max() <= 0.51
    else:
        assert (taken.data == truth).all()
    assert taken.layout == layout


def test_lists_of_pictures_arrays_and_nested_lists_agree():
    pixels = clip(3, {"B": 2, "T": 5, "H": 9, "W": 10, "C": 3})
    pictures = [[Image.fromarray(frame) for frame in one] for one in pixels]
    for value in (
        pictures[1],
        list(pixels[1]),
        [frame.transpose(2, 0, 1) for frame in pixels[1]],
        [frame / np.float32(255) for frame in pixels[1]],
    ):
        assert (to_frames(value).data == pixels[1]).all()
    for value in (pictures, pixels, [list(one) for one in pixels], list(pixels), tuple(map(tuple, pictures))):
        with pytest.raises(BadInput, match=r"pick one: batch=0 to 1"):
            to_frames(value)
        taken = to_frames(value, batch=1)
        assert (taken.data == pixels[1]).all() and "clip 1 of 2" in taken.notes
        with pytest.raises(BadInput, match="choose 0 to 1"):
            to_frames(value, batch=2)


def test_the_output_of_a_real_pipeline_class():
    from diffusers.pipelines.wan.pipeline_output import WanPipelineOutput

    pixels = clip(4, {"B": 1, "T": 5, "H": 16, "W": 16, "C": 3})
    output = WanPipelineOutput(frames=pixels / np.float32(255))
    assert (to_frames(output).data == pixels[0]).all()


@pytest.mark.parametrize(
    ("shape", "candidates"),
    [
        ((3, 64, 64), ["CHW", "THW"]),
        ((4, 64, 64), ["CHW", "THW"]),
        ((3, 3, 64, 64), ["TCHW", "CTHW"]),
        ((1, 3, 64, 64), ["TCHW", "CTHW"]),
        ((1, 3, 3, 64, 64), ["BTCHW", "BCTHW"]),
    ],
)
def test_a_shape_with_two_readings_is_refused_with_both(shape, candidates):
    value = np.linspace(0, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape)
    with pytest.raises(BadInput, match="can be read in 2 ways") as error:
        to_frames(value)
    for name in candidates:
        assert f"layout={name!r}" in str(error.value)
        assert to_frames(value, layout=name).data.ndim == 4


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.zeros((17, 64, 64, 2), np.uint8), "no axis order gives 1, 3 or 4 channels"),
        (np.zeros((0, 64, 64, 3), np.uint8), "an axis is empty"),
        (np.zeros(64, np.uint8), "1 axes, where 2 to 5"),
        (np.zeros((2, 1, 5, 16, 16, 3), np.uint8), "6 axes"),
        (np.full((5, 16, 16, 3), np.nan, np.float32), "3840 of 3840 values are not finite"),
        (np.array([[np.inf] * 16] * 16, np.float32), "not finite"),
        (np.full((5, 16, 16, 3), 200.0, np.float32), r"outside \[0, 1\] and \[-1, 1\]"),
        (np.full((5, 16, 16, 3), -0.05, np.float32), "so \\[0, 1\\] overshot or a dark"),
        (np.zeros((5, 16, 16, 3), bool), "a mask"),
        (np.full((5, 16, 16, 3), 300, np.int64), "values 300 to 300"),
        (np.zeros((5, 16, 16, 3), np.complex64), "not a number of a picture"),
        ([], "the list is empty"),
        ("clip.mp4", "not a picture, an array"),
        (None, "not a picture, an array"),
        ([[[Image.new("RGB", (16, 16))]]], "deeper than 2"),
        ([Image.new("RGB", (16, 16)), Image.new("RGB", (18, 16))], r"frame 1 has \(16, 18, 3\)"),
        ([Image.new("F", (16, 16))], "mode F"),
    ],
    ids=lambda value: re.sub(" at 0x[0-9A-F]+", "", str(value)),  # the same in every process that shares the tests
)
def test_what_cannot_be_shown_is_refused(value, message):
    with pytest.raises(BadInput, match=message):
        to_frames(value)


def test_a_wrong_layout_or_range_is_refused():
    value = np.full((5, 16, 16, 3), 0.5, np.float32)
    with pytest.raises(BadInput, match="not a layout"):
        to_frames(value, layout="TWHC?")
    with pytest.raises(BadInput, match="4 axes, but the array has shape"):
        to_frames(value[0], layout="THWC")
    with pytest.raises(BadInput, match="16 channels"):
        to_frames(value, layout="TCHW")
    with pytest.raises(BadInput, match="not a range"):
        to_frames(value, range="0-1")
    with pytest.raises(BadInput, match=r"values 2 to 2"):
        to_frames(value * 4, range="[0, 1]")
    with pytest.raises(BadInput, match="fractions are gone already"):
        to_frames(np.zeros((5, 16, 16, 3), np.uint8), range="[0, 1]")


def test_floats_cast_to_bytes_are_recognised():
    """E51: frames in [0, 1] cast to uint8 are black, and the converter says so."""
    frames = np.ones((5, 16, 16, 3), np.float32).astype(np.uint8)
    assert "E51" in to_frames(frames).notes[-1]


def test_overshoot_is_clipped_not_wrapped():
    value = np.full((5, 16, 16, 3), 1.04, np.float32)
    value[0, 0, 0] = -1.04
    data = to_frames(value).data
    assert data[0, 0, 0].tolist() == [0, 0, 0] and data[1].min() == 255


def test_half_precision_and_gradients_of_torch():
    import torch

    value = torch.linspace(-1, 1, 5 * 3 * 16 * 16).reshape(5, 3, 16, 16)
    for dtype in (torch.float16, torch.bfloat16):
        data = to_frames(value.to(dtype).requires_grad_()).data
        expected = ((value.to(dtype).float() + 1) * 127.5).permute(0, 2, 3, 1).numpy()
        assert np.abs(data - expected).max() <= 0.51


def test_palette_gray_and_transparent_pictures():
    red = Image.new("RGBA", (16, 16), (255, 0, 0, 0))
    assert (to_frames(red).data == 255).all()  # wholly transparent: white
    palette = Image.new("RGB", (16, 16), (0, 0, 255)).convert("P")
    assert to_frames([palette, palette]).data[1, 0, 0].tolist() == [0, 0, 255]
    assert to_frames(Image.new("L", (16, 16), 77)).data[0, 0, 0].tolist() == [77, 77, 77]
    assert to_frames(Image.new("1", (16, 16), 1)).data.min() == 255


def test_a_clip_that_is_right_already_is_not_copied():
    value = np.zeros((5, 16, 16, 3), np.uint8)
    assert np.shares_memory(to_frames(value).data, value)
    assert to_frames(value).notes == ("axes taken as THWC, the only reading of shape (5, 16, 16, 3)",)
