"""Draw the six scenes by day and by night.

Each has a sky, a ground and few details whose places vary with ``rng``: a small model should learn them soon. PIL draws
at several times the final size.
"""

import random

import numpy as np
from PIL import Image, ImageDraw

from aigc_kit.worlds.tinyworld.palette import RGB, mix, whole
from aigc_kit.worlds.tinyworld.shapes import arc
from aigc_kit.worlds.tinyworld.spec import SCENES

NIGHT: RGB = (14, 20, 62)
DUSK: RGB = (30, 28, 52)


class Stage:
    """Hold a half-drawn scene.

    ``pen`` draws in shares of the width and height; ``tone`` darkens colours at night.
    """

    def __init__(self, height: int, width: int, zoom: int, night: bool, rng: random.Random) -> None:
        self.w, self.h = width * zoom, height * zoom
        self.unit = min(self.w, self.h)
        self.night, self.rng = night, rng
        self.picture = Image.new("RGB", (self.w, self.h))
        self.pen = ImageDraw.Draw(self.picture)

    def tone(self, colour: RGB) -> tuple[int, int, int]:
        """Show a colour in this light."""
        return whole(mix(colour, NIGHT, 0.60) if self.night else colour)

    def blend(self, top: RGB, bottom: RGB, start: float, end: float) -> None:
        """Paint a vertical gradient between two shares of the height."""
        y0, y1 = round(start * self.h), round(end * self.h)
        t = np.linspace(0, 1, max(1, y1 - y0), dtype=np.float32)[:, None]
        column = np.asarray(top, np.float32) * (1 - t) + np.asarray(bottom, np.float32) * t
        strip = Image.fromarray(np.rint(column).astype(np.uint8)[:, None, :])
        self.picture.paste(strip.resize((self.w, max(1, y1 - y0)), Image.Resampling.NEAREST), (0, y0))

    def oval(self, x: float, y: float, rx: float, ry: float, colour: tuple[int, int, int]) -> None:
        """Paint an ellipse, radii in the shorter side's shares."""
        px, py, u = x * self.w, y * self.h, self.unit
        self.pen.ellipse((px - rx * u, py - ry * u, px + rx * u, py + ry * u), fill=colour)

    def hill(self, x: float, y: float, rx: float, ry: float, colour: tuple[int, int, int]) -> None:
        """Paint an ellipse, radii in shares of both sides."""
        self.pen.ellipse([(x - rx) * self.w, (y - ry) * self.h, (x + rx) * self.w, (y + ry) * self.h], fill=colour)

    def shape(self, points: list[tuple[float, float]], colour: tuple[int, int, int]) -> None:
        """Paint a polygon in shares of width and height."""
        self.pen.polygon([(x * self.w, y * self.h) for x, y in points], fill=colour)

    def box(self, left: float, top: float, right: float, bottom: float, colour: tuple[int, int, int]) -> None:
        """Paint a rectangle in shares of width and height."""
        self.shape([(left, top), (right, top), (right, bottom), (left, bottom)], colour)

    def lamp(self, x: float = 0.84, y: float = 0.16) -> None:
        """Paint the sun, or at night moon and stars."""
        if not self.night:
            self.oval(x, y, 0.115, 0.115, whole((255, 240, 186)))
            self.oval(x, y, 0.085, 0.085, whole((255, 212, 76)))
            return
        self.twinkle(9)
        px, py, u = x * self.w, y * self.h, self.unit
        crescent = np.concatenate([arc(0, 0, 0.1, 0.1, -55, 145, 24), arc(-0.042, -0.042, 0.092, 0.092, 125, -35, 24)])
        self.pen.polygon([(px + a * u, py + b * u) for a, b in crescent], fill=(255, 240, 178))

    def twinkle(self, count: int, low: float = 0.42) -> None:
        """Paint one star in each of ``count`` columns."""
        for k in range(count):
            x, y = (k + self.rng.uniform(0.2, 0.8)) / count, self.rng.uniform(0.04, low)
            self.oval(x, y, 0.011, 0.011, (250, 246, 214))


