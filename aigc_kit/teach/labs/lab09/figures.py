"""Draw shares with their intervals, over examples, orders, wordings."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from aigc_kit.core.statistics import Share
from aigc_kit.media.fonts import label
from aigc_kit.promptlab.trials import Trial, trial
from aigc_kit.teach.show.plots import BLUE, GREEN, GREY, ORANGE, RED, SMALL, WIDEST, Picture, canvas, name_bars, patch

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KINDS_EN: Mapping[str, tuple[str, str]] = {
    "只问": ("bare", GREY),
    "限定格式": ("format only", ORANGE),
    "列出标签": ("labels", BLUE),
    "标签加格式": ("labels + format", GREEN),
    "说明含义": ("definitions", "#8e5bd0"),
    "消息在前": ("message first", RED),
}
CUT = 24  # characters of a wording beside its bar


def shots(known: Sequence[Trial], fresh: Sequence[Trial], best: Sequence[float], model: str) -> Picture:
    """Draw right answers over the number of examples.

    Rows: `core.statistics.Share`, the known labels first.

    Args:
        known: of labels that the model knows; fresh: of labels that only examples explain.
        best: what a perfect reader of the examples would score, for each of `fresh`.
        model: who answered.
    """
    figure, axes = canvas(1, 2, width=WIDEST, height=3.6)
    panels = ((axes[0], known, ("认识的标签", "known labels")), (axes[1], fresh, ("只有例子说明的标签", "new labels")))
    for (axis, trials, names), colour in zip(panels, (BLUE, ORANGE), strict=True):
        shares, places = [each.share for each in trials], np.arange(len(trials))
        axis.fill_between(places, [s.low for s in shares], [s.high for s in shares], color=colour, alpha=0.2)
        axis.plot(places, [s.share for s in shares], "o-", color=colour)
        for place, share in zip(places, shares, strict=True):
            axis.annotate(f"{share.share:.0%}", (place, share.share), (0, -18), textcoords="offset points", ha="center")
        axis.set_xticks(places, [str(each.at) for each in trials])
        axis.set_xlabel(label("例子的个数", "examples"))
        axis.set_ylim(0, 1.05)
        axis.yaxis.set_major_formatter("{x:.0%}")
        axis.set_title(label(*names), fontsize=13)
    dashes = axes[1].plot(range(len(best)), best, "--", color=GREY)
    axes[1].legend(
        dashes, [label("最会读例子的人", "perfect reader")], frameon=False, fontsize=SMALL, loc="lower right"
    )
    _foot(figure, model, [*known, *fresh])
    rows = [each.share for each in (*known, *fresh)]
    return Picture(figure, f"例子个数和答对的比例：{_said(rows)}", rows)


def bars(trials: Sequence[Trial], model: str, title: tuple[str, str], base: int | None = 0) -> Picture:
    """Draw a bar for each way of asking, with intervals.

    Rows: `core.statistics.Share`. `base`: number of the bar that the others are compared with, in orange.
    """
    rows = [each.share for each in trials]
    figure, (axis,) = canvas(width=WIDEST, height=1.1 + 0.36 * len(rows))
    _bars(axis, rows, [ORANGE if place == base else BLUE for place in range(len(rows))])
    name_bars(axis, [row.name for row in rows])
    axis.set_title(label(*title), fontsize=13, loc="left")
    _foot(figure, model, trials)
    return Picture(figure, f"{title[0]}：{_said(rows)}", rows)


def wordings(trials: Sequence[Trial], model: str, spacing: float = 0.2) -> Picture:
    """Draw all wordings of one task, the best first.

    Rows: `core.statistics.Share` in that order; `at` is the kind of the wording. `spacing`: inches of a bar, its gap
    included.
    """
    rows = sorted((each.share for each in trials), key=lambda share: -share.share)
    figure, (axis,) = canvas(width=WIDEST, height=1.2 + spacing * len(rows))
    _bars(axis, rows, [KINDS_EN[row.at][1] for row in rows])
    name_bars(axis, [_cut(row.name) for row in rows])
    axis.margins(y=0.01)
    kinds = [kind for kind in KINDS_EN if any(row.at == kind for row in rows)]
    handles = [patch(KINDS_EN[kind][1], label(kind, KINDS_EN[kind][0])) for kind in kinds]
    figure.legend(handles=handles, frameon=False, fontsize=SMALL, loc="outside upper center", ncols=len(kinds))
    _foot(figure, model, trials)
    return Picture(figure, f"{len(rows)} 种说法：最好 {rows[0].share:.0%}，最差 {rows[-1].share:.0%}", rows)


def promise() -> Picture:
    """Draw some wordings of one task, as measured now."""
    from aigc_kit.promptlab import ask
    from aigc_kit.teach.labs.lab09 import ways

    tiny, task = ask.model("tinychat", max_new_tokens=40), ways.tasks()["intent"]
    chosen = {some[0]: kind for kind, some in ways.WORDINGS.items() if "{" not in some[0]}
    chosen |= dict.fromkeys(ways.WORDINGS["只问"][3:7:3], "只问")
    some = [trial(name, tiny, task, ways.items(count=60), name, at=kind) for name, kind in chosen.items()]
    return wordings(some, tiny.model, spacing=0.29)


def pairs(groups: Mapping[str, tuple[Trial, Trial]], model: str) -> Picture:
    """Draw two ways side by side for each task.

    Rows: `core.statistics.Share`, the first way before the second.
    """
    figure, (axis,) = canvas(width=WIDEST, height=3.4)
    places = np.arange(len(groups))
    for at, (offset, colour) in enumerate(((-0.2, GREY), (0.2, BLUE))):
        shares = [two[at].share for two in groups.values()]
        heights = [share.share for share in shares]
        axis.bar(places + offset, heights, 0.36, color=colour, label=shares[0].name)
        axis.errorbar(places + offset, heights, yerr=_around(shares), fmt="none", ecolor="#333", capsize=4)
        for place, share in zip(places + offset, shares, strict=True):
            axis.text(place, share.high + 0.02, f"{share.share:.0%}", ha="center", fontsize=SMALL)
    axis.set_xticks(places, list(groups), fontsize=12)
    axis.set_ylim(0, 1.15)
    axis.yaxis.set_major_formatter("{x:.0%}")
    axis.legend(frameon=False, fontsize=SMALL, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    trials = [each for two in groups.values() for each in two]
    _foot(figure, model, trials)
    rows = [each.share for each in trials]
    words = "；".join(f"{name} {one.share.share:.0%} 和 {two.share.share:.0%}" for name, (one, two) in groups.items())
    return Picture(figure, f"{trials[0].name}和{trials[1].name}：{words}", rows)


def beliefs(shares: np.ndarray, labels: Sequence[str], prompts: Sequence[str]) -> Picture:
    """Draw how a model spreads its belief among labels.

    Rows: {"prompt", "label", "share"}.

    Args:
        shares: float64 (prompts, labels), rows sum to 1.
        labels, prompts: their names.
    """
    figure, axes = canvas(1, len(prompts), width=WIDEST, height=2.8)
    for axis, row, name in zip(axes, shares, prompts, strict=True):
        axis.barh(range(len(labels)), row, color=[GREEN if value == max(row) else BLUE for value in row])
        name_bars(axis, list(labels) if axis is axes[0] else [""] * len(labels))
        for place, value in enumerate(row):
            axis.text(value, place, f" {value:.0%}", va="center", fontsize=SMALL)
        axis.set_xlim(0, 1.3)
        axis.set_xticks([])
        axis.spines["bottom"].set_visible(False)
        axis.set_title(name, fontsize=12)
    figure.supxlabel(label("只在这几个标签里比，概率加起来是 1（实测）", "among the labels alone, sum 1"), fontsize=11)
    rows = [
        {"prompt": name, "label": each, "share": float(value)}
        for name, row in zip(prompts, shares, strict=True)
        for each, value in zip(labels, row, strict=True)
    ]
    return Picture(figure, "各标签的概率：" + "；".join(prompts), rows)


def _bars(axis: "Axes", rows: Sequence[Share], colours: Sequence[str]) -> None:
    shares = [row.share for row in rows]
    axis.barh(range(len(rows)), shares, color=colours)
    axis.errorbar(shares, range(len(rows)), xerr=_around(rows), fmt="none", ecolor="#333", capsize=3)
    for place, row in enumerate(rows):
        axis.text(row.high, place, f"  {row.share:.0%}", va="center", fontsize=SMALL)
    axis.set_xlim(0, 1.12)
    axis.set_xticks(np.linspace(0, 1, 5))
    axis.xaxis.set_major_formatter("{x:.0%}")


def _around(rows: Sequence[Share]) -> np.ndarray:
    """Give how far intervals reach: below, above."""
    return np.abs([[row.share - row.low for row in rows], [row.high - row.share for row in rows]])


def _foot(figure: object, model: str, trials: Sequence[Trial]) -> None:
    counts = sorted({len(each.marks) for each in trials})
    words = f"{model}，每种问法 {'、'.join(map(str, counts))} 题，深色线或色带是 95% 区间（实测）"
    figure.supxlabel(label(words, f"{model}, {counts[0]} items each, 95 %"), fontsize=11)  # type: ignore[attr-defined]


def _said(rows: Sequence[Share]) -> str:
    return "，".join(f"{row.name} {row.share:.0%}" for row in rows)


def _cut(text: str) -> str:
    line = text.replace("\n", " ").replace("{text}", "〈消息〉")
    return line if len(line) <= CUT else f"{line[: CUT - 1]}…"
