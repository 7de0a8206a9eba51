"""Draw subjects large and shrink them, which smooths their edges."""

from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from aigc_kit.worlds.tinyworld import things
from aigc_kit.worlds.tinyworld.palette import RGB, roles
from aigc_kit.worlds.tinyworld.shapes import Area, areas
from aigc_kit.worlds.tinyworld.spec import SUBJECTS

DRAWINGS = {subject: outline() for subject, outline in zip(SUBJECTS, things.OUTLINES, strict=True)}


class Actor(NamedTuple):
    """Place one subject in one picture.

    Every number is continuous, so that it can be animated.

    Attributes:
        subject: a value of ``SUBJECTS``.
        colour: RGB, 0-255.
        x, y: its middle, as shares of the picture's width and height.
        half: half its height, as a share of the picture's shorter side.
        turn: radians clockwise.
        morph: 0-1, how far a donut has become a cup (or a cup a donut); 0 for the others.
        stretch: width times this, height divided by it; 1 leaves it as it is.
    """

    subject: str
    colour: RGB
    x: float
    y: float
    half: float
    turn: float = 0.0
    morph: float = 0.0
    stretch: float = 1.0


class Layers(NamedTuple):
    """Hold one subject in pixels.

    Attributes:
        colour: float32 (H, W, 3), 0-255.
        mask: float32 (H, W), 0-1, where the subject is.
        lines: the same, where its dark lines are.
        spots: the same, where it is ink-black but no line (eyes, noses).
    """

    colour: np.ndarray
    mask: np.ndarray
    lines: np.ndarray
    spots: np.ndarray


MARKS = {"fill": (255, 0, 0), "line": (255, 255, 0), "spot": (255, 0, 255), "hole": (0, 0, 0)}
"""Kind of an area -> what it sets in mask, lines and spots."""
_READY = {name: [area for part in parts for area in areas(part)] for name, parts in DRAWINGS.items()}


def areas_of(actor: Actor) -> list[Area]:
    """List the actor's areas, back to front."""
    if actor.morph and actor.subject in ("donut", "cup"):
        parts = things.donut_to_cup(actor.morph if actor.subject == "donut" else 1 - actor.morph)
        return [area for part in parts for area in areas(part)]
    return _READY[actor.subject]


def draw(actor: Actor, height: int, width: int, zoom: int = 3, *, shrink: bool = True) -> Layers:
    """Draw the actor alone, height x width pixels.

    ``zoom`` pixels are drawn for each one along each side; without ``shrink`` the layers come that large.
    """
    colours = roles(actor.colour)
    size = (width * zoom, height * zoom)
    unit = actor.half * min(height, width) * zoom
    c, s = np.cos(actor.turn), np.sin(actor.turn)
    frame = unit * np.array([[actor.stretch], [1 / actor.stretch]]) * np.array([[c, s], [-s, c]])
    middle = np.array([actor.x * size[0], actor.y * size[1]])
    paint = Image.new("RGB", size, colours["ink"])
    marks = Image.new("RGB", size)
    pens = ImageDraw.Draw(paint), ImageDraw.Draw(marks)
    for area in areas_of(actor):
        path = (area.points @ frame + middle).ravel().tolist()
        if area.kind != "hole":
            pens[0].polygon(path, fill=colours[area.role])
        pens[1].polygon(path, fill=MARKS[area.kind])
    if zoom > 1 and shrink:
        paint, marks = paint.reduce(zoom), marks.reduce(zoom)
    flags = np.asarray(marks, dtype=np.float32) / 255
    return Layers(np.asarray(paint, dtype=np.float32), flags[..., 0], flags[..., 1], flags[..., 2])
