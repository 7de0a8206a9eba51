"""Sliders over pictures that stay when no kernel runs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aigc_kit.teach.labs.lab01.figures import filters, step
from aigc_kit.teach.show.plots import Live

if TYPE_CHECKING:
    from aigc_kit.make.text.engines.base import Candidates, Engine
    from aigc_kit.make.text.view import TokenView


def play(engine: "Engine", candidates: "Candidates", temperature: float = 0.7) -> None:
    """Sliders for T, k and p over the bars of one real next token."""
    import ipywidgets as widgets
    from IPython.display import display

    from aigc_kit.make.text.settings import Settings

    largest = len(candidates.ids)
    wide = {"style": {"description_width": "5em"}, "layout": {"width": "28em"}, "continuous_update": False}
    heat = widgets.FloatSlider(temperature, min=0, max=2, step=0.05, description="温度 T", **wide)
    k = widgets.SelectionSlider(
        options=[("不限", 0), *((str(n), n) for n in (1, 2, 5, 10, 20, 40, 100) if n <= largest)],
        description="top-k",
        **wide,
    )
    p = widgets.FloatSlider(1.0, min=0.05, max=1, step=0.05, description="top-p", **wide)
    display(widgets.VBox([heat, k, p]))
    live = Live(
        lambda: filters(engine, candidates, Settings(temperature=heat.value, top_k=k.value or None, top_p=p.value))
    )
    for control in (heat, k, p):
        control.observe(lambda change: live.redraw(), names="value")


def loop(views: Sequence["TokenView"]) -> None:
    """A slider over the tokens of a finished run: the candidates at each step, the chosen one in orange."""
    import ipywidgets as widgets
    from IPython.display import display

    at = widgets.IntSlider(1, min=1, max=len(views), description="第几个词元", continuous_update=False)
    at.style.description_width, at.layout.width = "7em", "28em"
    display(at)
    live = Live(lambda: step(views[at.value - 1], at.value - 1))
    at.observe(lambda change: live.redraw(), names="value")
