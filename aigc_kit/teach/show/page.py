"""What every lab shows the same way: plans, takes, costs, errors, tables. All text from a model is escaped."""

import base64
import os
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from aigc_kit.core.errors import AigcError
from aigc_kit.core.types import PHASES, Figure, Plan, Take, named
from aigc_kit.core.units import format_bytes, format_seconds
from aigc_kit.worlds.tinyworld.words import TERMS

TIER_ZH: Mapping[str, str] = {"tiny": "tiny 小模型", "full": "full 完整模型", "none": "不可用"}
SHORT = 6  # characters of a cell that is not broken: two Chinese signs would stand one above the other
_CARD = "border:1px solid #8885;border-radius:8px;padding:.7em 1em;margin:.4em 0;max-width:60em"
_BADGE = "display:inline-block;border-radius:1em;padding:0 .7em;margin-left:.6em;background:#3b7dd833;font-size:.85em"
_GREY = "color:#8a8f98;font-size:.88em"
ATTRIBUTES_ZH: Mapping[str, str] = {
    "subject": "主体",
    "colour": "颜色",
    "scene": "场景",
    "style": "风格",
    "light": "光线",
    "size": "大小",
    "position": "位置",
}
WHY_ZH: Mapping[str, str] = {
    "unknown": "小世界里没有",
    "grammar": "不影响画面的词",
    "second": "已经有一个",
    "elsewhere": "说的是别的东西的颜色",
    "negated": "说了不要",
}


class Place:
    """Shows something, and shows something else there when told to.

    A notebook replaces what bears a display id. Voilà (`aigc app`) ignores such messages, so there the place is an
    output widget.

    Args:
        content: anything that `display` can show. Outside a notebook it is printed, and nothing can be replaced.
    """

    def __init__(self, content: Any) -> None:
        from IPython.display import display

        self._widget = self._handle = None
        if in_an_app():
            import ipywidgets as widgets

            self._widget = widgets.Output()
            self._widget.outputs = _outputs(content)
            display(self._widget)
        else:
            self._handle = display(content, display_id=True)

    @property
    def replaceable(self) -> bool:
        """Whether what is shown can be replaced."""
        return self._widget is not None or self._handle is not None

    def put(self, content: Any) -> None:
        """Show this there instead."""
        if self._widget is not None:
            self._widget.outputs = _outputs(content)
        elif self._handle is not None:
            self._handle.update(content)


def in_an_app() -> bool:
    """Whether this kernel was started by Voilà, which says so in the environment."""
    return os.environ.get("SERVER_SOFTWARE", "").startswith("voila/")


def _outputs(content: Any) -> tuple[dict[str, Any], ...]:
    """What an output widget holds to show it: as a notebook's file would, bytes as base64."""
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    bundle, metadata = shell.display_formatter.format(content)
    data = {
        kind: base64.b64encode(value).decode() if isinstance(value, bytes) else value for kind, value in bundle.items()
    }
    return ({"output_type": "display_data", "data": data, "metadata": metadata},)


class WithRows:
    """Keep the numbers behind what is shown: `.rows`, one record for each thing drawn or line written.

    Records are frozen dataclasses with named fields, or mappings; pandas.DataFrame(shown.rows) takes both.
    """

    def __init__(self, rows: Iterable[Any] = ()) -> None:
        self.rows: tuple[Any, ...] = tuple(rows)


class Html(WithRows):
    """A piece of HTML with a plain-text twin, for notebooks and for terminals.

    Args:
        html, text: the twins.
        rows: the numbers that they were written from.
    """

    def __init__(self, html: str, text: str, rows: Iterable[Any] = ()) -> None:
        super().__init__(rows)
        self.html, self.text = html, text

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text


class Shown:
    """HTML in an output cell that is replaced in place, and stays, as it was, when no kernel runs."""

    def __init__(self, html: Html) -> None:
        self._place = Place(html)

    def replace(self, html: Html) -> None:
        """Show this instead; outside a notebook there is nothing to replace."""
        self._place.put(html)


