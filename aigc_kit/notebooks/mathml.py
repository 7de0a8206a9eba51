"""Formulas of prose as MathML, which browsers draw without a script; latex2mathml translates them."""

import re
from collections.abc import Callable

_FORMULA = re.compile(
    r"(```.*?```|`[^`\n]*`)|\$\$(.+?)\$\$|(?<![\\$A-Za-z0-9])\$(?!\s)([^$\n]+?)(?<![\s\\])\$(?!\d)", re.DOTALL
)


def formulas_to_mathml(markdown: str, put: Callable[[str], str] = str) -> str:
    """The same Markdown with `$...$` and `$$...$$` as MathML; code stays, and so does what is no formula.

    Args:
        markdown: prose of a cell.
        put: what stands in the result for a formula's MathML; by default the MathML itself.

    >>> formulas_to_mathml("`$y$` costs $5 or $6")
    '`$y$` costs $5 or $6'
    """
    from latex2mathml.converter import convert

    def replace(match: re.Match[str]) -> str:
        code, block, inline = match.groups()
        if code:
            return code
        try:
            return put(convert(block or inline, display="block" if block else "inline"))
        except Exception:  # the library has no common base for its errors; a page with TeX in it beats no page
            return match.group()

    return _FORMULA.sub(replace, markdown)
