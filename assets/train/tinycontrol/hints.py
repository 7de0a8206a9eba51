"""What the ControlNet learns to obey: silhouettes and line drawings that the world gives for free."""

import random
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from aigc_kit.worlds import tinyworld
from aigc_kit.worlds.tinyworld import captions
from aigc_kit.worlds.tinyworld.layers import Actor, Layers, draw
from aigc_kit.worlds.tinyworld.palette import INK
from aigc_kit.worlds.tinyworld.scenes import paint_scene
from aigc_kit.worlds.tinyworld.spec import Spec
from aigc_kit.worlds.tinyworld.styles import STYLE_PAINTERS, Shot

SIDE = 128


class Lesson(NamedTuple):
    """picture, hint: uint8 (128, 128, 3); mask: bool (128, 128); caption: str."""

    picture: np.ndarray
    hint: np.ndarray
    mask: np.ndarray
    caption: str


def actor(spec: Spec, rng: random.Random) -> Actor:
    """Places a subject more freely than the world does: turned, stretched, anywhere."""
    usual = tinyworld.place(spec, SIDE, SIDE, rng)
    half = rng.uniform(0.16, 0.42)
    room = max(0.0, 0.5 - 0.9 * half)
    return usual._replace(
        x=0.5 + rng.uniform(-room, room),
        y=0.5 + rng.uniform(-room, room),
        half=half,
        turn=rng.choice((0.0, 1.0)) * rng.uniform(-0.7, 0.7),
        stretch=rng.choice((1.0, rng.uniform(0.75, 1.35))),
    )


def lesson(rng: random.Random) -> Lesson:
    """One picture of the world with its hint and a caption that says neither size nor position."""
    spec = Spec.sample(rng, training=True)
    left_out = {"size", "position"}
    if spec.style != "pixel" and rng.random() < 0.15:
        picture, mask = shapeless(spec, rng)
        hint = silhouette(mask) if rng.random() < 0.6 else outline(mask, rng.choice((1, 2, 3)))
        left_out.add("subject")
    else:
        free = spec.style != "pixel" and rng.random() < 0.65
        place = actor(spec, rng) if free else tinyworld.place(spec, SIDE, SIDE, rng)
        picture, mask = tinyworld.paint(spec, place, SIDE, SIDE, rng)
        hint = silhouette(mask) if rng.random() < 0.6 else lines(place, mask, rng)
    told = spec.told(rng, rng.choice((1.0, 0.9, 0.5)))
    told = Spec(**{name: value for name, value in told.known().items() if name not in left_out})
    return Lesson(picture, hint, mask, captions.caption(told, rng, rng.choice(captions.LANGUAGES)))


def shapeless(spec: Spec, rng: random.Random) -> tuple[np.ndarray, np.ndarray]:
    """A blob in the spec's colour, scene and style: picture uint8 (H, W, 3), mask bool (H, W)."""
    mask = blob(rng)
    place = tinyworld.place(spec, SIDE, SIDE, rng)
    rim = outline(mask, 2)[..., 0] > 0
    colour = np.where(rim[..., None], np.asarray(INK, np.float32), np.asarray(place.colour, np.float32))
    flags = mask.astype(np.float32)
    layers = Layers(colour.astype(np.float32) * flags[..., None], flags, rim.astype(np.float32), np.zeros_like(flags))
    scene = paint_scene(spec.scene or "plain", spec.light or "day", SIDE, SIDE, rng)
    shot = Shot(scene, scene, layers, place.colour, spec.light == "night")
    page = STYLE_PAINTERS[spec.style or "flat"](shot)
    return np.clip(np.rint(page), 0, 255).astype(np.uint8), mask


def silhouette(mask: np.ndarray) -> np.ndarray:
    """White where the subject is, uint8 (H, W, 3)."""
    return np.repeat(mask[..., None], 3, 2).astype(np.uint8) * 255


def lines(place: Actor, mask: np.ndarray, rng: random.Random) -> np.ndarray:
    """The outline of the mask as a hand would draw it, now and then with the lines inside."""
    inner = draw(place, *mask.shape).lines > 0.5 if rng.random() < 0.5 else np.zeros_like(mask)
    return outline(mask, rng.choice((1, 2, 3)), inner)


def outline(mask: np.ndarray, width: int = 2, inner: np.ndarray | None = None) -> np.ndarray:
    """The rim of a mask, ``width`` pixels to the inside, uint8 (H, W, 3) white on black."""
    image = Image.fromarray(mask.astype(np.uint8) * 255)
    small = np.asarray(image.filter(ImageFilter.MinFilter(2 * width + 1))) > 0
    rim = mask & ~small
    return silhouette(rim if inner is None else rim | (inner & mask))


def blob(rng: random.Random) -> np.ndarray:
    """A smooth shape that no subject has, bool (128, 128)."""
    count, radius = 72, rng.uniform(0.17, 0.32)
    turns = np.linspace(0, 2 * np.pi, count, endpoint=False)
    wave = sum(rng.uniform(-0.22, 0.22) / k * np.cos(k * turns + rng.uniform(0, 6.28)) * 1.6 for k in (1, 2, 3, 4))
    x, y = rng.uniform(0.36, 0.64), rng.uniform(0.36, 0.64)
    reach = radius * (1 + wave)
    points = np.stack([x + reach * np.cos(turns), y + reach * np.sin(turns)], 1) * SIDE * 4
    image = Image.new("L", (SIDE * 4, SIDE * 4))
    ImageDraw.Draw(image).polygon([tuple(point) for point in points], fill=255)
    return np.asarray(image.reduce(4)) > 127
