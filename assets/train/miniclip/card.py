"""Writes the model card of the small CLIP from ``eval.json``."""

import json

from assets.train.tables import rate, table

from . import paths

TEXT = """# miniclip: a small CLIP of a closed world

**What it is.** A real `transformers.CLIPModel` of {millions} million parameters ({megabytes} MB in float16), trained
for this kit from nothing on pictures and captions of `aigc_kit.worlds.tinyworld`. It puts a picture of that world and
its caption, Chinese or English, at nearby unit vectors. Outside the world its scores mean nothing.

**中文简介。** 这是本项目自己从零训练的极小 CLIP（{millions} 百万参数），
只懂 `aigc_kit.worlds.tinyworld` 这个封闭小世界
的图和中英文描述，用来演示图文检索与 CLIP 分数；世界之外的图和词，它的分数没有意义。

| | |
|---|---|
| class | `transformers.CLIPModel`, float16 safetensors; `CLIPTokenizer` and `CLIPImageProcessor` beside it |
| pictures | 64 x 64 in patches of 8, 4 layers, width 128; any size is averaged down |
| captions | 77 tokens, one for each word of the world, 3 layers, width 128 |
| vectors | 128 numbers |
| training data | drawn by the kit's own code |
| licence | Apache-2.0, as the kit |
| made by | `python -m assets.train.miniclip`: {samples} pairs, {minutes} core minutes |

## Retrieval

Among {gallery} held-out renders of different specs, one full caption each, in brackets 95 % Wilson intervals. Many of
these pictures differ from another in one attribute only.

{recall}
All numbers of this card come from `eval.json`.
"""


def text(report: dict) -> str:
    """The whole card."""
    rows = [[name, rate(found["R@1"]), rate(found["R@5"])] for name, found in report["recall"].items()]
    return TEXT.format(
        millions=f"{report['parameters'] / 1e6:.1f}",
        megabytes=f"{report['bytes'] / 1e6:.1f}",
        samples=f"{report['training']['samples']:,}",
        minutes=f"{report['training']['core_seconds'] / 60:.0f}",
        gallery=report["gallery"],
        recall=table(["", "R@1", "R@5"], rows),
    )


def write() -> None:
    report = json.loads(paths.EVALUATION.read_text(encoding="utf-8"))
    (paths.MODEL / "README.md").write_text(text(report), encoding="utf-8")
