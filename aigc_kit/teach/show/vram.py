"""Slide a GPU's memory and watch the plan change.

For labs 02 and 04. Everything shown is predicted, and says so.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aigc_kit.core.errors import DoesNotFit
from aigc_kit.core.types import Plan, Request
from aigc_kit.core.units import GIB, format_bytes
from aigc_kit.make.diffusion.needs import shortfall
from aigc_kit.make.run import resolve
from aigc_kit.media.fonts import label
from aigc_kit.memory.plan import MARGIN, machines, what_ifs
from aigc_kit.memory.plan.explain import remedy, size
from aigc_kit.memory.plan.what_ifs import Fit, PhaseMemory, needed, phase_memory, place_of
from aigc_kit.models import cards
from aigc_kit.teach.show.page import Html, table
from aigc_kit.teach.show.plots import GREY, RED, SMALL, WIDEST, Picture, canvas, follow

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from aigc_kit.memory.plan.search import Need

STOPS = (2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 80)  # GiB
PARTS_ZH: Mapping[str, tuple[str, str]] = {
    "text": ("文本编码器", "text encoder"),
    "denoise": ("去噪网络", "denoiser"),
    "decode": ("VAE", "VAE"),
    "other": ("其他部件", "other"),
}
PLACES_ZH: Mapping[str, tuple[str, str]] = {
    "resident": ("全部常驻", "resident"),
    "others": ("其余常驻", "others resident"),
    "model": ("整块轮换", "model offload"),
    "group": ("分组搬运", "group offload"),
    "sequential": ("逐层搬运", "sequential"),
}
PLACE_COLOURS = {
    "resident": "#2e9e5b",
    "others": "#1b8a8f",
    "model": "#3b7dd8",
    "group": "#d9822b",
    "sequential": "#c8443c",
}
_COLOURS = {"text": "#8e5bd0", "denoise": "#3b7dd8", "decode": "#2e9e5b", "other": "#7a8290"}
_WORKING, _SLACK, _CONTEXT = "#f0b15e", "#f7dfbd", "#d5d9e0"
_PHASES_ZH = {"denoise": ("去噪", "denoise"), "decode": ("解码", "decode")}


def plan_at(model: str, gib: float, **fixed: Any) -> Plan | DoesNotFit:
    """Plan a model for an empty GPU of `gib` GiB.

    Returns:
        The plan, or why there is none.

    Args:
        model: name of an image or video card.
        gib: memory, in GiB.
        fixed: fields of the request and settings of the planner that are not to be searched.

    Raises:
        BadInput: what the model cannot do.
    """
    return what_ifs.plan_or_not(resolve, _request(model, fixed), machines.a_gpu(int(gib * GIB)))


def picture(model: str, gib: float, **fixed: Any) -> Picture:
    """Draw what a GPU would do, below it all others.

    Memory by phase, stacked by what takes it, with the card's limit. Arguments as in `plan_at`. Rows:
    `memory.plan.what_ifs.PhaseMemory`, one a phase.
    """
    plan = plan_at(model, gib, **fixed)
    figure, (above, below) = canvas(2, 1, width=WIDEST, height=5.4, tight=False)
    figure.subplots_adjust(left=0.13, right=0.975, top=0.83, bottom=0.1, hspace=0.52)
    above.set_position((0.13, 0.42, 0.845, 0.40))
    below.set_position((0.13, 0.145, 0.845, 0.11))
    if isinstance(plan, DoesNotFit):
        need, title = _nothing(model, gib, fixed)
        words = title
    else:
        need, title = needed(plan), _title(model, gib, plan)
        words = f"{title}；{plan.explain('zh')}"
    rows = phase_memory(need)
    _bars(above, rows, gib, need.prediction.interval[1])
    figure.text(0.13, 0.945, title, fontsize=15 if len(title) < 60 else 12, va="center")
    _strip(below, model, gib, fixed)

    return Picture(figure, words, rows)


def slide(model: str, gib: float = 8, **fixed: Any) -> None:
    """Show a slider over GPU memory, 2 to 80 GiB."""
    import ipywidgets as widgets

    start = min(STOPS, key=lambda stop: abs(stop - gib))
    slider = widgets.SelectionSlider(
        options=[(f"{stop} GiB", stop) for stop in STOPS],
        value=start,
        description="显存",
        continuous_update=False,
        layout={"width": "44em"},
    )
    follow([slider], lambda: picture(model, slider.value, **fixed))


def fits(models: Sequence[str], gibs: Sequence[float] = machines.CARDS_GIB, **fixed: Any) -> Html:
    """Show which models would fit on which card.

    Rows: {"gib", model: `memory.plan.what_ifs.Fit`, ...}, one a card.
    """
    columns = {model: what_ifs.fits(resolve, _request(model, fixed), gibs) for model in models}
    rows: list[dict[str, Any]] = [
        {"gib": gib, **{model: column[index] for model, column in columns.items()}} for index, gib in enumerate(gibs)
    ]
    lines = [(f"{row['gib']:g} GiB", *(way_zh(row[model]) for model in models)) for row in rows]
    caption = "预测：按追踪数据和公开实测拟合的开销推算；显卡上没有别的程序，主机空闲内存 " + format_bytes(machines.RAM)
    return table(lines, ("显存", *models), caption, rows)


def _request(model: str, fixed: Mapping[str, Any]) -> Request:
    return Request(model, "一只小狗").change(**fixed)


def way_zh(fit: Fit) -> str:
    """Write what fits: size, placement, memory."""
    way = fit.way
    if way is None or fit.reserved_bytes is None:
        return "装不下"
    extras = [PLACES_ZH[place_of(way)][0]]
    extras += ["文本编码器在 CPU"] if way.text_on_cpu else []
    extras += ["float8"] if way.float8 else []
    extras += ["VAE 分块"] if way.tiling else []
    return f"{size(way)} · {'，'.join(extras)} · {format_bytes(fit.reserved_bytes)}"


def _title(model: str, gib: float, plan: Plan) -> str:
    way = needed(plan).way
    words = [label(*PLACES_ZH[place_of(way)]), "float8" if way.float8 else way.dtype]
    words += [label("文本编码器先在 CPU 上算", "text encoder first, on the CPU")] if way.text_on_cpu else []
    words += [label("VAE 分块", "VAE tiling")] if way.tiling else []
    text = size(way).replace("x", "×")
    return f"{model} · {gib:g} GiB → {text}{label('，', ', ')}{label('，', ', ').join(words)}"


def _bars(axis: "Axes", rows: Sequence[PhaseMemory], gib: float, most_bytes: float) -> None:
    """Draw a bar for each phase, split by holder."""
    from matplotlib.patches import Patch

    places = range(len(rows))[::-1]
    colours: dict[str, str] = {}
    for place, row in zip(places, rows, strict=True):
        left = 0.0
        for name, colour, width in _pieces(row):
            axis.barh(place, width / GIB, left=left / GIB, color=colour, height=0.62, edgecolor="white", linewidth=0.6)
            colours.setdefault(name, colour)
            left += width
        high = row.error
        text = f" {left / GIB:.1f}" + (f" ±{high / GIB:.1f}" if high > 0.05 * GIB else "")
        if row.where == "cpu":
            text, high = "  " + label("编码器在 CPU 上算，自己不占显存", "the encoder works on the CPU"), 0
        elif high > 0.05 * GIB:
            axis.plot([(left - high) / GIB, (left + high) / GIB], [place, place], color="#444", lw=1.2)
        else:
            high = 0
        axis.text((left + high) / GIB, place, text, va="center", fontsize=SMALL)
    axis.set_yticks(list(places), [_phase_name(row.phase) for row in rows], fontsize=11)
    _limits(axis, gib, max(gib, 1.3 * most_bytes / GIB))
    last = {_CONTEXT: 9, _SLACK: 8, _WORKING: 7}
    entries = sorted(colours.items(), key=lambda item: last.get(item[1], 0))
    handles = [Patch(facecolor=colour, label=name) for name, colour in entries]
    spacing = {"columnspacing": 1.2, "handlelength": 1.2, "bbox_to_anchor": (-0.01, 1.0)}
    axis.legend(handles=handles, ncols=len(handles), frameon=False, fontsize=SMALL, loc="lower left", **spacing)


def _pieces(row: PhaseMemory) -> list[tuple[str, str, int]]:
    """List (name, colour, bytes) of what takes a phase's memory."""
    weights = label("权重", " weights")
    pieces = [(label(*PARTS_ZH[role]) + weights, _COLOURS[role], count) for role, count in row.weights.items()]
    pieces.append((label("计算中的张量与工作区", "tensors at work, workspace"), _WORKING, row.tensors))
    pieces.append((label("分配器余量", "allocator's slack"), _SLACK, row.slack))
    pieces.append((label("CUDA 上下文", "CUDA context"), _CONTEXT, row.context))
    return [(name, colour, width) for name, colour, width in pieces if width > 0]


