"""Render a spec and a seed as a picture."""

import random

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.worlds.tinyworld.layers import Actor, Layers, draw
from aigc_kit.worlds.tinyworld.palette import COLOUR_RGB, INK
from aigc_kit.worlds.tinyworld.scenes import paint_scene
from aigc_kit.worlds.tinyworld.spec import Spec
from aigc_kit.worlds.tinyworld.styles import STYLE_PAINTERS, Shot, flat, posterise

HALF = {"small": 0.18, "medium": 0.27, "large": 0.38}
FOOT = 0.92
PIXEL_CELLS = 32
SMALLEST, LARGEST = 32, 1024


def place(spec: Spec, height: int, width: int, rng: random.Random) -> Actor:
    """Place the subject of a spec, by some chance."""
    side = min(height, width)
    half = HALF[spec.size or "medium"] * rng.uniform(0.96, 1.04)
    room = max((0.5 * width - half * side) / width * 0.86, 0.13 * side / width)
    x = 0.5 + {"left": -room, "centre": 0.0, "right": room}[spec.position or "centre"]
    middle = 0.5 if spec.scene == "plain" else FOOT - half * side / height
    red, green, blue = (min(255.0, max(0.0, value + rng.uniform(-7, 7))) for value in COLOUR_RGB[spec.colour or "red"])
    return Actor(
        subject=spec.subject or "ball",
        colour=(red, green, blue),
        x=x + rng.uniform(-0.02, 0.02),
        y=(min(middle, 0.56) if spec.size == "large" else middle) + rng.uniform(-0.015, 0.015),
        half=half,
        turn=rng.uniform(-0.05, 0.05),
    )


def render(spec: Spec, height: int = 128, width: int = 128, seed: int = 0) -> np.ndarray:
    """Draw the picture of a spec: uint8 (height, width, 3).

    The same arguments give the same bytes.

    Args:
        spec: open attributes are filled by chance, from the seed.
        height, width: 32 to 1024 pixels, else BadInput; the style "pixel" has cells of min(height, width) // 32 pixels.
        seed: decides what the spec leaves open, and where the details lie.
    """
    return render_with_mask(spec, height, width, seed)[0]


def render_with_mask(spec: Spec, height: int = 128, width: int = 128, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw as ``render``, with the subject's mask: bool (height, width)."""
    if not (SMALLEST <= height <= LARGEST and SMALLEST <= width <= LARGEST):
        raise BadInput(
            asked=Words(f"a picture of {height} x {width}", f"{height} x {width} 的图片"),
            found=Words("a side out of range", "有一边超出了范围"),
            todo=Words(f"{SMALLEST} to {LARGEST} pixels", f"{SMALLEST} 到 {LARGEST} 像素"),
        )
    rng = random.Random(seed)
    full = spec.fill(rng)
    return paint(full, place(full, height, width, rng), height, width, rng)


def paint(spec: Spec, actor: Actor, height: int, width: int, rng: random.Random) -> tuple[np.ndarray, np.ndarray]:
    """Draw a picture with the subject exactly at ``actor``'s place.

    The spec is full in scene, style and light. The same state of ``rng`` gives the same scene, frame after frame.

    Returns:
        The picture, uint8 (height, width, 3), and the subject's mask, bool (height, width).
    """
    style = spec.style or "flat"
    if style == "pixel":
        return _pixels(spec, actor, height, width, rng)
    background = paint_scene(spec.scene or "plain", spec.light or "day", height, width, rng)
    layers = draw(actor, height, width)
    page = STYLE_PAINTERS[style](_shot(spec, actor, background, layers))
    return np.clip(np.rint(page), 0, 255).astype(np.uint8), layers.mask > 0.5


def _pixels(spec, actor, height, width, rng) -> tuple[np.ndarray, np.ndarray]:
    cell = min(height, width) // PIXEL_CELLS
    rows, columns = -(-height // cell), -(-width // cell)
    background = paint_scene(spec.scene or "plain", spec.light or "day", rows, columns, rng, zoom=3)
    fine = draw(actor, rows, columns, zoom=5, shrink=False)
    layers = Layers(
        *((layer[1::5, 2::5] + layer[2::5, 1::5] + layer[2::5, 3::5] + layer[3::5, 2::5]) / 4 for layer in fine)
    )
    mask = layers.mask > 0.4
    wide = np.pad(mask, 1)
    rim = mask & ~(wide[:-2, 1:-1] & wide[2:, 1:-1] & wide[1:-1, :-2] & wide[1:-1, 2:])
    towards_ink = (np.asarray(INK, np.float32) - layers.colour) * (0.6 if spec.light == "night" else 0.8)
    layers = layers._replace(colour=layers.colour + towards_ink * rim[..., None], mask=mask.astype(np.float32))
    small = np.clip(posterise(flat(_shot(spec, actor, background, layers))), 0, 255).astype(np.uint8)
    page, mask = (layer.repeat(cell, axis=0).repeat(cell, axis=1)[:height, :width] for layer in (small, mask))
    return page, mask


def _shot(spec: Spec, actor: Actor, background: np.ndarray, layers: Layers) -> Shot:
    """Lay a soft dark ellipse under the subject."""
    height, width = background.shape[:2]
    side = min(height, width)
    rx, ry = actor.half * side * 0.92, actor.half * side * 0.17
    cx, cy = actor.x * width, actor.y * height + actor.half * side * 0.97
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    far = ((x + 0.5 - cx) / rx) ** 2 + ((y + 0.5 - cy) / ry) ** 2
    ground = background * (1 - 0.34 * np.clip((1.15 - far) * 2.2, 0, 1))[..., None]
    return Shot(background, ground, layers, actor.colour, spec.light == "night")
