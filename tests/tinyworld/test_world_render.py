"""The pictures: bytes, sizes, masks, and that each attribute does to the pixels what it says."""

import random

import numpy as np
import pytest

from aigc_kit.core.errors import BadInput
from aigc_kit.worlds.tinyworld import ATTRIBUTES, COLOUR_RGB, Actor, Spec, paint, render, render_with_mask
from aigc_kit.worlds.tinyworld.layers import DRAWINGS, draw
from aigc_kit.worlds.tinyworld.shapes import oval, widened

FULL = {"subject": "heart", "colour": "red", "scene": "plain", "style": "flat", "light": "day"}


def spec(**more):
    return Spec(**(FULL | {"size": "medium", "position": "centre"} | more))


@pytest.mark.parametrize("style", ATTRIBUTES["style"])
@pytest.mark.parametrize("size", [(128, 128), (96, 96), (128, 96), (64, 64), (64, 104)])
def test_any_size_gives_that_size_and_the_same_bytes_again(style, size):
    picture, mask = render_with_mask(spec(style=style), *size, seed=5)
    assert (picture.shape, picture.dtype) == ((*size, 3), np.uint8)
    assert (mask.shape, mask.dtype) == (size, np.bool_)
    np.testing.assert_array_equal(picture, render(spec(style=style), *size, seed=5))


def test_the_seed_moves_details_and_fills_what_is_open():
    scene = spec(scene="flowers")
    assert (render(scene, seed=1) != render(scene, seed=2)).any()
    assert len({render(Spec(subject="cat"), seed=k).tobytes() for k in range(6)}) == 6


@pytest.mark.parametrize("size", [(16, 128), (128, 5000)])
def test_a_size_out_of_range_is_refused(size):
    with pytest.raises(BadInput, match="32 to 1024"):
        render(spec(), *size)


@pytest.mark.parametrize("subject", ATTRIBUTES["subject"])
@pytest.mark.parametrize("style", ATTRIBUTES["style"])
def test_position_and_size_are_where_the_mask_says(subject, style):
    middles, heights = {}, {}
    for position in ATTRIBUTES["position"]:
        mask = render_with_mask(spec(subject=subject, style=style, position=position), seed=2)[1]
        middles[position] = np.nonzero(mask)[1].mean()
    for size in ATTRIBUTES["size"]:
        rows = np.nonzero(render_with_mask(spec(subject=subject, style=style, size=size), seed=2)[1])[0]
        heights[size] = (rows.max() - rows.min() + 1) / 128
    assert middles["left"] + 15 < middles["centre"] < middles["right"] - 15
    assert heights["small"] + 0.08 < heights["medium"] < heights["large"] - 0.1
    assert heights["large"] > 0.5 or subject == "fish"


@pytest.mark.parametrize("style", ATTRIBUTES["style"])
@pytest.mark.parametrize("scene", ATTRIBUTES["scene"])
def test_night_is_darker_than_day(style, scene):
    day, night = (render(spec(style=style, scene=scene, light=light), seed=4).mean() for light in ATTRIBUTES["light"])
    assert night < 0.72 * day


@pytest.mark.parametrize("style", ATTRIBUTES["style"])
@pytest.mark.parametrize("light", ATTRIBUTES["light"])
def test_the_subjects_mean_colour_is_nearest_to_its_own_hue(style, light):
    """Seen through the mask, each colour is told from the others by hue and saturation alone."""
    found = {}
    for colour in ATTRIBUTES["colour"]:
        picture, mask = render_with_mask(
            spec(subject="ball", colour=colour, style=style, light=light, size="large"), seed=1
        )
        values = picture[mask].astype(float).mean(axis=0)
        found[colour] = values - values.mean()
    for colour, seen in found.items():
        if colour == "white":
            assert np.abs(seen).max() < 25
            continue
        own = np.asarray(COLOUR_RGB[colour])
        likeness = {
            other: np.dot(seen, np.subtract(rgb, np.mean(rgb))) / np.linalg.norm(np.subtract(rgb, np.mean(rgb)))
            for other, rgb in COLOUR_RGB.items()
            if other != "white"
        }
        assert max(likeness, key=likeness.get) == colour, (own, likeness)


