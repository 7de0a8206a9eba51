"""Draw the deformation: moments, tears, counts, slider, 3-D view."""

from collections.abc import Callable, Sequence

import numpy as np

from aigc_kit.media.fonts import label
from aigc_kit.teach.show.page import Html
from aigc_kit.teach.show.plots import BLUE, GREEN, GREY, ORANGE, SMALL, WIDEST, Picture, bare, canvas, follow
from aigc_kit.worlds.topology import (
    TEARING,
    Camera,
    Count,
    Field,
    Mesh,
    donut_to_mug,
    gilding,
    klein_bottle,
    mesh_of,
    render,
)
from aigc_kit.worlds.topology import counts as counted

CELL = 0.05


def solid(t: float, size: int = 320) -> Picture:
    """Draw the lab's family at one t, with its count.

    Rows: `worlds.topology.Count`. `t`: 0 (donut) to 1 (cup). `size`: pixels.
    """
    row, picture = _drawn(donut_to_mug, t, size, golden=True)
    figure, (axis,) = canvas(width=4.2, height=4.5)
    _show(axis, picture, f"t = {t:.2f}")
    words, genus = f"V {row.vertices} − E {row.edges} + F {row.faces} = {row.euler}", row.genus[0]
    axis.set_xlabel(words + label(f"，亏格 {genus}", f", genus {genus}"), fontsize=11)
    return Picture(figure, f"t = {t:.2f}：{words}，亏格 {genus}", [row])


def stages(times: Sequence[float] = (0.0, 0.25, 0.45, 0.6, 0.8, 1.0)) -> Picture:
    """Draw several moments, each with its genus. Rows: `worlds.topology.Count`."""
    figure, axes = canvas(1, len(times), width=2.1 * len(times), height=2.6)
    rows = []
    for axis, t in zip(axes, times, strict=True):
        row, picture = _drawn(donut_to_mug, t, 180, golden=True)
        _show(axis, picture, f"t = {t:.2f}")
        axis.set_xlabel(label(f"亏格 {row.genus[0]}", f"genus {row.genus[0]}"), fontsize=11)
        rows.append(row)
    words = "；".join(f"t = {row.t:.2f} 亏格 {row.genus[0]}" for row in rows)
    return Picture(figure, f"从甜甜圈到咖啡杯：{words}", rows)


def tearing(times: Sequence[float] = (0.0, 0.4, 0.6, 1.0)) -> Picture:
    """Draw what is not allowed, with every piece's genus.

    Cutting, gluing, pinching, punching, one line each. Rows: `worlds.topology.Count` with the name of the family.
    """
    figure, axes = canvas(len(TEARING), len(times), width=1.35 * len(times), height=1.75 * len(TEARING))
    english = dict(zip(TEARING, ("cut", "glue", "pinch", "punch"), strict=True))
    rows, words = [], []
    for line, (name, (family, _, _)) in enumerate(TEARING.items()):
        genera = []
        for column, t in enumerate(times):
            axis = axes[line * len(times) + column]
            row, picture = _drawn(family, t, 110, golden=False, name=name)
            _show(axis, picture, f"{label(name, english[name])} t = {t:.2f}")
            genus = " + ".join(map(str, row.genus))
            axis.set_xlabel(label(f"亏格 {genus}", f"genus {genus}"), fontsize=11)
            genera.append(genus)
            rows.append(row)
        words.append(f"{name}：亏格 {' → '.join(genera)}")
    return Picture(figure, "；".join(words), rows)


def counts(family: Callable[[float], Field] = donut_to_mug, points: int = 21, cell: float = 0.08) -> Picture:
    """Draw V, E, F and their sum against t.

    Counted on meshes made anew at every t. Rows: `worlds.topology.Count`.

    Args:
        family: t -> Field.
        points: how many t.
        cell: of the grid.
    """
    times = np.linspace(0, 1, points)
    rows = counted(family, times, cell)
    figure, axes = canvas(1, 2, width=WIDEST, height=3.2)
    left, right = axes
    for field, colour in (("vertices", BLUE), ("edges", GREY), ("faces", GREEN)):
        left.plot(times, [getattr(row, field) for row in rows], color=colour, marker=".", label=field[0].upper())
    left.legend(frameon=False, fontsize=SMALL)
    left.set_ylabel(label("个数", "count"))
    euler = [row.euler for row in rows]
    right.plot(times, euler, color=ORANGE, marker="o")
    right.set_ylim(-4.5, 4.5)
    right.set_ylabel("V − E + F")
    for axis in axes:
        axis.set_xlabel("t")
    left.set_title(label("网格随时都在变", "the mesh changes"), fontsize=11)
    right.set_title(label("V − E + F（实测）", "V − E + F (measured)"), fontsize=11)
    return Picture(figure, f"{points} 个 t 的 V − E + F：{', '.join(map(str, euler))}", rows)


def explore(size: int = 280) -> None:
    """Show a slider over t that meshes, counts and draws."""
    import ipywidgets as widgets

    at = widgets.FloatSlider(0.5, min=0, max=1, step=0.02, description="t", continuous_update=False)
    at.layout.width = "28em"
    follow([at], lambda: solid(at.value, size))


def viewer(moments: int = 9) -> Html:
    """Show the model, to turn with mouse or arrow keys.

    In a frame of its own; with a picture where there is no WebGL.
    """
    from aigc_kit.works import morph_view, notebook_html

    view = morph_view(moments=moments, cell=0.11)
    return Html(notebook_html(view), f"{view.alt}{view.words}")


def bottle(size: int = 300) -> Picture:
    """Draw a Klein bottle from two sides, computed.

    Both sides of its surface are drawn, since it has no inside. Rows: {"turn", "vertices", "faces"}.
    """
    mesh = klein_bottle(160, 48)
    count = len(mesh.vertices)
    faces = np.concatenate([mesh.faces, mesh.faces[:, ::-1] + count])
    both = Mesh(np.concatenate([mesh.vertices, mesh.vertices]), faces)
    gold = np.tile(np.repeat(np.abs(np.linspace(-1, 1, 160)), 48), 2)
    figure, axes = canvas(1, 2, width=6.4, height=3.4)
    for axis, turn in zip(axes, (20, 150), strict=True):
        picture = render(both, Camera(turn=turn, rise=14), size=size, gold=gold)
        _show(axis, picture, label("程序计算，非模型生成", "computed"))
    rows = [{"turn": turn, "vertices": count, "faces": len(mesh.faces)} for turn in (20, 150)]
    return Picture(figure, "克莱因瓶，从两个方向看：管子穿过自己的侧面，从里面接回开头", rows)


def _drawn(
    family: Callable[[float], Field], t: float, size: int, *, golden: bool, name: str = ""
) -> tuple[Count, np.ndarray]:
    field = family(t)
    mesh = mesh_of(field, CELL)
    gold, camera = gilding(t, mesh.vertices) if golden else 1.0, Camera(turn=18 - 40 * t if golden else 25, rise=22)
    picture = render(mesh, camera, size=size, gold=gold, field=field, floor=golden)
    return Count.of(mesh, CELL, t, name), picture


def _show(axis, picture: np.ndarray, title: str) -> None:
    bare(axis).imshow(picture)
    axis.set_title(title, fontsize=11)
