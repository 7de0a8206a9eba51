"""Draw races, gains, losses, ways, gradients, forgetting."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aigc_kit.media.fonts import label
from aigc_kit.promptlab.optimise.gains import Gain
from aigc_kit.promptlab.optimise.runs import Evolution
from aigc_kit.promptlab.tune.rehearsal import LARGEST_DISTANCE, SMALLEST_COSINE, Rehearsal
from aigc_kit.teach.show.plots import BLUE, GREEN, GREY, ORANGE, RED, SMALL, WIDEST, Picture, canvas, name_bars

NAMES: Mapping[str, tuple[str, str, str]] = {
    "random": ("瞎猜", "random", GREY),
    "climb": ("爬山", "climb", BLUE),
    "beam": ("束", "beam", "#5aa0a0"),
    "evolution": ("进化", "evolution", GREEN),
    "bandit": ("老虎机", "bandit", ORANGE),
    "hotflip": ("梯度（HotFlip）", "HotFlip", RED),
}
WAYS: Mapping[str, tuple[str, str, str]] = {
    "soft": ("软提示", "soft prompt", BLUE),
    "lora": ("LoRA", "LoRA", ORANGE),
    "both": ("LoRA + 软提示", "LoRA + soft", GREEN),
    "full": ("全部权重", "all weights", RED),
}


def race(runs: Mapping[str, Sequence[Evolution]]) -> Picture:
    """Draw the best score over calls, bands over seeds.

    Rows: {"method", "calls", "low", "mean", "high"} at each call.
    """
    figure, (axis,) = canvas(width=WIDEST, height=3.6)
    rows = []
    for method, some in runs.items():
        calls = np.arange(1, max(run.budget for run in some) + 1)
        curves = np.array([_at(run, calls) for run in some])
        low, mean, high = curves.min(0), curves.mean(0), curves.max(0)
        name, english, colour = NAMES[method]
        axis.fill_between(calls, low, high, color=colour, alpha=0.18)
        axis.plot(calls, mean, color=colour, linewidth=2, label=label(name, english))
        values = zip(calls.tolist(), low.tolist(), mean.tolist(), high.tolist(), strict=True)
        rows += [{"method": method, "calls": c, "low": a, "mean": m, "high": b} for c, a, m, b in values]
    first = next(iter(runs.values()))[0]
    axis.set_xlabel(label("用掉的调用", "calls spent"), fontsize=12)
    axis.set_ylabel(label(first.unit, "score"), fontsize=12)
    axis.legend(frameon=False, fontsize=SMALL, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    count = len(next(iter(runs.values())))
    words = f"挑选用的 {first.items} 题；线是 {count} 个种子的平均，色带从最差到最好（实测）"
    figure.supxlabel(label(words, f"{first.items} items, {count} seeds: mean, worst to best"), fontsize=11)
    ends = "，".join(f"{NAMES[m][0]} {np.mean([run.best.score for run in some]):.2f}" for m, some in runs.items())
    return Picture(figure, f"调用用完时的最好分数：{ends}", rows)


def _at(run: Evolution, calls: np.ndarray) -> np.ndarray:
    """Read a run's curve at each number of calls."""
    spent, best = zip(*run.curve(), strict=True)
    return np.array(best)[np.searchsorted(spent, calls, side="right") - 1]


def gains(some: Sequence[Gain]) -> Picture:
    """Draw gains with their intervals around zero.

    Rows: the gains. An interval that holds zero is grey.
    """
    figure, (axis,) = canvas(width=WIDEST, height=1.2 + 0.42 * len(some))
    for place, gain in enumerate(some):
        real = gain.verdict.en != "no gain"
        colour = (GREEN if gain.mean > 0 else RED) if real else "#8a8f98"
        axis.plot([gain.low, gain.high], [place, place], color=colour, linewidth=3)
        axis.plot(gain.mean, place, "o", color=colour, markersize=8)
        axis.text(1.01, place, gain.verdict.zh, transform=axis.get_yaxis_transform(), va="center", fontsize=12)
    axis.axvline(0, color="#333", linewidth=1)
    name_bars(axis, [gain.name for gain in some], 12)
    axis.set_ylim(len(some) - 0.5, -0.5)
    axis.set_xlabel(label(f"好多少（{some[0].unit.partition('，')[0]}）", "gain"), fontsize=12)
    words = f"{some[0].items} 道没见过的题，{some[0].seeds} 个种子，每次 {some[0].calls} 次调用；线是 95% 区间（实测）"
    figure.supxlabel(label(words, "held-out items, 95 % over items and seeds"), fontsize=11)
    return Picture(figure, "；".join(gain.words for gain in some), some)


def learning(losses: Mapping[str, Sequence[float]], forms: Mapping[str, Sequence[tuple[int, float]]]) -> Picture:
    """Draw losses and the new form over steps.

    Rows: {"way", "step", "loss"}.

    Args:
        losses: way -> loss of each step.
        forms: way -> (step, share of lines with four characters).
    """
    figure, axes = canvas(1, 2, width=WIDEST, height=3.4)
    for way, values in losses.items():
        name, english, colour = WAYS[way]
        axes[0].plot(range(1, len(values) + 1), values, color=colour, label=label(name, english))
        axes[1].plot(*zip(*forms[way], strict=True), "o-", color=colour)
    axes[0].set_ylabel(label("损失（nat/词元）", "loss"), fontsize=12)
    axes[1].set_ylabel(label("四字一行的比例", "lines of four"), fontsize=12)
    axes[1].set_ylim(-0.03, 1.03)
    axes[1].yaxis.set_major_formatter("{x:.0%}")
    for axis in axes:
        axis.set_xlabel(label("步", "steps"), fontsize=12)
    figure.legend(frameon=False, fontsize=SMALL, loc="outside upper center", ncols=len(losses))
    ends = "，".join(f"{WAYS[way][0]} {values[-1]:.2f}" for way, values in losses.items())
    rows = [
        {"way": way, "step": step, "loss": loss}
        for way, values in losses.items()
        for step, loss in enumerate(values, 1)
    ]
    return Picture(figure, f"最后一步的损失：{ends}", rows)


