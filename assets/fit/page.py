"""docs/XRAY.md: what the overheads are, how well they predict rows that were left out, and every other row beside."""

import json
from collections import defaultdict
from statistics import median

from aigc_kit.core import paths
from aigc_kit.core.units import GIB, format_bytes
from aigc_kit.memory.footprint import Overheads
from aigc_kit.memory.footprint.fit import Measure, fit
from aigc_kit.memory.xray import families
from assets.fit import recipes, rivals, row_traces, speed, steps
from assets.fit.rows import EXCEPTIONS, FIT, REPORT, Run, left_out, measured, measures, table

HEAD = """# The X-ray: how its predictions are made, and how good they are

This page is generated: `python -m assets.fit` fits the overheads, writes `assets/data/overheads.json` and this file; a
test compares.

`aigc xray` builds the real classes of a pipeline from their configs on torch's meta device and runs every phase there
(each text encoder, one denoising step, the decoder). Every tensor is followed from its making to its release, so that
weights, live bytes and operations are counted and not estimated; tests compare the count with real tensors on the CPU,
for every option, within 2 %. At published width (measured with `AIGC_SLOW=1`, tests/xray/test_xray_full_width.py) a
step of 512x512 in float32 takes 157.5 MiB in the trace and 157.5 MiB of real tensors with SDXL, 260.0 and 260.0 MiB
with Stable Diffusion 1.5. A GPU adds what such a trace cannot see. A few global numbers stand for that, the same for
every model:

| number | value | meaning |
|---|---|---|
"""

AFTER = """
Workspace, base and replay are fitted by least squares of the logarithms on the rows of `assets/data/vram_rows.csv` with
`use=fit`. Two are not: no published row separates the context from the rest, so it is a usual value, and `reserve` is
what single decoders took, kept for facts without a replay, such as those of older records. What torch allocates is
weights (exact) + live bytes + workspace + base. The workspace comes out as the bytes of a half-precision copy of input
and output: what a convolution takes that works in another layout. Where the output has more than 2^31 - 1 numbers it is
left out, which one row (N03) tells.

What the allocator takes from the driver is a replay of every taking and giving of the trace through a model of torch's
caching allocator (block sizes, cutting, joining), times `replay`: unfitted it is 8 % too high on single decoders and on
FLUX in fewer bits.

The interval of what is allocated is +-{allocated_error:.0%} around activations and workspace (no less than 5 %: these
are few families), of what is reserved +-{error:.0%} (with and without a replay), and the base may be none or twice (it
differs by card): the largest errors of rows that were left out.

## Rows of the fit, each predicted by a fit without it

Runs measured with `max_memory_allocated` or as reserved memory, whose set-up this kit can repeat. "MB" of the decoders'
source are MiB: only then are 5568 and 1696 whole numbers of the allocator's 2 MiB pages. Its note that a few layers ran
in half precision in the float32 runs is not followed. Rows are traced in the installed libraries, except for the
decoder of CogVideoX in 2024 (N13, N15), which later keeps more alive and is traced in diffusers 0.30.3.

| row | run | quantity | measured GiB | predicted GiB | error | in the interval |
|---|---|---|---|---|---|---|
"""

EXCEPTIONS_HEAD = """
Exceptions, not in the fit:

| row | run | measured GiB | predicted GiB | why |
|---|---|---|---|---|
"""

RIVALS = """
## Other programs on the same rows

Their formulas, written anew on the same exact weights (`assets/fit/rivals.py`, which names the versions), on the
allocated peaks of the rows above that they have a formula for:

| formula | rows | median absolute error | worst | from .. to |
|---|---|---|---|---|
{lines}
They are made for deciding what to unload and not for telling a peak; lying higher can be meant so.
"""

SOURCES = """
Leaving out a whole source at a time is harder:

| left out | median absolute error | worst |
|---|---|---|
"""

REST = """
## Rows that are not comparable, beside the nearest prediction

| row | run | measured | predicted | why they are not comparable |
|---|---|---|---|---|
"""

SPEED = """
## Time

Seconds are operations over (peak of the card x efficiency), or bytes over the link where weights move. The efficiency
is the share of the peak that published runs reached; these include everything from the prompt to the picture.

| row | run | share of the peak |
|---|---|---|
"""

BEYOND = """
The estimate is rough and says so: +-{error:.0%}, the widest spread of these rows. A decoder that works in float32 in
a run in half precision is counted at the plain float32 peak of the card, and as wrong by its whole length.

For steps in float32 no seconds are given. torch computes convolutions in TF32 unless told otherwise: an A100 has it (8
times its plain float32 peak), a T4 and a V100 do not, and on an RTX4090 its peak is that of float32. The one published
run in float32 (row S1: SDXL, A100, plain attention, 72.2 s against 11.4 s in float16) is one card's.
"""