def _phase_name(phase: str) -> str:
    if phase in _PHASES_ZH:
        return label(*_PHASES_ZH[phase])
    if phase.startswith("text_encoder"):
        return label("文本编码", "text") + phase.removeprefix("text_encoder").replace("_", " ")
    return phase


def _limits(axis: "Axes", gib: float, most: float) -> None:
    axis.set_xlim(0, most * 1.04)
    axis.axvline(gib, color=RED, lw=2)
    axis.axvline(MARGIN * gib, color=RED, lw=1, ls=(0, (4, 3)))
    right = gib > 0.75 * most
    words, side = label(f" 显存 {gib:g} GiB ", f" card {gib:g} GiB "), "right" if right else "left"
    axis.text(gib, 1.0, words, color=RED, fontsize=SMALL, ha=side, va="top", transform=axis.get_xaxis_transform())
    words = label("GiB（预测；虚线是留出余量后的上限）", "GiB (predicted; dashed: what may be used)")
    axis.set_xlabel(words, fontsize=SMALL, loc="right")


def _nothing(model: str, gib: float, fixed: Mapping[str, Any]) -> tuple["Need", str]:
    """Find the nearest way, and say what would fit."""
    request, card = _request(model, fixed), cards.get(model)
    budget = machines.a_gpu(int(gib * GIB))
    need, help_ = shortfall(request, budget, card)
    what = remedy(help_, request, budget)
    least = format_bytes(need.device_bytes)
    zh = f"{model} · {gib:g} GiB 装不下：{size(need.way)} 最省也要 {least}。{what.zh}"
    return need, label(zh, f"{model}, {gib:g} GiB: does not fit, at least {least}; {what.en}")


