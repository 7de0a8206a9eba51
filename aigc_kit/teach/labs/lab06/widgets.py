"""Turn the dials of LoRAs and ControlNets."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from aigc_kit.core.errors import AigcError
from aigc_kit.teach.labs.lab02a.pictures import row
from aigc_kit.teach.labs.lab06 import memory, own, painting
from aigc_kit.teach.labs.lab06.canvas import Canvas, drawn
from aigc_kit.teach.show.markup import Html
from aigc_kit.teach.show.page import error
from aigc_kit.teach.show.plots import follow

_WIDE: Any = {"style": {"description_width": "7em"}, "layout": {"width": "30em"}}
HIGHEST = 1.5
NAMES_ZH = {"blueprint": "蓝图", "papercut": "剪纸", "rocket": "火箭"}


def board() -> Canvas:
    """Show a canvas whose example is a mushroom."""
    return Canvas(own.mushroom(), "示例：程序画的蘑菇").show()


def mixer(pipe: Any, names: Sequence[str], prompts: Sequence[str], first: Sequence[float] = ()) -> None:
    """Slide the strengths of LoRAs, and see the pictures.

    Args:
        pipe: that has these LoRAs.
        names: of the LoRAs.
        prompts: of the pictures; the seed of each stays.
        first: strengths to begin with, one of each.
    """
    import ipywidgets as widgets

    begin = list(first) or [1.0] + [0.0] * (len(names) - 1)
    sliders = [
        widgets.FloatSlider(
            value, min=0, max=HIGHEST, step=0.1, description=NAMES_ZH.get(name, name), continuous_update=False, **_WIDE
        )
        for name, value in zip(names, begin, strict=True)
    ]

    def pictures() -> Html:
        strengths = {name: slider.value for name, slider in zip(names, sliders, strict=True)}
        return row(list(painting.with_loras(pipe, strengths, prompts)), list(prompts), width=150)

    follow(sliders, pictures)


def filler(both: Any, board: Canvas, prompt: str) -> None:
    """Fill the drawn shape by a prompt, at a scale.

    Args:
        both: pipeline with a ControlNet.
        board: where the shape is drawn; a click on the button reads it.
        prompt: to begin with.
    """
    import ipywidgets as widgets

    words = widgets.Text(prompt, description="提示词", continuous_update=False, **_WIDE)
    scale = widgets.FloatSlider(1.0, min=0, max=2, step=0.1, description="scale", continuous_update=False, **_WIDE)
    seed = widgets.BoundedIntText(0, min=0, max=9999, description="种子", **_WIDE)
    again = widgets.ToggleButton(description="画布变了，再填一次")

    def pictures() -> Html:
        return filled(both, board.picture, words.value, scale.value, seed.value)

    controls: list[Any] = [words, scale, seed, again]
    follow(controls, pictures)


def filled(both: Any, drawing: np.ndarray, prompt: str, scale: float, seed: int = 0) -> Html:
    """Show a drawn shape and what fills it."""
    mask = drawn(drawing)
    try:
        page = painting.inside(both, [mask], [prompt], seed, scale)[0]
    except AigcError as problem:
        return error(problem)
    shape = np.repeat(mask[..., None], 3, 2).astype(np.uint8) * 255
    return row([shape, page], ["你的形状", f"{prompt}（scale {scale:g}）"], width=200)


def learn(steps: Any, see: Callable[[float], None]) -> list[float]:
    """Run a training to its end, each loss shown.

    Args:
        steps: what `learn_lora` or `learn_control` gives.
        see: gets each loss, such as a `Curve`.
    """
    losses = []
    for progress in steps:
        losses.append(progress.loss)
        see(progress.loss)
    return losses


def afford(model: str = "sdxl", gigabytes: int = 12) -> None:
    """Choose model and card, and see which training fits.

    Args:
        model, gigabytes: to begin with, as in `memory.fitting`.
    """
    import ipywidgets as widgets

    names = [(words, name) for name, words in memory.MODELS_ZH.items()]
    which = widgets.Dropdown(options=names, value=model, description="模型", **_WIDE)
    card = widgets.ToggleButtons(options=[8, 12, 16, 24], value=gigabytes, description="显存 GB")
    follow([which, card], lambda: memory.fitting(which.value, card.value))
