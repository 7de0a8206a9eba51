"""``render``: a spec and a seed become a picture; ``paint`` is the same with the subject's place given."""

import random

import numpy as np

from aigc_kit.core.errors import BadInput
from aigc_kit.worlds.tinyworld.layers import Actor, Layers, draw
from aigc_kit.worlds.tinyworld.palette import COLOUR_RGB, INK, RGB
from aigc_kit.worlds.tinyworld.scenes import paint_scene
from aigc_kit.worlds.tinyworld.spec import Spec
from aigc_kit.worlds.tinyworld.styles import STYLE_PAINTERS, Shot, flat, posterise

HALF = {"small": 0.18, "medium": 0.27, "large": 0.38}
FOOT = 0.92
PIXEL_CELLS = 32
SMALLEST, LARGEST = 32, 1024


def place(spec: Spec, height: int, width: int, rng: random.Random) -> Actor:
    """Where and how large the subject of a full spec stands, with a little chance in each number."""
    side = min(height, width)
    half = HALF[spec.size or "medium"] * rng.uniform(0.96, 1.04)
    room = max((0.5 * width - half * side) / width * 0.86, 0.13 * side / width)
    x = 0.5 + {"left": -room, "centre": 0.0, "right": room}[spec.position or "centre"]
    middle = 0.5 if spec.scene == "plain" else FOOT - half * side / height
    return Actor(
        subject=spec.subject or "ball",
        colour=_vary(COLOUR_RGB[spec.colour or "red"], rng),
        x=x + rng.uniform(-0.02, 0.02),
        y=min(middle, 0.56) + rng.uniform(-0.015, 0.015)
        if spec.size == "large"
        else middle + rng.uniform(-0.015, 0.015),
        half=half,
        turn=rng.uniform(-0.05, 0.05),
    )


def render(spec: Spec, height: int = 128, width: int = 128, seed: int = 0) -> np.ndarray:
    """The picture of a spec: uint8 (height, width, 3). The same arguments give the same bytes.

    Args:
        spec: open attributes are filled by chance, from the seed.
        height, width: 32 to 1024 pixels; the style "pixel" has cells of min(height, width) // 32 pixels.
        seed: decides what the spec leaves open, and where the details lie.

    Raises:
        BadInput: a size out of range.
    """
    return render_with_mask(spec, height, width, seed)[0]


def render_with_mask(spec: Spec, height: int = 128, width: int = 128, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """As ``render``, and where the subject is: bool (height, width)."""
    if not (SMALLEST <= height <= LARGEST and SMALLEST <= width <= LARGEST):
        raise BadInput(
            asked=f"a picture of {height} x {width}",
            found="a side out of range",
            todo=f"{SMALLEST} to {LARGEST} pixels",
        )
    rng = random.Random(seed)
    full = spec.fill(rng)
    actor = place(full, height, width, rng)
    return paint(full, actor, height, width, rng)


def paint(spec: Spec, actor: Actor, height: int, width: int, rng: random.Random) -> tuple[np.ndarray, np.ndarray]:
    """One picture with the subject exactly where ``actor`` says (scene, style and light are the spec's).

    Args:
        spec: full in scene, style and light.
        actor: the subject, its colour and place.
        height, width: in pixels.
        rng: where the details of the scene lie; the same state gives the same scene, frame after frame.

    Returns:
        The picture, uint8 (height, width, 3), and the subject's mask, bool (height, width).
    """
    scene, style, night = spec.scene or "plain", spec.style or "flat", spec.light == "night"
    if style == "pixel":
        return _pixels(spec, actor, height, width, rng)
    background = paint_scene(scene, spec.light or "day", height, width, rng)
    layers = draw(actor, height, width)
    shot = Shot(background, _shadow(background, actor), layers, actor.colour, night)
    page = STYLE_PAINTERS[style](shot)
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
    padded = np.pad(mask, 1)
    rim = mask & ~(padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:])
    colour = (
        layers.colour
        + (np.asarray(INK, np.float32) - layers.colour) * (0.6 if spec.light == "night" else 0.8) * rim[..., None]
    )
    layers = layers._replace(colour=colour, mask=mask.astype(np.float32))
    shot = Shot(background, _shadow(background, actor), layers, actor.colour, spec.light == "night")
    small = np.clip(posterise(flat(shot)), 0, 255).astype(np.uint8)
    page = small.repeat(cell, axis=0).repeat(cell, axis=1)[:height, :width]
    return page, mask.repeat(cell, axis=0).repeat(cell, axis=1)[:height, :width]


def _shadow(background: np.ndarray, actor: Actor) -> np.ndarray:
    """The background with a soft dark ellipse under the subject."""
    height, width = background.shape[:2]
    side = min(height, width)
    rx, ry = actor.half * side * 0.92, actor.half * side * 0.17
    cx, cy = actor.x * width, actor.y * height + actor.half * side * 0.97
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    far = ((x + 0.5 - cx) / rx) ** 2 + ((y + 0.5 - cy) / ry) ** 2
    return background * (1 - 0.34 * np.clip((1.15 - far) * 2.2, 0, 1))[..., None]


def _vary(colour: RGB, rng: random.Random) -> RGB:
    r, g, b = (min(255.0, max(0.0, value + rng.uniform(-7, 7))) for value in colour)
    return (r, g, b)
