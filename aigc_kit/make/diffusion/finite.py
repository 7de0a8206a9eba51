"""Refuse latents, and what was decoded, without finite numbers."""

from typing import Any

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Words

_SHOWN = Words("what these latents show", "这些潜变量里的画面")


def check_latents(latents: Any) -> None:
    """Refuse latents with values that are no numbers.

    Raises:
        BadInput: there are some, of a tensor of any shape.
    """
    import torch

    if not bool(torch.isfinite(latents).all()):
        raise BadInput(
            asked=_SHOWN,
            found=Words(
                "the latents themselves hold values that are no numbers: something before the decoder went wrong",
                "潜变量里已经有不是数的值（NaN 或无穷大）：解码之前就出了错",
            ),
            todo=Words(
                "make them again with a lower guidance, or with dtype='float32'; torch.isfinite(latents) tells which "
                "are fine",
                "降低 guidance 或写 dtype='float32' 重新生成；torch.isfinite(latents) 指出哪些是好的",
            ),
        )


def check_decoded(decoded: Any, *, half: bool) -> None:
    """Refuse what a decoder could not express.

    Args:
        decoded: the decoder's output, a tensor of any shape.
        half: the decoder computed in float16.

    Raises:
        BadInput: some values are no numbers.
    """
    import torch

    if bool(torch.isfinite(decoded).all()):
        return
    reason = Words("the decoder gave values that are no numbers", "解码器给出了不是数的值（NaN 或无穷大）")
    if half:
        reason += Words(": it overflowed in float16", "：它在 float16 里溢出了")
        todo = Words(
            "decode in float32: upcast=True in a call of decode, dtype='float32' in a plan",
            "用 float32 解码：调用 decode 时写 upcast=True，做方案时写 dtype='float32'",
        )
    else:
        reason += Words(
            ", though it computes beyond float16 and the latents are fine",
            "，虽然它的精度比 float16 高，潜变量也没有问题",
        )
        todo = Words(
            "look at the latents: beyond about 10 times their usual size (latents.abs().max()) no decoder helps",
            "看看潜变量 latents.abs().max()：超过平常大小的 10 倍左右，任何解码器都没有办法",
        )
    raise BadInput(asked=_SHOWN, found=reason, todo=todo)
