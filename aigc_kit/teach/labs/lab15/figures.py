"""Draw one prompt's media, fifty prompts, reactions and the audit."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aigc_kit.media.fonts import glyphs, label
from aigc_kit.teach.show.claims import VERDICTS, WAYS, Erratum
from aigc_kit.teach.show.plots import BLUE, GREEN, GREY, ORANGE, RED, WIDEST, Picture, bare, canvas, name_bars
from aigc_kit.works.evaluation import CORRUPTIONS, METERS, STRENGTHS, Reaction
from aigc_kit.works.together import MEDIA_ZH, MultimodalContent, generate_multimodal_content, outcomes

SENTENCE = "夜晚的海边，一颗黄色的五角星向上移动"


def drawn(content: MultimodalContent) -> Picture:
    """Draw picture, clip and wave of one prompt.

    Rows: {"medium", "first", "best", "draws"}.
    """
    names = [each.medium for each in content.media if each.medium in ("image", "video", "audio")]
    figure, axes = canvas(1, len(names), width=WIDEST, height=3.2)
    axes[0].get_gridspec().set_width_ratios([1.9 if name == "video" else 1 for name in names])  # type: ignore[union-attr]
    rows: list[dict[str, Any]] = []
    marks, firsts = content.fidelities(), content.fidelities(first=True)
    for axis, name in zip(axes, names, strict=True):
        piece = content.kept(name).content
        if name == "audio":
            wave = np.abs(np.asarray(piece, float))
            tops = [part.max() for part in np.array_split(wave, 120)]
            bare(axis).bar(range(120), tops, bottom=[-top / 2 for top in tops], color=BLUE)
        else:
            gap = np.full((piece.shape[-3], piece.shape[-2] // 16, 3), 255, np.uint8)
            frames = [piece] if name == "image" else [piece[0], gap, piece[-1]]
            bare(axis).imshow(np.concatenate(frames, axis=1), interpolation="nearest")
        mark = marks[name]
        told = "没有读回" if mark is None else f"读回 {mark:.0%}"
        ends = name == "video"
        title = f"{MEDIA_ZH[name]}{'（第一帧、最后一帧）' if ends else ''}：{told}"
        english = f"{name}{', first and last frame' if ends else ''}: {'-' if mark is None else f'{mark:.0%}'}"
        axis.set_title(label(title, english), fontsize=14)
    for each in content.media:
        row = {
            "medium": each.medium,
            "first": firsts[each.medium],
            "best": marks[each.medium],
            "draws": len(each.pieces),
        }
        rows.append(row)
    figure.supxlabel(glyphs(content.facts.prompt).replace("␣", " "), fontsize=14)
    return Picture(figure, f"{content.facts.prompt}。{content.says()}", rows)


def promise() -> Picture:
    """Make the picture that opens the lab."""
    return drawn(generate_multimodal_content(SENTENCE, ("image", "audio", "video"), 0.8, seed=15))


def fifty(rows: Sequence[Mapping[str, Any]]) -> Picture:
    """Draw first draw beside best of three. Rows: the outcomes."""
    figure, (axis,) = canvas(width=WIDEST, height=3.8)
    out = outcomes(rows)
    whats = list(dict.fromkeys(each.what for each in out))
    for each in out:
        best, place = each.which == "best", whats.index(each.what)
        at = place + (0.18 if best else -0.18)
        name = _which(each.which) if place == 0 else None
        axis.bar(at, 100 * each.mean, 0.34, color=BLUE if best else GREY, label=name)
        axis.plot([at, at], [100 * each.low, 100 * each.high], color="#333", linewidth=2)
        axis.text(at, 4, f"{each.mean:.0%}", ha="center", fontsize=14, color="white" if best else "black")
    names = [label(MEDIA_ZH.get(what, "一致"), what) for what in whats]
    axis.set_xticks(range(len(whats)), names, fontsize=14)
    axis.set_ylim(0, 105)
    axis.set_ylabel(label("读回的事实（%）", "facts read back, %"), fontsize=13)
    figure.legend(fontsize=14, loc="outside upper center", ncols=2, frameon=False)
    told = "；".join(f"{MEDIA_ZH.get(e.what, '一致')} {_zh(e.which)} {e.mean:.0%}" for e in out)
    return Picture(figure, f"{len(rows)} 条冻结的提示词（实测，95% 区间）：{told}", out)


def _which(name: str) -> str:
    return label(_zh(name), "first draw" if name == "first" else "best of three")


def _zh(name: str) -> str:
    return "第一次抽" if name == "first" else "三次里最好"


def kinds(some: Sequence[Reaction]) -> Picture:
    """Draw every meter over every damage. Rows: the reactions."""
    meters = list(dict.fromkeys(each.meter for each in some))
    damages = list(dict.fromkeys(each.corruption for each in some))
    figure, axes = canvas(len(meters), len(damages), width=WIDEST, height=1.15 * len(meters) + 0.9)
    looks = {"reacts": (GREEN, "-"), "turns": (RED, "--"), "blind": ("#6b7280", ":")}
    for each in some:
        axis = axes[meters.index(each.meter) * len(damages) + damages.index(each.corruption)]
        values, errors = np.array(each.values), np.array(each.errors)
        colour, line = looks[each.verdict]
        axis.plot(STRENGTHS, values, line, color=colour, linewidth=3)
        axis.fill_between(STRENGTHS, values - 2 * errors, values + 2 * errors, color=colour, alpha=0.25, linewidth=0)
        same = [e for e in some if e.meter == each.meter and (e is each or each.verdict == "blind")]
        bare(axis, frame=True).set(xlim=(-0.08, 1.08), ylim=_limits(same))
        if each.meter == meters[0]:
            axis.set_title(label(CORRUPTIONS[each.corruption].title.zh, each.corruption), fontsize=13)
        if each.corruption == damages[0]:
            title = METERS[each.meter].title
            axis.set_ylabel(
                label(title.zh.partition("（")[0], each.meter), fontsize=12, rotation=0, ha="right", va="center"
            )
    figure.supxlabel(
        label(
            "越往右越坏。绿实线：看得见　红虚线：坏了反而更好　灰点线：看不见（按整行的尺画）",
            "worse to the right; green reacts, red dashed praises, grey dotted is blind (on the scale of its row)",
        ),
        fontsize=13,
    )
    names = {"reacts": "看得见", "turns": "反了", "blind": "看不见"}
    told = "；".join(
        f"{METERS[e.meter].title.zh}对{CORRUPTIONS[e.corruption].title.zh}{names[e.verdict]}" for e in some
    )
    return Picture(figure, told, some)


def _limits(some: Sequence[Reaction]) -> tuple[float, float]:
    """Span what a meter says of these damages."""
    values, errors = (np.array([getattr(each, name) for each in some]) for name in ("values", "errors"))
    low, high = (values - 2 * errors).min(), (values + 2 * errors).max()
    room = 0.12 * ((high - low) or 1.0)
    return float(low - room), float(high + room)


def few(rows: Sequence[tuple[int, float, float]]) -> Picture:
    """Draw FD-reader between halves of one world.

    Rows: {"size", "mean", "spread"}.
    """
    figure, (axis,) = canvas(width=7, height=3.2)
    sizes, means, spreads = (np.array(column, float) for column in zip(*rows, strict=True))
    axis.errorbar(sizes, means, yerr=2 * spreads, fmt="o-", color=ORANGE, capsize=4)
    axis.axhline(0, color="#333", linestyle="--")
    axis.text(sizes[0], 0.08, label("真正的距离", "true distance"), fontsize=13)
    axis.set_xscale("log", base=2)
    axis.set_xticks(sizes, [f"{size:.0f}" for size in sizes])
    axis.set_xlabel(label("每组几张图", "pictures in each set"), fontsize=13)
    axis.set_ylabel(label("FD-读图器", "FD-reader"), fontsize=13)
    told = "、".join(f"{size} 张 {mean:.2f} ± {2 * spread:.2f}" for size, mean, spread in rows)
    out = [{"size": size, "mean": mean, "spread": spread} for size, mean, spread in rows]
    return Picture(figure, f"同一个世界的两组图，真正的距离是 0：{told}", out)


def counted(some: Sequence[Erratum]) -> Picture:
    """Draw how many claims were settled in which way.

    Rows: {"verdict", "way", "count"}.
    """
    figure, (axis,) = canvas(width=WIDEST, height=3.2)
    counts = Counter((each.verdict, each.way) for each in some)
    left = np.zeros(len(VERDICTS))
    for (way, name), colour in zip(WAYS.items(), (ORANGE, GREY, BLUE), strict=True):
        values = np.array([counts[verdict, way] for verdict in VERDICTS])
        axis.barh(range(len(VERDICTS)), values, left=left, color=colour, label=label(name, way))
        left += values
    for place, value in enumerate(left):
        axis.text(value + 0.6, place, f"{value:.0f}", va="center", fontsize=14)
    english = ("wrong", "unsupported", "dated", "absent", "not said", "half right")
    name_bars(axis, [label(zh, en) for zh, en in zip(VERDICTS, english, strict=True)], 14)
    axis.legend(fontsize=13, loc="lower right")
    axis.set_xlabel(label(f"一共 {len(some)} 条", f"{len(some)} claims"), fontsize=13)
    rows = [{"verdict": verdict, "way": way, "count": counts[verdict, way]} for verdict in VERDICTS for way in WAYS]
    told = "；".join(f"{verdict} {value:.0f} 条" for verdict, value in zip(VERDICTS, left, strict=True))
    return Picture(figure, told, rows)
