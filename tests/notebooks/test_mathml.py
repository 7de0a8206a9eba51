"""Formulas as MathML: well-formed, the right tree, and TeX kept where it is not understood."""

import xml.etree.ElementTree as ET

import pytest

from aigc_kit.notebooks.mathml import formulas_to_mathml


def outline(text):
    """A MathML string as nested tuples: (tag, text or children)."""

    def walk(node):
        return (node.tag, [walk(child) for child in node]) if len(node) else (node.tag, node.text)

    return walk(ET.fromstring(formulas_to_mathml(text)))[1]


def test_softmax():
    assert outline(r"$p_i = e^{z_i/T} \big/ \sum_j e^{z_j/T}$") == [
        ("msub", [("mi", "p"), ("mi", "i")]),
        ("mo", "="),
        (
            "msup",
            [("mi", "e"), ("mrow", [("msub", [("mi", "z"), ("mi", "i")]), ("mo", "/"), ("mi", "T")])],
        ),
        ("mo", "/"),
        ("munder", [("mo", "∑"), ("mi", "j")]),
        (
            "msup",
            [("mi", "e"), ("mrow", [("msub", [("mi", "z"), ("mi", "j")]), ("mo", "/"), ("mi", "T")])],
        ),
    ]


@pytest.mark.parametrize(
    ("tex", "tree"),
    [
        ("$e^{1000}$", [("msup", [("mi", "e"), ("mn", "1000")])]),
        ("$2^{熵}$", [("msup", [("mn", "2"), ("mi", "熵")])]),
        (r"$\frac{a}{2}$", [("mfrac", [("mi", "a"), ("mn", "2")])]),
        (r"$\sqrt{\bar{\alpha}_t}$", [("msqrt", [("msub", [("mover", [("mi", "α"), ("mo", "¯")]), ("mi", "t")])])]),
        (
            r"$\sum_{i=1}^n$",
            [("munderover", [("mo", "∑"), ("mrow", [("mi", "i"), ("mo", "="), ("mn", "1")]), ("mi", "n")])],
        ),
        (r"$a \le -1$", [("mi", "a"), ("mo", "≤"), ("mo", "−"), ("mn", "1")]),
        (r"$x_{\text{最大 值}}$", [("msub", [("mi", "x"), ("mtext", "最大 值")])]),
        (r"$a < b$", [("mi", "a"), ("mo", "<"), ("mi", "b")]),
        (r"$\log p$", [("mi", "log"), ("mi", "p")]),
    ],
)
def test_trees(tex, tree):
    assert outline(tex) == tree


def test_formula_right_after_a_chinese_character():
    assert formulas_to_mathml("公式$x$是") == "公式<math><mi>x</mi></math>是"


def test_display_formulas():
    assert formulas_to_mathml("前\n$$x$$\n后") == '前\n<math display="block"><mi>x</mi></math>\n后'


@pytest.mark.parametrize(
    "text",
    [
        "`$x$`",
        "```\n$x$\n```",
        "价格 $5 到 $6 之间",
        r"\$x\$",
        r"$\begin{matrix}a & b\end{matrix}$",
        "$x_1_2$",
        "${x$",
        "$x^$",
        "没有公式",
    ],
)
def test_what_is_no_formula_or_not_understood_stays(text):
    assert formulas_to_mathml(text) == text
