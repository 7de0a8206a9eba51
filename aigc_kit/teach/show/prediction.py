"""Ask for a guess before a result unfolds.

    growth = page.predict("T 升高，熵会怎样？", ["升", "降", "不变"])
    growth.reveal("升", picture, says="每升高 0.1 ……")

The guess stays in `guesses.json` beside the results: questions and guesses, nothing about the person. Where nobody
guesses (headless runs, viewers, a saved notebook) a result stays folded, and can be opened by hand.
"""

import base64
import hashlib
import json
import math
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from aigc_kit.core import paths
from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.teach.show.markup import GREY, Html, Place, table

FILE = "guesses.json"
NEAR = 0.25  # of what was measured: a number that is nearer than this is a hit
_BOX = "border-left:5px solid {colour};border-radius:4px;padding:.5em 1em;margin:.4em 0;font-size:16px;max-width:58em"
_ASK, _HIT, _MISS, _FOLD = "#3b7dd8", "#2e9e5b", "#d9822b", "#8a8f98"
KINDS = {"measured": "实测", "predicted": "预测", "computed": "算出", "published": "公开数字"}
"""How an answer came about -> the word that stands beside it."""
_HOW = "先选一个，结果才展开。按钮没有反应，就先运行这一格。"
_HOW_NUMBER = "先写一个数、按回车，结果才展开。输入框没有反应，就先运行这一格。"


class Prediction:
    """Hold one question, the learner's guess, and what was measured.

    `choices`: what can be chosen; empty where a number in `unit` is asked. `guess`, `measured`: a choice or a number,
    None until there is one; `kind`: one of `KINDS`, how the latter came about.
    """

    def __init__(self, question: str, choices: Sequence[str], unit: str) -> None:
        self.question, self.choices, self.unit = question, tuple(choices), unit
        self.key = hashlib.sha256(json.dumps([question, *choices, unit]).encode()).hexdigest()[:16]
        self.guess: str | float | None = self._checked(_stored().get(question))
        self.measured: str | float | None = None
        self.kind = "measured"
        self._within: float | None = None
        self._shown: tuple[str, str] = ("", "")
        self._answer: Place | None = None
        self._form: _Form | None = None

    @property
    def hit(self) -> bool | None:
        """Tell whether the guess is right, None while unknown."""
        if self.guess is None or self.measured is None:
            return None
        if self.choices:
            return self.guess == self.measured
        measured = float(self.measured)
        within = NEAR * abs(measured) if self._within is None else self._within
        return abs(float(self.guess) - measured) <= within

    def reveal(
        self,
        measured: str | float,
        *shown: Any,
        says: str = "",
        within: float | None = None,
        kind: str = "measured",
    ) -> None:
        """Show what was measured: folded until there is a guess.

        Args:
            measured: one of the choices, or a number in the question's unit.
            shown: figures, tables, texts that give the answer away, as `display` takes them.
            says: what the result means, in Chinese.
            within: how near a number must come to be a hit; a quarter of what was measured without.
            kind: one of `KINDS`: what is no measurement says so.

        Raises:
            BadInput: not a choice, or not a finite number; an unknown kind.
        """
        if kind not in KINDS:
            raise BadInput(
                asked=Words(f"kind={kind!r}", f"kind={kind!r}"),
                found=Words("unknown", "没有这一种"),
                todo=Words(f"give one of {list(KINDS)}", f"写 {list(KINDS)} 之一"),
            )
        value = self._checked(measured if self.choices else float(measured))
        if value is None:
            raise self._no_answer(f"reveal({measured!r})")
        self.measured, self._within, self.kind = value, within, kind
        pieces = [_written(content) for content in shown]
        words = f'<p style="margin:.5em 0">{escape(says)}</p>' if says else ""
        html = words + "".join(piece.html for piece in pieces)
        self._shown = html, "\n".join(text for text in (says, *(piece.text for piece in pieces)) if text)
        self._answer = Place(self._result())
        _tell()

    def _no_answer(self, asked: Words | str) -> BadInput:
        what = Words("a finite number", "有限的数")
        if self.choices:
            what = Words(f"one of {list(self.choices)}", f"选项 {list(self.choices)} 之一")
        return BadInput(asked=asked, found=Words("not ", "不是") + what, todo=Words("give ", "写") + what)

    def put(self, guess: str | float | None) -> bool:
        """Take a guess, or None to take it back.

        Returns:
            Whether it could be kept in the file.

        Raises:
            BadInput: not a choice, or not a finite number.
        """
        value = self._checked(guess)
        if guess is not None and value is None:
            raise self._no_answer(Words(f"the guess {guess!r}", f"猜测 {guess!r}"))
        self.guess = value
        if self._answer is not None:
            self._answer.put(self._result())
        _tell()
        return _keep(self.question, value)

    def ask(self) -> None:
        """Show the question, and what takes a guess."""
        from IPython.display import display

        how = _HOW if self.choices else _HOW_NUMBER
        choices = "　".join(self.choices) if self.choices else f"一个数{f'（{self.unit}）' if self.unit else ''}"
        html = (
            f'<div class="aigc-question" data-question="{self.key}" style="{_BOX.format(colour=_ASK)}">'
            f'<b style="color:{_ASK}">先猜</b>　{escape(self.question)}<div style="{GREY}">{how}</div></div>'
        )
        display(Html(html, f"先猜：{self.question}（{choices}）"))
        self._form = _Form(self)
        display(self._form)

    def _checked(self, value: Any) -> str | float | None:
        """Give a value that can be a guess, else None."""
        if self.choices:
            return value if value in self.choices else None
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return float(value) if number and math.isfinite(value) else None

    def _result(self) -> Html:
        """Write the result, folded where there is no guess."""
        comparison = _chips(self) if self.choices else _bars(self)
        html, text = self._shown
        told = f"{comparison}{html}"
        head = f'class="aigc-answer" data-answer="{self.key}"'
        text = f"{self.question} {KINDS[self.kind]}：{self.words(self.measured)}\n{text}".strip()
        if self.guess is None:
            fold = (
                f'<details><summary style="cursor:pointer">先猜再看：{escape(self.question)}</summary>{told}</details>'
            )
            return Html(f'<div {head} style="{_BOX.format(colour=_FOLD)}">{fold}</div>', text, [self])
        verdict = "猜中了" if self.hit else "和你猜的不一样，想想为什么"
        mark = f'<b style="color:{_HIT if self.hit else _MISS}">{"✓" if self.hit else "✗"} {verdict}</b>'
        line = f'<div>{escape(self.question)}　{mark}　<span style="{GREY}">{_score()}</span></div>'
        box = _BOX.format(colour=_HIT if self.hit else _MISS)
        return Html(f'<div {head} style="{box}">{line}{told}</div>', f"{text}\n你猜：{self.words(self.guess)}", [self])

    def words(self, value: str | float | None) -> str:
        """Write a guess or a measurement with its unit."""
        if value is None:
            return "—"
        if isinstance(value, str):
            return value
        number = f"{value:,.0f}" if value.is_integer() and abs(value) < 1e15 else f"{value:.4g}"
        return f"{number} {self.unit}".strip()


