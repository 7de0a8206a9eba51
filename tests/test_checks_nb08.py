"""Lab 08's checks: right answers pass, each typical mistake gets its own hint."""

import numpy as np
from scipy.special import logsumexp

from aigc_kit.teach.labs.lab08 import checks
from aigc_kit.worlds.tinyworld import vocab


def one_way(rows):
    return (logsumexp(rows, axis=1) - rows.diagonal()).mean()


def test_a():
    assert checks.a(lambda table, heat: (one_way(table / heat) + one_way(table.T / heat)) / 2)
    assert "一个方向" in checks.a(lambda table, heat: one_way(table / heat)).hint
    assert "用来除" in checks.a(lambda table, heat: (one_way(table * heat) + one_way(table.T * heat)) / 2).hint

    def overflow(table, heat):
        with np.errstate(all="ignore"):
            return -np.log(np.exp(table / heat * 1e4) / np.exp(table / heat * 1e4).sum()).mean()

    assert "溢出" in checks.a(overflow).hint
    assert "对角线" in checks.a(lambda table, heat: 1.0).hint


def test_b():
    def recall(table, right, k):
        return np.take_along_axis(right, np.argsort(-table, axis=1)[:, :k], 1).any(axis=1).mean()

    assert checks.b(recall)
    assert "k = 5" in checks.b(lambda table, right, k: recall(table, right, 1)).hint
    assert "不止一张" in checks.b(lambda table, right, k: 0.0).hint


def test_c():
    assert checks.c(["位置"])
    assert "看得见" in checks.c(["位置", "颜色"]).hint
    assert "还少" in checks.c([]).hint
    assert "没有这样的属性" in checks.c(["左右"]).hint


def test_d():
    assert checks.d(vocab.spec_of)
    assert "放过了" in checks.d(lambda text: True).hint
    assert "拦下了" in checks.d(lambda text: text).hint


def test_e():
    assert checks.e(lambda tokens, layers: sum(2 * tokens * a * b for a, b in layers))
    assert "少一半" in checks.e(lambda tokens, layers: sum(tokens * a * b for a, b in layers)).hint
    assert "每个词元" in checks.e(lambda tokens, layers: 1.0).hint
