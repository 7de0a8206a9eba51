"""Options that a kind of model does not listen to are refused, not ignored."""

import argparse
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from aigc_kit.errors import BadInput

if TYPE_CHECKING:
    from aigc_kit.types import Card


def refuse(args: argparse.Namespace, card: "Card", idle: Mapping[str, Sequence[str]], found: str) -> None:
    """Refuse the options of ``idle`` (kind of card -> names in ``args``) that were given; ``found`` says why.

    Raises:
        BadInput: one was given.
    """
    for name in idle.get(card.kind, ()):
        value = getattr(args, name)
        if value not in (None, False):
            words = f"--{name.replace('_', '-')}" + ("" if value is True else f" {value}")
            raise BadInput(asked=f"{words} for {card.name}", found=found, todo="leave it out")
