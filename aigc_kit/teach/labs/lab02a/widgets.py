"""Show forms, dials, and a picture while it is made.

Each leaves its picture.
"""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from aigc_kit.core.errors import AigcError
from aigc_kit.core.types import Step
from aigc_kit.teach.labs.lab02a.pictures import GREY, show, tag
from aigc_kit.teach.labs.lab02a.tables import token_bar, token_bars
from aigc_kit.teach.show.markup import Html, Place
from aigc_kit.teach.show.page import error as error_card
from aigc_kit.teach.show.plots import Form, follow
from aigc_kit.worlds import prompts

if TYPE_CHECKING:
    from aigc_kit.core.types import Take
    from aigc_kit.worlds.prompts import Word

Paint = Callable[..., "Take"]
_STYLE = {"description_width": "6em"}


class Film:
    """Show a picture while it is made.

    Give it to `image.run` as `on_step`.

    Args:
        shots: moments that are kept, first and last step among them, closer together at the beginning, where most is
            decided; each is decoded twice.
        width: of a picture, in CSS pixels.
        quiet: keep the moments, and show nothing until `html()` is.
    """

    def __init__(self, shots: int = 8, width: int = 118, *, quiet: bool = False) -> None:
        self.shots, self.width, self.quiet = shots, width, quiet
        self.frames: list[tuple[int, Any, Any]] = []  # (step, latents decoded, what it is taken to become)
        self._place = Place()

    def __call__(self, step: Step) -> None:
        """Show the step, if it is one of the moments."""
        if step.phase != "denoise" or step.index not in self._wanted(step.total - 1):
            return
        self.frames.append((step.index + 1, step.preview("latent"), step.preview()))  # type: ignore[call-arg]
        if not self.quiet:
            self._place.put(self.html())

    def html(self) -> Html:
        """Show latents decoded, and pictures seen in them."""
        heads = "".join(f"<th>第 {number} 步</th>" for number, _, _ in self.frames)
        noisy = "".join(f"<td>{tag(latent, self.width)}</td>" for _, latent, _ in self.frames)
        clean = "".join(f"<td>{tag(picture, self.width)}</td>" for _, _, picture in self.frames)
        side = f'<td style="text-align:right;white-space:nowrap;{GREY}">'
        html = (
            f"<table><tr><td></td>{heads}</tr><tr>{side}此刻的潜变量，<br>直接解码</td>{noisy}</tr>"
            f"<tr>{side}模型此刻猜的<br>成品</td>{clean}</tr></table>"
        )
        words = "从噪声到图：第 " + "、".join(str(number) for number, _, _ in self.frames) + " 步"
        return Html(html, words, [{"step": number} for number, _, _ in self.frames])

    def _wanted(self, total: int) -> set[int]:
        last = total - 1
        return {round(last * (i / max(self.shots - 1, 1)) ** 2) for i in range(self.shots)}


class Choices(Form):
    """Offer lists of words, and show the picture they make.

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
        how: dict[str, Any] = {"style": _STYLE, "layout": {"width": "22em"}}
        for name, words in lists.items():
            options = [("（不写）", ""), *((line, word.zh) for line, word in words)]
            self.boxes[name] = widgets.Dropdown(options=options, value=chosen.get(name, ""), description=name, **how)
        self.own = widgets.Text(own, placeholder="自己再写几个词", description="还要", **how)
        button = widgets.Button(description="画出来", button_style="primary")
        button.on_click(lambda _: self.redraw())
        rows = widgets.HBox([*self.boxes.values(), self.own], layout={"flex_flow": "row wrap", "max_width": "72em"})
        self.widget, self.views = widgets.VBox([rows, button]), (self.html,)

    @property
    def prompt(self) -> str:
        """Join the choices into a prompt.

        Raises:
            BadInput: nothing is chosen.
        """
        words = self._join({name: box.value for name, box in self.boxes.items() if box.value})
        return "，".join(part for part in (words, self.own.value.strip()) if part)

    def html(self) -> Html:
        """Show the picture and SDXL's token count, or an error."""
        try:
            take = self._paint(self.prompt)
            english = prompts.translate(self.prompt).en
            bar = token_bar(prompts.budget(english), "给 SDXL 的英文：")
            picture = show(take, width=240)
            return Html(picture.html + bar.html, f"{picture.text}\n{bar.text}")
        except AigcError as problem:
            return error_card(problem)


