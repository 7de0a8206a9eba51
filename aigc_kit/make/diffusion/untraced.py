"""Plan a small model without a trace, by its files."""

import json
from dataclasses import replace
from math import prod
from pathlib import Path
from struct import unpack

from aigc_kit.core import paths
from aigc_kit.core.errors import BadInput, DoesNotFit
from aigc_kit.core.types import Budget, Card, Change, Figure, FrozenMap, Plan, Request, Words
from aigc_kit.core.units import format_bytes
from aigc_kit.memory.footprint.seconds import by_pace
from aigc_kit.memory.plan import by_hand, explain
from aigc_kit.memory.plan.options import MARGIN, Asked, Size
from aigc_kit.memory.plan.search import LIBRARY_BYTES

BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}
PIXEL_BYTES, ERROR = 1000, 0.8  # live bytes a pixel and frame; 580 in a small SDXL at 128x128, float32
LARGEST_HEADER = 100_000_000  # of a safetensors file; its own library refuses more


def untraced(
    request: Request, budget: Budget, card: Card, asked: Asked, ladder: list[Size], changes: tuple[Change, ...]
) -> Plan:
    """Place all parts on one device, without a trace.

    Raises:
        BadInput: the card's files are not on this machine, so that nothing can be counted.
        DoesNotFit: no size fits.
    """
    parts = parameters(card)
    whole = budget.device == "cpu" or not card.facts.half
    dtype = asked.dtype if asked.dtype in BYTES else "float32" if whole else "float16"
    weights = sum(parts.values()) * BYTES[dtype]
    margin = MARGIN * budget.free_bytes - (LIBRARY_BYTES["cpu"] if budget.device == "cpu" or budget.unified else 0)
    per_pixel = card.facts.pixel_bytes or PIXEL_BYTES
    for height, width, frames in ladder:
        working = per_pixel * height * width * frames * request.batch
        need = weights + working * (1 + ERROR)
        if need <= margin:
            break
    else:
        raise _too_large(card, f"{height}x{width}", need, (need - margin) / MARGIN, budget)
    count = Words("parameters in the files x bytes", "文件里的参数个数 × 每个的字节数")
    rule = Words(
        f"weights + {per_pixel} bytes a pixel and frame; this model was not traced",
        f"权重 + 每像素每帧 {per_pixel} 字节；这个模型没有逐张量追踪过",
    )
    if asked.placement not in (None, "resident"):
        one = Words("a small model is not moved", "小模型不用搬运")
        changes = (*changes, Change("placement", asked.placement, "resident", one))
    request = request.change(height=height, width=width, frames=frames if card.facts.frame_step > 1 else None)
    spent = by_pace(request, card) if budget.device == "cpu" else None
    device = budget.device.upper()
    why = f"a small model: every part stays on the {device}, in {dtype}"
    why_zh = f"小模型：所有部件都放在 {device} 上，精度 {dtype}"
    plan = Plan(
        request=request,
        card=card,
        budget=budget,
        dtypes=FrozenMap(dict.fromkeys(parts, dtype)),
        placement=FrozenMap(dict.fromkeys(parts, budget.device)),
        attention=asked.attention or "sdpa",
        vae=FrozenMap(slicing=bool(asked.vae_slicing), tiling=bool(asked.vae_tiling)),
        prediction=FrozenMap(
            weights=Figure(weights, "B", "predicted", count, error=0.01),
            peak=Figure(weights + working, "B", "predicted", rule, error=ERROR * working / (weights + working)),
            **({"seconds": spent} if spent else {}),
        ),
        changes=changes,
        reasons=(Words(why, why_zh),),
        names=explain.peak_name(budget),
    )
    return replace(plan, by_hand=by_hand.lines(plan))


def _too_large(card: Card, size: str, need: float, more: float, budget: Budget) -> DoesNotFit:
    free = format_bytes(budget.free_bytes)
    todo = Words(f"free {format_bytes(more)} more", f"再空出 {format_bytes(more)}")
    if more > budget.total_bytes - budget.free_bytes:
        whole = format_bytes(budget.free_bytes + more)
        todo = Words(f"take a machine with {whole} free", f"换一台空闲 {whole} 的机器")
    return DoesNotFit(
        asked=Words(f"{card.name} at {size}", f"{card.name}，尺寸 {size}"),
        found=Words(
            f"{format_bytes(need)} predicted beside the libraries, {free} free",
            f"除了库以外预测要 {format_bytes(need)}，空闲 {free}",
        ),
        todo=todo,
    )


def parameters(card: Card) -> dict[str, int]:
    """Count the parameters of a card's parts in its files.

    Raises:
        BadInput: there are none, or one is damaged.
    """
    for source in card.sources:
        folder = paths.assets() / source.ref
        if source.kind == "shipped" and folder.is_dir():
            counts: dict[str, int] = {}
            for file in sorted(folder.glob("*/*.safetensors")):
                counts[file.parent.name] = counts.get(file.parent.name, 0) + _count(file)
            if counts:
                return counts
    reason = Words(
        "neither a trace nor weight files of it are on this machine", "这台机器上既没有它的追踪数据，也没有它的权重文件"
    )
    todo = Words(
        f"fetch it once with `aigc fetch {card.name}`, or choose a size that was traced",
        f"在终端下载一次：`aigc fetch {card.name}`，或选一个追踪过的尺寸",
    )
    raise BadInput(asked=Words(f"a plan of {card.name}", f"为 {card.name} 做方案"), found=reason, todo=todo)


def _count(file: Path) -> int:
    """Count the numbers that a safetensors file's header names."""
    try:
        with file.open("rb") as stream:
            (length,) = unpack("<Q", stream.read(8))  # of a JSON header that names every tensor
            if length > LARGEST_HEADER:
                raise ValueError(f"a header of {length} bytes")
            header = json.loads(stream.read(length))
        return sum(prod(entry["shape"]) for name, entry in header.items() if name != "__metadata__")
    except Exception as error:
        reason = Words(f"no whole safetensors file: {error}", f"这不是完整的 safetensors 文件（原话：{error}）")
        todo = Words("fetch or check out the file again", "重新下载或检出这个文件")
        raise BadInput(
            asked=Words(f"the parameters of {file.parent.name}/{file.name}", f"{file.parent.name}/{file.name} 的参数"),
            found=reason,
            todo=todo,
        ) from None
