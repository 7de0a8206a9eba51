"""aigc-kit: a laboratory for teaching and trying generative AI, on whatever machine is there.

Importing the package costs no torch: each name below is imported when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "AigcError": "errors",
    "BadInput": "errors",
    "DoesNotFit": "errors",
    "Budget": "types",
    "Card": "types",
    "Cost": "types",
    "Figure": "types",
    "Plan": "types",
    "Record": "types",
    "Request": "types",
    "Step": "types",
    "Take": "types",
}
_MODULES = {
    "cards",
    "checks",
    "device",
    "fetch",
    "footprint",
    "image",
    "load",
    "notebooks",
    "offload",
    "prompts",
    "record",
    "show",
    "speech",
    "story",
    "sweep",
    "text",
    "topology",
    "units",
    "verse",
    "xray",
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
    "fetch",
    "footprint",
    "image",
    "load",
    "notebooks",
    "offload",
    "prompts",
    "record",
    "show",
    "speech",
    "story",
    "sweep",
    "text",
    "topology",
    "units",
    "verse",
    "xray",
]

if TYPE_CHECKING:
    from aigc_kit.errors import AigcError, BadInput, DoesNotFit
    from aigc_kit.types import Budget, Card, Cost, Figure, Plan, Record, Request, Step, Take


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(import_module(f"aigc_kit.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    if name in _MODULES:
        return import_module(f"aigc_kit.{name}")
    raise AttributeError(f"module 'aigc_kit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