def composer(paint: Paint, **chosen: str) -> Choices:
    """Show the formula's six parts as lists of keywords.

    The words of the keyword library, four lists a part. `paint`: prompt -> Take. `chosen`: part -> Chinese word to
    begin with, such as subject="猫".
    """
    names = prompts.part_names()
    lists = {
        names[part]: [(f"{group} · {word.zh}", word) for group, words in groups.items() for word in words]
        for part, groups in prompts.keywords().items()
    }
    begin = {names[part]: word for part, word in chosen.items()}
    return Choices(lists, begin, lambda words: prompts.compose(words).text, paint).show()


def cookbook(paint: Paint, own: str = "", **chosen: str) -> Choices:
    """Show the idea cookbook: a word of each list.

    Args:
        paint: prompt -> Take.
        own: words of one's own.
        chosen: name of a list -> Chinese word to begin with.
    """
    lists = {name: [(word.zh, word) for word in words] for name, words in prompts.cookbook().items()}
    return Choices(lists, chosen, lambda words: "，".join(words.values()), paint, own).show()


class English(Form):
    """Edit a Chinese prompt and its English, with token counts."""

    def __init__(self, prompt: str) -> None:
        import ipywidgets as widgets

        wide = {"width": "60em", "height": "4.2em"}
        self.zh = widgets.Textarea(prompt, description="中文", style=_STYLE, layout=wide)
        self.en = widgets.Textarea(prompts.translate(prompt).en, description="英文", style=_STYLE, layout=wide)
        self.zh.observe(self._again, names="value")
        self.en.observe(lambda _: self.redraw(), names="value")
        self.widget, self.views = widgets.VBox([self.zh, self.en]), (self.html,)

    def html(self) -> Html:
        """Show both texts with token bars, and unknown words."""
        try:
            english = prompts.translate(self.zh.value)
            texts = {"原文，未翻译：": self.zh.value, "英文：": self.en.value}
            bars = token_bars({title: prompts.budget(text) for title, text in texts.items()})
        except AigcError as problem:
            return error_card(problem)
        how = english.label if self.en.value == english.en else "你改过的英文"
        rest = f"；词表里没有：{'、'.join(english.unknown)}" if english.unknown else ""
        return Html(f"{bars.html}<p>{escape(how + rest)}</p>", bars.text, bars.rows)

    def _again(self, change: Any) -> None:
        try:
            self.en.value = prompts.translate(change["new"]).en
        except AigcError:
            self.en.value = ""
        self.redraw()


def english(prompt: str) -> English:
    """Show the editable step from Chinese to English.

    `.en.value` is what stands there.
    """
    return English(prompt).show()


def dials(paint: Paint, prompt: str) -> None:
    """Show dials whose every change draws anew.

    Prompt, negative, steps, CFG and seed. `paint`: (prompt, negative=..., steps=..., guidance=..., seed=...) -> Take.
    """
    import ipywidgets as widgets

    wide, middle = {"width": "36em"}, {"width": "24em"}
    common: dict[str, Any] = {"continuous_update": False, "style": _STYLE}
    words = widgets.Text(prompt, description="提示词", layout=wide, **common)
    negative = widgets.Text("", description="负面", layout=wide, **common)
    steps = widgets.IntSlider(20, min=4, max=50, description="步数", layout=middle, **common)
    guidance = widgets.FloatSlider(5, min=1, max=15, step=0.5, description="CFG", layout=middle, **common)
    seed = widgets.BoundedIntText(42, min=0, max=9999, description="种子", style=_STYLE, layout={"width": "14em"})
    box = widgets.VBox([words, negative, widgets.HBox([steps, guidance, seed], layout={"flex_flow": "row wrap"})])

    def draw() -> Html:
        values = {"steps": steps.value, "guidance": guidance.value, "seed": seed.value}
        try:
            return show(paint(words.value, negative=negative.value.strip() or None, **values))
        except AigcError as problem:
            return error_card(problem)

    follow((words, negative, steps, guidance, seed), draw, box=box)