FAMILIES = """
## Pipelines

Of these classes every phase is traced, the encoding of a given picture among them:
{whole}.

Traces are compared with real tensors of shrunk StableDiffusionXL, StableDiffusion, Wan, Flux and CogVideoX, and of
MusicGen (`aigc xray musicgen-small`); of the other classes a test sees that every phase runs. Published runs are of:

| class | rows of the fit | rows that are not comparable |
|---|---|---|
{matched}
Any other class of diffusers is refused with a reason, or its prediction is marked as a lower bound and names what was
not traced (`untraced` in JSON); a test feeds them. Not modelled: adapters of pictures (IP-Adapter), ControlNets, a text
encoder that reads a picture, sound decoders, group offload by leaves that copies ahead, formats of GGUF and of torchao
in 4 bits for denoisers, fused QKV.

## Weights in fewer bits

`--quant PART=nf4|int8|int8wo|fp8` counts weights as loaders make them and traces the layers' own work. Quantisers leave
what `_keep_in_fp32_modules` names: T5's `wo` (1.0 B parameters) is float32 under bitsandbytes (nf4, int8) and stays in
16 bits under torchao (int8wo). bitsandbytes' int8 makes a float16 copy and codes of its input, sums in 32 bits and a
float16 result; nf4 and int8wo make the layer's weights in 16 bits, fp8 (layerwise casting) their second byte.
"""

TRAINING = """
## Training

`aigc xray MODEL --train lora|full` runs a forward and a backward pass and the optimiser on the meta device: what
autograd saves is alive there as on a GPU. Automatic casts follow torch's lists, attention saves what the fused kernels
save, 8-bit states are counted. `reserved` is a replay of all takings and givings, twice, through a model of torch's
caching allocator (block sizes, cutting, joining), with no fitted number; states lie beside. Tests compare with real
steps of reduced SDXL, Wan, FLUX and CogVideoX on the CPU within 2 %.

Published peaks ({source}):

| run | published GiB | reserved GiB | error | allocated GiB |
|---|---|---|---|---|
"""

TRAINING_AFTER = """
Median absolute error {median:.1%}, worst {worst:.1%} ({count} rows of one source). Its scripts tell what was run: two
steps (`metrics.sh`) in float16, where trained weights, gradients and states are float32 (before full training of 5b
30.06 GiB are there, before LoRA 19.74: two bytes more for each weight). They print three numbers and the table does not
say which it holds; all 23 are multiples of 2 MiB, which only the highest reserved must be.

The column is that of a first step, which makes the states when its passes are over: with 8-bit states batch 4 took
27.93 and 66.65 GiB, with states on the CPU (`CPUOffloadOptimizer`) 27.92 and 66.61, so the passes ran without them.
float16's scaling of the loss leaves out steps that overflow, often the first ones. `aigc xray` tells of later steps, in
which states are there all the time; the worst row, full training of 2b with AdamW and batch 4, may hold one.
"""


def _training() -> str:
    text, errors = TRAINING.format(source=steps.SOURCE), []
    for row in steps.table():
        rank = f" rank {row['rank']}" if row["method"] == "lora" else ""
        saving = ", checkpointing" if row["checkpointing"] == "True" else ""
        run = f"{row['model']} {row['method']}{rank}, batch {row['batch']}, {row['optimizer']}{saving}"
        published, reserved = float(row["published_gib"]), float(row["reserved_gib"])
        errors.append(abs(reserved / published - 1))
        cells = (run, f"{published:.2f}", f"{reserved:.2f}", f"{reserved / published - 1:+.1%}", row["allocated_gib"])
        text += "| " + " | ".join(cells) + " |\n"
    return text + TRAINING_AFTER.format(median=median(errors), worst=max(errors), count=len(errors))


def _families() -> str:
    names = sorted({name for family in families.FAMILIES.values() for name in family.pipelines})
    return FAMILIES.format(whole=", ".join(names), matched=_matched())


def _matched() -> str:
    """Give the lines that name the rows of each class."""
    fitted, others = defaultdict(list), defaultdict(list)
    for name, run in {**FIT, **{name: run for name, (run, _) in EXCEPTIONS.items()}}.items():
        fitted[_class(run)].append(name)
    for name, (run, _) in REPORT.items():
        if run is not None:
            others[_class(run)].append(name)
    return "".join(
        f"| {cls} | {', '.join(fitted[cls]) or '-'} | {', '.join(others[cls]) or '-'} |\n"
        for cls in sorted({*fitted, *others})
    )


def _class(run: Run) -> str:
    """Give the pipeline's class of a run."""
    model = row_traces.CASES[run.case].model if isinstance(run.case, str) else run.case[0]
    if model in recipes.RECIPES:
        return recipes.RECIPES[model]()[0]
    index = paths.assets() / "configs" / model / "model_index.json"
    return json.loads(index.read_text(encoding="utf-8"))["_class_name"]


