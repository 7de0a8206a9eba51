"""How much of a poem stands word for word in the training poems."""

import re
from collections.abc import Iterable

from . import corpus

PUNCTUATION = re.compile(r"[，。\n]")
COPIED = 8  # characters in a row, punctuation not counted, from which a passage counts as copied


def bare(body: str) -> str:
    return PUNCTUATION.sub("", body)


def pieces(text: str, length: int) -> set[str]:
    return {text[i : i + length] for i in range(len(text) - length + 1)}


class Training:
    """The training poems, searchable for passages."""

    def __init__(self, poems: Iterable[corpus.Poem]) -> None:
        self.poems = list(poems)
        self.bodies = [bare(poem.body) for poem in self.poems]
        self.text = "\n".join(self.bodies)
        self.passages = {hash(piece) for body in self.bodies for piece in pieces(body, COPIED)}

    def is_copied(self, body: str) -> bool:
        """Whether COPIED characters in a row stand in a training poem."""
        return any(hash(piece) in self.passages and piece in self.text for piece in pieces(bare(body), COPIED))

    def nearest(self, body: str) -> tuple[str, corpus.Poem | None]:
        """(the longest passage shared with a training poem, that poem); the first of equal ones."""
        text = bare(body)
        best, place = "", -1
        for start in range(len(text)):
            while start + len(best) < len(text):  # a longer passage is searched only where the best so far goes on
                longer = text[start : start + len(best) + 1]
                found = self.text.find(longer)
                if found < 0:
                    break
                best, place = longer, found
        return (best, self.poems[self.text.count("\n", 0, place)]) if best else ("", None)


def longest_shared(left: str, right: str) -> int:
    """Length of the longest passage that two texts share, punctuation not counted."""
    left, right = bare(left), bare(right)
    return next((n for n in range(min(len(left), len(right)), 0, -1) if pieces(left, n) & pieces(right, n)), 0)
