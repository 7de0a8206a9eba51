"""Assume GPUs that are not here, for what-if plans."""

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Budget, FrozenMap, Words
from aigc_kit.core.units import GIB, format_bytes, parse_bytes
from aigc_kit.memory.footprint import gpu_named

RAM = 32 * GIB  # of the host of a GPU that is only assumed
CARDS_GIB = (4, 6, 8, 12, 16, 24, 80)  # of the usual cards, for tables of what fits


def a_gpu(vram: int | str | None = None, *, name: str | None = None, ram: int | str = RAM) -> Budget:
    """Assume a GPU with nothing else running on it.

    Args:
        vram: bytes of its memory, or a size such as "8GiB"; None takes the named card's.
        name: one of `footprint.GPUS`, also as a driver says it ("NVIDIA GeForce RTX 4090"), which also says what it can
            compute; None assumes a card of today (bfloat16, fused attention) of unknown speed.
        ram: free bytes of its host, or a size.

    Raises:
        UnknownName: no such card. BadInput: neither memory nor name, or no size.
    """
    vram, ram = None if vram is None else parse_bytes(vram), parse_bytes(ram)
    if name is None:
        if vram is None:
            raise BadInput(
                asked=Words("a GPU without memory or name", "一块既没有显存大小、也没有名字的显卡"),
                found=Words("nothing to plan for", "没法做方案"),
                todo=Words("give one of them", "写上其中一个，例如 vram='8GiB'"),
            )
        return _budget(f"GPU {format_bytes(vram)}", vram, ram, modern=True)  # the same in both languages
    gpu = gpu_named(name, vram)
    vram = gpu.memory_bytes if vram is None else vram
    return _budget(gpu.name, vram, ram, modern="bfloat16" in gpu.flops)


def _budget(name: str, vram: int, ram: int, *, modern: bool) -> Budget:
    abilities = FrozenMap(bf16=modern, fused_attention=modern)
    return Budget("cuda", name, vram, vram, ram, 0, abilities, origin="assumed")
