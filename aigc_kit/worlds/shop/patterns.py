"""A one-line grammar for wordings.

A pattern is a row of slots parted by spaces. A slot lists its choices with ``|``; ``_`` parts the words of a choice,
``~`` is the empty choice, and ``{i}`` stays for the caller to fill:

    我 想|要 退款|退_钱 ~|吧   ->   我 想 退款 / 我 要 退 钱 吧 / ...

Words stay parted by spaces until ``join``: the model's tokenizer knows exactly these words.
"""

import random
from collections.abc import Sequence


def row(text: str) -> list[str]:
    """Split a line of words at its spaces."""
    return text.split(" ")


def choices(pattern: str) -> list[list[str]]:
    """Split a pattern into its slots' choices, as spaced words."""
    return [[c.replace("_", " ").replace("~", "") for c in slot.split("|")] for slot in pattern.split(" ")]


def expand(pattern: str, rng: random.Random) -> str:
    """Draw one wording of the pattern: spaced words."""
    return " ".join(filter(None, (rng.choice(slot) for slot in choices(pattern))))


def join(spaced: str) -> str:
    """Close the spaces between words."""
    return "".join(spaced.split(" "))


def pick(rng: random.Random, patterns: tuple[Sequence[str], Sequence[str]], split: str) -> str:
    """Draw a wording from seen or held-out patterns.

    patterns: (seen, held out); split: "train" or "held".
    """
    return expand(rng.choice(patterns[1] if split == "held" else patterns[0]), rng)
