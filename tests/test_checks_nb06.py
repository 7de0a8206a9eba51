"""The checks of lab 06: right answers pass, each usual mistake gets its own hint."""

import numpy as np
import pytest

from aigc_kit.teach.labs.lab06 import checks

RIGHT = {
    "a": lambda x, e, k: np.sqrt(k) * x + np.sqrt(1 - k) * e,
    "b": lambda m, n, r: r * (m + n),
    "c": lambda w, b, a, s: w + s * b @ a,
    "d": lambda p, q: (p & q).sum() / (p | q).sum(),
    "e": lambda frozen, trained: 2 * frozen + 16 * trained,
    "f": lambda pictures, size, steps: size * steps / pictures,
}
WRONG = [
    ("a", lambda x, e, k: k * x + (1 - k) * e, "开平方"),
    ("a", lambda x, e, k: x + e, "平方加起来"),
    ("a", lambda x, e, k: x[0], "形状"),
    ("b", lambda m, n, r: m * n, "原来那个矩阵"),
    ("b", lambda m, n, r: r * m, "A 有几个数"),
    ("c", lambda w, b, a, s: w + b @ a, "强度没有用上"),
    ("c", lambda w, b, a, s: a.T @ b.T, "谁在左边"),
    ("d", lambda p, q: (p & q).sum() / p.sum(), "整张涂满"),
    ("d", lambda p, q: (p == q).mean(), "什么都不画"),
    ("d", lambda p, q: 1.0, "并集"),
    ("e", lambda frozen, trained: 2 * frozen + 12 * trained, "少了一份"),
    ("e", lambda frozen, trained: 16 * (frozen + trained), "没有梯度"),
    ("f", lambda pictures, size, steps: steps / pictures, "一批"),
    ("f", lambda pictures, size, steps: 0, "张次"),
]


@pytest.mark.parametrize("name", RIGHT)
def test_right_answers_pass(name):
    assert getattr(checks, name)(RIGHT[name]).state == "passed"


@pytest.mark.parametrize(("name", "answer", "hint"), WRONG, ids=[f"{w[0]}-{k}" for k, w in enumerate(WRONG)])
def test_mistakes_get_a_hint(name, answer, hint):
    result = getattr(checks, name)(answer)
    assert result.state == "failed" and hint in result.hint


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_no_function_gets_a_hint(name):
    assert getattr(checks, name)(3).state == "failed"
    assert getattr(checks, name)(...).state == "todo"
