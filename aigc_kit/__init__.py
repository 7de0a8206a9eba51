"""Teach and try generative AI, on whatever machine is there.

Importing the package costs no torch: each name below is imported when it is first used.
"""

from __future__ import annotations  # so that an old Python reaches the words that say which one is needed

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "AigcError": "core.errors",
    "BadInput": "core.errors",
    "DoesNotFit": "core.errors",
    "Budget": "core.types",
    "Card": "core.types",
    "Cost": "core.types",
    "Figure": "core.types",
    "Plan": "core.types",
    "Record": "core.types",
    "Request": "core.types",
    "Step": "core.types",
    "Take": "core.types",
}
_ROOMS = {
    "cards": "models",
    "checks": "teach",
    "device": "memory",
    "encode": "media",
    "fetch": "models",
    "footprint": "memory",
    "image": "make",
    "labs": "teach",
    "loaded": "models",
    "music": "make",
    "notebooks": "teach",
    "offload": "memory",
    "paths": "core",
    "prompts": "worlds",
    "record": "keep",
    "show": "teach",
    "speech": "make",
    "sweep": "keep",
    "text": "make",
    "tinyworld": "worlds",
    "tunes": "worlds",
    "topology": "worlds",
    "units": "core",
    "verse": "worlds",
    "video": "make",
    "xray": "memory",
    "works": "",
}

__all__ = [
    "AigcError",
    "BadInput",
    "Budget",
    "Card",
    "Cost",
    "DoesNotFit",
    "Figure",
    "Plan",
    "Record",
    "Request",
    "Step",
    "Take",
    "__version__",
    "cards",
    "checks",
    "device",
    "encode",
    "fetch",
    "footprint",
    "image",
    "labs",
    "loaded",
    "music",
    "notebooks",
    "offload",
    "paths",
    "prompts",
    "record",
    "show",
    "speech",
    "sweep",
    "text",
    "tinyworld",
    "topology",
    "tunes",
    "units",
    "verse",
    "video",
    "works",
    "xray",
]

if TYPE_CHECKING:
    from aigc_kit.core.errors import AigcError, BadInput, DoesNotFit
    from aigc_kit.core.types import Budget, Card, Cost, Figure, Plan, Record, Request, Step, Take


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(import_module(f"aigc_kit.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    if name in _ROOMS:
        globals()[name] = module = import_module(".".join(filter(None, ("aigc_kit", _ROOMS[name], name))))
        return module
    raise AttributeError(f"module 'aigc_kit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
