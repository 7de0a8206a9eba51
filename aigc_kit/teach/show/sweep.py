"""Draw a sweep, first dial down, the others along."""

from collections.abc import Callable
from itertools import product
from math import isnan, nan, prod
from typing import TYPE_CHECKING, Any

from aigc_kit.teach.show.plots import GREY, SMALL, Picture, bare, canvas

if TYPE_CHECKING:
    from aigc_kit.keep.sweep import Cell, Sweep

NAMES_ZH = {
    "temperature": "温度",
    "seed": "种子",
    "guidance": "引导强度",
    "steps": "步数",
    "prompt": "提示词",
    "negative": "负面提示词",
    "size": "尺寸",
    "top_p": "top-p",
    "top_k": "top-k",
}
LONGEST_LABEL = 14  # characters


def pictures(made: "Sweep", title: str = "") -> Picture:
    """Draw a sweep's pictures, laid out by its dials.

    A failed cell is grey. Rows: the dials of each cell, and "failed". `made`: cells with a PNG file each.
    """
    import numpy as np
    from PIL import Image

    down, along = _sides(made)
    figure, axes = canvas(len(down), len(along), width=min(1.6 * len(along) + 1, 14), height=1.6 * len(down) + 0.6)
    for axis, cell in zip(axes, made, strict=True):
        bare(axis)
        if cell:
            with Image.open(cell.path(".png")) as image:
                axis.imshow(np.asarray(image.convert("RGB")))
        else:
            axis.set_facecolor(GREY)
            axis.text(0.5, 0.5, "失败", ha="center", va="center", transform=axis.transAxes)
    for index, name in enumerate(along):
        axes[index].set_title(name, fontsize=SMALL)
    for index, name in enumerate(down):
        axes[index * len(along)].set_ylabel(name, fontsize=SMALL)
    figure.suptitle(title, fontsize=11)
    rows = [{**cell.point, "failed": not cell} for cell in made]
    return Picture(figure, f"{title} {len(down)} × {len(along)} 张图".strip(), rows)


def numbers(made: "Sweep", value: Callable[["Cell"], float], what: str) -> Picture:
    """Draw one number of each cell as a heat map.

    Rows: the dials of each cell, and "value", nan where it failed. `value`: of a cell, a number. `what`: name and unit
    of the number, in Chinese.
    """
    import numpy as np

    down, along = _sides(made)
    values = [float(value(cell)) if cell else nan for cell in made]
    table = np.array(values).reshape(len(down), len(along))
    figure, (axis,) = canvas(width=min(1.1 * len(along) + 2.6, 14), height=0.6 * len(down) + 1.4)
    image = axis.imshow(np.ma.masked_invalid(table), cmap="Blues", aspect="auto")
    axis.set_xticks(range(len(along)), along)
    axis.set_yticks(range(len(down)), down)
    middle = (np.nanmin(table) + np.nanmax(table)) / 2 if not np.isnan(table).all() else 0
    for row, column in product(range(len(down)), range(len(along))):
        number = table[row, column]
        words = "失败" if isnan(number) else f"{number:.3g}"
        axis.text(column, row, words, ha="center", va="center", color="white" if number > middle else "black")
    figure.colorbar(image, ax=axis, label=what)
    rows = [{**cell.point, "value": number} for cell, number in zip(made, values, strict=True)]
    return Picture(figure, f"{what}：{len(down)} × {len(along)} 格", rows)


def _sides(made: "Sweep") -> tuple[list[str], list[str]]:
    """Label the rows (first dial) and columns (all others).

    One dial alone lies along.
    """
    axes = list(made.grid.axes.items())
    if len(axes) == 1:
        axes = [("", (None,)), *axes]
    down = [_label(axes[0][0], value) for value in axes[0][1]]
    along = ["\n".join(map(_label, dict(axes[1:]), values)) for values in product(*dict(axes[1:]).values())]
    assert prod((len(down), len(along))) == len(made)
    return down, along


def _label(name: str, value: Any) -> str:
    if not name:
        return ""
    words = "×".join(map(str, value)) if isinstance(value, tuple) else str(value)
    words = words if len(words) <= LONGEST_LABEL else words[: LONGEST_LABEL - 1] + "…"
    return f"{NAMES_ZH.get(name, name)} {words}"
