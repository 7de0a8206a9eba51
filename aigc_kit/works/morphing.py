"""Film the deformation: every frame meshed, counted, rendered."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.media.encode import Probe, Writer, probe
from aigc_kit.media.fonts import caption_font, write
from aigc_kit.worlds.topology import TEARING, Camera, Topology, donut_to_mug, gilding, mesh_of, render, topology

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
        raise BadInput(
            asked=Words(f"{count} frames of {size} pixels", f"{count} 帧，边长 {size} 像素"),
            found=Words("no clip", "这样做不成短片"),
            todo=Words("2 to 600 frames, an even size", "2 到 600 帧，边长是偶数"),
        )
    for index in range(count):
        even = index / (count - 1)
        frame = _frame(even * even * (3 - 2 * even), size, cell)
        yield replace(frame, picture=_written(frame.picture, frame.topology)) if words else frame


def _frame(t: float, size: int, cell: float) -> Frame:
    """Mesh, count and render the deformation at t."""
    field = donut_to_mug(t)
    mesh = mesh_of(field, cell)
    camera = Camera(turn=18 - 44 * t, rise=18 + 14 * t)
    picture = render(mesh, camera, size=size, gold=gilding(t, mesh.vertices), field=field)
    return Frame(t, topology(mesh), picture)


@dataclass(frozen=True)
class Scene:
    """Hold a computed picture, uint8 (H, W, 3), with words."""

    picture: np.ndarray
    words: str


FORBIDDEN = {"撕": "剪断", "剪": "剪断", "断": "剪断", "粘": "粘合", "捏在一起": "捏合", "戳": "戳穿"}
STEPS = {"首先": 0.0, "然后": 0.4, "接着": 0.75, "最后": 1.0, "咖啡杯！": 1.0}
BROKEN = 0.75  # t at which a forbidden change has happened
_STAGES = (
    (0.1, "甜甜圈：一个环，中间一个洞"),
    (0.55, "环的一侧鼓成实心的身子，洞还在"),
    (0.95, "身子顶上按出一个坑，环细成把手"),
    (1.1, "咖啡杯：把手里还是那一个洞"),
)


def scenes(sentences: Sequence[str], *, size: int = 360, cell: float = CELL) -> list[Scene]:
    """Render what each sentence of the lesson tells of.

    A sentence about tearing or gluing shows that very change after it happened, one with a step word the deformation at
    that step, any other the step before it. The words say what is in the picture, with the genus that was counted on
    its mesh.

    Args:
        sentences: voices of shots, in Chinese.
        size: pixels of each side, even.
        cell: of the grid; smaller is finer and slower.
    """
    shown, t = [], 0.0
    for sentence in sentences:
        change = next((name for word, name in FORBIDDEN.items() if word in sentence), "")
        if change and "不许" not in sentence and "没有" not in sentence:
            mesh = mesh_of(field := TEARING[change][0](BROKEN), cell)
            before = sum(TEARING[change][1])
            after = sum(part.genus for part in topology(mesh).parts)
            words = f"犯规：{change}之后的样子（亏格 {before} → {after}）"
            shown.append(Scene(render(mesh, Camera(), size=size, field=field), words))
            continue
        t = next((step for word, step in STEPS.items() if word in sentence), t)
        frame, stage = _frame(t, size, cell), next(words for limit, words in _STAGES if t < limit)
        shown.append(Scene(frame.picture, f"{stage}（亏格 {frame.topology.parts[0].genus}）"))
    return shown


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
