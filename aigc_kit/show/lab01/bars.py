"""Candidates as bars: at several temperatures, through the filters, at one step of the loop."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_kit.show.fonts import glyphs, label
from aigc_kit.show.plots import BLUE, GREY, ORANGE, TEMPERATURE_COLOURS, Picture, canvas
from aigc_kit.text import sampling
from aigc_kit.text.measures import entropy

if TYPE_CHECKING:
    from aigc_kit.text.engines.base import Candidates, Engine
    from aigc_kit.text.settings import Settings
    from aigc_kit.text.view import TokenView

SHOWN = 12
FILTERS_ZH: Mapping[str, tuple[str, str]] = {
    "logits": ("原始分布", "model"),
    "temperature": ("温度", "temperature"),
    "top_k": ("top-k", "top-k"),
    "top_p": ("top-p", "top-p"),
}


def temperatures(engine: "Engine", candidates: "Candidates", values: Sequence[float]) -> Picture:
    """The same scores at several temperatures, side by side: the most probable tokens as bars."""
    order = np.argsort(-candidates.scores, kind="stable")[:SHOWN]
    names = [glyphs(engine.token_text(int(candidates.ids[i]))) for i in order]
    figure, axes = canvas(1, len(values), width=3.3 * len(values), height=3.4)
    panels = [sampling.softmax(candidates.scores, value) for value in values]
    widest = max(float(shares.max()) for shares in panels)
    for axis, value, shares, colour in zip(axes, values, panels, TEMPERATURE_COLOURS, strict=False):
        _bars(axis, names, shares[order], colour, widest)
        bits = entropy(shares)
        axis.set_title(f"T = {value:g}    " + label(f"熵 {bits:.2f} 比特", f"entropy {bits:.2f} bits"), fontsize=12)
    return Picture(figure, f"下一个 token 的概率，温度 {', '.join(f'{v:g}' for v in values)}")


def filters(engine: "Engine", candidates: "Candidates", settings: "Settings") -> Picture:
    """What each filter leaves, always in four panels and on one scale; names of removed tokens are grey."""
    stages = {stage.name: stage for stage in sampling.warp(candidates.scores, settings, vocabulary=candidates.ids)}
    order = np.argsort(-candidates.scores, kind="stable")[:SHOWN]
    names = [glyphs(engine.token_text(int(candidates.ids[i]))) for i in order]
    figure, axes = canvas(1, 4, width=10.5, height=3.4, tight=False)
    figure.subplots_adjust(left=0.1, right=0.99, bottom=0.03, top=0.83, wspace=0.12)
    stage = stages["logits"]
    for axis, name in zip(axes, ("logits", "temperature", "top_k", "top_p"), strict=True):
        stage = stages.get(name, stage)
        _bars(axis, names, stage.probabilities[order], BLUE if name in stages else GREY, widest=1)
        for tick, index in zip(axis.get_yticklabels(), order, strict=True):
            tick.set_color(GREY if np.isneginf(stage.logits[index]) else "black")
        if axis is not axes[0]:
            axis.tick_params(left=False, labelleft=False)
        if name not in stages:
            value = label("：不改变", ": off")
        else:
            value = "" if stages[name].value is None else f" = {stages[name].value:g}"
        left = label(f"还剩 {stage.kept} 个", f"{stage.kept} left")
        axis.set_title(f"{label(*FILTERS_ZH[name])}{value}\n{left}", fontsize=11)
    return Picture(figure, "从原始分布到可抽取的分布：" + " → ".join(FILTERS_ZH[name][0] for name in stages))


def step(view: "TokenView", index: int) -> Picture:
    """One step of the loop: text so far, what could come after all filters, what was drawn (orange)."""
    left = view.stages[-1].after if view.stages else view.candidates
    shown = [candidate for candidate in left if candidate.probability > 0][:SHOWN]
    figure, axes = canvas(width=7, height=0.9 + 0.22 * len(shown))
    _bars(axes[0], [glyphs(one.text) for one in shown], np.array([one.probability for one in shown]), BLUE)
    for bar, one in zip(axes[0].patches, shown, strict=True):
        bar.set_color(ORANGE if one.token == view.token else BLUE)
    tail = glyphs(view.so_far[-40:])
    axes[0].set_title(label(f"第 {index + 1} 步：…{tail}", f"step {index + 1}: ...{tail}"), fontsize=10, loc="left")
    return Picture(figure, f"第 {index + 1} 步的候选，橙色是抽中的")


def _bars(axis: Any, names: Sequence[str], shares: np.ndarray, colour: str, widest: float | None = None) -> None:
    places = np.arange(len(names))[::-1]
    axis.barh(places, shares, color=colour)
    axis.set_yticks(places, names, fontsize=9)
    axis.set_xlim(0, max(1e-3, widest or float(shares.max())) * 1.2)
    for place, share in zip(places, shares, strict=True):
        if share > 0:
            text = f"{share:.1%}" if share >= 0.001 else "<0.1%"
            axis.text(share, place, f" {text}", va="center", fontsize=8)
    axis.set_xticks([])
    axis.spines["bottom"].set_visible(False)