def _plain(s: Stage) -> None:
    top, bottom = ((34, 40, 84), (50, 56, 108)) if s.night else ((255, 238, 208), (250, 222, 184))
    s.blend(top, bottom, 0, 1)


def _sky(s: Stage, horizon: float) -> None:
    top, bottom = ((12, 18, 60), (46, 54, 116)) if s.night else ((92, 182, 246), (206, 236, 252))
    s.blend(top, bottom, 0, horizon + 0.06)


def _flowers(s: Stage) -> None:
    _sky(s, 0.52)
    s.lamp()
    s.hill(0.15, 0.80, 0.75, 0.34, s.tone((142, 208, 102)))
    s.hill(0.92, 0.82, 0.62, 0.32, s.tone((122, 196, 92)))
    s.blend(s.tone((112, 192, 84)), s.tone((74, 158, 66)), 0.60, 1)
    petals = [(250, 104, 132), (255, 236, 120), (255, 255, 255), (196, 132, 236)]
    k = s.rng.randrange(4)
    rows = ((0.60, 9, 0.020), (0.70, 8, 0.026), (0.82, 7, 0.033), (0.95, 6, 0.042))
    for row, (y, count, r) in enumerate(rows):
        for i in range(count):
            x = (i + 0.5 * (row % 2) + s.rng.uniform(0.15, 0.55)) / count
            _small_flower(s, x, y + s.rng.uniform(-0.018, 0.018), r, s.tone(petals[(k + i + row) % 4]))


def _small_flower(s: Stage, x: float, y: float, r: float, colour: tuple[int, int, int]) -> None:
    rx, ry = r * s.unit / s.w, r * s.unit / s.h
    for dx, dy in ((-0.8, -0.3), (0.8, -0.3), (0, -1.0), (-0.5, 0.7), (0.5, 0.7)):
        s.oval(x + dx * rx, y + dy * ry, r * 0.72, r * 0.72, colour)
    s.oval(x, y, r * 0.55, r * 0.55, s.tone((250, 176, 40)))


def _sea(s: Stage) -> None:
    _sky(s, 0.42)
    s.lamp()
    s.blend(s.tone((44, 132, 208)), s.tone((86, 196, 224)), 0.42, 0.80)
    shift = s.rng.uniform(0, 0.2)
    for row, y in enumerate((0.47, 0.55, 0.64)):
        for i in range(-1, 4):
            x = (i + shift * 3 + 0.5 * (row % 2)) / 3.2
            box = (x * s.w, y * s.h, (x + 0.17) * s.w, (y + 0.05) * s.h)
            s.pen.arc(box, 200, 340, fill=s.tone((222, 246, 255)), width=max(2, round(0.016 * s.unit)))
    edge = [(i / 16, 0.755 + 0.014 * np.sin(i * 1.18 + shift * 30)) for i in range(17)]
    s.shape([*edge, (1, 1), (0, 1)], s.tone((240, 252, 255)))
    s.shape([*[(x, y + 0.022) for x, y in edge], (1, 1), (0, 1)], s.tone((246, 220, 160)))
    s.blend(s.tone((246, 220, 160)), s.tone((232, 198, 132)), 0.81, 1)


