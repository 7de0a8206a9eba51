"""Read and write the weights of Stable Diffusion web UIs.

    (x)        x counts 1.1          ((x))   1.1 x 1.1 = 1.21        [x]   1 / 1.1 = 0.909
    (x:1.5)    x counts 1.5          ((x:1.2) y)   nesting multiplies: x 1.32, y 1.1
    \\( \\) \\[ \\]   a bracket as text: a backslash takes the meaning from the next character
    x AND y :0.8   two conditions of their own, the second with weight 0.8

Rules as in AUTOMATIC1111's web UI (prompt_parser.py), with five differences, because a learner is better served by a
message than by a guess: an unbalanced bracket is an error (there it is closed at the end, or taken as text); [a|b] and
[a:b:0.5] are refused (there the prompt changes from step to step); a weight behind a single condition, `a cat :1.2`, is
text; weights are limited to 0 ... 10, those of conditions to -10 ... 10; the wide colon of Chinese keyboards counts as
a colon before a weight, `(x：1.5)`, and that is said. A bare `|` is text in both.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import NoReturn

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types.atoms import check_text
from aigc_kit.worlds.prompts.signs import elsewhere

UP, DOWN = 1.1, 1 / 1.1
MAX_WEIGHT = 10.0
AND = re.compile(r"(?<!\w)AND(?!\w)")
MAX_DEPTH = 20
NUMBER = r"\d+(?:\.\d*)?|\.\d+"
_WEIGHT_END = re.compile(rf"\s*(?P<number>[+-]?(?:{NUMBER}))\s*$", re.ASCII)
COLONS = ":："
_WIDE = str.maketrans("０１２３４５６７８９．＋－", "0123456789.+-")  # as a Chinese keyboard types them
_CLOSING = {"(": ")", "[": "]"}


@dataclass(frozen=True)
class Text:
    """Hold plain text, escapes resolved."""

    value: str


@dataclass(frozen=True)
class Group:
    """Hold a bracket and what is in it.

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
    """Hold one of the prompts between ANDs."""

    children: tuple[Node, ...]
    weight: float = 1.0


@dataclass(frozen=True)
class Weighted:
    """Hold a prompt as a tree.

    Args:
        conditions: one, or several where AND splits the prompt.
        notes: what a reader should know of how it was read, in Chinese.
    """

    conditions: tuple[Condition, ...]
    notes: tuple[str, ...] = ()


def escaped(text: str, at: int) -> bool:
    """Tell whether an odd number of backslashes precedes text[at]."""
    before = text[:at]
    return (at - len(before.rstrip("\\"))) % 2 == 1


def write(tree: Weighted) -> str:
    """Write a tree as a prompt, which parses to it.

    >>> write(Weighted((Condition((Text("a "), Group("set", (Text("red"),), 1.5))),)))
    'a (red:1.5)'
    """
    several = len(tree.conditions) > 1
    parts = []
    for condition in tree.conditions:
        body = "".join(_write(child, "AND" if several else "") for child in condition.children)
        body = AND.sub(r"\\AND", body)
        if several:
            body = _keep_edges(body) + (f" :{_number(condition.weight)}" if condition.weight != 1 else "")
        parts.append(body)
    return " AND ".join(parts)


def _keep_edges(body: str) -> str:
    """Escape spaces at the edges, which would be dropped."""
    if body[-1:].isspace() and not escaped(body, len(body) - 1):
        body = body[:-1] + "\\" + body[-1]
    return "\\" + body if body[:1].isspace() else body


def _write(node: Node, inside: str) -> str:
    if isinstance(node, Text):
        special = "\\()[]" + (COLONS + "|" if inside else "")
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
    """Hold text with the product of the weights around it."""

    text: str
    weight: float


def flatten(condition: Condition) -> tuple[Piece, ...]:
    """List the pieces of one condition, in order.

    Neighbours of one weight are one piece.

    >>> flatten(Condition((Text("a "), Group("set", (Text("red "), Group("set", (Text("cat"),), 2.0)), 1.5))))
    (Piece(text='a ', weight=1.0), Piece(text='red ', weight=1.5), Piece(text='cat', weight=3.0))
    """
    return joined(_pieces(condition.children, 1.0))


