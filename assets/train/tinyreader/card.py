"""Writes the model card from eval.json."""

import json

from aigc_kit.core.statistics import wilson
from aigc_kit.worlds.tinyworld import ATTRIBUTES
from aigc_kit.worlds.tinyworld.reading import build

from .evaluate import FREE, PER_PAIR, REFUSALS
from .export import MODEL

TEXT = """# tinyreader: the reader of the tiny world

**What it is.** A small convolutional network ({parameters:,} parameters) that looks at one picture and says which
subject, colour, scene, style, light, size and position of the tiny world it shows, and whether it is a picture of that
world at all. It judges what the kit's image model draws; it shares no weights, no data files and no code with that
model but the renderer of the world. It knows nothing of photographs or of any other picture.

**中文简介。** 极小的“读图”网络：看一张小世界的图，说出主体、颜色、场景、风格、光照、大小、位置，
并判断它是不是小世界里的图（噪声、空白、打乱的图会被拒绝）。它只用渲染图训练，与画图模型互相独立，用来给画图模型打分。

| | |
|---|---|
| loads with | `aigc_kit.worlds.tinyworld.checker` (`read`, `agrees`) |
| weights | `model.safetensors`, float16, {bytes:,} bytes |
| sees | 64 x 64 pixels; any picture from 32 x 32 on is averaged down to that |
| trained on | 28,000 renders of `aigc_kit.worlds.tinyworld`, spoiled by blur, scaling, JPEG, noise, tint and shifts |
| licence | that of this repository |
| made by | `python -m assets.train.tinyreader` on one core |

## Measured

Share of pictures read right. *Fresh*: {free:,} renders from unused seeds, at 128 x 128, 96 x 96 and 128 x 96 in turn.
*Held-out pairs*: {pairs} renders of pairs (a blue cat, a cat on the moon) that the image model is never shown; the
reader is, since it must judge them. *Softened*: all of these at half size and back, blurred, with noise and a
tint, as a small decoder draws.

| | {names} | called valid |
|---|{rules}---|
{rows}

Refused, of {refusals} pictures each that are none of the world:
{refused}.

Confidence intervals: {low:.1%} to {high:.1%} is the 95 % interval (Wilson) of the lowest fresh number.

## Limits

- It was trained on clean and on softened renders, not on pictures of a model: a picture that is half one subject and
  half another still gets one label. `confidence` says how sure it is; `valid` does not judge beauty.
- Turned or inverted pictures are refused only in part: a ball or a square upside down before nothing is still a picture
  of the world.
- The commonest mistakes:
  {mistakes}.
- Strong blur erases the pixel style before it erases the rest.
"""


def write() -> None:
    """eval.json -> README.md beside it."""
    report = json.loads((MODEL / "eval.json").read_text(encoding="utf-8"))
    names = list(ATTRIBUTES)
    rows = [("fresh", "fresh"), *((f"fresh, {size.replace('x', ' x ')}", size) for size in report["by_size"])]
    rows += [("held-out pairs", "held_out_pairs"), ("softened", "softened")]
    lines = []
    for title, key in rows:
        part = report.get(key) or report["by_size"][key]
        lines.append(f"| {title} | " + " | ".join(f"{part[name]:.2%}" for name in [*names, "valid"]) + " |")
    _, low, high = wilson(min(report["fresh"][name] for name in names) * FREE, FREE)
    text = TEXT.format(
        parameters=sum(weight.numel() for weight in build().parameters()),
        bytes=report["bytes"],
        free=FREE,
        pairs=PER_PAIR * 14,
        names=" | ".join(names),
        rules="---|" * len(names),
        rows="\n".join(lines),
        refusals=REFUSALS,
        refused=", ".join(f"{kind} {share:.1%}" for kind, share in report["refused"].items()),
        low=low,
        high=high,
        mistakes=", ".join(f"{m['shown']} read as {m['read']} ({m['count']})" for m in report["confused"][:5]),
    )
    (MODEL / "README.md").write_text(text, encoding="utf-8")
