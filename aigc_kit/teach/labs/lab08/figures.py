"""Draw tables of cosines, what was found, pairs and curves."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aigc_kit.core.statistics import Share
from aigc_kit.media.fonts import label
from aigc_kit.promptlab.retrieval.index import Match
from aigc_kit.teach.labs.lab08.experience import Lesson
from aigc_kit.teach.show.page import ATTRIBUTES_ZH
from aigc_kit.teach.show.plots import BLUE, GREEN, GREY, ORANGE, RED, SMALL, WIDEST, Picture, bare, canvas
from aigc_kit.worlds.tinyworld import clip


def matrix(cosines: np.ndarray, images: Sequence[np.ndarray], texts: Sequence[str]) -> Picture:
    """Draw cosines of texts (rows) and pictures (columns).

    Rows: {"text", "cosines"}. The best of a row has a frame.

    Args:
        cosines: float (texts, pictures).
        images: uint8 (H, W, 3); texts: short ones.
    """
    count = len(images)
    figure, axes = canvas(2, 1, width=WIDEST, height=0.72 + 0.52 * len(texts), tight=False)
    left, wide = 0.36, 0.62
    top = 0.62 * WIDEST / count / (0.72 + 0.52 * len(texts))
    axes[0].set_position((left, 1 - top, wide, top))
    axes[1].set_position((left, 0.01, wide, 0.98 - top))
    strip = np.concatenate(
        [np.pad(_small(image), ((2, 2), (2, 2), (0, 0)), constant_values=255) for image in images], 1
    )
    bare(axes[0]).imshow(strip, aspect="auto")
    axis = axes[1]
    axis.imshow(cosines, cmap="Blues", vmin=-0.2, vmax=1, aspect="auto")
    for row, values in enumerate(cosines):
        for column, value in enumerate(values):
            best = column == int(values.argmax())
            weight, colour = (
                ("bold", "white") if best and value > 0.4 else ("normal", "#222" if value < 0.6 else "white")
            )
            axis.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=11, weight=weight, color=colour)
        _frame(axis, int(values.argmax()), row, GREEN if int(values.argmax()) == row else RED)
    axis.set_xticks([])
    axis.set_yticks(range(len(texts)), [label(text, f"text {k}") for k, text in enumerate(texts)], fontsize=11)
    axis.tick_params(length=0)
    right = int((cosines.argmax(axis=1) == np.arange(len(texts))).sum())
    rows = [{"text": text, "cosines": row.tolist()} for text, row in zip(texts, cosines, strict=True)]
    return Picture(figure, f"{len(texts)} 句话和 {count} 张图的余弦：{right} 句最像的是自己的图", rows)


def _frame(axis: Any, column: int, row: int, colour: str) -> None:
    from matplotlib.patches import Rectangle

    axis.add_patch(Rectangle((column - 0.47, row - 0.47), 0.94, 0.94, fill=False, edgecolor=colour, linewidth=2.5))


def _small(image: np.ndarray, side: int = 96) -> np.ndarray:
    from PIL import Image

    return np.asarray(Image.fromarray(image).resize((side, side)))


def growth(lesson: Lesson) -> Picture:
    """Draw a training's loss, and its tables of cosines.

    Rows: {"step", "diagonal", "others"}, means of each table.
    """
    figure, axes = canvas(1, 1 + len(lesson.tables), width=WIDEST, height=2.7)
    losses = np.array(lesson.losses)
    axes[0].plot(range(1, len(losses) + 1), losses, color=GREY, linewidth=1)
    smooth = [losses[max(0, k - 9) : k + 1].mean() for k in range(len(losses))]
    axes[0].plot(range(1, len(losses) + 1), smooth, color=BLUE, linewidth=2.5)
    axes[0].axhline(np.log(64), color="#333", linestyle="--", linewidth=1)
    axes[0].text(len(losses), np.log(64), "ln 64", ha="right", va="bottom", fontsize=SMALL)
    axes[0].set_title(label("损失", "loss"), fontsize=13)
    axes[0].set_xlabel(label("步", "step"), fontsize=12)
    axes[0].set_ylim(0, None)
    rows = []
    for axis, (step, table) in zip(axes[1:], lesson.tables.items(), strict=True):
        bare(axis, frame=True).imshow(table, cmap="Blues", vmin=-0.3, vmax=1)
        axis.set_title(label(f"第 {step} 步", f"step {step}"), fontsize=13)
        others = table[~np.eye(len(table), dtype=bool)].mean()
        rows.append({"step": step, "diagonal": float(table.diagonal().mean()), "others": float(others)})
    words = "；".join(f"第 {row['step']} 步对角线 {row['diagonal']:.2f}、其余 {row['others']:.2f}" for row in rows)
    return Picture(figure, f"损失从 {losses[0]:.2f} 到 {losses[-10:].mean():.2f}；余弦的平均：{words}", rows)


def shown(images: Sequence[np.ndarray], matches: Sequence[Match], ids: Sequence[str], title: str = "") -> Picture:
    """Show found pictures with their cosines. Rows: the matches."""
    figure, axes = canvas(1, max(len(matches), 2), width=WIDEST, height=2.1)
    for axis in axes:
        bare(axis)
    places = {name: k for k, name in enumerate(ids)}
    for axis, match in zip(axes, matches, strict=False):
        axis.imshow(images[places[match.id]])
        axis.set_title(f"{match.cosine:.2f}", fontsize=14)
    if title:
        figure.suptitle(label(title, "found"), fontsize=14)
    words = "、".join(f"{match.id}（{match.cosine:.2f}）" for match in matches)
    return Picture(figure, f"{title}：{words}", matches)


def beside(images: Sequence[np.ndarray], titles: Sequence[str], width: float = WIDEST) -> Picture:
    """Show pictures beside each other. Rows: the titles."""
    figure, axes = canvas(1, len(images), width=width, height=2.6)
    for axis, image, title in zip(axes, images, titles, strict=True):
        bare(axis).imshow(image)
        axis.set_title(label(title, ""), fontsize=12)
    return Picture(figure, "；".join(titles).replace("\n", "，"), titles)


def recorded() -> dict[str, dict[str, dict[str, Any]]]:
    """Read what both editions reached on pairs.

    Edition -> attribute -> share in percent."""
    files = {"第一版": clip.folder(clip.FIRST) / "eval.json", "第二版": clip.folder() / "eval.json"}
    return {edition: json.loads(file.read_text(encoding="utf-8"))["pairs"] for edition, file in files.items()}


def pair_shares() -> Picture:
    """Draw how often both editions tell two pictures apart.

    Rows: {"edition", "attribute", "percent"}, of 500 pairs each. The line is chance.
    """
    figure, (axis,) = canvas(width=WIDEST, height=3.4)
    rows = []
    for number, (edition, found) in enumerate(recorded().items()):
        values = [found[name] for name in ATTRIBUTES_ZH]
        middle = np.array([each["percent"] for each in values])
        ends = np.array([[each["low"], each["high"]] for each in values]).T
        reach = np.maximum([middle - ends[0], ends[1] - middle], 0)  # rounding: 100 % may end a hair below itself
        places = np.arange(len(values)) + (number - 0.5) * 0.38
        bars = axis.bar(places, middle, 0.36, yerr=reach, capsize=3, color=(GREY, BLUE)[number], label=edition)
        axis.bar_label(bars, [f"{value:.0f}" for value in middle], fontsize=11, padding=2)
        rows += [{"edition": edition, "attribute": n, "percent": found[n]["percent"]} for n in ATTRIBUTES_ZH]
    axis.axhline(50, color=RED, linestyle="--", linewidth=1.5)
    beside = axis.get_yaxis_transform()
    axis.text(1.01, 50, label("瞎猜", "chance"), fontsize=12, color=RED, va="center", transform=beside)
    names = [label(zh, name) for name, zh in ATTRIBUTES_ZH.items()]
    axis.set_xticks(range(len(names)), names, fontsize=13)
    axis.set_ylim(0, 112)
    axis.set_ylabel("%", fontsize=13)
    handles, labels = axis.get_legend_handles_labels()
    editions = [label(text, f"edition {k + 1}") for k, text in enumerate(labels)]
    axis.legend(handles, editions, fontsize=12, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False)
    words = "；".join(
        f"{edition} "
        + "、".join(f"{ATTRIBUTES_ZH[r['attribute']]} {r['percent']:.0f}%" for r in rows if r["edition"] == edition)
        for edition in ("第一版", "第二版")
    )
    return Picture(figure, f"只差一个属性的两张图，选对的比例：{words}", rows)


def promise() -> Picture:
    """Draw the picture that opens the lab."""
    return pair_shares()


def curves(thresholds: Sequence[float], rows: Mapping[str, Sequence[tuple[Share, Share]]]) -> Picture:
    """Draw hits and false hits over a cache's threshold.

    Rows: {"way", "threshold", "hits", "false"}.

    Args:
        rows: of `experience.stream`.
    """
    figure, axes = canvas(1, 2, width=WIDEST, height=3.2)
    records = []
    for (way, pairs), colour in zip(rows.items(), (RED, BLUE, ORANGE), strict=False):
        for axis, side in zip(axes, (0, 1), strict=True):
            values = [100 * pair[side].share for pair in pairs]
            reach = np.array(
                [[100 * (p[side].share - p[side].low), 100 * (p[side].high - p[side].share)] for p in pairs]
            ).T.clip(min=0)  # rounding: 100 % may end a hair below itself
            axis.errorbar(thresholds, values, yerr=reach, fmt="o-", capsize=3, color=colour, label=label(way, way))
        records += [
            {"way": way, "threshold": t, "hits": hit.share, "false": false.share}
            for t, (hit, false) in zip(thresholds, pairs, strict=True)
        ]
    for axis, title in zip(axes, (("命中（%）", "hits (%)"), ("命中里错的（%）", "false hits (%)")), strict=True):
        axis.set_title(label(*title), fontsize=13, loc="left")
        axis.set_xlabel(label("阈值", "threshold"), fontsize=13)
        axis.set_ylim(0, None)
        axis.locator_params(axis="x", nbins=5)
        axis.xaxis.set_major_formatter("{x:.2f}")
    axes[0].set_ylim(0, 105)
    axes[0].legend(frameon=False, fontsize=12, loc="lower left")
    words = "；".join(f"{r['way']} {r['threshold']:.2f}：命中 {r['hits']:.0%}，错 {r['false']:.1%}" for r in records)
    return Picture(figure, f"语义缓存：{words}", records)
