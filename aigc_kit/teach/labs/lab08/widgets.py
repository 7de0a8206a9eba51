"""Search while typing, and move a cache's threshold."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aigc_kit.core.errors import AigcError
from aigc_kit.core.statistics import Share
from aigc_kit.promptlab.retrieval.index import ClipIndex
from aigc_kit.teach.labs.lab08 import figures
from aigc_kit.teach.labs.lab08.tables import recalls
from aigc_kit.teach.show.markup import Html, barred
from aigc_kit.teach.show.page import error
from aigc_kit.teach.show.plots import follow

_WIDE: Any = {"style": {"description_width": "6em"}, "layout": {"width": "34em"}}


def look(index: ClipIndex, images: Sequence[np.ndarray], text: str = "夜晚，一只红色的小猫在海边") -> None:
    """Write a text, and see the five nearest pictures."""
    import ipywidgets as widgets

    box = widgets.Text(value=text, description="找什么", continuous_update=False, **_WIDE)

    def drawn() -> Any:
        try:
            return figures.shown(images, index.search([box.value], 5)[0], index.ids, box.value)
        except AigcError as problem:
            return error(problem)

    follow([box], drawn)


def threshold(levels: Sequence[float], rows: Mapping[str, Sequence[tuple[Share, Share]]]) -> None:
    """Choose a threshold, and read both errors as counts."""
    import ipywidgets as widgets

    slider = widgets.SelectionSlider(
        options=[(f"{level:.2f}", k) for k, level in enumerate(levels)],
        value=len(levels) // 2,
        description="阈值",
        **_WIDE,
    )

    def words() -> Html:
        shares = [share for pairs in rows.values() for share in pairs[slider.value]]
        return barred(recalls(shares), [100 * share.share for share in shares], 100, "命中和其中错的，占百分之几")

    follow([slider], words)
