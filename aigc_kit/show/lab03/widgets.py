"""A slider for every control of the course; one that this voice does not have is disabled, and says why."""

from typing import TYPE_CHECKING, Any

from aigc_kit.show.lab03.players import player
from aigc_kit.show.lab03.sounds import sound
from aigc_kit.show.lab03.tables import NAMES_ZH
from aigc_kit.show.page import Shown
from aigc_kit.show.plots import Live, Picture
from aigc_kit.speech.settings import LEVELS, NORMAL_SPEED, RATIOS

if TYPE_CHECKING:
    from aigc_kit.speech.engines.base import Engine
    from aigc_kit.types import Take

SHOWN = ("oral", "laugh", "breaks", "speed", "pitch", "intonation")


def play(engine: "Engine", text: str) -> None:
    """Sliders for the controls, the sound that they make, and its picture.

    Args:
        engine: a loaded voice.
        text: what is said.
    """
    import ipywidgets as widgets
    from IPython.display import display

    from aigc_kit import speech

    ranges = {**LEVELS, **RATIOS, **dict(engine.card.constraints.get("ranges", {}))}
    sliders = {name: _slider(name, ranges[name], engine) for name in SHOWN}
    voices = widgets.Dropdown(options=engine.voices or ("default",), description="声音", layout={"width": "30em"})
    rows = [widgets.HBox([slider, _reason(engine, name)]) for name, slider in sliders.items()]
    display(widgets.VBox([voices, *rows] if engine.voices else rows))

    def say() -> "Take":
        values: dict[str, Any] = {name: s.value for name, s in sliders.items() if not s.disabled}
        plan = speech.plan_for(text, card=engine.card.name, voice=voices.value if engine.voices else None, **values)
        return speech.run(plan.request, plan, engine=engine)

    take = say()
    heard = Shown(player(take, text))

    def draw() -> Picture:
        return sound(take)

    live = Live(draw)

    def again(change: Any) -> None:
        nonlocal take
        take = say()
        heard.replace(player(take, text))
        live.redraw()

    for control in (voices, *sliders.values()):
        control.observe(again, names="value")


def _slider(name: str, limits: tuple[float, float], engine: "Engine") -> Any:
    import ipywidgets as widgets

    common = {
        "description": NAMES_ZH[name],
        "continuous_update": False,
        "disabled": engine.has[name].whose == "none",
        "style": {"description_width": "8em"},
        "layout": {"width": "24em"},
    }
    low, high = limits
    if name in LEVELS:
        return widgets.IntSlider(NORMAL_SPEED if name == "speed" else 0, min=low, max=high, **common)
    return widgets.FloatSlider(1.0, min=low, max=high, step=0.05, **common)


def _reason(engine: "Engine", name: str) -> Any:
    import ipywidgets as widgets

    return widgets.HTML(f'<span style="color:#8a8f98;font-size:.9em">{engine.has[name].why_zh}</span>')
