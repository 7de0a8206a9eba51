"""Show what was read, measured on clips, and needed elsewhere."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aigc_kit.core.types import PHASES, Request, Take, named
from aigc_kit.core.units import GIB, format_bytes, format_seconds
from aigc_kit.make.run import resolve
from aigc_kit.make.video import measures as measured
from aigc_kit.make.video.measures import Clip
from aigc_kit.media.fonts import label
from aigc_kit.memory.plan import MARGIN, machines, what_ifs
from aigc_kit.memory.plan.explain import size
from aigc_kit.teach.show import page
from aigc_kit.teach.show.page import Html, table
from aigc_kit.teach.show.plots import BLUE, GREEN, ORANGE, RED, SMALL, WIDEST, Picture, canvas
from aigc_kit.teach.show.vram import PARTS_ZH, way_zh

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ATTRIBUTES_ZH = {**page.ATTRIBUTES_ZH, "scene": "背景", "light": "光照", "motion": "运动"}
WHY_ZH = {**page.WHY_ZH, "elsewhere": "别的东西的颜色", "negated": "说的是不要", "unfit": "这个主体做不了"}
COLOURS = (BLUE, ORANGE, GREEN, RED, "#8e5bd0")
NAMES = (("difference", "帧间差", "difference"), ("disorder", "顺序比", "disorder"), ("flicker", "闪烁", "flicker"))
WAN, PROMPT = "wan2.1-1.3b", "一只小狗"
LADDER_GIB = (24, 16, 12, 8, 6, 4)
WAYS: Mapping[str, Mapping[str, Any]] = {
    "全部常驻": {"placement": "resident", "text_on_cpu": False},
    "整块轮换": {"placement": "model", "text_on_cpu": False},
    "文本先在 CPU": {"placement": "resident", "text_on_cpu": True},
    "分组搬运，文本在 CPU": {"placement": "group", "text_on_cpu": True},
    "逐层搬运": {"placement": "sequential", "text_on_cpu": False},
}
WAYS_EN = ("resident", "model offload", "text on CPU first", "group, text on CPU", "sequential")
_COLOURS = {"text": "#8e5bd0", "denoise": "#3b7dd8", "decode": "#2e9e5b"}


def words(take: Take) -> Html:
    """Show the prompt as the model was told it.

    Rows: {"text", "attribute", "why"}; "why" is "" for what was kept.
    """
    (read, *_) = take.words
    if read.phrase is None:
        caption = f"模型读到的就是原文，共 {read.tokens} 个 token，最多 {read.limit} 个"
        return table([("原文", read.read)], ("", "提示词"), caption, [{"text": read.read, "attribute": "", "why": ""}])
    cells = [(text, name, "") for text, name, _ in read.kept]
    cells += [(text, "", why) for text, why in read.dropped if why != "grammar"]
    rows = [dict(zip(("text", "attribute", "why"), cell, strict=True)) for cell in cells]
    lines = [
        (text, ATTRIBUTES_ZH.get(name, name), f"丢掉：{WHY_ZH.get(why, why)}" if why else "留下")
        for text, name, why in cells
    ]
    return table(lines, ("写的是", "说的是", "结果"), f"小模型读到的：{read.phrase or '（空）'}", rows)


def readings(clips: Mapping[str, Clip]) -> Html:
    """Show what an independent reader of clips sees in each.

    Rows: `make.video.measures.ClipReading`.
    """
    rows = measured.readings(clips)
    lines = [
        (row.name, row.sentence if row.valid else "不像小世界里的短片", f"{row.confidence:.0%}", f"{row.validity:.0%}")
        for row in rows
    ]
    caption = "由独立的读片网络读出（它只看 5 帧，与生成模型没有共用的权重）"
    return table(lines, ("短片", "读到", "最没把握的一项", "像小世界的程度"), caption, rows)


def measures(clips: Mapping[str, Clip], prompt: str = "") -> Html:
    """Show the consistency of several clips in numbers.

    With a prompt also the similarity, where the small CLIP is here. Rows: `make.video.measures.ClipMeasures`.
    """
    rows = measured.reports(clips, prompt)
    lines = [[row.name, *(f"{getattr(row, field):.4f}" for field, _, _ in NAMES)] for row in rows]
    head = ["短片", *(zh for _, zh, _ in NAMES)]
    if any(row.similarity is not None for row in rows):
        head.append("图文相似度")
        lines = [[*line, f"{row.similarity:.2f}"] for line, row in zip(lines, rows, strict=True)]
    caption = "全部实测；顺序比 = 相邻两帧的差 ÷ 任意两帧的差，约等于 1 就看不出先后（相似度 −1～1，其余从 0 起）"
    return table(lines, head, caption, rows)


def brightness(clips: Mapping[str, Clip]) -> Picture:
    """Draw the mean brightness of every frame.

    A smooth line is calm, a saw flickers. Rows: `make.video.measures.Brightness`, one a frame.
    """
    rows = measured.brightness(clips)
    figure, (axis,) = canvas(width=WIDEST, height=2.6)
    for place, name in enumerate(clips):
        line = [row for row in rows if row.name == name]
        seconds, values = [row.seconds for row in line], [row.brightness for row in line]
        axis.plot(seconds, values, "o-", ms=3, color=COLOURS[place % 5], label=name)
    axis.set_xlabel(label("时间（秒）", "time (s)"))
    axis.set_ylabel(label("平均亮度", "mean brightness"))
    axis.legend(frameon=False, fontsize=SMALL, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return Picture(figure, label("每一帧的平均亮度：", "mean brightness: ") + "、".join(clips), rows)


def consistency(clips: Mapping[str, Clip]) -> Picture:
    """Draw the three measures of every clip, one panel each.

    Rows: `make.video.measures.ClipMeasures`.
    """
    rows = measured.reports(clips)
    figure, axes = canvas(1, 3, width=WIDEST, height=0.5 + 0.36 * len(rows))
    names = [row.name for row in rows]
    for axis, (field, zh, en) in zip(axes, NAMES, strict=True):
        values, places = [getattr(row, field) for row in rows], range(len(rows))[::-1]
        axis.barh(places, values, color=[COLOURS[k % 5] for k in range(len(values))], height=0.6)
        for place, value in zip(places, values, strict=True):
            axis.text(value, place, f" {value:.3f}", va="center", fontsize=SMALL)
        axis.set_title(label(zh, en), fontsize=11)
        axis.set_yticks(places, names if axis is axes[0] else [""] * len(rows), fontsize=SMALL)
        axis.set_xlim(0, max([*values, 1e-3]) * 1.3)
    return Picture(figure, label("三项一致性指标：", "consistency: ") + "、".join(names), rows)


def ladder(gibs: Sequence[float] = LADDER_GIB, steps: int = 20) -> Html:
    """Show the course's rungs beside the kit's plans.

    With what each rung needs, done its way. Rows: `memory.plan.what_ifs.Rung`, one a card.
    """
    rows = what_ifs.rungs(resolve, Request(WAN, PROMPT, steps=steps), gibs, {**WAYS["全部常驻"], "vae_tiling": True})
    lines = []
    for row in rows:
        verdict = "装得下：" if row.fits else "装不下：至少要 "
        rung = f"{row.height}×{row.width}，{row.asked_frames} → {row.frames} 帧"
        plan = way_zh(row.ours).replace("x", "×")
        lines.append((f"{row.gib:g} GiB", rung, verdict + format_bytes(row.reserved_bytes), plan))
    caption = (
        f'预测。课程的做法：先 .to("cuda") 再 offload，整条流水线必须一次装下（E44）；上限取空闲显存的 {MARGIN:.0%}。'
        "显卡上没有别的程序"
    )
    return table(lines, ("显存", "课程的档位", "照课程的做法", "本工具的方案"), caption, rows)


def placements(gpu: str = "RTX3060", **fixed: Any) -> Html:
    """Show every way of placing Wan at one size.

    Memory, and seconds on a card with published figures. Rows: `memory.plan.what_ifs.Placing`.
    """
    request = _request(fixed)
    rows = what_ifs.placings(resolve, request, gpu, WAYS)
    lines = []
    for row in rows:
        verdict, phase = "装得下" if row.fits else "装不下", named(PHASES, row.peak_phase).zh
        lines.append((row.name, format_bytes(row.reserved_bytes), verdict, format_seconds(row.seconds), phase))
    card = machines.a_gpu(name=gpu).name
    caption = f"预测：{size(rows[-1].way).replace('x', '×')}，{request.steps} 步，VAE 分块；{card}"
    return table(lines, ("位置", "显存峰值", "在这块卡上", "用时（估计）", "峰值在哪一步"), caption, rows)


def timeline(gpu: str = "RTX3060", ways: Sequence[str] = tuple(WAYS), **fixed: Any) -> Picture:
    """Draw a run's predicted course, a row a placement.

    Phases along the time, the memory of each phase in its bar. Rows: `memory.plan.what_ifs.Placing`. `gpu`: one of
    `footprint.GPUS`. `ways`: of WAYS.
    """
    rows = what_ifs.placings(resolve, _request(fixed), gpu, {name: WAYS[name] for name in ways})
    longest = max(row.seconds for row in rows)
    figure, (axis,) = canvas(width=WIDEST, height=0.9 + 0.62 * len(rows))
    places = range(len(rows))[::-1]
    for place, row in zip(places, rows, strict=True):
        left = 0.0
        for phase in row.phases:
            colour = _COLOURS.get(phase.role, "#7a8290")
            axis.barh(place, phase.seconds, left=left, color=colour, alpha=0.85, height=0.5, edgecolor="white")
            _memory(axis, place, left, phase.seconds / longest, phase)
            left += phase.seconds
        axis.text(left, place, f" {left:.0f} s", va="center", fontsize=SMALL)
    axis.set_yticks(places, [label(row.name, WAYS_EN[list(WAYS).index(row.name)]) for row in rows], fontsize=SMALL)
    axis.set_xlim(0, longest * 1.09)
    words = f"秒（估计，{gpu}）；数字是该阶段的显存 GiB，红框表示装不下"
    axis.set_xlabel(label(words, "s (estimated); GiB in the bars"))
    for kind, colour in _COLOURS.items():
        axis.barh(-9, 0, color=colour, label=label(*PARTS_ZH[kind]))
    axis.set_ylim(-0.6, len(rows) - 0.4)
    axis.legend(frameon=False, ncols=3, fontsize=SMALL, loc="lower right", bbox_to_anchor=(1, 1))
    return Picture(figure, label("各种位置的预测时间线：", "predicted timelines: ") + "、".join(ways), rows)


def _memory(axis: "Axes", place: int, left: float, share: float, phase: what_ifs.PhaseCourse) -> None:
    """Write a phase's memory, boxed in red where too much."""
    words = "CPU" if phase.where == "cpu" else f"{phase.reserved_bytes / GIB:.1f}"
    narrow = share < 0.045
    x, y = (left, place + 0.36) if narrow else (left + phase.seconds / 2, place)
    box = {"facecolor": "white", "edgecolor": RED, "pad": 1.2} if phase.too_much else None
    colour = RED if phase.too_much else "#333" if narrow else "white"
    axis.text(x, y, words, ha="left" if narrow else "center", va="center", fontsize=SMALL, color=colour, bbox=box)


def _request(fixed: Mapping[str, Any]) -> Request:
    values = {"height": 480, "width": 832, "frames": 17, "steps": 20, "vae_tiling": True, **fixed}
    return Request(WAN, PROMPT).change(**values)
