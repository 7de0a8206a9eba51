"""Check a counted search, labels, LoRA's numbers, NF4, slopes, merging.

Each truth is computed here by a plain formula or by counting, not by the functions of the kit.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from aigc_kit.teach.checks import check

LEVELS = np.array(
    [-1.0, -0.696193, -0.525073, -0.394917, -0.284441, -0.184773, -0.09105, 0.0,
     0.07958, 0.160930, 0.246112, 0.337915, 0.440710, 0.562617, 0.722957, 1.0]
)  # fmt: skip


@check("12", "a", title="一次也不多花", expects="一个函数 f(打分, 抽一个, 预算)，返回 (最好的提示词, 用掉的调用)")
def a(function: Callable[..., Sequence[Any]]) -> bool | str:
    """Count every call of the score, repeated prompts too."""
    for draws, budget in ((["甲", "乙", "甲", "丙", "丁", "丁", "戊"], 4), (["子"] * 3 + ["丑", "寅", "卯"], 3)):
        asked: list[str] = []
        stream = iter(draws)

        def score(prompt: str, asked: list[str] = asked) -> float:
            asked.append(prompt)
            return float(ord(prompt[0]) % 7)

        try:
            best, calls = function(score, lambda stream=stream: next(stream), budget)
        except StopIteration:
            return f"预算 {budget} 用完以后还在抽。什么时候该停？"
        truth = list(dict.fromkeys(draws))[:budget]
        if len(asked) > len(set(asked)):
            return "同一个提示词打了两次分，白花了一次调用。打过的分记下来，再抽到就不用打了。"
        if len(asked) != budget:
            return f"预算是 {budget}，打分函数被叫了 {len(asked)} 次。"
        if calls != budget:
            return f"打分函数被叫了 {len(asked)} 次，你报的是 {calls} 次。"
        if ord(best[0]) % 7 != max(ord(prompt[0]) % 7 for prompt in truth):
            return f"打过分的有 {truth}，你返回的 {best!r} 不是分数最高的。"
    return True


@check("12", "b", title="软提示的标签", expects="一个函数 f(向量个数, 提示词的编号, 回答的编号)，返回标签的列表")
def b(function: Callable[..., Sequence[int]]) -> bool | str:
    """Compare with -100 for vectors and prompt, then the answer."""
    for k, before, after in ((5, [7, 8, 9], [4, 5]), (1, [3], [6, 6, 2]), (0, [1, 2], [9])):
        got = [int(value) for value in function(k, list(before), list(after))]
        truth = [-100] * (k + len(before)) + after
        if got == truth:
            continue
        if got == [-100] * len(before) + after and k:
            return f"{k} 个向量也占 {k} 个位置：标签少了 {k} 个，全错了位。"
        if len(got) == len(truth) and got[-len(after) :] == after:
            return "长度对，回答也对。向量和提示词不算分，它们的标签写什么？"
        if len(got) == len(truth) + 1 or len(got) == len(truth) - 1:
            return "长度差一。transformers 自己会错开一位，不用你来移。"
        parts = f"{k} 个向量、{len(before)} 个提示词词元、{len(after)} 个回答词元"
        return f"{parts}，应该有 {len(truth)} 个标签，收到 {len(got)} 个。"
    return True


@check("12", "c", title="LoRA 有几个数", expects="一个函数 f(矩阵的形状, r)，返回能学的数有几个")
def c(function: Callable[..., int]) -> bool | str:
    """Compare with r (in + out) for each matrix."""
    for shapes, rank in (([(192, 192)] * 10, 8), ([(4096, 4096)] * 64, 8), ([(1536, 1536), (256, 1536)] * 28, 16)):
        got, truth = int(function(list(shapes), rank)), sum(rank * (rows + columns) for rows, columns in shapes)
        if got == truth:
            continue
        if got == sum(rows * columns for rows, columns in shapes):
            return "这是原来的矩阵有几个数。LoRA 只学 A（r 行）和 B（r 列）。"
        if got * 2 == truth or got == sum(rank * columns for _, columns in shapes):
            return "A 和 B 是两个矩阵，你只数了一个。"
        return f"{len(shapes)} 个矩阵、r = {rank}，应该是 {truth:,}，你算得 {got:,}。A 是 r × 入，B 是 出 × r。"
    return True


@check("12", "d", title="四个比特", expects="一个函数 f(64 个权重)，返回舍入以后的 64 个数（numpy）")
def d(function: Callable[..., Any]) -> bool | str:
    """Compare with the nearest of 16 scaled levels."""
    for seed in (1, 2):
        weights = np.random.default_rng(seed).normal(0, 0.3, 64)
        got = np.asarray(function(weights.copy()), dtype=float)
        if got.shape != (64,):
            return f"应该返回 64 个数，收到的形状是 {got.shape}。"
        scale = np.abs(weights).max()
        truth = LEVELS[np.abs(weights[:, None] / scale - LEVELS).argmin(1)] * scale
        if np.allclose(got, truth, atol=1e-4):
            continue
        if np.allclose(got, LEVELS[np.abs(weights[:, None] - LEVELS).argmin(1)], atol=1e-4):
            return "先除以这一块里最大的绝对值，再找最近的一级，最后乘回去。"
        if np.allclose(got, truth / scale, atol=1e-4):
            return "级数找对了，忘了乘回这一块的尺度。"
        return f"64 个数里有 {int((np.abs(got - truth) > 1e-4).sum())} 个不是最近的一级。"
    return True


@check(
    "12", "e", title="梯度说该换哪个字", expects="一个函数 f(梯度, 现在的向量, 词表的向量)，返回 (位置, 词) 的预计降幅"
)
def e(function: Callable[..., Any]) -> bool | str:
    """Compare with -(E - e) . g by plain loops."""
    draw = np.random.default_rng(3)
    slope, now, table = draw.normal(size=(2, 4)), draw.normal(size=(2, 4)), draw.normal(size=(6, 4))
    got = np.asarray(function(slope, now, table), dtype=float)
    truth = [[-sum((v[j] - now[i][j]) * slope[i][j] for j in range(4)) for v in table] for i in range(2)]
    if got.shape != (2, 6):
        return f"2 个位置、6 个词，应该返回 (2, 6)，收到的形状是 {got.shape}。"
    if np.allclose(got, truth, atol=1e-6):
        return True
    if np.allclose(got, -np.array(truth), atol=1e-6):
        return "符号反了：损失要降，所以沿着负梯度的方向是好的。"
    if np.allclose(got, -(slope @ table.T), atol=1e-6):
        return "你用的是新词的向量本身。换字移动的是“新向量 − 旧向量”。"
    return "不对。一阶近似：损失的变化 ≈ (新向量 − 旧向量)·梯度，降幅是它的相反数。"


@check("12", "f", title="合并回去", expects="一个函数 f(W, A, B, alpha)，返回合并以后的矩阵")
def f(function: Callable[..., Any]) -> bool | str:
    """Compare with W + alpha / r B A."""
    draw = np.random.default_rng(4)
    for rank, alpha in ((2, 4.0), (3, 3.0), (4, 2.0)):
        weights, one, two = draw.normal(size=(5, 6)), draw.normal(size=(rank, 6)), draw.normal(size=(5, rank))
        got = np.asarray(function(weights.copy(), one, two, alpha), dtype=float)
        delta = two @ one
        if got.shape == weights.shape and np.allclose(got, weights + alpha / rank * delta):
            continue
        if got.shape != weights.shape:
            return f"合并以后还是 {weights.shape}，收到 {got.shape}。A 是 (r, 入)，B 是 (出, r)，怎么乘才是 (出, 入)？"
        if np.allclose(got, weights + delta) or np.allclose(got, weights + alpha * delta):
            return "差一个倍数：LoRA 的改动要乘 alpha / r。r 从 A 的形状里就能看出来。"
        if np.allclose(got, alpha / rank * delta):
            return "这只是改动，还要加上原来的 W。"
        return "不对。合并 = W + (alpha / r) · B A。"
    return True
