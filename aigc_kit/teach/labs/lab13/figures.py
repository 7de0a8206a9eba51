"""Draw attributions, looks, fields, rates and rounds."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aigc_kit.core.statistics import Share, bootstrap
from aigc_kit.media.fonts import label
from aigc_kit.promptlab.feedback import Round
from aigc_kit.promptlab.inspect.attributions import METHODS
from aigc_kit.promptlab.inspect.cam import Cam
from aigc_kit.teach.show.plots import BLUE, GREEN, GREY, ORANGE, RED, SMALL, WIDEST, Picture, bare, canvas, name_bars
from aigc_kit.worlds.logs.lines import FIELDS, FORMATS


def falls(values: Mapping[str, np.ndarray]) -> Picture:
    """Draw how far deletion falls beyond chance, with intervals.

    Rows: {"method", "mean", "low", "high", "better", "count"}.
    """
    figure, (axis,) = canvas(width=WIDEST, height=3)
    rows = []
    for place, (method, some) in enumerate(values.items()):
        low, high = bootstrap(some, seed=0)
        share = Share.of(method, some > 0)
        rows.append(
            {"method": method, "mean": some.mean(), "low": low, "high": high, "better": share, "count": len(some)}
        )
        axis.plot([low, high], [place, place], color=BLUE, linewidth=3)
        axis.plot(some.mean(), place, "o", color=BLUE, markersize=9)
        words = label(f"{share.held}/{share.count} 个好过随机", f"{share.held}/{share.count} beat random")
        axis.text(1.01, place, words, transform=axis.get_yaxis_transform(), va="center", fontsize=12)
    axis.axvline(0, color="#333", linewidth=1)
    name_bars(axis, [label(METHODS[m].name.zh, METHODS[m].name.en) for m in values], 13)
    axis.set_ylim(len(values) - 0.5, -0.5)
    axis.set_xlabel(label("比随机删多掉多少（nat，平均，95% 区间）", "fall beyond random (nats)"), fontsize=13)
    told = "；".join(
        f"{METHODS[r['method']].name.zh} {r['mean']:.1f} nat，{r['better'].held}/{r['count']} 个好过随机" for r in rows
    )
    return Picture(figure, f"按归因删词，比随机删多掉的对数概率（实测）：{told}", rows)


def cams(pictures: Sequence[np.ndarray], some: Sequence[Cam], masks: Sequence[np.ndarray]) -> Picture:
    """Draw pictures, what the reader looked at, and its peak.

    Rows: {"value", "row", "column", "inside"}.
    """
    figure, axes = canvas(2, len(pictures), width=WIDEST, height=3.2)
    rows = []
    for at, (picture, cam, mask) in enumerate(zip(pictures, some, masks, strict=True)):
        row, column = cam.peak
        bare(axes[at]).imshow(picture)
        below = bare(axes[len(pictures) + at])
        below.imshow(picture)
        below.imshow(cam.heat, cmap="inferno", alpha=0.6)
        below.contour(mask, levels=[0.5], colors="white", linewidths=1.5)
        below.plot(column, row, "o", color="white", markeredgecolor="black", markersize=9)
        rows.append({"value": cam.value, "row": row, "column": column, "inside": bool(mask[row, column])})
        below.set_title(
            label("点中" if rows[-1]["inside"] else "没点中", "hit" if rows[-1]["inside"] else "miss"), fontsize=12
        )
    inside = sum(bool(each["inside"]) for each in rows)
    return Picture(figure, f"Grad-CAM：白线是主体真正的轮廓，白点是最热的地方；{len(rows)} 张里点中 {inside} 张", rows)


def fields(scores: Mapping[str, Mapping[str, tuple[float, float, float]]]) -> Picture:
    """Draw F1 of each field and format.

    Rows: {"format", "field", "f1"}.

    Args:
        scores: format -> `logs.field_scores`.
    """
    figure, (axis,) = canvas(width=WIDEST, height=3)
    values = np.array([[scores[name][field][2] for name in scores] for field in FIELDS])
    axis.imshow(values, cmap="RdYlGn", vmin=0, vmax=1, aspect="auto", alpha=0.75)
    for (row, column), value in np.ndenumerate(values):
        axis.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=14)
    axis.set_xticks(
        range(len(scores)), [label(FORMATS[name][0].zh, FORMATS[name][0].en) for name in scores], fontsize=12
    )
    axis.set_yticks(range(len(FIELDS)), FIELDS, fontsize=13)
    axis.axvline(3.5, color="#333", linewidth=3)
    axis.set_title(
        label("左边四种学过，右边两种没见过：标注器的 F1", "labeller's F1: four seen, two unseen"),
        fontsize=13,
        loc="left",
    )
    rows = [{"format": name, "field": field, "f1": scores[name][field][2]} for name in scores for field in FIELDS]
    told = "；".join(f"{FORMATS[n][0].zh} {'、'.join(f'{f} {scores[n][f][2]:.2f}' for f in FIELDS)}" for n in scores)
    return Picture(figure, f"标注器的 F1（实测）：{told}", rows)


def families(shares: Sequence[Share]) -> Picture:
    """Draw for each family of attacks how many are stopped.

    Rows: the shares.
    """
    names = (
        "改目标",
        "套提示词",
        "角色扮演",
        "不许拒绝",
        "编码",
        "坏字符",
        "假对话",
        "夹在材料里",
        "拆开拼",
        "换说法、换语言",
    )
    figure, (axis,) = canvas(width=WIDEST, height=3.6)
    for place, share in enumerate(shares):
        axis.barh(place, share.count, color=GREY, alpha=0.4)
        axis.barh(place, share.held, color=BLUE)
        axis.text(share.held + 0.1, place, f"{share.held}", va="center", fontsize=12)
    titles = [
        f"{name}（{share.name}）" if len(shares) != len(names) else name
        for name, share in zip(names, shares, strict=False)
    ]
    name_bars(axis, [label(title, share.name[:28]) for title, share in zip(titles, shares, strict=True)], 12)
    axis.set_xlabel(label("每类 10 条，拦下几条（实测）", "stopped of 10"), fontsize=13)
    told = "；".join(f"{title} {share.held}/{share.count}" for title, share in zip(titles, shares, strict=True))
    return Picture(figure, f"各类攻击拦下几条：{told}", shares)


def rounds(some: Mapping[str, Round]) -> Picture:
    """Draw held-out scores before and after, for each way.

    Rows: {"way", "group", "before", "after", "adopted"}.
    """
    figure, axes = canvas(1, 2, width=WIDEST, height=3)
    rows: list[dict[str, Any]] = []
    colours = (RED, ORANGE, GREEN)
    for axis, group in zip(axes, ("新规定", "老规矩"), strict=True):
        for place, (way, each) in enumerate(some.items()):
            old, new = each.before[group], each.after[group]
            axis.barh(place, 100 * new.share, color=colours[place % 3], alpha=0.8)
            axis.plot([100 * new.low, 100 * new.high], [place, place], color="#333", linewidth=2)
            axis.plot([100 * old.share] * 2, [place - 0.4, place + 0.4], color="black", linewidth=3)
            rows.append({"way": way, "group": group, "before": old.share, "after": new.share, "adopted": each.adopted})
        axis.set_xlim(-2, 104)
        axis.set_title(label(f"{group}，没见过的题答对（%）", "held out, right (%)"), fontsize=13, loc="left")
        name_bars(axis, [label(way, way) for way in some] if axis is axes[0] else [""] * len(some), 12)
    figure.supxlabel(label("黑色竖线：训练以前；细线：95% 区间（实测）", "black: before; thin: 95 %"), fontsize=SMALL)
    told = "；".join(f"{r['way']}，{r['group']} {r['before']:.0%} → {r['after']:.0%}" for r in rows)
    return Picture(figure, told, rows)
