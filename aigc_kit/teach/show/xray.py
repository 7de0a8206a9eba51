"""Draw the X-ray: memory along a run, predicted."""

from collections.abc import Mapping
from itertools import cycle
from typing import TYPE_CHECKING

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import PHASES, Words, named
from aigc_kit.core.units import GIB
from aigc_kit.media.fonts import label
from aigc_kit.memory.footprint import ModelFacts, PhaseFacts, PhasePrediction, Prediction
from aigc_kit.teach.show.plots import GREY, ORANGE, RED, SMALL, WIDEST, Picture, canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROLES: Mapping[str, tuple[str, str]] = {
    "text": ("文本编码器", "text encoder"),
    "denoise": ("去噪网络", "denoiser"),
    "decode": ("VAE 解码器", "VAE"),
    "generate": ("语言模型", "language model"),
    "other": ("其他部件", "other part"),
}
_SHADES: Mapping[str, tuple[str, ...]] = {
    "text": ("#8e5bd0", "#b794e0", "#d9c7ef"),
    "denoise": ("#3b7dd8", "#8fb4e8"),
    "decode": ("#2e9e5b", "#8fcfaa"),
    "generate": ("#3b7dd8",),
    "other": ("#7a8290", "#a5abb6"),
}
_PHASES: Mapping[str, tuple[str, str]] = {
    "denoise": ("去噪", "denoise"),
    "decode": ("VAE 解码", "VAE decode"),
    "token": ("生成声音词元", "sound tokens"),
    "mel": ("梅尔谱", "mel spectrogram"),
    "wave": ("波形", "wave"),
}
_ACTIVE, _WORKSPACE = "#f0b15e", "#f7dfbd"


def timeline(facts: ModelFacts, prediction: Prediction, limit: int | None = None) -> Picture:
    """Draw GPU memory along a run, phase by phase.

    Weights part by part, on top what the operations keep alive. Rows: `memory.footprint.PhasePrediction`. `prediction`:
    of the same facts. `limit`: bytes of a card, drawn as a line; None: no line.

    Raises:
        BadInput: a prediction of other facts.
    """
    if {part.name for part in facts.parts} != set(prediction.dtypes) or len(facts.phases) != len(prediction.phases):
        raise BadInput(
            asked=Words("a timeline", "一条时间线"),
            found=Words("facts and prediction of different pipelines", "追踪数据和预测属于不同的管线"),
            todo=Words("predict(facts)", "用 predict(facts) 得到预测"),
        )
    figure, (axis,) = canvas(width=WIDEST, height=4.4)
    colours = _colours(facts)
    ceiling = max([prediction.allocated_bytes, limit or 0]) / GIB * 1.17
    for index, (trace, phase) in enumerate(zip(facts.phases, prediction.phases, strict=True)):
        _stack(axis, index, trace, phase, colours)
        axis.text(index + 0.5, ceiling * 0.985, _title(facts, trace), ha="center", va="top", fontsize=SMALL)
        axis.axvline(index + 1, color=GREY, linewidth=0.8)
    _peak(axis, prediction)
    if limit is not None:
        axis.axhline(limit / GIB, color=RED, linewidth=1.6)
        axis.text(0.02, limit / GIB, f"{limit / GIB:g} GiB", color=RED, va="bottom", ha="left", fontsize=SMALL)
    axis.set_xlim(0, len(facts.phases))
    axis.set_ylim(0, ceiling)
    axis.set_xticks([])
    axis.set_ylabel("GiB")
    axis.set_title(_heading(facts), fontsize=13, loc="left")
    _legend(axis, facts, prediction, colours)
    words = "; ".join(f"{p.name} {p.allocated_bytes / GIB:.2f} GiB ({p.setter})" for p in prediction.phases)
    return Picture(figure, f"{_heading(facts)}: {words}", prediction.phases)


