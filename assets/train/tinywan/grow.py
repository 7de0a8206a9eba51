"""The even autoencoder's weights in a deeper one that says the same, so that training goes on there.

The new residual blocks add nothing at first: their last convolution is zero, and gradients reach it at once.
(Zhang, Dauphin and Ma, "Fixup Initialization", arXiv:1901.09321, begin residual branches at zero.)
"""

from torch import Tensor

MOVED = {"encoder.down_blocks.0.": "encoder.down_blocks.1.", "encoder.down_blocks.1.": "encoder.down_blocks.3."}
"""Where the halvings of the even encoder stand once a residual block precedes each."""


def grow(old: dict[str, Tensor], fresh: dict[str, Tensor]) -> dict[str, Tensor]:
    """The state of the deeper one.

    Args:
        old: the even autoencoder's float32 tensors by name.
        fresh: those of a new one that is as wide and has one residual block more at each size.
    """
    kept = {_place(name): value for name, value in old.items()}
    return {name: kept[name] if name in kept else _silent(name, value) for name, value in fresh.items()}


def _place(name: str) -> str:
    """The deeper one's name for a tensor of the even one."""
    before = next((start for start in MOVED if name.startswith(start)), "")
    return MOVED.get(before, "") + name.removeprefix(before)


def _silent(name: str, value: Tensor) -> Tensor:
    return value * 0 if ".conv2." in name else value
