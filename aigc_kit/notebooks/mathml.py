"""Formulas of prose as MathML, which browsers draw without a script: the small part of TeX that notebooks use.

A formula with anything else in it stays as it is, in TeX.
"""

import re
from collections.abc import Callable, Iterator
from html import escape

_FORMULA = re.compile(
    r"(```.*?```|`[^`\n]*`)|\$\$(.+?)\$\$|(?<![\\$A-Za-z0-9])\$(?!\s)([^$\n]+?)(?<![\s\\])\$(?!\d)", re.DOTALL
)
_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\s+|.", re.DOTALL)
_GREEK_NAMES = "alpha beta gamma delta epsilon zeta eta theta lambda mu nu xi pi rho sigma tau phi chi psi omega"
_GREEK = dict(zip(re.findall(r"\w+", _GREEK_NAMES), "αβγδεζηθλμνξπρστφχψω", strict=True))
_GREEK |= {"Delta": "Δ", "Sigma": "Σ", "Omega": "Ω", "Phi": "Φ", "infty": "∞", "ell": "ℓ", "partial": "∂", "nabla": "∇"}
_OPERATORS = {
    "cdot": "·", "times": "×", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠", "neq": "≠", "approx": "≈",
    "to": "→", "rightarrow": "→", "mapsto": "↦", "in": "∈", "sim": "∼", "ldots": "…", "dots": "…", "cdots": "⋯",
    "mid": "|", "pm": "±", "sum": "∑", "prod": "∏", "int": "∫", "propto": "∝", "odot": "⊙", "{": "{", "}": "}",
    "|": "‖", "%": "%",
}  # fmt: skip
_FUNCTIONS = {"log", "exp", "ln", "max", "min", "arg", "argmax", "argmin", "softmax", "sin", "cos", "tanh"}
_SPACES = {",": "0.17em", ";": "0.28em", ":": "0.22em", " ": "0.28em", "quad": "1em", "qquad": "2em", "!": "-0.17em"}
_SIZES = {"big", "Big", "bigg", "Bigg", "left", "right", "bigl", "bigr"}
_TEXTS = {"text", "mathrm", "operatorname", "mathbf", "mathit", "textrm"}
_SYMBOLS = (
    {name: f"<mi>{letter}</mi>" for name, letter in _GREEK.items()}
    | {name: f"<mo>{sign}</mo>" for name, sign in _OPERATORS.items()}
    | {name: f"<mi>{name}</mi>" for name in _FUNCTIONS}
    | {name: f'<mspace width="{width}"/>' for name, width in _SPACES.items()}
    | {"displaystyle": "", "limits": ""}
)
_ACCENTS = {"hat": "^", "bar": "¯", "tilde": "~", "vec": "→"}


class _NotSupportedError(Exception):
    pass


def formulas_to_mathml(markdown: str, put: Callable[[str], str] = str) -> str:
    """The same Markdown with `$...$` and `$$...$$` as MathML; code, and formulas that are not understood, stay.

    Args:
        markdown: prose of a cell.
        put: what stands in the result for a formula's MathML; by default the MathML itself.

    >>> formulas_to_mathml("$x^2$ and `$y$`")
    '<math><msup><mi>x</mi><mn>2</mn></msup></math> and `$y$`'
    """

    def replace(match: re.Match[str]) -> str:
        code, block, inline = match.groups()
        if code:
            return code
        try:
            body = _Parser(block or inline).row()
        except _NotSupportedError:
            return match.group()
        return put(f'<math display="block">{body}</math>' if block else f"<math>{body}</math>")

    return _FORMULA.sub(replace, markdown)


class _Parser:
    """Recursive descent over the tokens of one formula."""

    def __init__(self, tex: str) -> None:
        self.tokens = _TOKEN.findall(tex.strip())
        self.at = 0

    def row(self, end: str | None = None) -> str:
        """Everything up to `end` (or the end of the formula)."""
        parts = list(self._parts(end))
        return parts[0] if len(parts) == 1 else "".join(parts) if end is None else f"<mrow>{''.join(parts)}</mrow>"

    def _parts(self, end: str | None) -> Iterator[str]:
        while True:
            self._skip_spaces()
            if self.at == len(self.tokens):
                if end is not None:
                    raise _NotSupportedError
                return
            if self.tokens[self.at] == end:
                self.at += 1
                return
            yield self._scripts(self._atom())

    def _scripts(self, base: str) -> str:
        found: dict[str, str] = {}
        self._skip_spaces()
        while self.at < len(self.tokens) and self.tokens[self.at] in "_^":
            mark = self.tokens[self.at]
            self.at += 1
            if mark in found:
                raise _NotSupportedError
            found[mark] = self._atom()
            self._skip_spaces()
        under = base in {"<mo>∑</mo>", "<mo>∏</mo>"}
        low, high, both = ("munder", "mover", "munderover") if under else ("msub", "msup", "msubsup")
        if len(found) == 2:
            return f"<{both}>{base}{found['_']}{found['^']}</{both}>"
        for mark, tag in (("_", low), ("^", high)):
            if mark in found:
                return f"<{tag}>{base}{found[mark]}</{tag}>"
        return base

    def _atom(self) -> str:
        self._skip_spaces()
        token = self._next()
        if token == "{":
            return self.row("}")
        if token.startswith("\\"):
            return self._command(token[1:])
        if token[0].isdigit():
            return f"<mn>{token}</mn>"
        if token.isalpha():
            return f"<mi>{token}</mi>"
        if token in "}_^&#$~":
            raise _NotSupportedError
        return f"<mo>{escape('−' if token == '-' else token)}</mo>"

    def _command(self, name: str) -> str:
        if name in _SYMBOLS:
            return _SYMBOLS[name]
        if name in _SIZES:
            return self._atom()
        if name in {"frac", "sqrt"}:
            return f"<m{name}>{self._atom()}{self._atom() if name == 'frac' else ''}</m{name}>"
        if name in _ACCENTS:
            return f"<mover>{self._atom()}<mo>{_ACCENTS[name]}</mo></mover>"
        if name in _TEXTS:
            return f"<mtext>{escape(self._raw())}</mtext>"
        raise _NotSupportedError

    def _raw(self) -> str:
        self._skip_spaces()
        if self._next() != "{":
            raise _NotSupportedError
        start = self.at
        while self._next() != "}":
            if self.tokens[self.at - 1] in ("{", "\\"):
                raise _NotSupportedError
        return "".join(self.tokens[start : self.at - 1])

    def _next(self) -> str:
        if self.at == len(self.tokens):
            raise _NotSupportedError
        self.at += 1
        return self.tokens[self.at - 1]

    def _skip_spaces(self) -> None:
        while self.at < len(self.tokens) and self.tokens[self.at].isspace():
            self.at += 1
