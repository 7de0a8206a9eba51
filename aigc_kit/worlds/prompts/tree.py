"""The tree of a weighted prompt: its nodes, back to text, and flat into pieces with the product of their weights."""

import re
from dataclasses import dataclass
from decimal import Decimal

UP, DOWN = 1.1, 1 / 1.1
MAX_WEIGHT = 10.0
AND = re.compile(r"(?<!\w)AND(?!\w)")


@dataclass(frozen=True)
class Text:
    """Plain text, escapes resolved."""

    value: str


@dataclass(frozen=True)
class Group:
    """A bracket and what is in it.

    Args:
        kind: "up" for (x), "down" for [x], "set" for (x:1.5).
        children: in order, at least one.
        weight: of this bracket alone.
    """

    kind: str
    children: tuple["Node", ...]
    weight: float


Node = Text | Group


@dataclass(frozen=True)
class Condition:
    """One of the prompts between ANDs; weight 1 unless written."""

    children: tuple[Node, ...]
    weight: float = 1.0


@dataclass(frozen=True)
class Weighted:
    """A prompt as a tree.

    Args:
        conditions: one, or several where AND splits the prompt.
        notes: what a reader should know of how it was read, in Chinese.
    """

    conditions: tuple[Condition, ...]
    notes: tuple[str, ...] = ()


def escaped(text: str, at: int) -> bool:
    """An odd number of backslashes stands in front of text[at]."""
    count = 0
    while at - count > 0 and text[at - count - 1] == "\\":
        count += 1
    return count % 2 == 1


def write(tree: Weighted) -> str:
    """The prompt of a tree; parsed again it is the tree again.

    >>> write(Weighted((Condition((Text("a "), Group("set", (Text("red"),), 1.5))),)))
    'a (red:1.5)'
    """
    several = len(tree.conditions) > 1
    parts = []
    for condition in tree.conditions:
        body = "".join(_write(child, "AND" if several else "") for child in condition.children)
        body = AND.sub(lambda found: "\\AND", body)
        if several:
            body = _keep_edges(body) + (f" :{_number(condition.weight)}" if condition.weight != 1 else "")
        parts.append(body)
    return " AND ".join(parts)


def _keep_edges(body: str) -> str:
    """Spaces at the edges of a condition would be dropped, unless escaped."""
    if body[-1:].isspace() and not escaped(body, len(body) - 1):
        body = body[:-1] + "\\" + body[-1]
    return "\\" + body if body[:1].isspace() else body


def _write(node: Node, inside: str) -> str:
    if isinstance(node, Text):
        special = "\\()[]" + (":|" if inside else "")
        return "".join("\\" + c if c in special else c for c in node.value)
    body = "".join(_write(child, node.kind) for child in node.children)
    if node.kind == "set":
        return f"({body}:{_number(node.weight)})"
    return f"({body})" if node.kind == "up" else f"[{body}]"


def _number(weight: float) -> str:
    text = format(Decimal(repr(weight)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True)
class Piece:
    """Text with its weight: the product of the brackets around it."""

    text: str
    weight: float


def flatten(condition: Condition) -> tuple[Piece, ...]:
    """The pieces of one condition, in order; neighbours of one weight are one piece.

    >>> flatten(Condition((Text("a "), Group("set", (Text("red "), Group("set", (Text("cat"),), 2.0)), 1.5))))
    (Piece(text='a ', weight=1.0), Piece(text='red ', weight=1.5), Piece(text='cat', weight=3.0))
    """
    pieces: list[Piece] = []

    def walk(children: tuple[Node, ...], weight: float) -> None:
        for child in children:
            if isinstance(child, Group):
                walk(child.children, weight * child.weight)
            elif pieces and pieces[-1].weight == weight:
                pieces[-1] = Piece(pieces[-1].text + child.value, weight)
            else:
                pieces.append(Piece(child.value, weight))

    walk(condition.children, 1.0)
    return tuple(pieces)


def plain(condition: Condition) -> str:
    """The text of a condition without its brackets and weights."""
    return "".join(piece.text for piece in flatten(condition))