def ways(rows: Sequence[Mapping[str, Any]]) -> Picture:
    """Draw the three ways: what they reach, what they cost.

    Rows: as given.

    Args:
        rows: {"name", "nats" on stanzas never seen, "seconds" of a processor, "numbers" that were chosen or learned}.
    """
    figure, (axis,) = canvas(width=WIDEST, height=1.1 + 0.46 * len(rows))
    colours = (GREY, RED, BLUE, ORANGE, GREEN, "#8e5bd0")
    for place, (row, colour) in enumerate(zip(rows, colours, strict=False)):
        axis.barh(place, row["nats"], 0.66, color=colour)
        words, english = "没有花费", "nothing"
        if row["numbers"]:
            words = f"{row['numbers']:,} 个数，{row['seconds']:.1f} 秒"
            english = f"{row['numbers']:,} numbers, {row['seconds']:.1f} s"
        axis.text(row["nats"], place, f"  {row['nats']:.2f}　" + label(words, english), va="center", fontsize=SMALL)
    name_bars(axis, [row["name"] for row in rows], 12)
    axis.set_xlim(0, 1.5 * max(row["nats"] for row in rows))
    axis.set_xticks(range(0, int(max(row["nats"] for row in rows)) + 1, 2))
    axis.set_xlabel(
        label("没见过的诗有多意外（nat/词元，越低越好）；秒是处理器时间（实测）", "held-out nats per token"),
        fontsize=12,
    )
    words = "；".join(f"{row['name']} {row['nats']:.2f} nat，{row['seconds']:.1f} 秒" for row in rows)
    return Picture(figure, f"三种办法：{words}", rows)


def matrices(show: Rehearsal) -> Picture:
    """Draw each matrix's distance and cosine beside the limits.

    Rows: the matrices with a gradient.
    """
    some = [matrix for matrix in show.matrices if not matrix.zero]
    figure, (axis,) = canvas(width=WIDEST, height=3.2)
    for part, colour in (("lora_A", BLUE), ("lora_B", ORANGE)):
        own = [matrix for matrix in some if part in matrix.name]
        axis.scatter([m.distance for m in own], [m.cosine for m in own], color=colour, s=46, label=part[-1])
    axis.axvspan(0, LARGEST_DISTANCE, color=GREEN, alpha=0.25)
    axis.axhline(SMALLEST_COSINE, color=GREEN, linestyle="--")
    axis.set_xlim(0, 1.08 * max(matrix.distance for matrix in some))
    axis.set_xlabel(label("和全精度梯度的相对距离（要求 < 0.01：绿色窄带）", "relative distance (< .01)"), fontsize=12)
    axis.set_ylabel(label("余弦（要求 > 0.99）", "cosine (> .99)"), fontsize=12)
    axis.legend(frameon=False, fontsize=SMALL, title=label("矩阵", "matrix"))
    passing, middle = sum(m.passes for m in some), (show.median("distance"), show.median("cosine"))
    words = f"{len(some)} 个矩阵，通过两条的 {passing} 个；中位数 {middle[0]:.2f} 和 {middle[1]:.3f}"
    return Picture(figure, words, some)


def forgetting(told: Mapping[str, Sequence[Mapping[str, Any]]], old: str) -> Picture:
    """Draw what is kept and learned after each lesson.

    Rows: {"way", "after", and the measures}.

    Args:
        told: way -> rows of `continual.in_turn`.
        old: the measure that is a share, of what was known before.
    """
    from matplotlib.lines import Line2D

    figure, axes = canvas(1, 2, width=WIDEST, height=3.4)
    colours = dict(zip(told, (RED, BLUE), strict=False))
    english = dict(zip(told, ("without", "with replay"), strict=False))
    new = [key for key in next(iter(told.values()))[0] if key not in ("after", old)]
    lessons = [row["after"] or label("之前", "before") for row in next(iter(told.values()))]
    for way, rows in told.items():
        axes[0].plot(lessons, [row[old] for row in rows], "o-", color=colours[way], label=label(way, english[way]))
        for name, style in zip(new, ("-", "--"), strict=False):
            axes[1].plot(lessons, [row[name] for row in rows], f"o{style}", color=colours[way])
    axes[0].set_ylim(-0.04, 1.04)
    axes[0].yaxis.set_major_formatter("{x:.0%}")
    axes[0].set_title(label(f"{old}还合体裁的比例", "old form kept"), fontsize=13)
    axes[1].set_title(label("新诗的损失（nat/词元）", "loss on the new"), fontsize=13)
    styles = [Line2D([], [], color="#333", linestyle=style) for style in ("-", "--")]
    axes[1].legend(styles, new, frameon=False, fontsize=SMALL)
    figure.legend(frameon=False, fontsize=SMALL, loc="outside upper center", ncols=2)
    ends = "，".join(f"{way} {rows[-1][old]:.0%}" for way, rows in told.items())
    rows = [{"way": way, **row} for way, some in told.items() for row in some]
    return Picture(figure, f"两课以后{old}还合体裁：{ends}", rows)
