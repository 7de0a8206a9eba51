"""Mask what would break a bar of a tune."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aigc_kit.worlds.tunes.tune import BAR, PHRASE, SIXTEENTHS

if TYPE_CHECKING:
    from torch import Tensor


class BarGrammar:
    """Process logits so that every bar adds up.

    It is called as transformers' LogitsProcessor is.

    A note longer than what is left of its bar is masked; a line comes when the bar is full, and only then; the end
    comes after a line alone.

    Args:
        names: the token of each id.
        lengths: sixteenths in a bar, one for each row.
        given: tokens before the tune, which count for no bar.
        end: id of the token that ends a tune.
    """

    def __init__(self, names: Sequence[str], lengths: Sequence[int], given: int, end: int) -> None:
        import torch

        self.lengths, self.given, self.end = list(lengths), given, end
        self.sixteenths = torch.tensor(
            [int(name.split(":")[1]) if ":" in name and name[0] != "<" else 0 for name in names]
        )
        self.lines = torch.tensor([name in (BAR, PHRASE) for name in names])

    @classmethod
    def of_metres(cls, names: Sequence[str], metres: Sequence[str], end: int) -> "BarGrammar":
        """Make the grammar of metres, one for each row.

        The wish and the start before a tune are eight tokens.
        """
        return cls(names, [SIXTEENTHS[metre] for metre in metres], 8, end)

    def left(self, ids: "Tensor", length: int) -> int:
        """Count sixteenths left of the last bar, ids (T,)."""
        written = ids[self.given :]
        lines = self.lines[written].nonzero()
        begin = int(lines[-1]) + 1 if len(lines) else 0
        return length - int(self.sixteenths[written[begin:]].sum())

    def __call__(self, input_ids: "Tensor", scores: "Tensor") -> "Tensor":
        """Mask scores (B, V) by ids (B, T)."""
        import torch

        allowed = torch.zeros_like(scores, dtype=torch.bool)
        for row, (ids, length) in enumerate(zip(input_ids, self.lengths, strict=True)):
            left = self.left(ids, length)
            if left <= 0:
                allowed[row] = self.lines
                continue
            allowed[row] = (self.sixteenths > 0) & (self.sixteenths <= left)
            if left == length and len(ids) > self.given + 1:
                allowed[row, self.end] = True
        return scores.masked_fill(~allowed, float("-inf"))