def predict(question: str, choices: Sequence[str] = (), *, unit: str = "") -> Prediction:
    """Ask for a guess before something is measured.

    The same question asked again in this kernel gives the same `Prediction`; after a restart the guess is still there.

    Args:
        question: in Chinese; every quantity in it was defined before.
        choices: what can be chosen, two or more; without them a number is asked.
        unit: of the number.

    Raises:
        BadInput: one choice only, or a choice twice.
    """
    if len(choices) == 1 or len(set(choices)) < len(choices):
        raise BadInput(
            asked=Words(f"choices {list(choices)}", f"选项 {list(choices)}"),
            found=Words("too few, or one twice", "选项太少，或有一个写了两次"),
            todo=Words("give two or more, or none", "给两个或更多，或不给"),
        )
    prediction = Prediction(question, choices, unit)
    prediction = _asked.setdefault(prediction.key, prediction)
    prediction.ask()
    return prediction


def hits() -> None:
    """Show every question of this kernel, its guess, its answer."""
    _table[:] = [Place(_overview())]


_asked: dict[str, Prediction] = {}  # of this kernel, in the order of asking
_table: list[Place] = []  # where `hits` stands


def _tell() -> None:
    for place in _table:
        if place.replaceable:
            place.put(_overview())


def _score() -> str:
    known = [each.hit for each in _asked.values() if each.hit is not None]
    return f"本课猜中 {sum(known)}/{len(known)}" if known else ""


def _overview() -> Html:
    marks = {True: "✓", False: "✗", None: ""}
    lines = []
    for each in _asked.values():
        seen = "—" if each.guess is None else each.words(each.measured)  # what is folded above stays hidden here
        lines.append((each.question, each.words(each.guess), seen, marks[each.hit]))
    caption = _score() or f"{len(lines)} 个问题，还没有猜过"
    return table(lines, ("先猜的问题", "你猜", "结果", ""), caption, list(_asked.values()))


def _chips(prediction: Prediction) -> str:
    chips = []
    for choice in prediction.choices:
        pairs = (("你猜", prediction.guess), (KINDS[prediction.kind], prediction.measured))
        notes = [note for note, value in pairs if value == choice]
        fill = f"background:{_HIT}33;" if choice == prediction.measured else ""
        border = f"2px solid {_ASK}" if choice == prediction.guess else "1px solid #8886"
        label = escape(choice) + (f" <b>{'、'.join(notes)}</b>" if notes else "")
        chips.append(f'<span style="{fill}border:{border};border-radius:1em;padding:.1em .8em">{label}</span>')
    return f'<div style="display:flex;gap:.5em;flex-wrap:wrap;margin:.4em 0">{"".join(chips)}</div>'


