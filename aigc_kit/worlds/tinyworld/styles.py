"""Bring scene and subject together in six styles.

Textures (pencil strokes, canvas) are fixed to the picture's grid with a period of 8 pixels, never random: a model can
learn them, and they stand still in a film.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from aigc_kit.worlds.tinyworld.layers import Layers
from aigc_kit.worlds.tinyworld.palette import RGB, vector


class Shot(NamedTuple):
    """Hold what a style works on.

    scene, shaded: float32 (H, W, 3), 0-255, without and with the subject's shadow on the ground.
    """

    scene: np.ndarray
    shaded: np.ndarray
    layers: Layers
    colour: RGB
    night: bool


def over(below: np.ndarray, above: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Lay ``above`` over ``below`` where ``mask`` (H, W) is 1."""
    return below + (above - below) * mask[..., None]


def flat(shot: Shot) -> np.ndarray:
    """Paint clear areas and dark outlines, as on a sticker."""
    return over(shot.shaded, _lit(shot), shot.layers.mask)


def sketch(shot: Shot) -> np.ndarray:
    """Hatch with pencil on paper, by night with chalk."""
    height, width = shot.layers.mask.shape
    paper = vector((50, 56, 72) if shot.night else (234, 230, 220))
    pen = vector((226, 230, 236) if shot.night else (72, 68, 76))
    grey = _grey(shot.scene)
    up, down = _hatch(height, width)
    dark = np.clip((grey - 62) / 60, 0, 1) if shot.night else np.clip((168 - grey) / 70, 0, 1)
    shade = np.maximum(np.clip(_edges(grey) / 50, 0, 1) * 0.52, dark * down * 0.26)
    page = paper + (pen - paper) * shade[..., None]
    body = paper + (shot.layers.colour - paper) * (0.56 + 0.36 * up)[..., None]
    page = over(page, body, shot.layers.mask)
    line = vector((240, 242, 246) if shot.night else (46, 42, 50))
    page = over(page, line, np.maximum(shot.layers.lines, _rim(shot.layers.mask) * 0.4) * 0.92)
    return over(page, vector((38, 34, 42)), shot.layers.spots)


def ink(shot: Shot) -> np.ndarray:
    """Wash with ink on rice paper, with a red seal."""
    height, width = shot.layers.mask.shape
    side = min(height, width)
    sharp = _grey(shot.scene)
    grey = _blur(sharp, 0.006 * side + 0.3)
    if shot.night:
        page = vector((50, 52, 60)) + (grey - 40)[..., None] * vector((0.95, 0.95, 0.98))
    else:
        page = vector((240, 232, 212)) - np.clip(240 - grey, 0, 220)[..., None] * vector((0.78, 0.76, 0.70))
    brush = np.clip(_blur(_edges(sharp), 0.005 * side + 0.2) / 70, 0, 1) * 0.55
    page = over(page, vector((150, 152, 160) if shot.night else (24, 24, 30)), brush)
    soft = _blur(shot.layers.mask, 0.008 * side + 0.3)
    body = _lit(shot) * 0.84 + vector((236, 228, 208)) * (0.10 if shot.night else 0.16)
    pool = np.clip(1.0 - _blur(shot.layers.mask, 0.045 * side), 0, 1) * 0.75
    body = body * (1 - 0.55 * pool[..., None])
    page = over(page, body, np.clip(soft * 1.1 - 0.05, 0, 1) * 0.95)
    line = np.clip(_blur(shot.layers.lines + shot.layers.spots, 0.004 * side + 0.2) * 1.2, 0, 1)
    page = over(page, vector((22, 20, 24)), line * 0.9)
    return over(page, vector((200, 44, 36)), _seal(height, width))


def oil(shot: Shot) -> np.ndarray:
    """Lay the picture down again in short strokes of oil."""
    plain = over(shot.shaded, _lit(shot), shot.layers.mask)
    vivid = np.clip(plain + (plain - _grey(plain)[..., None]) * 0.20, 0, 255)
    return over(_strokes(vivid), vivid, 0.30 + 0.25 * np.maximum(shot.layers.mask, shot.layers.lines))


def neon(shot: Shot) -> np.ndarray:
    """Draw glowing tubes before a dark scene."""
    height, width = shot.layers.mask.shape
    grey = _grey(shot.scene)
    edges = np.clip(_edges(grey) / 60, 0, 1)[..., None]
    if shot.night:
        page = vector((8, 5, 22)) + grey[..., None] * vector((0.06, 0.05, 0.14)) + edges * vector((16, 58, 88))
    else:
        page = vector((26, 66, 84)) + grey[..., None] * vector((0.14, 0.20, 0.22)) + edges * vector((60, 96, 92))
    own = vector(shot.colour)
    tube = np.clip(np.maximum(shot.layers.lines * 0.9 + shot.layers.spots * 0.9, _rim(shot.layers.mask) * 1.2), 0, 1)
    page = over(page, own * 0.24 + vector((6, 2, 14)), shot.layers.mask * 0.90)
    glow = np.clip(_blur(tube, 0.030 * min(height, width)) * 1.5, 0, 1)
    page = page + (own - page * 0.5) * (glow * (0.80 if shot.night else 0.62))[..., None]
    return over(page, own * 0.74 + 255 * 0.26, tube)


