"""Options of a command that a model does not listen to are refused, not ignored."""

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aigc_kit.core.types import Card


def refuse(args: argparse.Namespace, names: Iterable[str], card: "Card", found: str) -> None:
    """Refuse the first option of ``names`` that was given; ``found`` says why.

    Raises:
        BadInput: one was given.
    """
    from aigc_kit.memory.plan import unsupported

    given = {name: value for name, value in vars(args).items() if value is not False}  # a switch that was not set
    unsupported.refuse(given, names, card, found, _written)


def _written(name: str, value: Any) -> str:
    return f"--{name.replace('_', '-')}" + ("" if value is True else f" {value}")
