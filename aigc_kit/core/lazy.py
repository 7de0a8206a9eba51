"""Import names of a package when first used (PEP 562)."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any


def lazily(package: str, homes: Mapping[str, Sequence[str]]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Make `__getattr__` and `__dir__` of a lazy package.

    Args:
        package: its dotted name.
        homes: module of the package, or dotted name of a shared one -> names that it gives.
    """
    places = {name: module for module, names in homes.items() for name in names}

    def get(name: str) -> Any:
        if name in places:
            home = places[name]
            return getattr(import_module(home if home.startswith("aigc_kit.") else f"{package}.{home}"), name)
        if name in homes:
            return import_module(f"{package}.{name}")
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return get, lambda: sorted({*homes, *places})