STYLE_PAINTERS = {"flat": flat, "sketch": sketch, "ink": ink, "oil": oil, "neon": neon}


def posterise(page: np.ndarray, levels: int = 12) -> np.ndarray:
    """Round each channel to ``levels`` steps, for the pixel style."""
    step = 255 / (levels - 1)
    return np.rint(page / step) * step


def _lit(shot: Shot) -> np.ndarray:
    """Show the subject's colours in this light."""
    return shot.layers.colour * vector((0.86, 0.87, 0.93)) if shot.night else shot.layers.colour


def _grey(page: np.ndarray) -> np.ndarray:
    return page @ np.array([0.299, 0.587, 0.114], dtype=np.float32)


def _edges(grey: np.ndarray) -> np.ndarray:
    out = np.zeros_like(grey)
    out[:, 1:-1] = np.abs(grey[:, 2:] - grey[:, :-2])
    out[1:-1] += np.abs(grey[2:] - grey[:-2])
    return out


def _rim(mask: np.ndarray) -> np.ndarray:
    return np.clip(_edges(mask) * 0.8, 0, 1)


def _blur(values: np.ndarray, radius: float) -> np.ndarray:
    peak = 255.0 if values.max() > 2 else 1.0
    image = Image.fromarray(np.clip(values * (255 / peak), 0, 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(radius)), dtype=np.float32) * (peak / 255)


@cache
def _hatch(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[0:height, 0:width]
    wave = lambda k: (0.5 + 0.5 * np.cos(2 * np.pi * k / 4)).astype(np.float32)  # noqa: E731
    return wave(x + y), wave(x - y)


@cache
def _seal(height: int, width: int) -> np.ndarray:
    side = min(height, width)
    image = Image.new("L", (width * 3, height * 3))
    pen = ImageDraw.Draw(image)
    a, x, y = 0.10 * side * 3, (width - 0.05 * side) * 3, (height - 0.05 * side) * 3
    pen.rounded_rectangle((x - a, y - a, x, y), radius=a * 0.18, fill=255)
    for k in (0.33, 0.64):
        pen.line((x - a * 0.78, y - a * (1 - k), x - a * 0.22, y - a * (1 - k)), fill=0, width=max(1, round(a * 0.12)))
    pen.line((x - a * 0.5, y - a * 0.82, x - a * 0.5, y - a * 0.18), fill=0, width=max(1, round(a * 0.12)))
    return np.asarray(image.reduce(3), dtype=np.float32) / 255


@cache
def _brush(height: int, width: int) -> tuple[np.ndarray, list[tuple[float, ...]], np.ndarray]:
    """Lay out strokes: places (y, x), ends, lightness (N, 1)."""
    rng = np.random.default_rng(7)
    step = max(3, min(height, width) // 32)
    points, ends = [], []
    for y in range(0, height + step, step):
        for x in range(0, width + step, step):
            cy, cx = y + rng.uniform(-0.3, 0.3) * step, x + rng.uniform(-0.3, 0.3) * step
            angle = 0.9 * np.sin(cx * 2 * np.pi / (16 * step)) * np.cos(cy * 2 * np.pi / (16 * step)) - 0.6
            dx, dy = 0.85 * step * np.cos(angle), 0.85 * step * np.sin(angle)
            points.append((min(height - 1, max(0, round(cy))), min(width - 1, max(0, round(cx)))))
            ends.append((2 * (cx - dx), 2 * (cy - dy), 2 * (cx + dx), 2 * (cy + dy)))
    order = rng.permutation(len(points))
    lighter = rng.choice([-11.0, -4.0, 4.0, 11.0], size=(len(points), 1))
    return np.asarray(points)[order], [ends[k] for k in order], lighter.astype(np.float32)


def _strokes(page: np.ndarray) -> np.ndarray:
    height, width = page.shape[:2]
    points, ends, lighter = _brush(height, width)
    colours = np.clip(page[points[:, 0], points[:, 1]] + lighter, 0, 255).astype(np.uint8)
    image = Image.fromarray(page.astype(np.uint8)).resize((width * 2, height * 2), Image.Resampling.NEAREST)
    pen = ImageDraw.Draw(image)
    thick = round(2 * 0.9 * max(3, min(height, width) // 32))
    for end, colour in zip(ends, map(tuple, colours.tolist()), strict=True):
        pen.line(end, fill=colour, width=thick)
    return np.asarray(image.reduce(2), dtype=np.float32)
