"""Writes the model card from ``eval.json``."""

import json

from aigc_kit.worlds.tinyworld.motion import CLIP_ATTRIBUTES
from aigc_kit.worlds.tinyworld.reading import build_clips

from .clips import SHARD, SHARDS
from .evaluate import FREE, PER_PAIR, RECONSTRUCTED, REFUSALS
from .paths import EVALUATION, MODEL

TEXT = """# clipreader: the reader of clips

**What it is.** A small convolutional network ({parameters:,} parameters) that looks at five frames of a clip, at equal
distances, and says which subject, colour, scene, light and motion of the tiny world it shows, and whether it is a clip
of that world at all. It judges what the kit's video model makes; it shares no weights and no data files with it, and no
code but the renderer of the world. It knows nothing of films.

**中文简介。** 极小的“读片”网络：看短片里等间隔的 5 帧，说出主体、颜色、场景、光照和运动，并判断它是不是小世界里的短片
（噪声、静止、打乱顺序的都会被拒绝）。它只用渲染的短片训练，与生成短片的模型互相独立，用来给那个模型打分。

| | |
|---|---|
| loads with | `aigc_kit.worlds.tinyworld.checker` (`read_clips`, `clip_agrees`) |
| weights | `model.safetensors`, float16, {bytes:,} bytes |
| sees | 5 frames of 64 x 64 pixels; larger ones are averaged down, wide ones squeezed |
| trained on | {clips:,} renders of `aigc_kit.worlds.tinyworld.motion`, softened, tinted, noisy and moved |
| licence | that of this repository |
| made by | `python -m assets.train.clipreader`, about six minutes on one core |

## Measured

Share of clips read right, with 95 % Wilson intervals. *Fresh*: {free:,} renders from unused seeds, of 17 and 9 frames,
square and wide. *Held-out pairs*: {pairs} renders of pairs that the video model is never shown; the reader is, since it
must judge them. *Softened*: all of these at half size and back, blurred, with noise and a tint.{reconstruction}

| | wanted | {columns} |
|---|---|{rules}
{rows}

Refused, of {refusals} clips each that are none of the world (wanted: {gate} % of each):
{refused}.

A caption in which one attribute is wrong is refused:
{wrong}.

All numbers of this card come from `eval.json`.

## Limits

- It was trained on renders, not on clips of a model: a subject that is half one thing and half another still gets one
  label. `confidence` says how sure it is; `valid` does not judge beauty.
- It sees five frames: what flickers between them is not noticed (`aigc_kit.make.video.measures` measures that).
"""


def write() -> None:
    """eval.json -> README.md beside it."""
    report = json.loads(EVALUATION.read_text(encoding="utf-8"))
    parts = {"fresh": "fresh", "held-out pairs": "held_out_pairs", "softened": "softened"}
    if report["reconstructed"]:
        parts["reconstructed"] = "reconstructed"
    names = [*CLIP_ATTRIBUTES, "valid"]
    lines = []
    for name in names:
        cells = [report[part][name] for part in parts.values()]
        gate = f"{report['gates'][name]} %" + (
            "" if 100 * cells[0]["share"] >= report["gates"][name] else ", **missed**"
        )
        shares = " | ".join(f"{c['share']:.1%} ({c['low']:.1%} to {c['high']:.1%})" for c in cells)
        lines.append(f"| {name} | {gate} | {shares} |")
    heads = [f"{title} ({report[part]['valid']['of']})" for title, part in parts.items()]
    said = f" *Reconstructed*: {RECONSTRUCTED} of them through the video model's autoencoder and back."
    text = TEXT.format(
        parameters=sum(weight.numel() for weight in build_clips().parameters()),
        bytes=report["bytes"],
        clips=SHARD * SHARDS,
        free=FREE,
        pairs=PER_PAIR * 8,
        reconstruction=said if report["reconstructed"] else "",
        columns=" | ".join(heads),
        rules="---|" * len(heads),
        rows="\n".join(lines),
        refusals=REFUSALS,
        gate=report["gates"]["refused"],
        refused=", ".join(f"{kind} {share['share']:.1%}" for kind, share in report["refused"].items()),
        wrong=", ".join(f"{name} {share['share']:.1%}" for name, share in report["wrong_captions"].items()),
    )
    (MODEL / "README.md").write_text(text, encoding="utf-8")
