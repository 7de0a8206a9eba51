"""A weighted prompt in the syntax of compel, the library that applies weights to embeddings in diffusers."""

import re
from decimal import Decimal

from aigc_kit.core.errors import BadInput
from aigc_kit.worlds.prompts.grammar import Condition, Group, Weighted, flatten

# Signs that compel reads as its own, or takes apart, and for which it has no faithful way of writing
_ITS_OWN = re.compile(
    r"""["=+\\]|(?<!\w)-|-(?!\w)|\.\s*(?:attend|swap|blend|and|add)\b|(?:use|with)Lora|[.,](?=[^\w\s])|(?<=[^\w\s])[.,]"""
)


def to_compel(condition: Condition) -> str:
    """Write one condition for compel: `a ((red)) cat` -> `a (red)1.21 cat`.

    A space goes in front of every bracket: compel takes `一只(小狗)1.3` as one plain word, brackets and all. Its pieces
    are read as words of their own, as in the web UI, so weighting a part of a word changes the tokens.

    Raises:
        BadInput: the text holds signs that compel would read as weights of its own, such as `C++` or `a - b`.

    >>> from aigc_kit.worlds.prompts.grammar import parse
    >>> to_compel(parse("a ((red)) cat, [dog]").conditions[0])
    'a (red)1.21 cat, (dog)0.909091'
    """
    out = ""
    for piece in flatten(condition):
        found = _ITS_OWN.search(piece.text)
        if found:
            raise BadInput(
                asked="this prompt in compel's syntax",
                found=f"{found[0]!r} in {piece.text.strip()!r} has a meaning of its own there",
                todo="leave it out, or hand over the pieces themselves: aigc_kit.make.image does",
            )
        text = re.sub(r"([()])", r"\\\1", piece.text)
        weighted = piece.weight != 1 and text.strip()
        out += f" ({text.strip()}){_number(piece.weight)} " if weighted else text
    return re.sub(r" +", " ", out).strip()


def _number(weight: float) -> str:
    text = format(Decimal(repr(round(weight, 6))), "f")
    return text if "." in text else text + ".0"


def is_weighted(tree: Weighted) -> bool:
    """Whether anything in it differs from plain text: a weight, or an AND."""
    return len(tree.conditions) > 1 or any(isinstance(child, Group) for child in tree.conditions[0].children)