def _stack(axis: "Axes", index: int, trace: PhaseFacts, phase: PhasePrediction, colours: Mapping[str, str]) -> None:
    """Draw weights as bars, activations as curve, workspace above."""
    floor = 0.0
    for name, size in phase.weights_bytes.items():
        axis.bar(index, size / GIB, 1, floor, align="edge", color=colours[name], linewidth=0)
        floor += size / GIB
    if phase.where == "cpu":
        axis.text(index + 0.5, floor, label("在 CPU 上", "on the CPU"), ha="center", va="bottom", fontsize=SMALL)
        return
    samples = trace.timeline or (trace.live_bytes,)
    xs = [index + (i + 0.5) / len(samples) for i in range(len(samples))]
    tops = [floor + live / GIB for live in samples]
    axis.fill_between([index, *xs, index + 1], [tops[0], *tops, tops[-1]], floor, color=_ACTIVE, linewidth=0)
    peak = max(range(len(samples)), key=lambda i: samples[i])
    level, width = phase.allocated_bytes / GIB, max(1 / len(samples), 0.02)
    axis.bar(xs[peak], level - tops[peak], width, tops[peak], color=_WORKSPACE, edgecolor=ORANGE, linewidth=0.6)
    middle = min(max(xs[peak], index + 0.12), index + 0.88)
    axis.text(middle, level, f"{level:.2f}", ha="center", va="bottom", fontsize=SMALL)


def _peak(axis: "Axes", prediction: Prediction) -> None:
    """Say under the axis what sets the peak."""
    name, setter = prediction.peak.name, prediction.peak.setter
    phase = _PHASES.get(name, (named(PHASES, name).zh, name))[0]
    text = label(f"峰值由此操作决定（{phase}）：{setter}", f"the peak is set by {prediction.setter}")
    axis.set_xlabel(text, fontsize=SMALL, loc="left")


def _title(facts: ModelFacts, phase: PhaseFacts) -> str:
    if phase.part == phase.name:
        role = _ROLES[facts.part(phase.part).role]
        number = phase.name.rpartition("_")[2]
        text = label(*role) + (f" {number}" if number.isdigit() else "")
    else:
        text = label(*_PHASES.get(phase.name, (phase.name, phase.name)))
    if phase.per == "step":
        text += label(f"\n（一步，共 {facts.steps} 步）", f"\n(one of {facts.steps} steps)")
    if phase.dtype != facts.dtype:
        text += f"\n{phase.dtype}"
    return text


def _heading(facts: ModelFacts) -> str:
    size = f"{facts.width}×{facts.height}" + (f"×{facts.frames}" if facts.frames > 1 else "")
    size = size if facts.height else label(f"{facts.tokens} 个词元", f"{facts.tokens} tokens")
    how = label("一次运行的显存（预测）", "memory along a run (predicted)")
    batch = f"  batch {facts.batch}" if facts.batch > 1 else ""
    return f"{facts.model}  {size}{batch}  {facts.dtype}   {how}"


def _colours(facts: ModelFacts) -> dict[str, str]:
    shades = {role: cycle(colours) for role, colours in _SHADES.items()}
    return {part.name: next(shades[part.role]) for part in facts.parts}


def _legend(axis: "Axes", facts: ModelFacts, prediction: Prediction, colours: Mapping[str, str]) -> None:
    from matplotlib.patches import Patch

    names = {name for phase in prediction.phases for name in phase.weights_bytes}
    parts = [part for part in facts.parts if part.name in names]
    entries = [Patch(color=colours[part.name], label=f"{label(*_ROLES[part.role])} {part.name}") for part in parts]
    entries.append(Patch(color=_ACTIVE, label=label("激活（存活的张量）", "activations (live tensors)")))
    entries.append(Patch(facecolor=_WORKSPACE, edgecolor=ORANGE, label=label("卷积工作区", "convolution workspace")))
    axis.legend(handles=entries, fontsize=SMALL, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
