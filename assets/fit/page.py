"""docs/XRAY.md: what the overheads are, how well they predict rows that were left out, and every other row beside."""

from statistics import median

from aigc_kit.core.units import GIB, format_bytes
from aigc_kit.memory.footprint import Overheads
from aigc_kit.memory.footprint.fit import Measure, fit, leave_one_out
from assets.fit import speed
from assets.fit.rows import REPORT, measured, measures, table

HEAD = """# The X-ray: how its predictions are made, and how good they are

This page is generated: `python -m assets.fit` fits the overheads, writes `assets/data/overheads.json` and this file; a
test compares.

`aigc xray` builds the real classes of a pipeline from their configs on torch's meta device and runs every phase there
(each text encoder, one denoising step, the decoder). Every tensor is followed from its making to its release, so that
weights, live bytes and operations are counted and not estimated; tests compare the count with real tensors on the CPU,
for every option, within 2 %. A GPU adds what such a trace cannot see. Four global numbers stand for that, the same for
every model:

| number | value | meaning |
|---|---|---|
"""

AFTER = """
The first three are fitted by least squares of the logarithms on the rows of `assets/data/vram_rows.csv` with
`use=fit`; no published row separates the context from the rest, so it is a usual value and not fitted. A prediction is
weights (exact) + live bytes + workspace + base for what torch allocates; what the allocator takes from the driver is
weights + (live + workspace) x reserve + base. Its interval is +-{error:.0%} around everything but the weights: the
largest error of a row that was left out of the fit.

## Rows of the fit, each predicted by a fit without it

Runs measured with `max_memory_allocated` or as reserved memory, whose set-up this kit can repeat: SDXL with four
images at 1024 x 1024 (25 steps, A100), and single decoders. "MB" of the decoders' source are MiB: only then are 5568
and 1696 whole numbers of the allocator's 2 MiB pages. Its note that a few layers ran in half precision in the float32
runs is not followed.

| row | run | quantity | measured GiB | predicted GiB | error |
|---|---|---|---|---|---|
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


def render(overheads: Overheads) -> str:
    """The page, for these overheads."""
    found, rows = measures(), table()
    left = leave_one_out(found, overheads.source)
    errors = [_error(m, left[m.row, m.quantity]) for m in found]
    text = HEAD + "".join(f"| {name} | {value} | {meaning} |\n" for name, value, meaning in _numbers(overheads))
    text += AFTER.format(error=overheads.error)
    for measure, error in zip(found, errors, strict=True):
        predicted = measure.predicted(left[measure.row, measure.quantity])
        text += (
            f"| {measure.row} | {_name(rows[measure.row])} | {measure.quantity} | {measure.bytes / GIB:.2f} "
            f"| {predicted / GIB:.2f} | {error:+.1%} |\n"
        )
    sizes = [abs(error) for error in errors]
    text += f"\nMedian absolute error {median(sizes):.1%}, worst {max(sizes):.1%}.\n" + SOURCES
    for source, own in _sources(found).items():
        rest = fit([m for m in found if m.row not in own], overheads.source)
        missed = [abs(_error(m, rest)) for m in found if m.row in own]
        text += f"| {source} | {median(missed):.1%} | {max(missed):.1%} |\n"
    text += REST + "".join(_report(name, rows[name], overheads) for name in REPORT)
    text += SPEED + "".join(f"| {n} | {_name(rows[n])} | {share:.2f} |\n" for n, share in speed.shares().items())
    return text + BEYOND.format(error=speed.efficiency()["error"])


def _numbers(o: Overheads) -> list[tuple[str, str, str]]:
    return [
        ("workspace", f"{o.workspace:.2f} B", "for each number in input and output of the convolution at work"),
        ("reserve", f"{o.reserve:.2f}", "bytes taken from the driver per byte of activations and workspace"),
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
    }


def _name(row: dict[str, str]) -> str:
    batch = f", batch {row['batch']}" if row["batch"] not in {"", "1"} else ""
    frames = f" x {row['frames']}" if row["frames"] not in {"", "1"} else ""
    return f"{row['model']} {row['resolution']}{frames}{batch}, {row['dtype']}, {row['mode']}, {row['gpu']}"


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
