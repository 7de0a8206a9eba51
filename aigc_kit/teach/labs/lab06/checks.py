"""Check noising, LoRA by hand, IoU, bytes, epochs.

Truths are computed by plain formulas, not by the kit's functions.
"""

from collections.abc import Callable

import numpy as np

from aigc_kit.teach.checks import check

SEED = 6


@check("06", "a", title="给干净的图加噪声", expects="一个函数 f(干净的, 噪声, alpha_bar)，返回加了噪声的")
def a(function: Callable[[np.ndarray, np.ndarray, float], np.ndarray]) -> bool | str:
    """Compare with sqrt(abar) x + sqrt(1 - abar) e."""
    rng = np.random.default_rng(SEED)
    clean, noise = rng.normal(size=(2, 3, 3)), rng.normal(size=(2, 3, 3))
    for kept in (0.9, 0.25, 0.0):
        got = np.asarray(function(clean, noise, kept), float)
        if got.shape != clean.shape:
            return f"形状应该还是 {clean.shape}，收到的是 {got.shape}。"
        if np.allclose(got, np.sqrt(kept) * clean + np.sqrt(1 - kept) * noise, atol=1e-6):
            continue
        if np.allclose(got, kept * clean + (1 - kept) * noise, atol=1e-6):
            return "alpha_bar 是功率。乘在图前面的是幅度：功率开平方。"
        return f"alpha_bar = {kept:g} 时不对。两个系数的平方加起来应该是 1。"
    return True


@check("06", "b", title="LoRA 训练多少个数", expects="一个函数 f(输出, 输入, 秩)，返回一个整数")
def b(function: Callable[[int, int, int], int]) -> bool | str:
    """Compare with r (m + n)."""
    for rows, columns, rank in ((128, 192, 8), (48, 96, 4), (1280, 2048, 8)):
        got, truth = int(function(rows, columns, rank)), rank * (rows + columns)
        if got == rows * columns:
            return "这是原来那个矩阵有多少个数。LoRA 训练的是 B（输出 × 秩）和 A（秩 × 输入）。"
        if got != truth:
            return f"{rows} × {columns}、秩 {rank}：你算得 {got}。A 有几个数？B 有几个数？"
    return True


@check("06", "c", title="把 LoRA 并进权重", expects="一个函数 f(W, B, A, 强度)，返回新的权重")
def c(function: Callable[[np.ndarray, np.ndarray, np.ndarray, float], np.ndarray]) -> bool | str:
    """Compare with W + s B A."""
    rng = np.random.default_rng(SEED)
    for strength in (1.0, 0.5, 0.0):
        weight, high, low = rng.normal(size=(6, 5)), rng.normal(size=(6, 2)), rng.normal(size=(2, 5))
        got = np.asarray(function(weight.copy(), high.copy(), low.copy(), strength), float)
        if got.shape != weight.shape:
            return f"新的权重应该和 W 一样是 {weight.shape}，收到的是 {got.shape}。B 和 A 谁在左边？"
        if np.allclose(got, weight + strength * (high @ low)):
            continue
        if strength != 1.0 and np.allclose(got, weight + high @ low):
            return "强度没有用上：强度 0 应该和没有 LoRA 一样。"
        return f"强度 {strength:g} 时不对。新的权重 = 原来的 + 强度 × 两个小矩阵的乘积。"
    return True


@check("06", "d", title="IoU：画在形状里面了多少", expects="一个函数 f(一个掩码, 另一个掩码)，返回 0 到 1 的数")
def d(function: Callable[[np.ndarray, np.ndarray], float]) -> bool | str:
    """Compare with intersection over union."""
    rng = np.random.default_rng(SEED)
    pairs = [(rng.random((9, 9)) < p, rng.random((9, 9)) < q) for p, q in ((0.5, 0.5), (0.2, 0.8), (0.9, 0.1))]
    for one, other in pairs:
        got = float(function(one.copy(), other.copy()))
        both, either = int((one & other).sum()), int((one | other).sum())
        if np.isclose(got, both / either, atol=1e-6):
            continue
        if np.isclose(got, both / one.sum(), atol=1e-6) or np.isclose(got, both / other.sum(), atol=1e-6):
            return "分母只有一个掩码的话，整张涂满就能骗到满分。分母应该是两个掩码合起来盖住的。"
        if np.isclose(got, float((one == other).mean()), atol=1e-6):
            return "这是“相同的像素占几成”：背景很大时，什么都不画也有高分。只看至少一个掩码盖住的地方。"
        return f"你算得 {got:.3f}。交集有 {both} 个像素，并集呢？"
    return True


@check("06", "e", title="训练要多少内存", expects="一个函数 f(冻结的参数个数, 训练的参数个数)，返回字节数")
def e(function: Callable[[int, int], float]) -> bool | str:
    """Compare with 2 bytes frozen, 16 bytes trained."""
    for frozen, trained in ((2_567_463_684, 11_612_160), (0, 1_000_000), (1_000_000, 0)):
        got, truth = float(function(frozen, trained)), 2 * frozen + 16 * trained
        if np.isclose(got, truth, rtol=1e-6):
            continue
        if np.isclose(got, 2 * frozen + 12 * trained, rtol=1e-6):
            return "少了一份：权重自己 4 字节、梯度 4 字节，AdamW 的两个平均各 4 字节。"
        if np.isclose(got, 16 * (frozen + trained), rtol=1e-6):
            return "冻结的参数没有梯度，也没有优化器的状态。"
        return f"冻结 {frozen:,}、训练 {trained:,} 个：你算得 {got:,.0f} 字节。冻结的每个几字节？训练的每个几字节？"
    return True


@check("06", "f", title="每张图被看了几遍", expects="一个函数 f(图片张数, 每批几张, 步数)，返回平均几遍")
def f(function: Callable[[int, int, int], float]) -> bool | str:
    """Compare with size * steps / pictures."""
    for pictures, size, steps in ((48, 8, 70), (8, 4, 100), (240, 16, 400)):
        got = float(function(pictures, size, steps))
        if np.isclose(got, size * steps / pictures, rtol=1e-3):
            continue
        if np.isclose(got, steps / pictures, rtol=1e-3):
            return "一步看的不是一张，是一批。"
        return f"{pictures} 张图、每批 {size} 张、{steps} 步：你算得 {got:.3g} 遍。一共看了多少张次？"
    return True
