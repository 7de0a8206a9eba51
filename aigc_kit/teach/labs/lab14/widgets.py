"""Move a cosine's threshold, and the number of looks."""

from typing import Any

from aigc_kit.promptlab import experiment
from aigc_kit.teach.labs.lab14 import figures, tables
from aigc_kit.teach.show.page import Html
from aigc_kit.teach.show.plots import Picture, follow

_WIDE: Any = {"style": {"description_width": "6em"}, "layout": {"width": "30em"}}
_SHAPES = (("不校正", "plain"), ("Pocock", "pocock"), ("O'Brien–Fleming", "obrien-fleming"))


def play() -> None:
    """Slide the threshold, and watch both errors."""
    import ipywidgets as widgets

    slider = widgets.FloatSlider(
        value=0.95,
        min=0.85,
        max=1,
        step=0.01,
        description="阈值",
        continuous_update=False,
        readout_format=".2f",
        **_WIDE,
    )
    follow([slider], lambda: figures.topics(slider.value))


def look() -> None:
    """Choose looks and limits, and watch A/A experiments."""
    import ipywidgets as widgets

    looks = widgets.SelectionSlider(
        options=[1, 2, 4, 5, 10, 20], value=10, description="看几次", continuous_update=False, **_WIDE
    )
    shape = widgets.Dropdown(options=_SHAPES, value="pocock", description="界", **_WIDE)

    def drawn() -> Picture:
        return figures.paths(experiment.looked(looks.value), experiment.bounds(looks.value, shape.value))

    def words() -> Html:
        z = experiment.looked(looks.value)
        return tables.arms({"误报": experiment.alarms(z, experiment.bounds(looks.value, shape.value))})

    follow((looks, shape), drawn, words)
