"""Pictures that are none of the world: what the reader must refuse. Each kind is a function of a numpy generator."""

import random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from aigc_kit.worlds.tinyworld.scenes import PAINTERS, paint_scene


def noise(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Random colours, from single pixels to large soft blotches, around a random mean."""
    cell = int(rng.choice([1, 2, 4, 8, 16, 32]))
    small = rng.normal(rng.uniform(40, 215, 3), rng.uniform(15, 90), (-(-height // cell), -(-width // cell), 3))
    if rng.random() < 0.3:
        small[..., 1:] = small[..., :1]
    image = Image.fromarray(np.clip(small, 0, 255).astype(np.uint8))
    way = rng.choice([Image.Resampling.NEAREST, Image.Resampling.BICUBIC])
    return np.asarray(image.resize((width, height), way))


def blank(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """One colour, with or without a little grain."""
    flat = np.broadcast_to(rng.uniform(0, 255, 3), (height, width, 3))
    if rng.random() < 0.25:
        flat = np.broadcast_to(rng.choice([0.0, 128.0, 255.0]), (height, width, 3))
    return np.clip(flat + rng.normal(0, rng.choice([0.0, 2.0, 8.0]), (height, width, 3)), 0, 255).astype(np.uint8)


def gradient(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """From one colour to another: straight, round, or in waves."""
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    turn = rng.uniform(0, 2 * np.pi)
    t = 0.5 + (x - 0.5) * np.cos(turn) + (y - 0.5) * np.sin(turn)
    kind = rng.integers(3)
    if kind == 1:
        t = np.hypot(x - rng.uniform(0, 1), y - rng.uniform(0, 1))
    elif kind == 2:
        t = 0.5 + 0.5 * np.sin(t * rng.uniform(4, 60))
    a, b = rng.uniform(0, 255, (2, 3))
    return np.clip(a + (b - a) * np.clip(t, 0, 1)[..., None], 0, 255).astype(np.uint8)


def scribble(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Random lines, ovals and boxes on a random ground."""
    image = Image.fromarray(gradient(rng, height, width) if rng.random() < 0.5 else blank(rng, height, width))
    pen = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(3, 26))):
        x, y = rng.uniform(-0.2, 1.2, 2) * width, rng.uniform(-0.2, 1.2, 2) * height
        colour = tuple(int(value) for value in rng.uniform(0, 255, 3))
        box = (min(x), min(y), max(x), max(y))
        kind = rng.integers(4)
        if kind == 0:
            pen.line((x[0], y[0], x[1], y[1]), fill=colour, width=int(rng.integers(1, 9)))
        elif kind == 1:
            pen.ellipse(box, fill=colour)
        elif kind == 2:
            pen.rectangle(box, fill=colour)
        else:
            pen.arc(box, 0, float(rng.uniform(90, 360)), fill=colour, width=int(rng.integers(1, 9)))
    return np.asarray(image)


def empty_scene(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """A scene of the world with nobody in it."""
    scene = str(rng.choice(sorted(PAINTERS)))
    light = str(rng.choice(["day", "night"]))
    return paint_scene(scene, light, height, width, random.Random(int(rng.integers(2**31)))).astype(np.uint8)


def shuffled(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
    """A picture cut into squares (4 to 8 a side) that are dealt out again."""
    height, width = picture.shape[:2]
    count = int(rng.choice([4, 4, 8]))
    a, b = height // count, width // count
    tiles = picture[: a * count, : b * count].reshape(count, a, count, b, 3).swapaxes(1, 2).reshape(-1, a, b, 3)
    tiles = tiles[rng.permutation(len(tiles))].reshape(count, count, a, b, 3).swapaxes(1, 2)
    return np.ascontiguousarray(tiles.reshape(a * count, b * count, 3))


def headlong(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
    """A picture upside down, or in the negative of its colours."""
    return np.ascontiguousarray(picture[::-1] if rng.random() < 0.6 else 255 - picture)


def dissolved(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
    """A picture blurred past knowing, or drowned in noise."""
    side = min(picture.shape[:2])
    if rng.random() < 0.5:
        image = Image.fromarray(picture).filter(ImageFilter.GaussianBlur(side * rng.uniform(0.11, 0.22)))
        return np.asarray(image)
    mixed = 0.15 * picture + 0.85 * noise(rng, *picture.shape[:2])
    return np.clip(mixed, 0, 255).astype(np.uint8)


def halves(rng: np.random.Generator, picture: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Two pictures, one showing through the other."""
    return (0.5 * picture + 0.5 * other).astype(np.uint8)


FROM_NOTHING = {
    "noise": noise,
    "blank": blank,
    "gradient": gradient,
    "scribble": scribble,
    "empty scene": empty_scene,
}
FROM_PICTURES = {"shuffled patches": shuffled, "upside down or negative": headlong, "dissolved": dissolved}


def any_of(rng: np.random.Generator, picture: np.ndarray, other: np.ndarray, scrambled: float = 0.2) -> np.ndarray:
    """One picture that is none, of a random kind; its size is that of ``picture``.

    ``scrambled``: the share of shuffled pictures; half of the rest is made from nothing, half from pictures.
    """
    if rng.random() < scrambled:
        return shuffled(rng, picture)
    kind = rng.integers(10)
    if kind < 5:
        return list(FROM_NOTHING.values())[kind](rng, *picture.shape[:2])
    if kind == 9:
        return halves(rng, picture, other)
    return (headlong if kind < 8 else dissolved)(rng, picture)