def _bars(prediction: Prediction) -> str:
    """Draw guess and measurement as bars from zero."""
    pairs = (("你猜", prediction.guess, _ASK), (KINDS[prediction.kind], prediction.measured, _HIT))
    values = [float(value) for _, value, _ in pairs if value is not None]
    low, high = min(0.0, *values), max(0.0, *values)
    span = (high - low) or 1.0
    lines = []
    for name, value, colour in pairs:
        if value is None:
            continue
        left, width = 100 * (min(float(value), 0) - low) / span, max(0.5, 100 * abs(float(value)) / span)
        bar = f'<div style="margin-left:{left:.1f}%;width:{width:.1f}%;height:1em;background:{colour}"></div>'
        lines.append(
            f'<div style="display:flex;gap:.6em;align-items:center"><span>{name}</span>'
            f'<div style="width:20em;max-width:50%">{bar}</div><b>{escape(prediction.words(value))}</b></div>'
        )
    return f'<div style="margin:.4em 0">{"".join(lines)}</div>'


def _written(content: Any) -> Html:
    """Write anything that `display` takes as HTML."""
    if isinstance(content, Html):
        return content
    if isinstance(content, str):
        return Html(f'<pre style="font-size:14px;white-space:pre-wrap">{escape(content)}</pre>', content)
    from IPython.core.formatters import DisplayFormatter

    bundle, metadata = DisplayFormatter().format(content)
    text = str(bundle.get("text/plain", ""))
    for kind in ("text/html", "image/svg+xml"):
        if kind in bundle:
            return Html(bundle[kind], text)
    for kind in ("image/png", "image/jpeg"):
        if kind in bundle:
            data = bundle[kind]
            code = data if isinstance(data, str) else base64.b64encode(data).decode()
            width = metadata.get(kind, {}).get("width")
            size = f' width="{width}"' if width else ""
            style = "max-width:100%;height:auto"
            return Html(f'<img alt="{escape(text)}"{size} style="{style}" src="data:{kind};base64,{code}">', text)
    return Html(f'<pre style="font-size:14px;white-space:pre-wrap">{escape(text)}</pre>', text)


def _path() -> Path:
    return paths.out() / FILE


def _stored() -> dict[str, Any]:
    """Read the guesses, none where that fails."""
    try:
        guesses = json.loads(_path().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return guesses if isinstance(guesses, dict) else {}


def _keep(question: str, guess: str | float | None) -> bool:
    """Write a guess into the file, read anew."""
    guesses = {name: value for name, value in _stored().items() if name != question}
    if guess is not None:
        guesses[question] = guess
    try:
        paths.write_atomically(_path(), json.dumps(guesses, ensure_ascii=False, indent=1) + "\n")
    except OSError:
        return False
    return True


class _Form:
    """Take a guess by buttons or as a number."""

    def __init__(self, prediction: Prediction) -> None:
        import ipywidgets as widgets

        self._prediction = prediction
        self._note = widgets.HTML()
        wide: Any = {"width": "auto", "min_width": "5em", "height": "auto", "margin": "2px 8px 2px 2px"}
        button: Any = {"layout": widgets.Layout(**wide), "style": widgets.ButtonStyle(font_size="16px")}
        self._buttons = [widgets.Button(description=choice, **button) for choice in prediction.choices]
        for each in self._buttons:
            each.on_click(lambda pressed: self._take(pressed.description))
        self._number = None
        if not prediction.choices:
            self._number = widgets.Text(placeholder="一个数", continuous_update=False, layout={"width": "9em"})
            self._number.observe(lambda change: self._read(change["new"]), names="value")
        self._again = widgets.Button(description="重猜", tooltip="收回这个猜测，结果再折起来", layout={"width": "auto"})
        self._again.on_click(lambda _: self._take(None))
        fields = [self._number, widgets.Label(prediction.unit)] if self._number else self._buttons
        row = {"flex_flow": "row wrap", "align_items": "center", "margin": "0 0 0 1em"}
        self.box = widgets.HBox([*fields, self._note, self._again], layout=row)
        self._draw("" if prediction.guess is None else "（先前猜的）")

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        return {**self.box._repr_mimebundle_(**kwargs), "text/plain": "（运行这一格，这里就可以作答）"}

    def _read(self, text: str) -> None:
        """Take a number as people write it."""
        if not text.strip():
            return
        plain = text.strip().removesuffix(self._prediction.unit).rstrip(" %％").replace(",", "").replace("，", "")
        try:
            number = float(plain)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            self._note.value = _note(f"“{text[:20]}”不是一个数：只写数字，例如 12 或 0.5", _MISS)
            return
        self._take(number)

    def _take(self, guess: str | float | None) -> None:
        kept = self._prediction.put(guess)
        self._draw("" if kept else "（没能存到磁盘，重启内核后要再猜一次）")

    def _draw(self, more: str) -> None:
        guess = self._prediction.guess
        for button in self._buttons:
            button.disabled = guess is not None
            button.button_style = "primary" if button.description == guess else ""
        if self._number is not None:
            self._number.disabled = guess is not None
            if guess is None:
                self._number.value = ""
        self._again.layout.display = "none" if guess is None else ""
        self._note.value = "" if guess is None else _note(f"你猜：{self._prediction.words(guess)}{more}", _ASK)


def _note(text: str, colour: str) -> str:
    return f'<span style="color:{colour};font-size:16px;margin:0 .6em">{escape(text)}</span>'
