"""The course's ladder beside our plans, ways of placing Wan, and a run's predicted course in time. All predicted."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aigc_kit.core.errors import DoesNotFit
from aigc_kit.core.types import PHASES, Budget, Plan, Request, named
from aigc_kit.core.units import GIB, format_bytes, format_seconds
from aigc_kit.make.run import resolve
from aigc_kit.media.fonts import label
from aigc_kit.memory import footprint
from aigc_kit.memory.plan import MARGIN, machines
from aigc_kit.memory.plan.explain import size
from aigc_kit.memory.plan.ladders import by_course
from aigc_kit.memory.plan.needs import CPU_FLOPS, placement_of
from aigc_kit.models import cards
from aigc_kit.teach.show.page import Html, table
from aigc_kit.teach.show.plots import RED, Picture, canvas
from aigc_kit.teach.show.vram import PARTS_ZH, PLACES_ZH, place_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from aigc_kit.memory.footprint import PhasePrediction
    from aigc_kit.memory.plan.needs import Need

WAN, PROMPT = "wan2.1-1.3b", "一只小狗"
LADDER_GIB = (24, 16, 12, 8, 6, 4)
WAYS: Mapping[str, Mapping[str, Any]] = {
    "全部常驻": {"placement": "resident", "text_on_cpu": False},
    "整块轮换": {"placement": "model", "text_on_cpu": False},
    "文本先在 CPU": {"placement": "resident", "text_on_cpu": True},
    "分组搬运，文本在 CPU": {"placement": "group", "text_on_cpu": True},
    "逐层搬运": {"placement": "sequential", "text_on_cpu": False},
}
_COLOURS = {"text": "#8e5bd0", "denoise": "#3b7dd8", "decode": "#2e9e5b"}


def ladder(gibs: Sequence[float] = LADDER_GIB, steps: int = 20) -> Html:
    """For each card: the course's rung and what it needs done its way, beside the kit's plan."""
    rows = []
    for gib in gibs:
        gpu = machines.a_gpu(int(gib * GIB))
        request = Request(WAN, PROMPT, steps=steps)
        course, changes = by_course(request, cards.get(WAN), gpu.free_bytes)
        frames = f"{changes[0].asked} → {changes[0].given}"
        rung = f"{course.height}×{course.width}，{frames} 帧"
        rows.append((f"{gib:g} GiB", rung, _its_way(course, gpu), _ours(request, gpu)))
    caption = (
        f'预测。课程的做法：先 .to("cuda") 再 offload，整条流水线必须一次装下（E44）；上限取空闲显存的 {MARGIN:.0%}。'
        "显卡上没有别的程序"
    )
    return table(rows, ("显存", "课程的档位", "照课程的做法", "本工具的方案"), caption)


def placements(gpu: str = "RTX3060", **fixed: Any) -> Html:
    """Every way of placing Wan at one size: memory, and seconds on a card with published figures."""
    rows = []
    for name, way in WAYS.items():
        fits = "装不下" if isinstance(_plan(machines.a_gpu(name=gpu), way, fixed), DoesNotFit) else "装得下"
        made = _plan_somewhere(way, fixed, gpu)
        found = _need(made)
        peak = format_bytes(found.prediction.reserved_bytes)
        rows.append(
            (
                name,
                peak,
                fits,
                format_seconds(sum(_spells(found, gpu))),
                named(PHASES, found.prediction.peak.name).zh,
            )
        )
    card = machines.a_gpu(name=gpu).name
    caption = f"预测：{size(found.way).replace('x', '×')}，{made.request.steps} 步，VAE 分块；{card}"
    return table(rows, ("位置", "显存峰值", "在这块卡上", "用时（估计）", "峰值在哪一步"), caption)


def timeline(gpu: str = "RTX3060", ways: Sequence[str] = tuple(WAYS), **fixed: Any) -> Picture:
    """A run's predicted course: a row per way of placing, phases along the time, the memory of each phase in its bar.

    Args:
        gpu: one of `footprint.GPUS`.
        ways: of WAYS.
        fixed: size, frames and steps.
    """
    card = machines.a_gpu(name=gpu)
    needs = {name: _need(_plan_somewhere(WAYS[name], fixed, gpu)) for name in ways}
    spells = {name: _spells(found, gpu) for name, found in needs.items()}
    longest = max(sum(spent) for spent in spells.values())
    figure, axes = canvas(width=10, height=0.9 + 0.62 * len(ways))
    axis = axes[0]
    for place, name in zip(range(len(ways))[::-1], ways, strict=True):
        found, left = needs[name], 0.0
        fits = isinstance(_plan(card, WAYS[name], fixed), Plan)
        for phase, spent in zip(found.prediction.phases, spells[name], strict=True):
            colour = _COLOURS.get(found.facts.part(phase.part).role, "#7a8290")
            axis.barh(place, spent, left=left, color=colour, alpha=0.85, height=0.5, edgecolor="white")
            too_much = not fits and phase.where != "cpu" and phase.reserved_bytes > 0.85 * card.free_bytes
            _memory(axis, place, left, spent / longest, spent, phase, too_much)
            left += spent
        axis.text(left, place, f" {left:.0f} s", va="center", fontsize=10)
    axis.set_yticks(list(range(len(ways)))[::-1], [label(name, _english(name)) for name in ways], fontsize=10)
    axis.set_xlim(0, longest * 1.09)
    axis.set_xlabel(
        label(f"秒（估计，{gpu}）；数字是该阶段的显存 GiB，红框表示装不下", "s (estimated); GiB in the bars")
    )
    for kind, colour in _COLOURS.items():
        axis.barh(-9, 0, color=colour, label=label(*PARTS_ZH[kind]))
    axis.set_ylim(-0.6, len(ways) - 0.4)
    axis.legend(frameon=False, ncols=3, fontsize=9, loc="lower right", bbox_to_anchor=(1, 1))
    return Picture(figure, label("各种位置的预测时间线：", "predicted timelines: ") + "、".join(ways))


def _memory(
    axis: "Axes", place: int, left: float, share: float, spent: float, phase: "PhasePrediction", too_much: bool
) -> None:
    """A phase's memory in its bar, or above it where the bar is narrow; boxed in red where it is too much."""
    words = "CPU" if phase.where == "cpu" else f"{phase.reserved_bytes / GIB:.1f}"
    narrow = share < 0.045
    x, y = (left, place + 0.36) if narrow else (left + spent / 2, place)
    box = {"facecolor": "white", "edgecolor": RED, "pad": 1.2} if too_much else None
    colour = RED if too_much else "#333" if narrow else "white"
    axis.text(x, y, words, ha="left" if narrow else "center", va="center", fontsize=9, color=colour, bbox=box)


