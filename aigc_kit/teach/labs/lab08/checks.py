"""Check a loss, recall, blind spots, guard and count.

Each check recomputes the truth by a way of its own.
"""

import random
from collections.abc import Callable, Iterable
from math import exp, log
from typing import Any

import numpy as np

from aigc_kit.teach.checks import check
from aigc_kit.worlds.tinyworld import captions
from aigc_kit.worlds.tinyworld.spec import ATTRIBUTES, Spec


@check("08", "a", title="对比损失", expects="一个函数 f(余弦的方阵, 温度)，返回一个数")
def a(function: Callable[[np.ndarray, float], float]) -> bool | str:
    """Sum logarithms of exponentials one by one."""
    rng = np.random.default_rng(8)
    for size, temperature in ((2, 1.0), (5, 0.1), (4, 0.01)):
        table = rng.uniform(-1, 1, (size, size))
        truth = _contrast((table / temperature).tolist())
        given = float(function(table.copy(), temperature))
        if abs(given - truth) <= 1e-6 * max(1, truth):
            continue
        told = f"{size} 对、温度 {temperature:g} 时，你给 {given:.4g}，不对。"
        halves = [_one_way((each / temperature).tolist()) for each in (table, table.T)]
        if any(abs(given - half) < 1e-6 for half in halves):
            return told + "只算了一个方向：一句话在图里找，一张图也要在话里找，两个平均。"
        if abs(given - _contrast((table * temperature).tolist())) < 1e-6:
            return told + "温度是用来除的。"
        if not np.isfinite(given):
            return told + "指数太大，溢出了：先减去每行最大的数。"
        return told + "每一行是一道选择题：正确的选项在对角线上，损失是它的概率的负对数。"
    return True


def _one_way(rows: list[list[float]]) -> float:
    total = 0.0
    for place, row in enumerate(rows):
        top = max(row)
        total += log(sum(exp(value - top) for value in row)) + top - row[place]
    return total / len(rows)


def _contrast(rows: list[list[float]]) -> float:
    return (_one_way(rows) + _one_way([list(column) for column in zip(*rows, strict=True)])) / 2


@check("08", "b", title="R@k", expects="一个函数 f(余弦 (问题, 图), 对不对 (问题, 图), k)，返回 0 到 1 的比例")
def b(function: Callable[[np.ndarray, np.ndarray, int], float]) -> bool | str:
    """Walk down each ranking by hand."""
    rng = np.random.default_rng(9)
    for k in (1, 5):
        table = rng.standard_normal((40, 30))
        right = rng.random((40, 30)) < 0.08
        right[np.arange(40), rng.integers(0, 30, 40)] = True
        truth = sum(
            any(good for _, good in sorted(zip(row, marks, strict=True), reverse=True)[:k])
            for row, marks in zip(table.tolist(), right.tolist(), strict=True)
        )
        given = float(function(table.copy(), right.copy(), k))
        if abs(given - truth / 40) > 1e-9:
            return (
                f"k = {k}：你给 {given:.3f}，应当是 {truth / 40:.3f}。前 k 名里有一张对的就算对；对的图可能不止一张。"
            )
    return True


@check("08", "c", title="第一版看不见什么", expects='一列属性的名字，例如 ["颜色"]')
def c(names: Iterable[str]) -> bool | str:
    """Read which shares of 500 pairs are near chance."""
    from aigc_kit.teach.labs.lab08.figures import recorded
    from aigc_kit.teach.show.page import ATTRIBUTES_ZH

    given = set(names) if not isinstance(names, str) else {names}
    if unknown := given - set(ATTRIBUTES_ZH.values()):
        return f"没有这样的属性：{'、'.join(sorted(map(str, unknown)))}。从 {'、'.join(ATTRIBUTES_ZH.values())} 里选。"
    blind = {ATTRIBUTES_ZH[name] for name, share in recorded()["第一版"].items() if share["low"] < 75}
    if given == blind:
        return True
    return (
        "有它看得见的。看 5.1 的图：离红线远的，它看得见。"
        if given - blind
        else "还少了。看 5.1 的图，哪根柱子挨着红线？"
    )


@check("08", "d", title="语义缓存的门卫", expects="一个函数 f(文字)，返回可以比较的东西：一样才许命中")
def d(function: Callable[[str], Any]) -> bool | str:
    """Write wishes twice, and change one attribute of each."""
    rng, missed, passed, count = random.Random(81), 0, 0, 120
    for _ in range(count):
        full = Spec.sample(rng)
        wish = Spec(subject=full.subject, colour=full.colour, scene=full.scene)
        name = rng.choice(("subject", "colour", "scene"))
        value = rng.choice([other for other in ATTRIBUTES[name] if other != wish.known()[name]])
        texts = [captions.caption(each, rng, rng.choice(captions.LANGUAGES)) for each in (wish, wish)]
        other = captions.caption(Spec(**(wish.known() | {name: value})), rng, "zh")
        missed += function(texts[0]) != function(texts[1])
        passed += function(texts[0]) == function(other)
    if passed > 2:
        return f"只差一个属性的两句话，{count} 对里放过了 {passed} 对。颜色、主体、场景都要比。"
    if missed > count // 10:
        return (
            f"同一个愿望换个说法（也换语言），{count} 对里拦下了 {missed} 对。先读出它说的是什么，再比：vocab.spec_of。"
        )
    return True


@check("08", "e", title="K、V 占多少", expects="一个函数 f(词元数, [(输入维数, 输出维数), ...])，返回运算次数")
def e(function: Callable[[int, list[tuple[int, int]]], float]) -> bool | str:
    """Count with two operations per multiply-add."""
    for tokens, layers in ((77, [(768, 320), (768, 320)]), (10, [(2048, 640)]), (77, [(2048, 1280)] * 4)):
        truth = sum(2 * tokens * inner * outer for inner, outer in layers)
        given = float(function(tokens, layers))
        if abs(given - truth) > 1e-9 * truth:
            if abs(2 * given - truth) < 1e-9 * truth:
                return "正好少一半：一次乘、一次加，算两次运算。"
            return f"{tokens} 个词元、{layers[:2]} 时，你给 {given:.3g}，应当是 {truth:.3g}：每个词元过一遍每个矩阵。"
    return True
