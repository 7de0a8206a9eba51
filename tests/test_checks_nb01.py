"""Lab 01's checks: right answers pass, each typical mistake gets its own hint."""

import numpy as np
import pytest

from aigc_kit.teach.labs.lab01 import checks

RNG = np.random.default_rng(7)
LOGITS = RNG.normal(0, 2, 100).astype(np.float32)


def right(logits, heat):
    z = np.exp((logits - logits.max()) / heat)
    return z / z.sum()


def test_a_accepts_the_gap():
    assert checks.a(lambda r, t: t * np.log(r))


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda r, t: np.log(r) / t, "方向反了"),
        (lambda r, t: t * np.log2(r), "底不对"),
        (lambda r, t: t * np.log10(r), "底不对"),
        (lambda r, t: t * r, "分母还在吗"),
    ],
)
def test_a_refuses(wrong, hint):
    result = checks.a(wrong)
    assert not result
    assert hint in result.hint


def entropies(base=2.0):
    out = []
    for heat in (0.2, 0.7, 1.2):
        p = right(LOGITS.astype(np.float64), heat)
        out.append(float(-(p * np.log(p) / np.log(base)).sum()))
    return out


def test_b():
    assert checks.b(LOGITS, entropies())
    assert "自然对数" in checks.b(LOGITS, entropies(np.e)).hint
    assert "依次上升" in checks.b(LOGITS, entropies()[::-1]).hint
    assert "3 个熵" in checks.b(LOGITS, [1.0]).hint
    assert "数值不对" in checks.b(LOGITS, [1.0, 2.0, 3.0]).hint


def test_b_takes_the_truth_before_any_guess_at_a_mistake():
    assert checks.b([1000.0, 0.0, 0.0], [0.0, 0.0, 0.0])  # 0 bits are 0 nats too
    assert "先去掉" in checks.b(LOGITS, [float("nan")] * 3).hint


def test_c_wants_more_than_999_in_a_thousand():
    logits = np.log([0.95, 0.05])
    assert "95.0%" in checks.c(logits, 1.0, 0).hint
    assert checks.c(logits, 0.3, 0)


def test_c():
    best = int(LOGITS.argmax())
    assert checks.c(LOGITS, 0.001, best)
    assert "最大值的位置" in checks.c(LOGITS, 0.001, (best + 1) % 100).hint
    assert "往哪边调" in checks.c(LOGITS, 2.0, best).hint
    assert "极限" in checks.c(LOGITS, 0, best).hint


def test_d():
    assert checks.d(lambda s, m: np.flatnonzero(s >= m * s.max()))
    assert "直接比了" in checks.d(lambda s, m: np.flatnonzero(s >= m)).hint
    assert "等于门槛" in checks.d(lambda s, m: np.arange(len(s))).hint
    assert "一个也没留下" in checks.d(lambda s, m: []).hint


def test_e():
    top = float(right(LOGITS.astype(np.float64), 0.2).max())
    assert checks.e(LOGITS, top**20)
    assert "抽一次" in checks.e(LOGITS, top).hint
    assert "不是概率" in checks.e(LOGITS, 1.5).hint
    assert "数值不对" in checks.e(LOGITS, top**20 / 2 + 0.3).hint


def test_what_is_not_yet_answered_is_neither_right_nor_wrong():
    assert checks.a(...).state == "todo"
