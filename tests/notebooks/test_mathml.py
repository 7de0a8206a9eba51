"""Formulas become MathML with the right structure; everything else of the prose stays as it is."""

import xml.etree.ElementTree as ET

import pytest

from aigc_kit.teach.notebooks.copies import formulas_to_mathml


def leaves(markdown):
    """(tag, text) of the leaves of the formula in a text."""
    root = ET.fromstring(formulas_to_mathml(markdown))
    return [(node.tag.split("}")[1], node.text) for node in root.iter() if not len(node)]


@pytest.mark.parametrize(
    ("tex", "found"),
    [
        ("$x^2$", [("mi", "x"), ("mn", "2")]),
        (r"$a \le 1$", [("mi", "a"), ("mo", "≤"), ("mn", "1")]),
        ("$a < b$", [("mi", "a"), ("mo", "<"), ("mi", "b")]),
        (r"$\frac{p}{q}$", [("mi", "p"), ("mi", "q")]),
        (r"$$\sum_i p_i$$", [("mo", "∑"), ("mi", "i"), ("mi", "p"), ("mi", "i")]),
    ],
)
def test_formulas(tex, found):
    assert leaves(tex) == found


def test_text_around_a_formula_stays():
    before, after = formulas_to_mathml("公式$x$是").split("</math>")
    assert before.startswith("公式<math")
    assert after == "是"


def test_display_formulas_are_blocks():
    assert 'display="block"' in formulas_to_mathml("前\n$$x$$\n后")
    assert 'display="inline"' in formulas_to_mathml("$x$")


def test_markup_in_a_formula_is_escaped():
    assert "<script" not in formulas_to_mathml("$<script>$")


@pytest.mark.parametrize("text", ["`$x$`", "```\n$x$\n```", "价格 $5 到 $6 之间", r"\$x\$", "没有公式", "$x^_$"])
def test_what_is_no_formula_or_not_understood_stays(text):
    assert formulas_to_mathml(text) == text
