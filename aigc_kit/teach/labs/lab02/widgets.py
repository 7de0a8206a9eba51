"""Widgets: a picture while it is made, composer, cookbook, the step to English, dials. Each leaves its picture."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from aigc_kit.core.errors import AigcError
from aigc_kit.core.types import Step
from aigc_kit.teach.labs.lab02.pictures import GREY, show, tag
from aigc_kit.teach.labs.lab02.tables import token_bar
from aigc_kit.teach.show.page import Html, Shown
from aigc_kit.teach.show.page import error as error_card
from aigc_kit.worlds import prompts

if TYPE_CHECKING:
    from aigc_kit.core.types import Take
    from aigc_kit.worlds.prompts import Word

Paint = Callable[..., "Take"]
_STYLE = {"description_width": "6em"}


class Film:
    """Show a picture while it is made; give it to `image.run` as `on_step`.

    Args:
        shots: how many moments are kept, first and last step among them; each is decoded twice.
        width: of a picture, in CSS pixels.
    """

    def __init__(self, shots: int = 6, width: int = 118) -> None:
        self.shots, self.width = shots, width
        self.frames: list[tuple[int, Any, Any]] = []  # (step, latents decoded, what it is taken to become)
        self._shown: Shown | None = None

    def __call__(self, step: Step) -> None:
        """A step of the run is done."""
        if step.phase != "denoise" or step.index not in self._wanted(step.total - 1):
            return
        self.frames.append((step.index + 1, step.preview("latent"), step.preview()))  # type: ignore[call-arg]
        if self._shown is None:
            self._shown = Shown(self.html())
        else:
            self._shown.replace(self.html())

    def html(self) -> Html:
        """Two rows: the latents decoded as they are, and the finished picture that the model sees in them."""
        heads = "".join(f"<th>第 {number} 步</th>" for number, _, _ in self.frames)
        noisy = "".join(f"<td>{tag(latent, self.width)}</td>" for _, latent, _ in self.frames)
        clean = "".join(f"<td>{tag(picture, self.width)}</td>" for _, _, picture in self.frames)
        side = f'<td style="text-align:right;{GREY}">'
        html = (
            f"<table><tr><td></td>{heads}</tr><tr>{side}此刻的潜变量，<br>直接解码</td>{noisy}</tr>"
            f"<tr>{side}模型此刻猜的<br>成品</td>{clean}</tr></table>"
        )
        words = "从噪声到图：第 " + "、".join(str(number) for number, _, _ in self.frames) + " 步"
        return Html(html, words, [{"step": number} for number, _, _ in self.frames])

    def _wanted(self, total: int) -> set[int]:
        last = total - 1
        return {round(i * last / max(self.shots - 1, 1)) for i in range(self.shots)}


class Choices:
    """Some lists to choose words from, what they make as a prompt, and the picture of it.

    Args:
        lists: name of a list -> its words.
        chosen: name of a list -> the Chinese word it begins with; others begin with none.
        join: words by list -> prompt.
        paint: prompt -> Take.
        own: words of one's own, added at the end.
    """

    def __init__(
        self,
        lists: Mapping[str, Sequence[tuple[str, "Word"]]],
        chosen: Mapping[str, str],
        join: Callable[[Mapping[str, str]], str],
        paint: Paint,
        own: str = "",
    ) -> None:
        import ipywidgets as widgets

        self._join, self._paint = join, paint
        self.boxes: dict[str, Any] = {}
        for name, words in lists.items():
            options = [("（不写）", ""), *((shown, word.zh) for shown, word in words)]
            self.boxes[name] = widgets.Dropdown(
                options=options, value=chosen.get(name, ""), description=name, style=_STYLE, layout={"width": "22em"}
            )
        self.own = widgets.Text(
            own, placeholder="自己再写几个词", description="还要", style=_STYLE, layout={"width": "22em"}
        )
        button = widgets.Button(description="画出来", button_style="primary")
        button.on_click(lambda _: self.draw())
        rows = widgets.HBox([*self.boxes.values(), self.own], layout={"flex_flow": "row wrap", "max_width": "72em"})
        self.widget = widgets.VBox([rows, button])
        self._shown: Shown | None = None

    @property
    def prompt(self) -> str:
        """What the choices make.

        Raises:
            BadInput: nothing is chosen.
        """
        made = self._join({name: box.value for name, box in self.boxes.items() if box.value})
        own = self.own.value.strip()
        return "，".join(part for part in (made, own) if part)

    def html(self) -> Html:
        """The picture, and under it what CLIP would count for the real SDXL; or the error as a card."""
        try:
            take = self._paint(self.prompt)
            english = prompts.translate(self.prompt).en
            bar = token_bar(prompts.budget(english), "给 SDXL 的英文：")
            made = show(take, width=240)
            return Html(made.html + bar.html, f"{made.text}\n{bar.text}")
        except AigcError as problem:
            return error_card(problem)

    def draw(self) -> None:
        """Make the picture anew."""
        if self._shown is not None:
            self._shown.replace(self.html())

    def show(self) -> None:
        """The lists, and below them the picture, which is what stays on a page without a kernel."""
        from IPython.display import display

        display(self.widget)
        self._shown = Shown(self.html())


def composer(paint: Paint, **chosen: str) -> Choices:
    """The six parts of the formula, each with the words of the keyword library (four lists a part).

    Args:
        paint: prompt -> Take.
        chosen: part -> Chinese word to begin with, such as subject="猫".
    """
    names = prompts.part_names()
    lists = {
        names[part]: [(f"{group} · {word.zh}", word) for group, words in groups.items() for word in words]
        for part, groups in prompts.keywords().items()
    }
    form = Choices(
        lists,
        {names[part]: word for part, word in chosen.items()},
        lambda words: prompts.compose(words).text,
        paint,
    )
    form.show()
    return form


def cookbook(paint: Paint, own: str = "", **chosen: str) -> Choices:
    """The idea cookbook: one word of each of its lists.

    Args:
        paint: prompt -> Take.
        own: words of one's own.
        chosen: name of a list -> Chinese word to begin with.
    """
    lists = {name: [(word.zh, word) for word in words] for name, words in prompts.cookbook().items()}
    form = Choices(lists, chosen, lambda words: "，".join(words.values()), paint, own)
    form.show()
    return form


class English:
    """A Chinese prompt, its English to be edited, and how many tokens CLIP counts for both."""

    def __init__(self, prompt: str) -> None:
        import ipywidgets as widgets

        wide = {"width": "60em", "height": "4.2em"}
        self.zh = widgets.Textarea(prompt, description="中文", style=_STYLE, layout=wide)
        self.en = widgets.Textarea(prompts.translate(prompt).en, description="英文", style=_STYLE, layout=wide)
        self.zh.observe(self._again, names="value")
        self.en.observe(self._redraw, names="value")
        self.widget = widgets.VBox([self.zh, self.en])
        self._shown: Shown | None = None

    def html(self) -> Html:
        """Both texts with their token bars, and what the word list did not know."""
        try:
            made = prompts.translate(self.zh.value)
            bars = [
                token_bar(prompts.budget(self.zh.value), "原文，未翻译："),
                token_bar(prompts.budget(self.en.value), "英文："),
            ]
        except AigcError as problem:
            return error_card(problem)
        how = made.label if self.en.value == made.en else "你改过的英文"
        lost = f"；词表里没有：{'、'.join(made.unknown)}" if made.unknown else ""
        return Html("".join(bar.html for bar in bars) + f"<p>{escape(how + lost)}</p>", "\n".join(b.text for b in bars))

    def show(self) -> None:
        """The two fields, and the bars below."""
        from IPython.display import display

        display(self.widget)
        self._shown = Shown(self.html())

    def _again(self, change: Any) -> None:
        try:
            self.en.value = prompts.translate(change["new"]).en
        except AigcError:
            self.en.value = ""
        self._redraw(change)

    def _redraw(self, _: Any) -> None:
        if self._shown is not None:
            self._shown.replace(self.html())


def english(prompt: str) -> English:
    """Show the editable step from Chinese to English; `.en.value` is what stands there."""
    form = English(prompt)
    form.show()
    return form


def dials(paint: Paint, prompt: str) -> None:
    """Prompt, negative, steps, CFG and seed; every change draws anew.

    Args:
        paint: (prompt, negative=..., steps=..., guidance=..., seed=...) -> Take.
        prompt: to begin with.
    """
    import ipywidgets as widgets
    from IPython.display import display

    wide, middle = {"width": "36em"}, {"width": "24em"}
    common: dict[str, Any] = {"continuous_update": False, "style": _STYLE}
    words = widgets.Text(prompt, description="提示词", layout=wide, **common)
    negative = widgets.Text("", description="负面", layout=wide, **common)
    steps = widgets.IntSlider(20, min=4, max=50, description="步数", layout=middle, **common)
    guidance = widgets.FloatSlider(5, min=1, max=15, step=0.5, description="CFG", layout=middle, **common)
    seed = widgets.BoundedIntText(42, min=0, max=9999, description="种子", style=_STYLE, layout={"width": "14em"})
    display(widgets.VBox([words, negative, widgets.HBox([steps, guidance, seed], layout={"flex_flow": "row wrap"})]))

    def made() -> Html:
        values = {"steps": steps.value, "guidance": guidance.value, "seed": seed.value}
        try:
            return show(paint(words.value, negative=negative.value.strip() or None, **values))
        except AigcError as problem:
            return error_card(problem)

    shown = Shown(made())
    for box in (words, negative, steps, guidance, seed):
        box.observe(lambda _: shown.replace(made()), names="value")
