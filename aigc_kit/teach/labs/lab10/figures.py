"""Draw valid beside right, terms kept, and answers over tokens."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from aigc_kit.core.statistics import Share
from aigc_kit.media.fonts import glyphs, label
from aigc_kit.teach.labs.lab10.anchoring import CLAIMED, Kept
from aigc_kit.teach.labs.lab10.extraction import Way
from aigc_kit.teach.labs.lab10.squeezing import Point
from aigc_kit.teach.show.plots import BLUE, GREEN, GREY, ORANGE, RED, SMALL, WIDEST, Picture, canvas, name_bars

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS: Mapping[str, str] = {
    "不压缩": "#333333",
    "规则": BLUE,
    "自信息": ORANGE,
    "随机": GREY,
    "手写": GREEN,
    "三段式": RED,
}
_A_LINE = 22  # tokens of a message in one line
METHODS_EN: Mapping[str, str] = {
    "不压缩": "uncut",
    "规则": "rules",
    "自信息": "self-information",
    "随机": "chance",
    "手写": "by hand",
    "三段式": "three parts",
}


def valid(ways: Sequence[Way], model: str) -> Picture:
    """Draw valid beside right for each way of asking.

    Rows: `core.statistics.Share`, the valid one of each way before the right one.
    """
    pairs = [(way.valid_share, way.right_share) for way in ways]
    names, kinds = [way.name for way in ways], (("合格式", "valid"), ("答对", "right"))
    figure = _pairs(names, pairs, kinds, (BLUE, GREEN), f"{model}，每行 {pairs[0][0].count} 条消息")
    words = "；".join(
        f"{way.name}：合格式 {a.share:.0%}，答对 {b.share:.0%}" for way, (a, b) in zip(ways, pairs, strict=True)
    )
    return Picture(figure, words, [share for pair in pairs for share in pair])


def promise() -> Picture:
    """Draw four ways of asking for JSON, as measured now."""
    from aigc_kit.promptlab import ask, schema
    from aigc_kit.teach.labs.lab10 import extraction

    tiny, form, strict = ask.model("tinychat", max_new_tokens=60), schema.order(), schema.order(null=False)
    plain = extraction.ways(tiny, 40)
    more = [
        extraction.behind_mask(form, "掩码", count=40),
        extraction.behind_mask(strict, "掩码，不许 null", count=40),
        extraction.by_chance(form, "掩码 + 什么也不懂的模型", 40),
    ]
    return valid([*plain[:4], *more], tiny.model)


def kept_terms(ways: Sequence[Kept], model: str) -> Picture:
    """Draw right and wrong terms, the article's claims below.

    Rows: `core.statistics.Share`, the right one of each way before the misused one; claims are drawn without interval.
    """
    pairs = [(way.right_share, way.misused_share) for way in ways]
    names = [f"{way.name}（{way.calls} 次调用）" for way in ways]
    claims = ["资料：之前（没说题数）", "资料：之后（没说题数）"]
    kinds = (("术语准确", "right term"), ("误用", "misused"))
    figure = _pairs([*names, *claims], pairs, kinds, (GREEN, RED), f"{model}，每行 {pairs[0][0].count} 个回答")
    axis = figure.axes[0]
    for side, (rows, offset) in enumerate(zip(CLAIMED.values(), (-0.2, 0.2), strict=True)):
        for at, value in enumerate(rows):
            place = len(names) + at + offset
            axis.barh(place, value / 100, 0.36, color="white", edgecolor=(GREEN, RED)[side], hatch="///")
            axis.text(value / 100, place, f"  {value:g}%", va="center", fontsize=SMALL)
    words = "；".join(
        f"{w.name}：准确 {a.share:.0%}，误用 {b.share:.0%}" for w, (a, b) in zip(ways, pairs, strict=True)
    )
    return Picture(figure, words, [share for pair in pairs for share in pair])


def lengths(groups: Mapping[str, Sequence[Share]]) -> Picture:
    """Draw valid texts over the cap of their length.

    Rows: `core.statistics.Share`, whose `at` is the cap in bytes.

    Args:
        groups: name of a schema -> shares, by rising cap.
    """
    figure, (axis,) = canvas(width=WIDEST * 0.75, height=2.9)
    for (name, shares), colour in zip(groups.items(), (ORANGE, BLUE), strict=False):
        caps = [share.at for share in shares]
        axis.fill_between(caps, [s.low for s in shares], [s.high for s in shares], color=colour, alpha=0.2)
        axis.plot(caps, [share.share for share in shares], "o-", color=colour, label=name)
    axis.set_ylim(0, 1.05)
    axis.yaxis.set_major_formatter("{x:.0%}")
    axis.set_xlabel(label("最多写多少字节", "cap in bytes"))
    axis.set_ylabel(label("合格式", "valid"))
    axis.legend(frameon=False, fontsize=SMALL, loc="lower right")
    rows = [share for shares in groups.values() for share in shares]
    figure.supxlabel(
        label(f"随机模型加掩码，每点 {rows[0].count} 份（实测）", "random model behind a mask"), fontsize=11
    )
    words = "；".join(
        f"{name}：" + "，".join(f"{s.at} 字节 {s.share:.0%}" for s in some) for name, some in groups.items()
    )
    return Picture(figure, words, rows)


def compression(points: Sequence[Point], model: str) -> Picture:
    """Draw answers over tokens, and over values that still stand.

    Rows: the points.
    """
    figure, axes = canvas(1, 2, width=WIDEST, height=3.9)
    for method in dict.fromkeys(point.method for point in points):
        some = [point for point in points if point.method == method]
        name, curve = label(method, METHODS_EN[method]), method in ("规则", "自信息", "随机")
        for axis, places in ((axes[0], [p.prompt for p in some]), (axes[1], [p.standing.share for p in some])):
            heights = [point.answered.share for point in some]
            around = np.abs(
                [[p.answered.share - p.answered.low for p in some], [p.answered.high - p.answered.share for p in some]]
            )
            line = "o-" if curve and axis is axes[0] else "o"
            axis.errorbar(places, heights, yerr=around, fmt=line, color=COLOURS[method], capsize=3, label=name)
    for axis, names in zip(
        axes,
        (("整个提示词的词元，原来 = 100%", "tokens of the prompt"), ("答案的字还在文中", "values that still stand")),
        strict=True,
    ):
        axis.set_xlabel(label(*names))
        axis.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        axis.yaxis.set_major_formatter("{x:.0%}")
        axis.set_ylim(-0.03, 1.06)
    axes[1].plot([0.3, 1], [0.3, 1], "--", color=GREY, zorder=0)
    axes[0].set_ylabel(label("问题答对", "answered"))
    figure.legend(
        *axes[0].get_legend_handles_labels(), frameon=False, fontsize=SMALL, loc="outside upper center", ncols=6
    )
    count = points[0].answered.count
    figure.supxlabel(
        label(f"{model}，每点 {count} 个问题，竖线是 95% 区间（实测）", f"{model}, {count} questions"), fontsize=11
    )
    words = "；".join(f"{p.method}{p.at}：词元 {p.prompt:.0%}，答对 {p.answered.share:.0%}" for p in points)
    return Picture(figure, words, points)


def surprise(tokens: Sequence[str], bits: Sequence[float], wanted: Sequence[bool]) -> Picture:
    """Draw how much each token surprises the model.

    Rows: {"token", "bits", "wanted"}.

    Args:
        tokens: of the message.
        bits: -log2 P of each.
        wanted: whether it carries an answer.
    """
    lines = [range(at, min(at + _A_LINE, len(tokens))) for at in range(0, len(tokens), _A_LINE)]
    figure, axes = canvas(len(lines), 1, width=WIDEST, height=0.7 + 1.15 * len(lines))
    for axis, line in zip(axes, lines, strict=True):
        places = range(len(line))
        axis.bar(places, [bits[at] for at in line], color=[GREEN if wanted[at] else GREY for at in line])
        axis.set_xticks(places, [glyphs(tokens[at]) for at in line], fontsize=SMALL)
        axis.set_xlim(-0.6, _A_LINE - 0.4)
        axis.set_ylim(0, max(bits) * 1.05 + 0.1)
        axis.set_ylabel(label("比特", "bits"))
    figure.supxlabel(label("绿：带着答案的词；灰：别的词（实测）", "green: carries an answer"), fontsize=11)
    rows = [{"token": t, "bits": float(b), "wanted": w} for t, b, w in zip(tokens, bits, wanted, strict=True)]
    return Picture(
        figure, "每个词元的自信息：" + "，".join(f"{t} {b:.1f}" for t, b in zip(tokens, bits, strict=True)), rows
    )


def scatter(values: Sequence[float], shares: Sequence[Share], correlation: tuple[float, float]) -> Picture:
    """Draw right answers over the density of their prompt.

    Rows: {"density", "share"}.

    Args:
        values: densities.
        shares: of right answers, one for each.
        correlation: of their ranks, and its p.
    """
    figure, (axis,) = canvas(width=WIDEST * 0.75, height=3)
    axis.plot(values, [share.share for share in shares], "o", color=BLUE, alpha=0.75)
    axis.set_xlabel(label("密度 =（实体 + 2 × 约束 + 动词）÷ 词元", "density"))
    axis.set_ylabel(label("答对", "right"))
    axis.yaxis.set_major_formatter("{x:.0%}")
    axis.set_ylim(-0.03, 1.05)
    rho, p = correlation
    found = f"等级相关 ρ = {rho:.2f}（p = {p:.2g}，{len(values)} 种说法，每种 {shares[0].count} 题，实测）"
    figure.supxlabel(label(found, f"rho = {rho:.2f}"), fontsize=11)
    rows = [{"density": value, "share": share.share} for value, share in zip(values, shares, strict=True)]
    return Picture(figure, f"密度和答对：{found}", rows)


def _pairs(
    names: Sequence[str],
    pairs: Sequence[tuple[Share, Share]],
    kinds: Sequence[tuple[str, str]],
    colours: Sequence[str],
    foot: str,
):
    """Draw two bars for each name, with intervals."""
    figure, (axis,) = canvas(width=WIDEST, height=1.2 + 0.42 * len(names))
    for side, (offset, colour) in enumerate(zip((-0.2, 0.2), colours, strict=True)):
        shares = [pair[side] for pair in pairs]
        _bars(axis, np.arange(len(shares)) + offset, shares, colour, label(*kinds[side]))
    name_bars(axis, names)
    axis.set_xlim(0, 1.12)
    axis.set_xticks(np.linspace(0, 1, 5))
    axis.xaxis.set_major_formatter("{x:.0%}")
    figure.legend(*axis.get_legend_handles_labels(), frameon=False, fontsize=SMALL, loc="outside upper center", ncols=2)
    figure.supxlabel(label(f"{foot}，深色线是 95% 区间（实测）", "95 % intervals, measured"), fontsize=11)
    return figure


def _bars(axis: "Axes", places: np.ndarray, shares: Sequence[Share], colour: str, name: str) -> None:
    values = [share.share for share in shares]
    around = np.abs([[s.share - s.low for s in shares], [s.high - s.share for s in shares]])
    axis.barh(places, values, 0.36, color=colour, label=name)
    axis.errorbar(values, places, xerr=around, fmt="none", ecolor="#333", capsize=3)
    for place, share in zip(places, shares, strict=True):
        axis.text(share.high, place, f"  {share.share:.0%}", va="center", fontsize=SMALL)
