"""Tell whether a text is outside the world, as far as a program can: nothing said, too long, unknown words."""

from dataclasses import dataclass
from functools import cache

from aigc_kit.worlds.shop.vocabulary import SPECIAL, vocabulary

LONGEST = 400  # characters of a prompt; what is longer than any prompt of the training is outside
LEAST_KNOWN = 0.8  # share of a prompt's characters


@dataclass(frozen=True)
class Look:
    """What the program sees in a prompt.

    reason: why it is outside the world, in Chinese; empty when nothing says so. known: share of its characters that
    the world has, in 0..1. unknown: the others, each once, in the order of the text.
    """

    reason: str
    known: float
    unknown: tuple[str, ...]

    @property
    def outside(self) -> bool:
        """Tell whether the prompt is outside the world for certain."""
        return bool(self.reason)


@cache
def characters() -> frozenset[str]:
    """Collect the characters of the world."""
    return frozenset(character for word in vocabulary() if word not in SPECIAL for character in word)


def look(prompt: str) -> Look:
    """Look at a prompt; a text that passes may still ask for what the shop does not know.

    >>> look("我想退款").outside, look("What is the weather like?").outside, look(" ").reason
    (False, True, '什么也没有说')
    """
    text = [character for character in prompt if not character.isspace()]
    if not text:
        return Look("什么也没有说", 1.0, ())
    unknown = [character for character in text if character not in characters()]
    known = 1 - len(unknown) / len(text)
    once = tuple(dict.fromkeys(unknown))
    if len(prompt) > LONGEST:
        return Look(f"太长：{len(prompt)} 个字，最多 {LONGEST} 个", known, once)
    if known < LEAST_KNOWN:
        return Look(f"小店不认识其中 {len(unknown)} 个字", known, once)
    return Look("", known, once)