def test_pixel_cells_are_flat_squares():
    picture = render(spec(style="pixel", scene="city"), seed=0)
    cells = picture.reshape(32, 4, 32, 4, 3)
    assert (cells == cells[:, :1, :, :1]).all()
    flat = render(spec(scene="city"), seed=0).reshape(32, 4, 32, 4, 3)
    assert not (flat == flat[:, :1, :, :1]).all()


def test_a_ball_is_the_disc_that_geometry_says():
    layers = draw(Actor("ball", (255, 0, 0), 0.5, 0.5, 0.25), 128, 128)
    radius = 128 * 0.25 * (0.96 + 0.075 / 2)
    assert layers.mask.sum() == pytest.approx(np.pi * radius**2, rel=0.02)
    y, x = np.nonzero(layers.mask > 0.5)
    assert (x.mean() + 0.5, y.mean() + 0.5) == pytest.approx((64, 64), abs=0.6)


def test_turn_and_place_move_the_subject_as_asked():
    upright = draw(Actor("triangle", (0, 0, 255), 0.5, 0.5, 0.3), 120, 120).mask > 0.5
    turned = draw(Actor("triangle", (0, 0, 255), 0.5, 0.5, 0.3, turn=np.pi / 2), 120, 120).mask > 0.5
    same = (np.rot90(upright, -1) == turned).mean()
    assert same > 0.99
    moved = draw(Actor("triangle", (0, 0, 255), 0.25, 0.5, 0.3), 120, 120).mask > 0.5
    assert (np.roll(upright, -30, axis=1)[:, :80] == moved[:, :80]).mean() > 0.998


def test_a_scene_stands_still_while_its_actor_moves():
    shown = []
    for x in (0.2, 0.8):
        actor = Actor("cat", COLOUR_RGB["orange"], x, 0.6, 0.2)
        shown.append(paint(spec(subject="cat", scene="city"), actor, 128, 128, random.Random(3))[0])
    np.testing.assert_array_equal(shown[0][:60, 56:72], shown[1][:60, 56:72])


@pytest.mark.parametrize("morph", np.linspace(0.05, 0.95, 7))
def test_the_morph_keeps_exactly_one_hole(morph):
    mask = draw(Actor("donut", (255, 0, 0), 0.5, 0.5, 0.4, morph=morph), 128, 128).mask > 0.5
    assert holes(mask) == 1


def test_donut_and_cup_themselves_have_one_hole_and_a_ball_has_none():
    counts = {name: holes(draw(Actor(name, (9, 9, 9), 0.5, 0.5, 0.4), 128, 128).mask > 0.5) for name in DRAWINGS}
    assert (counts["donut"], counts["cup"], counts["ball"], counts["heart"]) == (1, 1, 0, 0)


def holes(mask):
    """Patches of background larger than 20 pixels that the outside does not reach."""
    ground = ~np.pad(mask, 1)
    count = 0
    first = True
    while ground.any():
        patch = np.zeros_like(ground)
        patch[tuple(np.argwhere(ground)[0])] = True
        size = 0
        while patch.sum() > size:
            size = int(patch.sum())
            for axis, way in ((0, 1), (0, -1), (1, 1), (1, -1)):
                for _ in range(3):
                    patch |= np.roll(patch, way, axis) & ground
        count += not first and size > 20
        first = False
        ground &= ~patch
    return count


def test_widening_a_circle_gives_the_wider_circle():
    np.testing.assert_allclose(widened(oval(0, 0, 1, 1, count=360), 0.1), oval(0, 0, 1.1, 1.1, count=360), atol=1e-4)
