"""What can be measured on pictures that a model drew: whether they show what was asked for, and how they differ."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Take


def shows(take: Take, prompt: str | None = None) -> list[dict[str, bool]]:
    """For each picture of a take, and each attribute that the prompt sets: whether the tiny world's reader sees it.

    The reader shares no weights with any model that draws. It knows the tiny world only, so this is for takes of its
    model.

    Args:
        take: of an image model.
        prompt: what is asked for; None takes the prompt of the take.

    Raises:
        BadInput: the prompt says nothing that the tiny world knows.
    """
    from aigc_kit.worlds.tinyworld import checker, vocab

    asked = take.plan.request.prompt if prompt is None else prompt
    spec = vocab.spec_of(asked)
    if not spec.known():
        raise BadInput(
            asked=f"what pictures show of {asked[:40]!r}", found="no word of the tiny world", todo="name one"
        )
    return [checker.matches(reading, spec) for reading in checker.read(take.data)]


def seen(take: Take, words: str) -> list[bool]:
    """Whether the reader sees all that some words name, for each picture of a take that is one of the world at all.

    Pictures that are none are left out: a negative prompt that only spoils a picture has removed nothing.

    Args:
        take: of the tiny world's model.
        words: such as "夜晚" or "a red cat".

    Raises:
        BadInput: no word of the tiny world.
    """
    from aigc_kit.worlds.tinyworld import checker, vocab

    spec = vocab.spec_of(words)
    if not spec.known():
        raise BadInput(
            asked=f"whether pictures show {words[:40]!r}", found="no word of the tiny world", todo="name one"
        )
    read = [reading for reading in checker.read(take.data) if reading.valid]
    return [all(checker.matches(reading, spec).values()) for reading in read]


def adherence(takes: Sequence[Take]) -> float:
    """Share, 0-1, of all attributes asked for that the reader sees in the pictures.

    Raises:
        BadInput: no takes, or as in `shows`.
    """
    seen = [held for take in takes for found in shows(take) for held in found.values()]
    if not seen:
        raise BadInput(asked="the adherence of no pictures", found="no takes", todo="give at least one")
    return sum(seen) / len(seen)


def diversity(pictures: np.ndarray) -> float:
    """Root mean square difference of two pictures, averaged over all pairs, in grey levels (0-255).

    Args:
        pictures: uint8 (B, H, W, 3) of one prompt with B different seeds, B >= 2.

    Raises:
        BadInput: fewer than two pictures.
    """
    pictures = np.asarray(pictures)
    if pictures.ndim != 4 or len(pictures) < 2:
        raise BadInput(asked=f"the diversity of {pictures.shape}", found="not two pictures", todo="give (B, H, W, 3)")
    apart = [rms(a, b) for a, b in combinations(pictures, 2)]
    return float(np.mean(apart))


def rms(a: np.ndarray, b: np.ndarray) -> float:
    """Root mean square difference of two uint8 pictures of one shape, in grey levels."""
    return float(np.sqrt(np.mean((np.asarray(a, np.float64) - np.asarray(b, np.float64)) ** 2)))