def _moon(s: Stage) -> None:
    if s.night:
        s.blend((6, 6, 24), (26, 24, 62), 0, 0.70)
        s.twinkle(14, 0.50)
    else:
        s.blend((142, 122, 212), (236, 206, 236), 0, 0.70)
    x, y = 0.18, 0.17
    s.oval(x, y, 0.115, 0.115, whole(mix((64, 142, 232), NIGHT, 0.15 if s.night else 0.0)))
    green = whole((112, 204, 116))
    s.oval(x - 0.025, y - 0.03, 0.05, 0.035, green)
    s.oval(x + 0.035, y + 0.045, 0.045, 0.03, green)
    ground = ((112, 114, 136), (70, 72, 94)) if s.night else ((226, 222, 226), (184, 180, 190))
    s.hill(0.5, 0.86, 1.0, 0.32, whole(ground[0]))
    s.blend(ground[0], ground[1], 0.66, 1)
    rim, deep, floor = (
        whole(mix(*each))
        for each in ((ground[0], (255, 255, 255), 0.25), (ground[1], DUSK, 0.38), (ground[1], DUSK, 0.16))
    )
    craters = ((0.13, 0.66, 0.075), (0.88, 0.70, 0.09), (0.52, 0.63, 0.055), (0.22, 0.88, 0.12), (0.80, 0.92, 0.10))
    for cx, cy, r in craters:
        x, y = cx + s.rng.uniform(-0.05, 0.05), cy + s.rng.uniform(-0.015, 0.015)
        s.oval(x, y, r, r * 0.46, rim)
        s.oval(x, y + 0.006, r * 0.86, r * 0.36, deep)
        s.oval(x, y + 0.02, r * 0.70, r * 0.24, floor)


def _forest(s: Stage) -> None:
    _sky(s, 0.62)
    s.lamp()
    s.hill(0.5, 0.80, 1.1, 0.30, s.tone((120, 186, 120)))
    for count, base, tall, colour in ((7, 0.66, 0.30, (64, 146, 92)), (5, 0.74, 0.44, (34, 112, 72))):
        for i in range(count + 1):
            x = (i + s.rng.uniform(-0.12, 0.12)) / count
            _pine(s, x, base, tall * s.rng.uniform(0.88, 1.12), s.tone(colour))
    s.blend(s.tone((106, 170, 88)), s.tone((70, 134, 66)), 0.72, 1)


def _pine(s: Stage, x: float, base: float, tall: float, colour: tuple[int, int, int]) -> None:
    wide = 0.34 * tall * s.unit / s.w
    trunk = 0.018 * s.unit / s.w
    s.box(x - trunk, base - 0.06, x + trunk, base, s.tone((120, 84, 52)))
    for low, high, share in ((0.10, 0.55, 1.0), (0.32, 0.78, 0.78), (0.54, 1.0, 0.54)):
        foot, half = base - low * tall, wide * share
        s.shape([(x - half, foot), (x, base - high * tall), (x + half, foot)], colour)


def _city(s: Stage) -> None:
    _sky(s, 0.76)
    s.lamp()
    heights = [0.36, 0.50, 0.30, 0.56, 0.42, 0.34]
    turn = s.rng.randrange(6)
    walls = [(196, 150, 134), (150, 166, 196), (206, 190, 158)]
    for i in range(6):
        x0, x1 = i / 6 + 0.008, (i + 1) / 6 - 0.008
        top = 0.78 - heights[(i + turn) % 6]
        s.box(x0, top, x1, 0.80, s.tone(walls[(i + turn) % 3]))
        y = top + 0.045
        while y < 0.72:
            for k in range(2):
                lit = s.night and s.rng.random() < 0.75
                x = x0 + 0.024 + k * 0.062
                s.box(x, y, x + 0.040, y + 0.045, (255, 220, 110) if lit else s.tone((226, 240, 250)))
            y += 0.085
    s.box(0, 0.78, 1, 0.82, s.tone((206, 206, 212)))
    s.blend(s.tone((128, 130, 142)), s.tone((104, 106, 118)), 0.82, 1)
    for i in range(4):
        x = (i + 0.2) / 4
        s.box(x, 0.90, x + 0.13, 0.918, s.tone((246, 244, 232)))


PAINTERS = dict(zip(SCENES, (_plain, _flowers, _sea, _moon, _forest, _city), strict=True))


def paint_scene(scene: str, light: str, height: int, width: int, rng: random.Random, zoom: int = 2) -> np.ndarray:
    """Draw a scene: float32 (height, width, 3), 0-255.

    ``rng`` decides where the details lie; ``zoom`` pixels are drawn for each pixel of the result, along each side.
    """
    stage = Stage(height, width, zoom, light == "night", rng)
    PAINTERS[scene](stage)
    picture = stage.picture.reduce(zoom) if zoom > 1 else stage.picture
    return np.asarray(picture, dtype=np.float32)
