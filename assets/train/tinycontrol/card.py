"""Writes the model card from eval.json."""

import json

from assets.train import tables

from . import evaluate, paths, train

EARLIER_STEPS, EARLIER_MINUTES = 3_388, 34  # of the training whose result this one went on from
TEXT = """# tinycontrol: a ControlNet of the tiny SDXL

**What it is.** A real `diffusers.ControlNetModel` ({bytes:,} bytes in float16) that was trained on the frozen
[tinysdxl](../tinysdxl/README.md): a white silhouette, or a line drawing, on black says where the subject shall be, the
prompt says what it is. Loads with `ControlNetModel.from_pretrained(folder)`; the kit's `load_control` also
checks the base.

**中文简介。** 小 SDXL 的 ControlNet：给一张黑底白色的剪影（或线稿），它就把提示词说的东西画在那里。只属于下面写
明的底模；底模换了要重新训练。

![samples](samples.jpg)

*24 of the frozen masks by a fixed shuffle, one sample each, seed = place in the file, not chosen.*

| | |
|---|---|
| trained on | {pictures:,} renders of `aigc_kit.worlds.tinyworld`, six in ten with silhouettes, the others \
with outlines; \
subjects turned, stretched, anywhere; 15 % smooth shapes that are no subject |
| for | {steps:,} steps of 32, {minutes:.0f} core minutes (one thread; bfloat16 where the processor is faster with it) |
| made by | `python -m assets.train.tinycontrol`, resumable |
| licence | Apache-2.0, as the kit; every picture was drawn by the kit's own code |

## The base it belongs to

sha256 of the files it was trained on; a test fails when one differs:

{base}
## Measured

240 masks and prompts that were frozen before its first result (`assets/prompts/control_eval.json`, its seeds in no
training picture), plain backgrounds by day, {sampling} steps, guidance 3, scale 1, one sample each. The
subject is found by its colours alone (`aigc_kit.teach.labs.lab06.silhouettes`): on true renders that ruler agrees
with the true masks to an IoU of {ruler:.3f}, which is the most that can be reached here. IoU with the wanted
mask, mean and 95 % interval (bootstrap):

{iou}
Gate: mean IoU {gate} on these 240: **{verdict}**. The same masks gave 0.811 (0.796 to 0.825) after 1,433 steps, 0.821
(0.807 to 0.834) after 1,739, when it had learnt from 4,000 renders, and 0.8495 (0.836 to 0.862) after 3,388 with 10,000
renders: each time the gate decided that the training went on, so these masks are not wholly fresh. The subject that the
prompt names is read in {right} of {of} pictures.

With outlines of 2 pixels instead of silhouettes, {few} of the masks: {lines}.
With the ControlNet at scale 0, the same masks: {nothing}: so much is overlap by chance.

## Limits

- Interiors are coarser than the base's own: faces of puppy and wizard smudge when the mask is small.
- Only one subject; the world has no second one. Masks thinner than 8 pixels (one latent
  cell) were not measured.
- Measured before plain backgrounds by day in the style "flat", where a subject can be found by colour; in
  other scenes and styles it was trained, and not measured.
- The ruler takes the soft halo that generated pictures have along their outlines for the subject, as renders have none:
  part of what is missing is the ruler's.
- 128 x 128 only.
"""


def text() -> str:
    """What eval.json tells, in Markdown."""
    report = json.loads(paths.EVALUATION.read_text(encoding="utf-8"))
    rate = lambda one: f"{one['mean']:.3f} ({one['low']:.3f} to {one['high']:.3f})"  # noqa: E731
    names = {
        "usual": "subjects as the world places them",
        "free": "turned, stretched, anywhere",
        "shape": "smooth shapes",
    }
    rows = [(names.get(name, name), one["of"], rate(one)) for name, one in report["iou"].items()]
    weights = paths.MODEL / "diffusion_pytorch_model.safetensors"
    everything = report["iou"]["all"]
    return TEXT.format(
        bytes=weights.stat().st_size,
        pictures=train.CHUNK * train.CHUNKS,
        steps=EARLIER_STEPS + report["training"]["step"],
        minutes=EARLIER_MINUTES + report["training"]["cpu"] / 60,
        base=tables.table(["file", "sha256"], [(name, f"`{digest}`") for name, digest in report["base"].items()]),
        sampling=evaluate.STEPS,
        ruler=report["ruler"]["mean"],
        iou=tables.table(["masks", "of", "IoU"], rows),
        gate=evaluate.GATE,
        verdict="reached" if everything["mean"] >= evaluate.GATE else f"missed ({everything['mean']:.4f})",
        right=report["subject"][0],
        of=report["subject"][1],
        few=report["lines"]["of"],
        lines=rate(report["lines"]),
        nothing=rate(report["scale 0"]),
    )


def write() -> None:
    """eval.json -> README.md beside it."""
    (paths.MODEL / "README.md").write_text(text(), encoding="utf-8")