def table(
    lines: Iterable[Sequence[Any]], head: Sequence[str], caption: str = "", rows: Iterable[Any] | None = None
) -> Html:
    """Write a table; every cell is escaped, numbers stand to the right.

    Args:
        lines: the cells, line by line.
        head: name of each column.
        caption: below the table.
        rows: what the cells were written from; None keeps the cells themselves, under the names of their columns.
    """
    lines = [list(line) for line in lines]
    kept = [dict(zip(head, line, strict=False)) for line in lines] if rows is None else rows
    cells = "".join(f"<tr>{''.join(_cell(value) for value in line)}</tr>" for line in lines)
    heads = "".join(f'<th style="text-align:left">{escape(name)}</th>' for name in head)
    under = f'<caption style="caption-side:bottom;text-align:left;{_GREY}">{escape(caption)}</caption>'
    html = f"<table>{under if caption else ''}<thead><tr>{heads}</tr></thead><tbody>{cells}</tbody></table>"
    plain = [" | ".join(head), *(" | ".join(str(value) for value in line) for line in lines), caption]
    return Html(html, "\n".join(line for line in plain if line), kept)


def plan(made: Plan) -> Html:
    """The plan as a card: model, where it runs, what it is predicted to cost, what was changed and why."""
    request, card = made.request, made.card
    machine = f"{made.budget.name}，空闲 {format_bytes(made.budget.free_bytes)}"
    rows = [
        ("模型", f"{card.name}：{card.notes[0]}" if card.notes else card.name),
        ("提示词", request.prompt),
        ("设备", machine + ("" if made.budget.origin == "probed" else "（假设）")),
        (
            "精度与位置",
            "，".join(f"{part}: {dtype} @ {made.placement.get(part)}" for part, dtype in made.dtypes.items()),
        ),
        *_settings(made),
        *((made.name_of(name).zh, figure_zh(figure)) for name, figure in made.prediction.items() if "." not in name),
        *_phases(made),
        *((f"改动：{change.what}", f"{change.asked} → {change.given}，{change.why.zh}") for change in made.changes),
        ("理由", "；".join(reason.zh for reason in made.reasons)),
        ("许可", card.licence),
    ]
    body = "".join(
        f'<tr><td style="{_GREY};text-align:left;white-space:nowrap">{escape(name)}</td>'
        f'<td style="text-align:left">{escape(str(value))}</td></tr>'
        for name, value in rows
    )
    badge = f'<span style="{_BADGE}">{escape(TIER_ZH[card.tier])}</span>'
    html = f'<div style="{_CARD}"><b>方案</b>{badge}<table>{body}</table></div>'
    words = "\n".join(["方案 " + TIER_ZH[card.tier], *(f"{name}: {value}" for name, value in rows)])
    return Html(html, words, [{"name": name, "figure": figure} for name, figure in made.prediction.items()])


def take(made: Take, title: str = "") -> Html:
    """A text that a model made: the prompt in grey, then the model's words, then model, settings and cost."""
    return takes([made], [title])


def takes(made: Sequence[Take], titles: Sequence[str] = ()) -> Html:
    """Show texts one below the other, each with its title, model and measured cost."""
    blocks, lines, rows = [], [], []
    for index, one in enumerate(made):
        title = titles[index] if index < len(titles) else ""
        asked = one.plan.request.prompt
        prompt = f"问：{asked}\n答：" if one.plan.request.extra.get("chat") else asked
        cost = f"{format_seconds(one.cost.seconds)}（实测，{one.plan.budget.name}）"
        foot = f"{one.plan.card.name} · {TIER_ZH[one.plan.card.tier]} · seed {one.plan.request.seed} · {cost}"
        blocks.append(
            f'<div style="{_CARD}"><b>{escape(title)}</b><div style="white-space:pre-wrap;font-size:1.05em">'
            f'<span style="color:#8a8f98">{escape(prompt)}</span>{escape(str(one.data))}</div>'
            f'<div style="{_GREY}">{escape(foot)}</div></div>'
        )
        lines.append(f"{title}\n{prompt}{one.data}\n[{foot}]")
        rows.append({"title": title, "prompt": asked, "text": str(one.data), "seconds": one.cost.seconds})
    return Html("".join(blocks), "\n\n".join(lines), rows)


OUTSIDE = "超出误差范围"


