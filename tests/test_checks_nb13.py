"""Lab 13's checks: right answers pass, each typical mistake gets its own hint."""

import itertools
import unicodedata

import numpy as np
import pytest

from aigc_kit.promptlab.logs import PATTERN
from aigc_kit.teach.labs.lab13 import checks


def occluded(value, n):
    whole = value(np.ones((1, n), bool))[0]
    return whole - value(~np.eye(n, dtype=bool))


def shared(value, n, orders=None):
    scores, orders = np.zeros(n), orders or list(itertools.permutations(range(n)))
    for order in orders:
        keeps = np.zeros((n + 1, n), bool)
        for k, word in enumerate(order):
            keeps[k + 1] = keeps[k]
            keeps[k + 1, word] = True
        scores[list(order)] += np.diff(value(keeps))
    return scores / len(orders)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda value, n: -occluded(value, n), "符号反了"),
        (lambda value, n: value(np.eye(n, dtype=bool)), "只留下了一个词"),
        (lambda value, n: np.ones(n), "应当是"),
        (lambda value, n: 1.0, "形状"),
    ],
)
def test_a(wrong, hint):
    assert checks.a(occluded)
    assert hint in checks.a(wrong).hint


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda value, n: 24 * shared(value, n), "加起来应当正好"),
        (lambda value, n: shared(value, n, [(0, 1, 2, 3)]), "各一半"),
        (lambda value, n: [1], "形状"),
    ],
)
def test_b(wrong, hint):
    assert checks.b(shared)
    assert hint in checks.b(wrong).hint


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (PATTERN.replace("DEBUG|INFO|WARN|ERROR", "INFO|ERROR"), "读不了这一行"),
        (PATTERN.replace("?P<svc>", ""), "没有叫 svc 的组"),
        (r"(?P<ts>\S+) (?P<svc>\S+) . (?P<level>\S+) . (?P<msg>.*)", "应当是"),
    ],
)
def test_c(wrong, hint):
    assert checks.c(PATTERN)
    assert hint in checks.c(wrong).hint


def accepted(pattern, labels, sure):
    return pattern is not None and labels == pattern and min(sure.values()) > 0.85


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda p, t, s: False, "应当收下"),
        (lambda p, t, s: p is None or accepted(p, t, s), "None"),
        (lambda p, t, s: p is not None and min(s.values()) > 0.85, "不一样"),
        (lambda p, t, s: p == t and np.mean(list(s.values())) > 0.85, "最没把握"),
        (lambda p, t, s: p == t and min(s.values()) >= 0.85, "恰好"),
        (
            lambda p, t, s: p is not None and all(t.get(k, v) == v for k, v in p.items()) and min(s.values()) > 0.85,
            "没有找到 msg",
        ),
    ],
)
def test_d(wrong, hint):
    assert checks.d(accepted)
    assert hint in checks.d(wrong).hint


def undressed(text):
    return "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda t: t, "全角"),
        (lambda t: unicodedata.normalize("NFKC", t), "零宽"),
        (lambda t: undressed(t).replace("款", ""), "普通的中文"),
        (lambda t: unicodedata.normalize("NFKC", t).replace("\u200b", "").replace("\u2060", ""), "方向"),
        (lambda t: t.encode(), "应当返回文字"),
    ],
)
def test_e(wrong, hint):
    assert checks.e(undressed)
    assert hint in checks.e(wrong).hint


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda c, s: np.mean([*c, *s]), "偏低"),
        (lambda c, s: np.mean(c), "抱怨的人"),
        (lambda c, s: 0.5, "0.9"),
    ],
)
def test_f(wrong, hint):
    assert checks.f(lambda c, s: np.mean(s))
    assert hint in checks.f(wrong).hint
