"""Writes the card of the LoRAs from eval.json."""

import json

from assets.train import tables

from . import paths, pictures, train

TEXT = """# tinyloras: three LoRAs of the tiny SDXL, and the reader that judges them

**What they are.** `blueprint` and `papercut` are styles, `rocket` is a 13th subject, none of which
[tinysdxl](../tinysdxl/README.md) knows. Each is a LoRA of rank 8 on attention and convolutions of its U-Net
({bytes:,} bytes in float16), trained by `aigc_kit.make.train.learn_lora`, the loop that lab 06 uses. They load with
`pipe.load_lora_weights`; the kit's `load_lora` also checks the base. `reader.safetensors` is a small network
that names style and subject, new ones too.

**中文简介。** 小 SDXL 的三个 LoRA：蓝图、剪纸（新画风）、火箭（新主体），以及认得它们的裁判。只属于下面写明的底模；
底模换了要重新训练。

![samples](samples.jpg)

*The first 12 frozen prompts, one sample each, seed = index, not chosen. From above: the base, blueprint,
papercut, and the first 12 rocket prompts.*

| | |
|---|---|
| trained on | renders in the new style (drawn in "flat", captions that name no style), or with a rocket, one \
in three of those of the base's own world |
| by | AdamW at {rate:g}, falling to zero in the last half, on one core, {steps} steps; {noisy:.0%} of the timesteps \
drawn from the noisiest 45 % |
| made by | `python -m assets.train.tinyloras` |
| licence | Apache-2.0, as the kit; every picture was drawn by the kit's own code |

{trained}
## The base they belong to

sha256 of the files they were trained on; a test fails when one differs:

{base}
## Measured

60 prompts a set that were frozen before the training (`assets/prompts/lora_eval.json`), 12 steps, guidance 3,
strength 1, one sample each. Style and new subjects are named by the LoRAs' reader; the last column by the
kit's own reader (tinyreader) on 60 prompts of the base's own world. 95 % intervals are Wilson's.

{measured}
Gates: the style said in {style} % of prompts that never name it, subjects kept in {subject} %: {verdict}.
The base alone: a new style is read in {fresh}, the subject in {alone}, a rocket in {rocket}, the world's own
subjects in {usual}. Switched off again, the bytes of the pictures are {off}.

The reader, on {fresh_count} new renders: style {reader_style:.1%}, subject {reader_subject:.1%}. It was
trained on {renders:,} renders, never on a model's pictures.

## Limits

- A style LoRA paints everything in its style, whatever the prompt says: it forgets the other styles by design.
- Two LoRAs at once were never trained together.
- How well the rocket's colour and scene follow the prompt was not measured; it was not drawn as pixel art.
"""


def text() -> str:
    """What eval.json tells, in Markdown."""
    report = json.loads(paths.EVALUATION.read_text(encoding="utf-8"))
    rows, below = [], []
    for name, one in report["loras"].items():
        cells = [tables.rate(one[key]) if key in one else "" for key in ("style", "subject", "usual")]
        rows.append([name, *cells])
        below += [
            f"{name}: {key}" for key, gate in report["gates"].items() if key in one and one[key]["percent"] < gate
        ]
    lines = [
        (
            one["lora"] + (" (shipped)" if one["seed"] == 0 else ""),
            *(one[key] for key in ("seed", "pictures", "steps", "size")),
            f"{one['losses'][0]:.3f} to {one['losses'][-1]:.3f}",
            round(one["cpu"]),
        )
        for one in report["training"]
        if "lora" in one
    ]
    alone = report["base alone"]
    return TEXT.format(
        bytes=(paths.MODEL / f"{pictures.NAMES[0]}.safetensors").stat().st_size,
        rate=train.RATE,
        noisy=train.NOISY,
        steps=train.STEPS,
        trained=tables.table(
            ["LoRA", "seed", "pictures", "steps", "a step", "loss, first to last tenth", "CPU s"], lines
        ),
        base=tables.table(["file", "sha256"], [(name, f"`{digest}`") for name, digest in report["base"].items()]),
        measured=tables.table(["", "style said", "subject asked for", "old subjects found"], rows),
        style=report["gates"]["style"],
        subject=report["gates"]["subject"],
        verdict="reached" if not below else "**missed** by " + ", ".join(below),
        fresh=tables.rate(alone["new styles"]),
        alone=tables.rate(alone["subject"]),
        rocket=tables.rate(alone["rocket"]),
        usual=tables.rate(alone["usual"]),
        off="the old ones" if report["off again"] else "not the old ones",
        fresh_count=report["reader"]["of"],
        reader_style=report["reader"]["style"],
        reader_subject=report["reader"]["subject"],
        renders=train.READER_PICTURES,
    )


def write() -> None:
    """eval.json -> README.md beside it."""
    (paths.MODEL / "README.md").write_text(text(), encoding="utf-8")
