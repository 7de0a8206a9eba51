"""Film the deformation: every frame meshed, counted, rendered."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from aigc_kit.core.errors import BadInput
from aigc_kit.media.encode import Probe, Writer, probe
from aigc_kit.media.fonts import caption_font, write
from aigc_kit.worlds.topology import Camera, Topology, donut_to_mug, gilding, mesh_of, render, topology

CELL = 0.07


@dataclass(frozen=True)
class Frame:
    """Hold t, its mesh's count, picture uint8 (H, W, 3)."""

    t: float
    topology: Topology
    picture: np.ndarray


@dataclass(frozen=True)
class Clip:
    """Hold a finished clip: facts, and every mesh's count."""

    path: Path
    facts: Probe
    counts: tuple[Topology, ...]

    @property
    def genus(self) -> set[tuple[int, ...]]:
        """Collect all values of the genus: one where nothing tore."""
        return {count.genus for count in self.counts}


def frames(count: int = 48, *, size: int = 320, cell: float = CELL, words: bool = True) -> Iterator[Frame]:
    """Render the way from donut to cup, frame by frame.

    Args:
        count: 2 to 600.
        size: pixels of each side, even.
        cell: of the grid; smaller is finer and slower.
        words: V - E + F and genus of the frame's own mesh at the bottom.

    Raises:
        BadInput: not such numbers.
    """
    if not 2 <= count <= 600 or size % 2:
        raise BadInput(asked=f"{count} frames of {size} pixels", found="no clip", todo="2 to 600 frames, an even size")
    for index in range(count):
        even = index / (count - 1)
        t = even * even * (3 - 2 * even)
        field = donut_to_mug(t)
        mesh = mesh_of(field, cell)
        facts = topology(mesh)
        camera = Camera(turn=18 - 44 * t, rise=18 + 14 * t)
        picture = render(mesh, camera, size=size, gold=gilding(t, mesh.vertices), field=field)
        yield Frame(t, facts, _written(picture, facts) if words else picture)


def animate(path: Path | str, count: int = 48, fps: Any = 12, *, back: bool = True, **options: Any) -> Clip:
    """Write the clip of the deformation: .mp4, .gif or .webp.

    `count` are the frames of the way there, which `back` lets come back, so that it loops; `options` are size, cell and
    words of `frames`.
    """
    path, way = Path(path), list(frames(count, **options))
    order = way + way[-2:0:-1] if back else way
    notes = {"comment": "程序计算，非模型生成", "title": "donut to mug"} if path.suffix == ".mp4" else None
    with Writer(path, fps, metadata=notes) as writer:
        for frame in order:
            writer.add(frame.picture)
    return Clip(path, probe(path), tuple(frame.topology for frame in order))


def _written(picture: np.ndarray, facts: Topology) -> np.ndarray:
    """Write a mesh's count at the bottom of its picture."""
    image = Image.fromarray(picture)
    size = max(9, len(picture) // 24)
    chinese = caption_font(size)
    name = "亏格" if chinese else "genus"
    part = facts.parts[0]
    words = f"V {part.vertices} - E {part.edges} + F {part.faces} = {part.euler}   {name} {part.genus}"
    place, font = (len(picture) / 2, len(picture) - 0.7 * size), chinese or ImageFont.load_default(size)
    write(ImageDraw.Draw(image), place, words, fill=(255, 214, 140), font=font, anchor="ms")
    return np.asarray(image)