WHY_OUTSIDE = (
    "超出误差范围时以实测为准。常见的原因：别的程序也在用处理器（用时变长）；文字很短，或者内存里有先前留下的空位（内存变少）；"
    "这台机器的快慢和预测所依据的不同"
)


def cost(made: Take) -> Html:
    """Show predicted beside measured, with the ratio; then the phases."""
    from aigc_kit.keep.record.ratios import compared

    rows = compared(made)
    lines = [
        (
            made.plan.name_of(row.name).zh,
            row.predicted.text,
            row.measured.text,
            f"{row.ratio:.2f}",
            "在误差范围内" if row.inside else OUTSIDE,
        )
        for row in rows
    ]
    spent = [(named(PHASES, phase.name).zh, format_seconds(phase.seconds)) for phase in made.cost.phases]
    phases = "；".join(f"{name} {seconds}" for name, seconds in spent)
    followed = {phase.how for phase in made.cost.phases if phase.peak_bytes is not None}
    memory = "，".join(sorted(_HOW_ZH.get(how, how) for how in followed)) or "没有跟踪"
    caption = f"各阶段用时（实测，挂钟时间）：{phases}。内存：{memory}。机器：{made.plan.budget.name}"
    if not all(row.inside for row in rows):
        caption += f"。{WHY_OUTSIDE}"
    return table(lines, ("项目", "预测", "实测", "实测/预测", "结论"), caption, rows)


def error(problem: AigcError) -> Html:
    """Show an error of the kit: asked, found, what to do."""
    rows = (("要求", problem.asked), ("发现", problem.found), ("怎么办", problem.todo))
    body = "".join(f"<div><b>{name}</b> {escape(text)}</div>" for name, text in rows)
    html = f'<div style="{_CARD};border-color:#d9822b"><b>{escape(type(problem).__name__)}</b>{body}</div>'
    return Html(html, f"{type(problem).__name__}\n{problem}")


def figure_zh(figure: Figure) -> str:
    """A figure with its origin in Chinese.

    >>> figure_zh(Figure(2048, "B", "published", "the card"))
    '2.00 KiB（公开数据：the card）'
    """
    return f"{figure.text}（{figure.origin.zh}）"


_HOW_ZH: Mapping[str, str] = {
    "measured: growth of the process's RSS": "进程常驻内存（RSS）比运行前增加的量",
    "measured: torch.cuda.max_memory_allocated": "显卡分配器的峰值（max_memory_allocated）",
    "measured: weights and live tensors, by the allocator's events": "权重与存活的张量，按分配器的事件计（实测）",
    "not followed": "没有跟踪",
}


def _settings(made: Plan) -> list[tuple[str, str]]:
    """Size and settings of a request, as far as its kind has them."""
    request, rows = made.request, []
    if request.height and request.width:
        frames = f"，{request.frames} 帧" if request.frames else ""
        fps = f"，{request.fps:g} 帧/秒" if request.fps and request.frames else ""
        batch = f"，一次 {request.batch} 张" if request.batch > 1 else ""
        rows.append(("尺寸", f"{request.height}×{request.width}{frames}{fps}{batch}"))
    if request.steps:
        guidance = "" if request.guidance is None else f"，CFG {request.guidance:g}"
        rows.append(("步数", f"{request.steps} 步{guidance}"))
    extra = "，".join(f"{name}={value}" for name, value in request.extra.items() if value is not None)
    return [*rows, ("参数", extra)] if extra else rows


def _phases(made: Plan) -> list[tuple[str, str]]:
    """The predicted peaks of all phases in one row."""
    found = {name.partition(".")[2]: f for name, f in made.prediction.items() if name.startswith("peak.")}
    if not found:
        return []
    words = "，".join(f"{named(PHASES, phase).zh} {figure.text}" for phase, figure in found.items())
    return [("各阶段峰值", f"{words}（预测）")]


def _cell(value: Any) -> str:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    text = f"{value:.3g}" if isinstance(value, float) else str(value)
    whole = ";white-space:nowrap" if len(text) <= SHORT else ""
    return f'<td style="text-align:{"right" if number else "left"}{whole}">{escape(text)}</td>'


def value_zh(attribute: str, value: str) -> str:
    """The first Chinese word of a value.

    >>> value_zh("subject", "puppy")
    '小狗'
    """
    return TERMS[attribute][value][0][0]
