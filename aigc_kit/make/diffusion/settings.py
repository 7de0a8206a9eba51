"""Settings of a modality, read from a request's `extra`."""

from dataclasses import fields
from difflib import get_close_matches
from typing import Any, TypeVar

from aigc_kit.core.errors import BadInput, UnknownName
from aigc_kit.core.types import Request
from aigc_kit.core.types.base import shown
from aigc_kit.memory.plan.options import SETTINGS as OF_THE_PLAN

Settings = TypeVar("Settings")
_OF_THE_REQUEST = tuple(one.name for one in fields(Request) if one.name not in ("card", "prompt", "extra"))


def read(cls: type[Settings], request: Request, of_what: str) -> Settings:
    """The settings in a request's `extra`; None there leaves the default, and what a planner reads is left to it.

    Args:
        cls: a dataclass whose fields are the settings; it checks its values.
        request: what was asked.
        of_what: such as "a picture", for the error.

    Raises:
        UnknownName: a setting that does not exist. BadInput: a value out of range.
    """
    known = [f.name for f in fields(cls)]  # type: ignore[arg-type]
    given: dict[str, Any] = {}
    for name, value in request.extra.items():
        if name in OF_THE_PLAN:
            continue
        if name not in known:
            every = [*known, *OF_THE_PLAN]
            close = get_close_matches(name, [*every, *_OF_THE_REQUEST], n=1)
            raise UnknownName(
                asked=f"the setting {name}={shown(value)} of {of_what}",
                found="no setting of that name" + (f"; close: {close[0]}" if close else ""),
                todo=f"choose from {', '.join(every)}, or a field of the request (negative, steps, ...)",
            )
        if value is not None:
            given[name] = value
    return cls(**given)


def check_switches(settings: Any, *switches: str) -> None:
    """Refuse a switch that is neither True nor False.

    Raises:
        BadInput: it is not.
    """
    for name in switches:
        value = getattr(settings, name)
        if not isinstance(value, bool):
            raise BadInput(asked=f"{name}={shown(value)}", found="not True or False", todo="say True or False")
