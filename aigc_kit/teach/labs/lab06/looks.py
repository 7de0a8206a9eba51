"""Draw what the base has never seen.

Two styles, and a rocket.
"""

import random
from collections.abc import Callable

import numpy as np

from aigc_kit.worlds import tinyworld
from aigc_kit.worlds.tinyworld.layers import MARKS, Actor, Layers, draw
from aigc_kit.worlds.tinyworld.palette import RGB, roles, vector
from aigc_kit.worlds.tinyworld.scenes import paint_scene
from aigc_kit.worlds.tinyworld.shapes import Part, areas, ball, blob, corners
from aigc_kit.worlds.tinyworld.spec import Spec
from aigc_kit.worlds.tinyworld.styles import STYLE_PAINTERS, Shot, over

SIDE = 128
PAPER, LINE = vector((18, 52, 120)), vector((225, 238, 255))
RED, PALE, CREAM = vector((196, 30, 40)), vector((236, 170, 140)), vector((252, 240, 216))
GRID = 16  # pixels between the lines of a blueprint


def blueprint(shot: Shot) -> np.ndarray:
    """Draw white lines on a blue grid.

    float32 (H, W, 3).
    """
    height, width = shot.layers.mask.shape
    faint = np.clip(_rise(_grey(shot.scene)) / 120, 0, 0.45) * (1 - shot.layers.mask)
    strong = np.maximum(np.clip(_rise(shot.layers.mask) * 0.8, 0, 1), np.maximum(shot.layers.lines, shot.layers.spots))
    page = np.broadcast_to(PAPER, (height, width, 3)).copy()
    page[::GRID] += 0.16 * (LINE - PAPER)
    page[:, ::GRID] += 0.16 * (LINE - PAPER)
    return over(page, np.broadcast_to(LINE, page.shape), np.maximum(faint, strong))


def papercut(shot: Shot) -> np.ndarray:
    """Cut the picture out of red paper.

    float32 (H, W, 3).
    """
    grey = _grey(shot.scene)
    dark = (grey < grey.mean() - 4).astype(np.float32)
    page = over(np.broadcast_to(CREAM, shot.scene.shape), np.broadcast_to(PALE, shot.scene.shape), dark)
    edge = np.clip(_rise(shot.layers.mask) * 2, 0, 1)
    page = over(page, np.broadcast_to(CREAM, page.shape), edge)
    page = over(page, np.broadcast_to(RED, page.shape), shot.layers.mask)
    cut = np.clip(np.maximum(shot.layers.lines * _inside(shot.layers.mask), shot.layers.spots), 0, 1)
    return over(page, np.broadcast_to(CREAM, page.shape), cut)


LOOKS: dict[str, Callable[[Shot], np.ndarray]] = {"blueprint": blueprint, "papercut": papercut}
"""Name of a style that the base does not know -> what paints it."""


def rocket() -> list[Part]:
    """Draw a rocket with a window, fins and a flame."""
    return [
        blob((-0.16, 0.66), (0.0, 1.0), (0.16, 0.66), fill="gold"),
        Part(corners([(-0.26, 0.24), (-0.56, 0.78), (-0.18, 0.66)], 0.06), "dark", "ink"),
        Part(corners([(0.26, 0.24), (0.56, 0.78), (0.18, 0.66)], 0.06), "dark", "ink"),
        blob((0.0, -1.0), (0.27, -0.45), (0.30, 0.2), (0.18, 0.70), (-0.18, 0.70), (-0.30, 0.2), (-0.27, -0.45)),
        ball(0.0, -0.20, 0.15, 0.15, "muzzle"),
    ]


def drawing(parts: list[Part], actor: Actor, side: int = SIDE, zoom: int = 3) -> Layers:
    """Draw parts at an actor's place, as `tinyworld.layers.draw` does."""
    from PIL import Image, ImageDraw

    colours, wide = roles(actor.colour), side * zoom
    c, s = np.cos(actor.turn), np.sin(actor.turn)
    frame = actor.half * wide * np.array([[c, s], [-s, c]])
    middle = np.array([actor.x, actor.y]) * wide
    paint, marks = Image.new("RGB", (wide, wide), colours["ink"]), Image.new("RGB", (wide, wide))
    pens = ImageDraw.Draw(paint), ImageDraw.Draw(marks)
    for area in (area for part in parts for area in areas(part)):
        path = (area.points @ frame + middle).ravel().tolist()
        pens[0].polygon(path, fill=colours[area.role])
        pens[1].polygon(path, fill=MARKS[area.kind])
    flags = np.asarray(marks.reduce(zoom), np.float32) / 255
    return Layers(np.asarray(paint.reduce(zoom), np.float32), flags[..., 0], flags[..., 1], flags[..., 2])


def shot(spec: Spec, layers: Layers, colour: RGB, rng: random.Random) -> Shot:
    """Set layers before the spec's scene."""
    height, width = layers.mask.shape
    scene = paint_scene(spec.scene or "plain", spec.light or "day", height, width, rng)
    return Shot(scene, scene, layers, colour, spec.light == "night")


def in_look(name: str, spec: Spec, seed: int) -> np.ndarray:
    """Draw a spec in a new style.

    uint8 (128, 128, 3).
    """
    rng = random.Random(seed)
    full = spec.fill(rng)
    actor = tinyworld.place(full, SIDE, SIDE, rng)
    return _bytes(LOOKS[name](shot(full, draw(actor, SIDE, SIDE), actor.colour, rng)))


def with_subject(parts: list[Part], spec: Spec, seed: int, look: str | None = None) -> np.ndarray:
    """Draw a spec with parts for its subject.

    uint8 (128, 128, 3).

    look: a new style instead of the spec's own, of which "pixel" becomes "flat".
    """
    rng = random.Random(seed)
    full = spec.fill(rng)
    actor = tinyworld.place(full, SIDE, SIDE, rng)
    style = full.style if full.style in STYLE_PAINTERS else "flat"
    painter = LOOKS[look] if look else STYLE_PAINTERS[style or "flat"]
    return _bytes(painter(shot(full, drawing(parts, actor), actor.colour, rng)))


def _bytes(page: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(page), 0, 255).astype(np.uint8)


def _grey(page: np.ndarray) -> np.ndarray:
    return page @ vector((0.299, 0.587, 0.114))


def _rise(values: np.ndarray) -> np.ndarray:
    """Measure how steep values are, in each pixel."""
    out = np.zeros_like(values)
    out[:, 1:-1] = np.abs(values[:, 2:] - values[:, :-2])
    out[1:-1] += np.abs(values[2:] - values[:-2])
    return out


def _inside(mask: np.ndarray) -> np.ndarray:
    """Give the mask without its rim."""
    return np.clip(1 - _rise(mask) * 2, 0, 1) * mask
