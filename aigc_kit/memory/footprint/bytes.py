"""Count the bytes of a weight in each format."""

from collections.abc import Mapping
from types import MappingProxyType

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types.atoms import shown

COMPUTE_DTYPES = ("float32", "float16", "bfloat16")
BITSANDBYTES = ("int8", "nf4")
STORED = ("float8", "int8", "int8wo", "nf4")
DTYPES = (*COMPUTE_DTYPES, *STORED)
SHORT: Mapping[str, str] = MappingProxyType(
    {"fp32": "float32", "fp16": "float16", "bf16": "bfloat16", "fp8": "float8", "half": "float16"}
)

_ELEMENT = {"float32": 4, "float16": 2, "bfloat16": 2}
NF4_BLOCK = 64  # weights that share one float32 scale (bitsandbytes, without double quantisation)


def full_name(dtype: str, allowed: tuple[str, ...] = DTYPES) -> str:
    """Spell out a format: "fp16" is "float16", others BadInput."""
    name = SHORT.get(dtype, dtype) if isinstance(dtype, str) else dtype
    if name not in allowed:
        shorts = {full: short for short, full in SHORT.items() if short != "half"}
        names = [shorts.get(full, full) for full in allowed]
        todo = Words(f"choose one of {names}", f"从 {names} 里选")
        raise BadInput(
            asked=Words(f"dtype {shown(dtype)}", f"精度 {shown(dtype)}"),
            found=Words("no format that can be reckoned with here", "这里不能用这种格式计算"),
            todo=todo,
        )
    return name


def element_bytes(dtype: str) -> int:
    """Count the bytes of one number that is computed with."""
    return _ELEMENT[full_name(dtype, COMPUTE_DTYPES)]


def stored_bytes(dtype: str, weights: int, rows: int) -> int:
    """Count the bytes of weights in a format for storage.

    Args:
        dtype: "float8" (1 byte each: layerwise casting), "int8" (1 byte each and a float32 scale per row: LLM.int8),
            "int8wo" (1 byte each and a scale in 16 bits per row: torchao, weights only) or "nf4" (half a byte each and
            a float32 scale per 64: bitsandbytes without double quantisation).
        weights: how many.
        rows: output features of all layers together.
    """
    if dtype == "float8":
        return weights
    if dtype.startswith("int8"):
        return weights + (4 if dtype == "int8" else 2) * rows
    return -(-weights // 2) + 4 * -(-weights // NF4_BLOCK)