def render(overheads: Overheads) -> str:
    """The page, for these overheads."""
    found, rows = measures(), table()
    left = left_out()
    errors = [_error(m, left[m.row, m.quantity]) for m in found]
    text = HEAD + "".join(f"| {name} | {value} | {meaning} |\n" for name, value, meaning in _numbers(overheads))
    text += AFTER.format(error=overheads.error, allocated_error=overheads.allocated_error)
    for measure, error in zip(found, errors, strict=True):
        predicted = measure.predicted(left[measure.row, measure.quantity])
        inside = "yes" if measure.is_covered(overheads) else "no"
        text += (
            f"| {measure.row} | {_name(rows[measure.row])} | {measure.quantity} | {measure.bytes / GIB:.2f} "
            f"| {predicted / GIB:.2f} | {error:+.1%} | {inside} |\n"
        )
    text += "\n" + _summary(found, errors) + EXCEPTIONS_HEAD
    text += "".join(_exception(name, rows[name], overheads) for name in EXCEPTIONS)
    text += RIVALS.format(lines=rivals.lines(rivals.table(found, left))) + SOURCES
    for source, own in _sources(found).items():
        rest = fit([m for m in found if m.row not in own], overheads.source)
        missed = [abs(_error(m, rest)) for m in found if m.row in own]
        text += f"| {source} | {median(missed):.1%} | {max(missed):.1%} |\n"
    text += REST + "".join(_report(name, rows[name], overheads) for name in REPORT)
    text += SPEED + "".join(f"| {n} | {_name(rows[n])} | {share:.2f} |\n" for n, share in speed.shares().items())
    text += BEYOND.format(error=speed.efficiency()["error"])
    return text + _families() + _training()


def _summary(found: list[Measure], errors: list[float]) -> str:
    text = ""
    for quantity in ("allocated", "reserved"):
        sizes = [abs(e) for m, e in zip(found, errors, strict=True) if m.quantity == quantity]
        text += f"{quantity.capitalize()}: median absolute error {median(sizes):.1%}, worst {max(sizes):.1%} "
        text += f"({len(sizes)} rows).\n"
    return text


def _exception(name: str, row: dict[str, str], overheads: Overheads) -> str:
    run, why = EXCEPTIONS[name]
    predicted, size = run.predict(overheads), next(iter(measured(row).values()))
    return f"| {name} | {_name(row)} | {size / GIB:.2f} | {predicted.allocated_bytes / GIB:.2f} | {why} |\n"


def _numbers(o: Overheads) -> list[tuple[str, str, str]]:
    return [
        ("workspace", f"{o.workspace:.2f} B", "for each number in input and output of the convolution at work"),
        (
            "replay",
            f"{o.replay:.3f}",
            "bytes taken from the driver per byte of segments that a replay of the trace takes",
        ),
        ("reserve", f"{o.reserve:.2f}", "the same per byte of activations and workspace, for traces without a replay"),
        ("base", format_bytes(o.base), "allocated in any case (workspaces of the matrix library)"),
        ("context", format_bytes(o.context), "of the CUDA context, outside torch's own count"),
    ]


def _error(measure: Measure, overheads: Overheads) -> float:
    return measure.predicted(overheads) / measure.bytes - 1


def _sources(found: list[Measure]) -> dict[str, set[str]]:
    return {
        "SDXL on the A100 (S1, S3, S4)": {"S1", "S3", "S4"},
        "decoders of SD (S13, S14)": {"S13", "S14"},
        "decoder of Qwen-Image (Q1 to Q5)": {m.row for m in found if m.row.startswith("Q")},
        "FLUX (N01 to N10, N55)": {"N01", "N03", "N05", "N10", "N55"},
        "CogVideoX (N13, N15, N21)": {"N13", "N15", "N21"},
        "HunyuanVideo (N22 to N30)": {"N22", "N24", "N26", "N28", "N30"},
    }


def _name(row: dict[str, str]) -> str:
    batch = f", batch {row['batch']}" if row["batch"] not in {"", "1"} else ""
    frames = f" x {row['frames']}" if row["frames"] not in {"", "1"} else ""
    versions = f", {row['libraries']}" if row["libraries"] else ""
    return f"{row['model']} {row['resolution']}{frames}{batch}, {row['dtype']}, {row['mode']}, {row['gpu']}{versions}"


def _report(name: str, row: dict[str, str], overheads: Overheads) -> str:
    run, why = REPORT[name]
    said = f"{row['peak']} {row['unit']} ({row['metric']})"
    predicted = "-"
    if run is not None:
        found, quantity = run.predict(overheads), next(iter(measured(row)))
        own = {"allocated": found.allocated_bytes, "reserved": found.reserved_bytes}
        bytes_, word = own.get(quantity, found.device_bytes), quantity if quantity in own else "with context"
        ratio = bytes_ / next(iter(measured(row).values()))
        predicted = f"{bytes_ / GIB:.1f} GiB {word}, {ratio:.2f} of it"
    return f"| {name} | {_name(row)} | {said} | {predicted} | {why} |\n"