def _plan(gpu: Budget, way: Mapping[str, Any], fixed: Mapping[str, Any]) -> Plan | DoesNotFit:
    values = {"height": 480, "width": 832, "frames": 17, "steps": 20, "vae_tiling": True, **fixed}
    try:
        return resolve(Request(WAN, PROMPT).change(**way, **values), gpu, cards.get(WAN))
    except DoesNotFit as problem:
        return problem


def _plan_somewhere(way: Mapping[str, Any], fixed: Mapping[str, Any], gpu: str | None = None) -> Plan:
    """The same on a card with room for everything."""
    made = _plan(machines.a_gpu(80 * GIB, name=gpu), way, fixed)
    assert isinstance(made, Plan)
    return made


def _need(made: Plan) -> "Need":
    assert made.need is not None
    return made.need


def _spells(found: "Need", gpu: str) -> list[float]:
    """Estimated seconds of the phases, in order."""
    facts, spent = found.facts, []
    places = placement_of(facts, found.way)
    for phase in facts.phases:
        if places[phase.part] == "cpu":
            spent.append(phase.flops * phase.calls / CPU_FLOPS)
            continue
        figure = footprint.seconds(replace(facts, phases=(phase,)), gpu, placement=places)
        spent.append(figure.value if figure is not None else 0.0)
    return spent


def _its_way(course: Request, gpu: Budget) -> str:
    """The whole pipeline at once, in the course's size."""
    values = {name: getattr(course, name) for name in ("height", "width", "frames", "steps")}
    made = _plan(gpu, WAYS["全部常驻"], values)
    if isinstance(made, Plan):
        return f"装得下：{format_bytes(_need(made).prediction.reserved_bytes)}"
    large = _plan_somewhere(WAYS["全部常驻"], values)
    return f"装不下：至少要 {format_bytes(_need(large).prediction.reserved_bytes)}"


def _ours(request: Request, gpu: Budget) -> str:
    try:
        made = resolve(request, gpu, cards.get(WAN))
    except DoesNotFit:
        return "装不下"
    found = _need(made)
    way = found.way
    words = [PLACES_ZH[place_of(way)][0]] + (["文本编码器在 CPU"] if way.text_on_cpu else [])
    words += ["VAE 分块"] if way.tiling else []
    return f"{size(way).replace('x', '×')} · {'，'.join(words)} · {format_bytes(found.prediction.reserved_bytes)}"


def _english(name: str) -> str:
    return ("resident", "model offload", "text on CPU first", "group, text on CPU", "sequential")[
        list(WAYS).index(name)
    ]
