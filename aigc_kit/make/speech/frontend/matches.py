"""Hold what rules share: a reading, numbers, what stands before.

A rule is a pattern that is tried at one place of the text, and a function that reads what it matched, or leaves it to
the next rule by returning None.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from aigc_kit.make.speech.frontend.symbols import quantity


class Reading(NamedTuple):
    """Tell how a stretch is said, why, and whether heard."""

    text: str
    why: str = ""
    heard: bool = True


Read = Callable[[re.Match, str], Reading | None]
Rule = tuple[re.Pattern, Read]

HAN = r"[\u3400-\u9fff]"
NUMBER = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?![.,]?\d)"
DASH = r"[-\u2010\u2011\u2212~\uff5e\u2013\u2014]"
TO = rf" ?{DASH} ?"
MINUS = "-\u2212\u2010\u2011"


def rule(pattern: str, read: Read) -> Rule:
    """Compile a rule, digits and letters being ASCII."""
    return re.compile(pattern, re.ASCII), read


def silent(why: str) -> Read:
    """Make the reading of what is left out."""
    return lambda match, english: Reading("", why, heard=False)


def before(match: re.Match, length: int = 16) -> str:
    """Take some characters in front of a match."""
    return match.string[max(match.start() - length, 0) : match.start()]


def behind(match: re.Match, length: int = 8) -> str:
    """Take some characters behind a match."""
    return match.string[match.end() : match.end() + length]


def signed(number: str) -> str:
    """Say a number with sign and power of ten.

    >>> signed("-3"), signed("1e-3"), signed("6.02E23")
    ('负三', '一乘十的负三次方', '六点零二乘十的二十三次方')
    """
    base, power, exponent = re.sub("[eE]", "e", number).partition("e")
    return quantity(base) + (f"乘十的{quantity(exponent.lstrip('+'))}次方" if power else "")