def _strip(axis: "Axes", model: str, gib: float, fixed: Mapping[str, Any]) -> None:
    """Draw the slider's stops, coloured by placement.

    Words stand where the size changes.
    """
    last = ""
    for place, fit in enumerate(what_ifs.fits(resolve, _request(model, fixed), STOPS)):
        colour = PLACE_COLOURS[place_of(fit.way)] if fit.way else GREY
        axis.barh(0, 1, left=place, color=colour, alpha=0.9 if fit.gib == gib else 0.4, edgecolor="white", height=1)
        text = size(fit.way).replace("x", "×") if fit.way else label("装不下", "none")
        if text != last:
            axis.text(place + 0.04, 0.62, text, fontsize=SMALL, rotation=28, ha="left", va="bottom")
        last = text
    at = min(range(len(STOPS)), key=lambda i: abs(STOPS[i] - gib))
    axis.barh(0, 1, left=at, color="none", edgecolor=RED, linewidth=2.2, height=1, clip_on=False)
    axis.set_xticks([i + 0.5 for i in range(len(STOPS))], [str(stop) for stop in STOPS], fontsize=SMALL)
    axis.tick_params(length=0, pad=3)
    axis.set_yticks([])
    axis.spines[["left", "bottom"]].set_visible(False)
    axis.set_xlim(0, len(STOPS))
    axis.set_ylim(-0.5, 0.5)
    how: dict[str, Any] = {"transform": axis.transAxes, "va": "center"}
    for place, (mode, names) in enumerate(PLACES_ZH.items()):
        axis.text(0.005 + place * 0.13, -0.72, "■ " + label(*names), color=PLACE_COLOURS[mode], fontsize=SMALL, **how)
    axis.text(1, -0.72, label("显存，GiB", "GPU memory, GiB"), fontsize=SMALL, ha="right", **how)
