"""Read JSON as the standard says, and name faults."""

import json
from dataclasses import dataclass
from typing import Any

from aigc_kit.core.bilingual import Words
from aigc_kit.worlds.shop.checkers import no_twice

LONGEST = 20_000  # characters that are read


@dataclass(frozen=True)
class Fault:
    """Hold one way in which a value misses its schema.

    Args:
        path: of the value, such as "order/count"; empty for the whole.
        rule: the keyword that it breaks, "json" where it is none.
        words: what is wrong.
    """

    path: str
    rule: str
    words: Words


def loaded(text: str) -> Any:
    """Read one JSON value: no name twice, no NaN.

    Raises ValueError for anything else, too long a text or too large a number; RecursionError when nested too deeply.
    """
    if len(text) > LONGEST:
        raise ValueError("too long")
    return json.loads(text, **STRICT)


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{digits[:20]} is too large")
    return number


STRICT: dict[str, Any] = {"object_pairs_hook": no_twice, "parse_constant": _no_constant, "parse_float": _finite}
"""How `json` reads strictly."""
