"""A learner's own picture is read as a viewer shows it: turned, in 8 bits, on white, in sRGB; masks likewise."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms

from aigc_kit.core.errors import BadInput
from aigc_kit.make.image import pixels

# what a viewer does to the stored rows and columns, by the table of EXIF 2.32, tag 274
TURNS = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a.transpose(1, 0, 2)[::-1, ::-1],
    8: lambda a: np.rot90(a, 1),
}


def stored(image, format="PNG", **options):
    """The picture as it comes back from a file."""
    buffer = BytesIO()
    image.save(buffer, format, **options)
    return Image.open(BytesIO(buffer.getvalue()))


def rgb(height=6, width=9):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_a_cameras_note_of_rotation_is_followed(orientation, format):
    exif = Image.Exif()
    exif[274] = orientation
    options = {"lossless": True} if format == "WEBP" else {}
    photo = stored(Image.fromarray(rgb()), format, exif=exif, **options)
    assert np.array_equal(np.asarray(pixels.picture(photo)), TURNS[orientation](rgb()))
    levels = np.zeros((6, 9), np.uint8)
    levels[:2, :3] = 255
    mark = stored(Image.fromarray(levels), exif=exif)
    upright = TURNS[orientation](levels[..., None])[..., 0]
    assert np.array_equal(np.asarray(pixels.mask(mark, upright.shape[::-1])), upright)


@pytest.mark.parametrize("mode", ["I;16", "I", "I;16B"])
def test_greys_of_16_bits_stay_greys(mode):
    deep = np.array([[0, 257, 12_850, 32_896, 65_535]], np.uint16)  # 0, 1, 50, 128, 255 times 257
    if mode == "I;16B":
        photo = Image.frombytes("I;16B", (5, 1), deep.astype(">u2").tobytes())
    else:
        photo = stored(Image.fromarray(deep)) if mode == "I;16" else Image.fromarray(deep.astype(np.int32), "I")
    assert photo.mode == mode
    assert np.asarray(pixels.picture(photo))[0].tolist() == [[v] * 3 for v in (0, 1, 50, 128, 255)]


def over_white(colour, alpha):
    """By hand: colour x alpha + white x (1 - alpha)."""
    return np.round((colour.astype(float) * alpha[..., None] + 255.0 * (255 - alpha[..., None])) / 255)


def test_what_is_transparent_lies_on_white():
    colour, alpha = rgb(), np.arange(54, dtype=np.uint8).reshape(6, 9) * 4
    both = np.dstack([colour, alpha])
    shown = np.asarray(pixels.picture(stored(Image.fromarray(both)))).astype(float)
    assert np.abs(shown - over_white(colour, alpha)).max() <= 1
    grey = Image.fromarray(np.dstack([colour[..., 0], alpha]), "LA")
    shown = np.asarray(pixels.picture(stored(grey))).astype(float)
    assert np.abs(shown - over_white(colour[..., :1].repeat(3, -1), alpha)).max() <= 1


def test_a_palette_with_a_transparent_colour_lies_on_white():
    palette = Image.new("P", (2, 1))
    palette.putpalette([10, 20, 30, 40, 50, 60])
    palette.putdata([0, 1])
    photo = stored(palette, transparency=1)
    assert np.asarray(pixels.picture(photo))[0].tolist() == [[10, 20, 30], [255, 255, 255]]
    gif = stored(palette, "GIF", transparency=1)
    assert np.asarray(pixels.picture(gif))[0].tolist() == [[10, 20, 30], [255, 255, 255]]


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "CMYK", "YCbCr", "HSV", "P"])
def test_other_ways_to_keep_colours_are_pillows_own(mode):
    photo = Image.fromarray(rgb()).convert(mode)
    assert np.array_equal(np.asarray(pixels.picture(photo)), np.asarray(photo.convert("RGB")))


def test_a_colour_profile_is_turned_into_srgb():
    """Of a profile that is sRGB with red and blue changed places, pure red is shown as pure blue."""
    source = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = source.replace(b"rXYZ", b"tmp_").replace(b"bXYZ", b"rXYZ").replace(b"tmp_", b"bXYZ")
    photo = stored(Image.new("RGB", (1, 1), (255, 0, 0)), icc_profile=swapped)
    assert photo.info["icc_profile"] == swapped
    red, green, blue = pixels.picture(photo).getpixel((0, 0))
    assert (red < 10, green < 10, blue > 245) == (True, True, True)
    broken = stored(Image.fromarray(rgb()), icc_profile=b"not a profile")
    assert np.array_equal(np.asarray(pixels.picture(broken)), rgb())


def test_what_is_transparent_in_a_mask_is_not_drawn_anew():
    both = np.zeros((4, 4, 4), np.uint8)
    both[:2] = 255  # white and opaque; below, transparent
    hole = np.asarray(pixels.mask(stored(Image.fromarray(both)), (4, 4)))
    assert hole[:2].min() == 255 and hole[2:].max() == 0


def test_float_pixels_are_refused_and_the_advice_works():
    levels = np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4)
    with pytest.raises(BadInput, match="range is not known") as caught:
        pixels.picture(Image.fromarray(levels))
    code = caught.value.todo.partition("such as ")[2].partition(" for ")[0]
    assert np.asarray(pixels.picture(eval(code, {"Image": Image, "levels": levels}))).shape == (3, 4, 3)
