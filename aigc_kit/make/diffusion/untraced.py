"""Plans of shipped small models that were not traced: their weights counted in the files, the rest by a rule."""

import json
from math import prod
from pathlib import Path
from struct import unpack

from aigc_kit.core import paths
from aigc_kit.core.errors import BadInput, DoesNotFit
from aigc_kit.core.types import Budget, Card, Change, Figure, FrozenMap, Plan, Request, Words
from aigc_kit.core.units import format_bytes
from aigc_kit.memory.plan.ladders import MARGIN, Size
from aigc_kit.memory.plan.options import Asked
from aigc_kit.memory.plan.ways import LIBRARY_BYTES

BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}
PIXEL_BYTES, ERROR = 1000, 0.8  # live bytes a pixel and frame; 580 in a small SDXL at 128x128, float32
LARGEST_HEADER = 100_000_000  # of a safetensors file; its own library refuses more


def plan(
    request: Request,
    budget: Budget,
    card: Card,
    asked: Asked,
    ladder: list[Size],
    changes: tuple[Change, ...],
    names: FrozenMap,
) -> Plan:
    """A plan with every part on the budget's device, in the largest size of the ladder that fits.

    Raises:
        BadInput: the card's files are not on this machine, so that nothing can be counted.
        DoesNotFit: no size fits.
    """
    parts = parameters(card)
    whole = budget.device == "cpu" or not card.facts.half
    dtype = asked.dtype if asked.dtype in BYTES else "float32" if whole else "float16"
    weights = sum(parts.values()) * BYTES[dtype]
    height, width, frames = _largest(request, budget, card, ladder, weights)
    per_pixel = card.facts.pixel_bytes or PIXEL_BYTES
    working = per_pixel * height * width * frames * request.batch
    counted = Words("parameters in the files x bytes", "文件里的参数个数 × 每个的字节数")
    rule = Words(
        f"weights + {per_pixel} bytes a pixel and frame; this model was not traced",
        f"权重 + 每像素每帧 {per_pixel} 字节；这个模型没有逐张量追踪过",
    )
    device = budget.device.upper()
    return Plan(
        request=request.change(height=height, width=width, frames=frames if card.facts.frame_step > 1 else None),
        card=card,
        budget=budget,
        dtypes=FrozenMap(dict.fromkeys(parts, dtype)),
        placement=FrozenMap(dict.fromkeys(parts, budget.device)),
        attention=asked.attention or "sdpa",
        vae=FrozenMap(slicing=bool(asked.vae_slicing), tiling=bool(asked.vae_tiling)),
        prediction=FrozenMap(
            weights=Figure(weights, "B", "predicted", counted, error=0.01),
            peak=Figure(weights + working, "B", "predicted", rule, error=ERROR * working / (weights + working)),
        ),
        changes=changes,
        reasons=(
            Words(
                f"a small model: every part stays on the {device}, in {dtype}",
                f"小模型：所有部件都放在 {device} 上，精度 {dtype}",
            ),
        ),
        names=names,
    )


def _largest(request: Request, budget: Budget, card: Card, ladder: list[Size], weights: int) -> Size:
    """The first size of the ladder that fits beside the weights."""
    margin = MARGIN * budget.free_bytes - (LIBRARY_BYTES["cpu"] if budget.device == "cpu" else 0)
    per_pixel = card.facts.pixel_bytes or PIXEL_BYTES
    for height, width, frames in ladder:
        needed = weights + per_pixel * height * width * frames * request.batch * (1 + ERROR)
        if needed <= margin:
            return height, width, frames
    raise DoesNotFit(
        asked=f"{card.name} at {height}x{width}",
        found=f"{format_bytes(needed)} predicted beside the libraries, {format_bytes(budget.free_bytes)} free",
        todo=f"free {format_bytes((needed - margin) / MARGIN)} more",
    )


def parameters(card: Card) -> dict[str, int]:
    """Part -> number of its parameters, read from the headers of the card's shipped weight files.

    Raises:
        BadInput: there are none, or one is damaged.
    """
    for source in card.sources:
        folder = paths.assets() / source.ref
        if source.kind == "shipped" and folder.is_dir():
            found: dict[str, int] = {}
            for file in sorted(folder.glob("*/*.safetensors")):
                found[file.parent.name] = found.get(file.parent.name, 0) + _count(file)
            if found:
                return found
    raise BadInput(
        asked=f"a plan of {card.name}",
        found="neither a trace nor weight files of it are on this machine",
        todo=f"fetch it once with `aigc fetch {card.name}`, or choose a size that was traced",
    )


def _count(file: Path) -> int:
    """Numbers in a safetensors file: its first 8 bytes are the length of a JSON header that names every tensor."""
    try:
        with file.open("rb") as stream:
            (length,) = unpack("<Q", stream.read(8))
            if length > LARGEST_HEADER:
                raise ValueError(f"a header of {length} bytes")
            header = json.loads(stream.read(length))
        return sum(prod(entry["shape"]) for name, entry in header.items() if name != "__metadata__")
    except Exception as error:
        raise BadInput(
            asked=f"the parameters of {file.parent.name}/{file.name}",
            found=f"no whole safetensors file: {error}",
            todo="fetch or check out the file again",
        ) from None
