"""Writes the model card of the small CLIP from both editions' ``eval.json``."""

import json

from assets.train.tables import rate, table

from . import paths

TEXT = """# miniclip: a small CLIP of a closed world, second edition

**What it is.** A real `transformers.CLIPModel` of {millions} million parameters ({megabytes} MB in float16), trained
for this kit on pictures and captions of `aigc_kit.worlds.tinyworld`. It puts a picture of that world and
its caption, Chinese or English, at nearby unit vectors. Outside the world its scores mean nothing.

**中文简介。** 这是本项目自己训练的极小 CLIP 第二版（{millions} 百万参数），
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
| made by | `python -m assets.train.miniclip`: from the first edition on, {samples} pairs, {minutes} core minutes |

The first edition (`assets/models/miniclip_v1`, {first_samples} pairs) learned from batches of pictures drawn at random
and could not see where a subject stands: no batch asked for it. In the second one's batches each picture stands beside
three that differ from it in one attribute, and linear heads, dropped afterwards, name the attributes of pictures and
texts.

## Pairs that differ in one attribute

Two pictures that differ in one attribute alone, one caption: which is nearer? 500 pairs for each attribute, committed
before the training (`assets/prompts/clip_eval.json`); chance is 50 %. In brackets 95 % Wilson intervals.

{pairs}
{missed}
## Retrieval

Among {gallery} held-out renders of different specs, one full caption each. Many of these pictures differ from another
in one attribute only.

{recall}
Chinese words of all seven attributes without a sentence, by what stands between them, R@1:

{joined}
## What it still cannot see

- **A negation.** Asked for a subject "not red", it takes the picture that is not red in {zh} (Chinese) and {en}
  (English) of 200 pairs: the word is read, the no is not.
- How many there are, two subjects in one picture, and who does what: the world has one subject in a picture.
- Whatever the world lacks: other words are bytes without a meaning.
- A picture changed along the gradient fools it, while people and the world's reader see the same as before (lab 08).

All numbers of this card come from `eval.json` of both editions.
"""


def text(report: dict, first: dict) -> str:
    """The whole card."""
    below = [name for name, share in report["pairs"].items() if share["percent"] < report["gates"]["pairs"]]
    missed = f"Wanted: {report['gates']['pairs']} % each. " + (
        f"**Missed: {', '.join(below)}.**\n" if below else "Met.\n"
    )
    both = ((report, "second edition"), (first, "first edition"))
    return TEXT.format(
        millions=f"{report['parameters'] / 1e6:.1f}",
        megabytes=f"{report['bytes'] / 1e6:.1f}",
        samples=f"{report['training']['samples']:,}",
        minutes=f"{report['training']['core_seconds'] / 60:.0f}",
        first_samples=f"{first['training']['samples']:,}",
        gallery=report["gallery"],
        pairs=table(
            ["", *(name for _, name in both)],
            [[name, *(rate(each["pairs"][name]) for each, _ in both)] for name in report["pairs"]],
        ),
        missed=missed,
        recall=table(
            ["", "R@1", "R@5", "R@1, first edition"],
            [
                [name, rate(found["R@1"]), rate(found["R@5"]), rate(first["recall"][name]["R@1"])]
                for name, found in report["recall"].items()
            ],
        ),
        joined=table(
            ["", *(name for _, name in both)],
            [[name, *(rate(each["joined"][name]) for each, _ in both)] for name in report["joined"]],
        ),
        zh=rate(report["negated"]["zh"]),
        en=rate(report["negated"]["en"]),
    )


def write() -> None:
    report, first = (
        json.loads(file.read_text(encoding="utf-8")) for file in (paths.EVALUATION, paths.FIRST / "eval.json")
    )
    (paths.MODEL / "README.md").write_text(text(report, first), encoding="utf-8")