def _pieces(children: tuple[Node, ...], weight: float) -> Iterator[Piece]:
    for child in children:
        if isinstance(child, Group):
            yield from _pieces(child.children, weight * child.weight)
        else:
            yield Piece(child.value, weight)


def joined(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Make one piece of neighbours of one weight."""
    groups = groupby(pieces, key=lambda piece: piece.weight)
    return tuple(Piece("".join(piece.text for piece in group), weight) for weight, group in groups)


def plain(condition: Condition) -> str:
    """Give the text of a condition without brackets and weights."""
    return "".join(piece.text for piece in flatten(condition))


def parse(prompt: str) -> Weighted:
    """Read a prompt.

    Raises:
        BadInput: an unbalanced or empty bracket, one of [a|b] and [a:b:0.5], a weight out of range, nothing beside an
            AND. The error shows the place.

    >>> parse("a (red:1.5) cat").conditions[0].children
    (Text(value='a '), Group(kind='set', children=(Text(value='red'),), weight=1.5), Text(value=' cat'))
    """
    check_text("prompt", prompt)
    ands = [match.span() for match in AND.finditer(prompt) if not escaped(prompt, match.start())]
    borders = [0, *(edge for span in ands for edge in span), len(prompt)]
    conditions = tuple(
        _condition(prompt, start, end, bool(ands)) for start, end in zip(borders[::2], borders[1::2], strict=True)
    )
    return Weighted(conditions, tuple(_notes(prompt, conditions)))


def _condition(prompt: str, start: int, end: int, beside_and: bool) -> Condition:
    weight = 1.0
    if beside_and:
        end, weight = _condition_weight(prompt, start, end)
        if not prompt[start:end].strip():
            fault = Words("nothing stands beside this AND", "这个 AND 的一边没有内容")
            todo = Words("write a prompt on both sides", "在两边都写上提示词")
            _refuse(prompt, start, "AND 的一边没有内容", fault, todo)
        start, end = _stripped(prompt, start, end)
    condition = Condition(_Reader(prompt, start, end, beside_and).read(), weight)
    heaviest = max((piece.weight for piece in flatten(condition)), default=0)
    if heaviest > MAX_WEIGHT:
        fault = Words(f"nested weights multiply to {heaviest:g}", f"嵌套的权重乘起来是 {heaviest:g}")
        todo = Words(f"stay within 0 to {MAX_WEIGHT:g}", f"保持在 0 到 {MAX_WEIGHT:g} 之内")
        _refuse(prompt, start, "权重相乘后超出范围", fault, todo)
    return condition


def _condition_weight(prompt: str, start: int, end: int) -> tuple[int, float]:
    """Find the end of a condition's text, and its weight."""
    colon = max(prompt.rfind(colon, start, end) for colon in COLONS)
    match = _WEIGHT_END.match(prompt[colon + 1 : end]) if colon >= 0 and not escaped(prompt, colon) else None
    if not match:
        return end, 1.0
    weight = float(match["number"])
    if not -MAX_WEIGHT <= weight <= MAX_WEIGHT:
        todo = Words(f"choose -{MAX_WEIGHT:g} to {MAX_WEIGHT:g}", f"改成 -{MAX_WEIGHT:g} 到 {MAX_WEIGHT:g}")
        fault = Words(f"a condition of weight {match['number']}", f"条件的权重是 {match['number']}")
        _refuse(prompt, colon, "AND 条件的权重超出范围", fault, todo)
    return colon, weight


def _stripped(prompt: str, start: int, end: int) -> tuple[int, int]:
    while start < end and prompt[start].isspace():
        start += 1
    while end > start and prompt[end - 1].isspace() and not escaped(prompt, end - 1):
        end -= 1
    return start, end


class _Reader:
    """Read prompt[start:end] with a stack of open brackets.

    There is no recursion, so no input can exhaust it.
    """

    def __init__(self, prompt: str, start: int, end: int, beside_and: bool) -> None:
        self.prompt, self.at, self.end, self.beside_and = prompt, start, end, beside_and
        self.open: list[tuple[str, int, list[Node]]] = [("", start, [])]
        self.letters: list[str] = []
        self.colon: int | None = None  # in these letters, the last that is not escaped

    def read(self) -> tuple[Node, ...]:
        while self.at < self.end:
            letter = self.prompt[self.at]
            if letter == "\\" and self.at + 1 < self.end:
                self.at += 1
                self.letters.append(self.prompt[self.at])
            elif letter in "([":
                self._begin(letter)
            elif letter in ")]":
                self._close(letter)
            else:
                if letter in COLONS:
                    self.colon = len(self.letters)
                elif letter == "|" and self.open[-1][0] == "[":
                    fault = Words(
                        "[a|b] changes the prompt from step to step, which one call of the pipeline cannot do",
                        "[a|b] 每一步都换提示词，一次调用管线做不到",
                    )
                    todo = Words(
                        "keep one of them, or write \\| for the character", "只留其中一个；要写这个符号本身，就写 \\|"
                    )
                    _refuse(self.prompt, self.at, "[a|b] 轮换语法不支持", fault, todo)
                self.letters.append(letter)
            self.at += 1
        if len(self.open) > 1:
            kind, place, _ = self.open[-1]
            beyond = Words(
                "; AND splits whole prompts, so a bracket cannot reach over it",
                "；AND 分开的是整段提示词，括号不能跨过它",
            )
            other = beyond if self.beside_and else ""
            todo = Words(
                f"add {_CLOSING[kind]}, or write \\{kind} if you mean the character",
                f"加上 {_CLOSING[kind]}；要写这个符号本身，就写 \\{kind}",
            )
            fault = Words(f"this {kind} is never closed", f"这个 {kind} 一直没有闭合") + other
            _refuse(self.prompt, place, f"“{kind}” 没有闭合", fault, todo)
        self._end_text()
        return tuple(self.open[0][2])

    def _begin(self, letter: str) -> None:
        if len(self.open) > MAX_DEPTH:
            fault = Words(f"brackets nested deeper than {MAX_DEPTH}", f"括号嵌套超过 {MAX_DEPTH} 层")
            _refuse(
                self.prompt,
                self.at,
                "括号嵌套太深",
                fault,
                Words("use an explicit weight such as (x:1.5)", "直接写权重，例如 (x:1.5)"),
            )
        self._end_text()
        self.open.append((letter, self.at, []))

    def _close(self, letter: str) -> None:
        kind, place, children = self.open[-1]
        if not kind or _CLOSING[kind] != letter:
            opening = "(" if letter == ")" else "["
            todo = Words(
                f"add {opening} in front, or write \\{letter} if you mean the character",
                f"在前面加上 {opening}；要写这个符号本身，就写 \\{letter}",
            )
            fault = Words(f"this {letter} closes nothing", f"这个 {letter} 没有可闭合的括号")
            _refuse(self.prompt, self.at, f"“{letter}” 没有对应的开括号", fault, todo)
        weight = self._weight_at_end()
        if kind == "[" and weight is not None:
            fault = Words(
                "[a:b:0.5] and [a:0.5] switch the prompt at a step, which one call of the pipeline cannot do",
                "[a:b:0.5] 和 [a:0.5] 要在中途换提示词，一次调用管线做不到",
            )
            todo = Words(
                "write (x:0.5) for a weight, or \\: for the character", "要写权重，就写 (x:0.5)；要写冒号本身，就写 \\:"
            )
            _refuse(self.prompt, place, "[a:b:0.5] 分步切换语法不支持", fault, todo)
        if weight is not None and not weight <= MAX_WEIGHT:
            fault = Words(f"a weight of {weight:g}", f"权重是 {weight:g}")
            todo = Words(
                f"choose 0 to {MAX_WEIGHT:g}; 0.5 to 1.5 is what usually helps; \\: is the sign itself",
                f"改成 0 到 {MAX_WEIGHT:g}；平常 0.5 到 1.5 就够；要写冒号本身，就写 \\:",
            )
            _refuse(self.prompt, place, "权重超出范围", fault, todo)
        self._end_text()
        if not children:
            todo = Words("write something in it, or take the bracket away", "在里面写点什么，或去掉括号")
            _refuse(
                self.prompt, place, "括号里没有内容", Words("nothing is in this bracket", "这个括号里什么也没有"), todo
            )
        self.open.pop()
        name, usual = ("up", UP) if kind == "(" else ("down", DOWN)
        group = Group(name, tuple(children), usual) if weight is None else Group("set", tuple(children), weight)
        self.open[-1][2].append(group)

    def _weight_at_end(self) -> float | None:
        """Take the number behind the last colon off the text."""
        match = (
            None if self.colon is None else _WEIGHT_END.match("".join(self.letters[self.colon + 1 :]).translate(_WIDE))
        )
        if match is None:
            return None
        number = match["number"]
        if number[0] == "-":
            todo = Words("put what you do not want into the negative prompt", "不想要的东西写进负面提示词")
            _refuse(self.prompt, self.at, "权重不能为负", Words(f"a weight of {number}", f"权重是 {number}"), todo)
        del self.letters[self.colon :]
        return float(number)

    def _end_text(self) -> None:
        if self.letters:
            self.open[-1][2].append(Text("".join(self.letters)))
        self.letters, self.colon = [], None


def _refuse(prompt: str, at: int, zh: str, found: Words, todo: Words) -> NoReturn:
    start = max(0, at - 20)
    line = prompt[start : at + 20].replace("\n", " ")
    wide = sum(2 if ord(character) > 0x2E7F else 1 for character in line[: at - start])
    asked = Words("the weights of a prompt", "提示词里的权重") + f"\n  {line}\n  {' ' * wide}^ {zh}"
    raise BadInput(asked=asked, found=found, todo=todo)


def _notes(prompt: str, conditions: tuple[Condition, ...]) -> Iterator[str]:
    texts = "".join(map(plain, conditions))
    if len(conditions) > 1:
        yield f"AND 把提示词切成 {len(conditions)} 个独立的条件：每个条件各算一次预测，再按权重相加"
    if "|" in texts:
        yield "单独的 | 不是分隔符，会当作普通字符读进去（只有 [a|b] 才是轮换）"
    if "（" in texts or "）" in texts:
        yield "全角括号（）是普通字符，不改变权重；要加权请用半角 ( )"
    if len(conditions) == 1 and re.search(rf"[{COLONS}]\s*(?:{NUMBER})\s*$", prompt, re.ASCII):
        yield "末尾的 “:数字” 在括号外，没有 AND 时当作普通文字"
    yield from _ends_of_brackets(prompt, any(map(_has_set, conditions)))
    yield from elsewhere(prompt)


def _ends_of_brackets(prompt: str, weighted: bool) -> Iterator[str]:
    """Say how the ends of brackets are read."""
    for sign, end in re.findall(r"([:：])\s*([^\s:：()\[\]]*\d[^\s:：()\[\]]*)\s*\)", prompt):
        is_number = re.fullmatch(rf"[+-]?(?:{NUMBER})", end.translate(_WIDE), re.ASCII)
        if not is_number:
            yield f"括号里的“{sign}{end}”不是数字（要写成 :1.3 这样），当作普通文字，括号只按 ( ) 加权"
        elif weighted and (sign == "：" or end != end.translate(_WIDE)):
            what = "全角冒号“：”按半角“:”" if sign == "：" else "全角数字按半角"
            yield f"半角括号里的{what}读作权重"


def _has_set(condition: Condition) -> bool:
    """Tell whether a bracket with a number is inside."""
    nodes = list(condition.children)
    while nodes:
        node = nodes.pop()
        if isinstance(node, Group):
            if node.kind == "set":
                return True
            nodes += node.children
    return False
