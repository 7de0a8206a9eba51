"""Lab 12's checks: right answers pass, each typical mistake gets its own hint."""

import numpy as np
import pytest

from aigc_kit.promptlab.tune import nf4
from aigc_kit.teach.labs.lab12 import checks


def searched(score, draw, budget):
    known = {}
    while len(known) < budget:
        prompt = draw()
        if prompt not in known:
            known[prompt] = score(prompt)
    return max(known, key=known.get), len(known)


def forgetful(score, draw, budget):
    pairs = [(score(prompt), prompt) for prompt in (draw() for _ in range(budget))]
    return max(pairs)[1], budget


def endless(score, draw, budget):
    known = {}
    while True:
        prompt = draw()
        known.setdefault(prompt, prompt in known or score(prompt))


def early(score, draw, budget):
    prompt = draw()
    score(prompt)
    return prompt, 1


def worst(score, draw, budget):
    known = {}
    while len(known) < budget:
        prompt = draw()
        if prompt not in known:
            known[prompt] = score(prompt)
    return min(known, key=known.get), len(known)


def test_a_wants_a_search_that_counts():
    assert checks.a(searched)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (forgetful, "打了两次分"),
        (endless, "什么时候该停"),
        (early, "打分函数被叫了 1 次"),
        (worst, "不是分数最高的"),
        (lambda *given: (searched(*given)[0], 99), "你报的是 99 次"),
    ],
    ids=("twice", "endless", "early", "worst", "count"),
)
def test_a_refuses(wrong, hint):
    assert hint in checks.a(wrong).hint


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda k, p, a: [-100] * len(p) + a, "全错了位"),
        (lambda k, p, a: [0] * k + [-100] * len(p) + a, "标签写什么"),
        (lambda k, p, a: [-100] * (k + len(p) - 1) + a, "自己会错开一位"),
        (lambda k, p, a: [], "收到 0 个"),
    ],
    ids=("short", "zeros", "shifted", "none"),
)
def test_b_refuses(wrong, hint):
    assert checks.b(lambda k, p, a: [-100] * (k + len(p)) + a)
    assert hint in checks.b(wrong).hint


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda shapes, r: sum(a * b for a, b in shapes), "原来的矩阵"),
        (lambda shapes, r: sum(r * b for _, b in shapes), "只数了一个"),
        (lambda shapes, r: r, "A 是 r × 入"),
    ],
    ids=("whole", "half", "other"),
)
def test_c_refuses(wrong, hint):
    assert checks.c(lambda shapes, r: sum(r * (a + b) for a, b in shapes))
    assert hint in checks.c(wrong).hint


def rounded(weights, scale=None, back=True):
    scale = np.abs(weights).max() if scale is None else scale
    levels = np.array(nf4.LEVELS)
    return levels[np.abs(weights[:, None] / scale - levels).argmin(1)] * (scale if back else 1)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda w: rounded(w, 1.0), "先除以"),
        (lambda w: rounded(w, back=False), "乘回这一块"),
        (lambda w: w, "不是最近的一级"),
        (lambda w: w[:3], "形状是 (3,)"),
    ],
    ids=("scale", "back", "nothing", "shape"),
)
def test_d_refuses(wrong, hint):
    assert checks.d(rounded)
    assert hint in checks.d(wrong).hint


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda g, e, t: np.einsum("pvw,pw->pv", t[None] - e[:, None], g), "符号反了"),
        (lambda g, e, t: -(g @ t.T), "新向量 − 旧向量"),
        (lambda g, e, t: g @ t.T * 3, "一阶近似"),
        (lambda g, e, t: g, "收到的形状"),
    ],
    ids=("sign", "new", "other", "shape"),
)
def test_e_refuses(wrong, hint):
    assert checks.e(lambda g, e, t: -(g @ t.T) + (g * e).sum(1, keepdims=True))
    assert hint in checks.e(wrong).hint


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda w, a, b, alpha: w + b @ a, "差一个倍数"),
        (lambda w, a, b, alpha: w + alpha * b @ a, "差一个倍数"),
        (lambda w, a, b, alpha: alpha / len(a) * b @ a, "加上原来的 W"),
        (lambda w, a, b, alpha: w, "合并 ="),
        (lambda w, a, b, alpha: a, "怎么乘才是"),
    ],
    ids=("rank", "alpha", "delta", "same", "shape"),
)
def test_f_refuses(wrong, hint):
    assert checks.f(lambda w, a, b, alpha: w + alpha / len(a) * b @ a)
    assert hint in checks.f(wrong).hint
