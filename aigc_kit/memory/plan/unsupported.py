"""Options that a kind of model does not listen to are refused, not ignored."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Card, Request
from aigc_kit.core.types.atoms import shown
from aigc_kit.memory.plan.options import SETTINGS

DRAWN = ("negative", "height", "width", "frames", "fps", "steps", "guidance", *SETTINGS)
WRITTEN = ("max_new_tokens", "engine")


def check(request: Request, names: Iterable[str], card: Card) -> None:
    """Refuse a request with an option that means nothing for its card.

    Args:
        request: what was asked.
        names: of these options: fields of a request, and names of its `extra`.
        card: for which they mean nothing.

    Raises:
        BadInput: it has one.
    """
    given = {one.name: getattr(request, one.name) for one in fields(request)} | dict(request.extra)
    refuse(given, names, card, f"a {card.kind} model has no such choice")


def refuse(
    given: Mapping[str, Any],
    names: Iterable[str],
    card: Card,
    found: str,
    written: Callable[[str, Any], str] = lambda name, value: f"{name}={shown(value)}",
) -> None:
    """Refuse the first of these options that was given.

    Args:
        given: option -> value; None is not given.
        names: of the options.
        card: for which they mean nothing.
        found: why.
        written: how an option with its value is written where it was given.

    Raises:
        BadInput: one was given.
    """
    for name in names:
        value = given.get(name)
        if value is not None:
            raise BadInput(asked=f"{written(name, value)} for {card.name}", found=found, todo="leave it out")
