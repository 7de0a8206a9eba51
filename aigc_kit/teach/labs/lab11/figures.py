"""Draw overlaps, shares, descents and what measures see."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from aigc_kit.core import statistics
from aigc_kit.media.fonts import label
from aigc_kit.promptlab.alignment import balance, likelihood, syntax
from aigc_kit.teach.labs.lab11 import classes, poems
from aigc_kit.teach.labs.lab11.programs import CHANGED, MODEL, PEOPLE, Judged
from aigc_kit.teach.show.plots import BLUE, GREEN, GREY, ORANGE, RED, SMALL, WIDEST, Picture, canvas, follow, patch

_ORIGINS = {
    PEOPLE: ("人写的\n另一种写法", "by people"),
    MODEL: ("Qwen 写的\n（录下的）", "by Qwen\n(recorded)"),
    CHANGED: ("程序\n改错一处", "mutants"),
}
_DAMAGES = {
    "少写两句": "two lines lost",
    "最后一字不押韵": "last rhyme wrong",
    "句内打乱字序": "characters mixed",
    "换成别人的诗": "another poem",
    "照抄题目五遍": "title repeated",
    poems.ROUTINE: "one title for all",
}
_CLASSES = {"咨询": "ask", "退款": "refund", "换货": "exchange"}


def overlap(programs: Sequence[Judged], seed: int = 0) -> Picture:
    """Draw each program at its overlap, right ones green.

    Rows: the programs.
    """
    rng = np.random.default_rng(seed)
    figure, (axis,) = canvas(width=WIDEST, height=3.6)
    origins = [origin for origin in _ORIGINS if any(program.origin == origin for program in programs)]
    for place, origin in enumerate(origins):
        mine = [program for program in programs if program.origin == origin]
        heights = place + rng.uniform(-0.32, 0.32, len(mine))
        for right, colour, marker in ((True, GREEN, "o"), (False, RED, "x")):
            some = [(p.overlap, y) for p, y in zip(mine, heights, strict=True) if p.verdict.right == right]
            points = np.array(some).reshape(-1, 2)
            axis.scatter(
                points[:, 0],
                points[:, 1],
                c=colour,
                marker=marker,
                s=30,
                alpha=0.8,
                linewidths=1.5 if marker == "x" else 0,
            )
    axis.axvline(syntax.THRESHOLD, color="#555", linestyle="--")
    axis.text(syntax.THRESHOLD, -0.62, "0.82 ", fontsize=SMALL, ha="right", va="center")
    axis.set_yticks(range(len(origins)), [label(*_ORIGINS[origin]) for origin in origins], fontsize=12)
    axis.set_ylim(len(origins) - 0.4, -0.75)
    axis.set_xlim(-0.03, 1.03)
    axis.set_xlabel(label("和参考程序的语法树重合（Jaccard）", "overlap of syntax trees (Jaccard)"), fontsize=12)
    names = (label("● 结果对", "o right"), label("× 结果错", "x wrong"))
    handles = [patch(colour, name) for colour, name in zip((GREEN, RED), names, strict=True)]
    axis.legend(handles=handles, fontsize=12, loc="upper left", frameon=False, bbox_to_anchor=(0, 1.12), ncols=2)
    wrong = [program.alike for program in programs if not program.verdict.right]
    words = f"{len(programs)} 段程序：错的 {len(wrong)} 段里 {sum(wrong)} 段的重合到 0.82"
    return Picture(figure, words, programs)


def at_angle(degrees: float, length: float = 1.0) -> np.ndarray:
    """Give the vector of a direction, float64 (2,)."""
    return length * np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])


def descent(
    prompt: float, template: float, start: float, ways: Mapping[str, Callable[[np.ndarray], Mapping[str, float]]]
) -> Picture:
    """Draw terms of losses over the direction of a response.

    Args:
        prompt, template, start: directions in degrees, 0 to 360.
        ways: title -> weighed terms "meaning", "template", "length" of a response, float (2,).

    Rows: {"way", "end": where the slope leads from the start, in degrees}.
    """
    figure, axes = canvas(1, len(ways), width=WIDEST, height=3.8)
    angles = np.arange(0.0, 361.0)
    rows: list[dict[str, Any]] = []
    names = {
        "meaning": ("意思", "meaning", BLUE),
        "template": ("模板", "template", GREEN),
        "length": ("L2", "L2", ORANGE),
    }
    for axis, (title, terms) in zip(axes, ways.items(), strict=True):
        curves = {name: np.array([terms(at_angle(angle))[name] for angle in angles]) for name in names}
        total = np.sum(list(curves.values()), axis=0)
        for name, (zh, en, colour) in names.items():
            axis.plot(angles, curves[name], color=colour, linewidth=1.5, label=label(zh, en))
        axis.plot(angles, total, color="#333", linewidth=2.5, label=label("总和", "sum"))
        path = _downhill(total, round(start))
        axis.scatter(path[::12], total[path[::12]], color=RED, s=22, zorder=3)
        axis.scatter(path[-1], total[path[-1]], color=RED, marker="*", s=220, zorder=4)
        for angle, words in ((prompt, label("提示词", "prompt")), (template, label("模板", "template"))):
            axis.axvline(angle, color=GREY, linestyle="--", zorder=0)
            axis.text(angle, 1.0, words, transform=axis.get_xaxis_transform(), fontsize=12, ha="center", va="bottom")
        axis.set_title(title, fontsize=12, pad=22)
        axis.set_xlabel(label("回答的方向（度）", "direction of the response (degrees)"), fontsize=12)
        axis.set_xticks([0, 90, 180, 270, 360])
        rows.append({"way": title, "end": int(path[-1])})
    handles, texts = axes[0].get_legend_handles_labels()
    figure.legend(handles, texts, fontsize=12, loc="outside lower center", ncols=4, frameon=False)
    words = "；".join(f"{row['way']}：从 {start:.0f}° 走到 {row['end']}°" for row in rows)
    return Picture(figure, f"提示词在 {prompt:.0f}°，模板在 {template:.0f}°。{words}", rows)


def _downhill(curve: np.ndarray, start: int) -> list[int]:
    """Walk down a closed curve, step by step."""
    path, count = [start], len(curve) - 1  # the last is the first again
    while True:
        here = path[-1]
        lower = min((here - 1) % count, (here + 1) % count, key=lambda place: curve[place])
        if curve[lower] >= curve[here]:
            return path
        path.append(lower)


def play(counts: Sequence[int] = classes.COUNTS) -> None:
    """Slide alpha, and watch shares and what they cost."""
    import ipywidgets as widgets

    slider = widgets.FloatSlider(
        value=0.75, min=0, max=1, step=0.05, description="alpha", continuous_update=False, readout_format=".2f"
    )
    follow([slider], lambda: shares(counts, slider.value))


def shares(counts: Sequence[int], alpha: float) -> Picture:
    """Draw shares of classes at alpha, and at 0.

    Rows: {"name", "before", "after"}.
    """
    before, after = balance.shares(counts, 0), balance.shares(counts, alpha)
    names = [label(name, _CLASSES[name]) for name in classes.NAMES]
    figure, (axis,) = canvas(width=WIDEST, height=2.6)
    places = np.arange(len(counts))
    axis.barh(places - 0.2, 100 * before, 0.38, color=GREY)
    axis.barh(places + 0.2, 100 * after, 0.38, color=BLUE)
    for place in places:
        for shift, value in ((-0.2, before[place]), (0.2, after[place])):
            axis.text(100 * value, place + shift, f" {100 * value:.0f} %", va="center", fontsize=12)
    axis.set_yticks(places, [f"{name}\n{count}" for name, count in zip(names, counts, strict=True)], fontsize=12)
    axis.invert_yaxis()
    axis.set_xticks([])
    axis.spines["bottom"].set_visible(False)
    worth = balance.effective(np.repeat(np.arange(len(counts)), counts), alpha)
    title = label(
        f"alpha = {alpha:g}：灰色是原来的份额，蓝色是加权后的；{sum(counts)} 条约相当于 {worth:.0f} 条等权的",
        f"alpha = {alpha:g}: shares before (grey) and after; worth {worth:.0f} even examples",
    )
    axis.set_title(title, fontsize=12, loc="left")
    rows: list[dict[str, Any]] = [
        {"name": name, "before": float(b), "after": float(a)}
        for name, b, a in zip(classes.NAMES, before, after, strict=True)
    ]
    return Picture(figure, "份额：" + "，".join(f"{r['name']} {100 * r['after']:.0f} %" for r in rows), rows)


def recall(runs: Sequence[Mapping[str, Any]]) -> Picture:
    """Draw the recall of each class over alpha.

    Rows: `core.statistics.Mean`.
    """
    rows = statistics.means(runs, "alpha", classes.NAMES)
    figure, (axis,) = canvas(width=WIDEST, height=3.4)
    for name, colour in zip(classes.NAMES, (GREY, BLUE, ORANGE), strict=True):
        curve = [row for row in rows if row.name == name]
        around = np.transpose([row.around(0, 1) for row in curve])
        style: dict[str, Any] = {"color": colour, "marker": "o", "capsize": 4, "linewidth": 2, "yerr": around}
        axis.errorbar([row.at for row in curve], [row.mean for row in curve], **style)
    counts = dict(zip(classes.NAMES, classes.COUNTS, strict=True))
    axis.legend([label(f"{name}（{n} 条）", f"{_CLASSES[name]} ({n})") for name, n in counts.items()], fontsize=12)
    axis.set_ylim(0, 1.05)
    axis.set_xticks([row.at for row in rows if row.name == classes.NAMES[0]])
    seeds = rows[0].count
    words = f"alpha（{seeds} 个种子的均值，线段是 95% 区间，实测）"
    axis.set_xlabel(label(words, f"alpha ({seeds} seeds, 95 %)"), fontsize=12)
    axis.set_ylabel(label("找回来的比例（召回率）", "recall"), fontsize=12)
    words = "，".join(f"{row.name} alpha {row.at:g} {row.mean:.2f}" for row in rows if row.at in (0, 1))
    return Picture(figure, f"召回率：{words}", rows)


def kinds(rows: Sequence[Mapping[str, Any]]) -> Picture:
    """Draw the perplexity of prompts beside that of answers.

    Rows: {"kind", "prompt": perplexity, "answer": perplexity, "delta": against the first kind, nats a token}.
    """
    first = poems.per_token(rows, next(iter(poems.KINDS)))
    records: list[dict[str, Any]] = []
    for kind in poems.KINDS:
        asks, answers = poems.per_token(rows, kind, "prompt"), poems.per_token(rows, kind)
        apart = likelihood.delta(first, answers)
        both = {"prompt": float(np.exp(np.mean(asks))), "answer": float(np.exp(np.mean(answers)))}
        records.append({"kind": kind, **both, "delta": apart})
    figure, axes = canvas(1, 2, width=WIDEST, height=3.2)
    english = ("form, title", "and rhyme", "wrong rhyme", "wrong title", "wrong form")
    names = [label(kind, other) for kind, other in zip(poems.KINDS, english, strict=True)]
    titles = (label("提示词的困惑度", "perplexity of the prompt"), label("回答的困惑度（提示词遮住）", "of the answer"))
    for axis, part, title in zip(axes, ("prompt", "answer"), titles, strict=True):
        values = [record[part] for record in records]
        best = int(np.argmin(values))
        axis.barh(range(len(values)), values, color=[GREEN if place == best else BLUE for place in range(len(values))])
        for place, value in enumerate(values):
            axis.text(value, place, f" {value:.0f}", va="center", fontsize=12)
        axis.set_yticks(range(len(values)), names if part == "prompt" else [""] * len(values), fontsize=12)
        axis.set_xlim(0, max(values) * 1.2)
        axis.invert_yaxis()
        axis.set_xticks([])
        axis.spines["bottom"].set_visible(False)
        axis.set_title(title, fontsize=12, loc="left")
    words = "；".join(f"{r['kind']}：提示词 {r['prompt']:.0f}，回答 {r['answer']:.0f}" for r in records)
    return Picture(figure, f"困惑度（绿色是最低的）。{words}", records)


def sights(rows: Sequence[Mapping[str, Any]]) -> Picture:
    """Draw which damage each measure sees.

    Rows: as given, see `poems.seen`.
    """
    measures, damages = (list(dict.fromkeys(row[key] for row in rows)) for key in ("measure", "damage"))
    figure, (axis,) = canvas(width=WIDEST, height=0.9 + 0.62 * len(damages))
    for row in rows:
        x, y = measures.index(row["measure"]), damages.index(row["damage"])
        worse, better = row["sees"], row["delta"].high < 0
        colour = GREEN if worse else RED if better else GREY
        axis.add_patch(_tile(x, y, colour))
        word = (
            label("看得见", "sees")
            if worse
            else label("反说更好", "says better")
            if better
            else label("看不见", "blind")
        )
        axis.text(x, y - 0.13, word, ha="center", va="center", fontsize=12)
        axis.text(x, y + 0.2, f"{row['delta'].mean:+.3f}", ha="center", va="center", fontsize=SMALL, color="#444")
    axis.set_xlim(-0.5, len(measures) - 0.5)
    axis.set_ylim(len(damages) - 0.5, -0.5)
    axis.set_xticks(range(len(measures)), measures, fontsize=12)
    axis.set_yticks(range(len(damages)), [label(name, _DAMAGES.get(name, name)) for name in damages], fontsize=12)
    axis.xaxis.tick_top()
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    words = "；".join(
        f"{m} 看得见 {'、'.join(r['damage'] for r in rows if r['measure'] == m and r['sees'])}" for m in measures
    )
    return Picture(figure, words, rows)


def _tile(x: int, y: int, colour: str) -> Any:
    from matplotlib.patches import FancyBboxPatch

    return FancyBboxPatch((x - 0.42, y - 0.38), 0.84, 0.76, boxstyle="round,pad=0.02", facecolor=colour + "55", lw=0)
