"""Lab 07's checks: right answers pass, each typical mistake gets its own hint."""

import numpy as np

from aigc_kit.teach.labs.lab07 import checks


def test_a():
    assert checks.a(lambda lengths, left: [length for length in lengths if length <= left])
    assert "正好填满" in checks.a(lambda lengths, left: [length for length in lengths if length < left]).hint
    assert "撑破" in checks.a(lambda lengths, left: lengths if left else []).hint
    assert "满了" in checks.a(lambda lengths, left: lengths).hint


def test_b():
    assert checks.b(lambda kernel, dilations: 1 + (kernel - 1) * sum(dilations))
    assert "差 1" in checks.b(lambda kernel, dilations: (kernel - 1) * sum(dilations)).hint
    assert "一般的间隔" in checks.b(lambda kernel, dilations: kernel ** len(dilations)).hint


def test_c():
    assert checks.c(lambda pitch: 440 * 2 ** ((pitch - 69) / 12))
    assert "乘" in checks.c(lambda pitch: 440 + 26 * (pitch - 69)).hint
    assert "加倍" in checks.c(lambda pitch: 440.0).hint


def test_d():
    tones = {0: "宫", 2: "商", 4: "角", 7: "徵", 9: "羽"}
    assert checks.d(lambda pitches: tones[pitches[-1] % 12])
    assert "哪一个音" in checks.d(lambda pitches: "宫").hint
    assert "一个字" in checks.d(lambda pitches: "gong").hint


def test_e():
    def right(x, y):
        return (np.mean(x) - np.mean(y)) ** 2 + (np.std(x, ddof=1) - np.std(y, ddof=1)) ** 2

    assert checks.e(right)
    assert "平方" in checks.e(lambda x, y: np.sqrt(right(x, y))).hint
    assert "平均" in checks.e(lambda x, y: (np.mean(x) - np.mean(y)) ** 2).hint


def test_f():
    assert checks.f({1, 2, 4, 6})
    assert "第 3 句" in checks.f({1, 2, 3, 4, 6}).hint
    assert "还差 2" in checks.f({1, 2}).hint
    assert "1 到 8" in checks.f({9}).hint
