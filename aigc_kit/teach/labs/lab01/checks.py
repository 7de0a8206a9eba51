"""Check softmax, entropy, T -> 0, the nucleus, low temperatures.

Each check recomputes the truth by a way of its own (float64, plain formulas), not by the kit's sampling functions.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from aigc_kit.teach.checks import check

HEATS = (0.2, 0.7, 1.2)


@check("01", "a", title="带温度、不溢出的 softmax", expects="一个函数 f(logits, T)，返回同样长度的概率")
def a(function: Callable[[np.ndarray, float], np.ndarray]) -> bool | str:
    """Compare in extended precision, then where naive exp overflows."""
    rng = np.random.default_rng(1)
    for heat in HEATS:
        scores = rng.normal(0, 3, 50)
        with np.errstate(all="ignore"):
            shares = np.asarray(function(scores.copy(), heat), dtype=np.float64)
        if shares.shape != scores.shape:
            return f"输入有 {len(scores)} 个分数，你返回的形状是 {shares.shape}。每个词元都应有一个概率。"
        if not np.isclose(shares.sum(), 1, atol=1e-6):
            return f"T = {heat} 时概率之和是 {shares.sum():.4g}。分母是哪些项的和？"
        if not np.allclose(shares, _boltzmann(scores, heat), atol=1e-6):
            return f"和是 1，但 T = {heat} 时数值不对。温度应该乘还是除？在 exp 之前还是之后？"
    with np.errstate(all="ignore"):
        large = np.asarray(function(np.array([1000.0, 999.0, -1000.0]), 1.0), dtype=np.float64)
    if not np.allclose(large, [0.7310585786, 0.2689414214, 0.0], atol=1e-6):
        return "分数很大（1000）时结果不对。exp(1000) 等于多少？所有分数同减一个数，softmax 会变吗？"
    return True


@check("01", "b", title="熵随温度上升", expects="一个列表：T = 0.2、0.7、1.2 时的三个熵（单位：比特）")
def b(logits: Sequence[float], entropies: Sequence[float]) -> bool | str:
    """Compare three entropies with -sum p log2 p."""
    bits = [float(value) for value in entropies]
    if len(bits) != len(HEATS):
        return f"需要 {len(HEATS)} 个熵，依次对应 T = 0.2、0.7、1.2；收到 {len(bits)} 个。"
    if np.isnan(bits).any():
        return "结果里有 nan：概率为 0 时，log 是多少？这些项要不要先去掉？"
    truth = [_bits(_boltzmann(np.asarray(logits, dtype=np.float64), heat)) for heat in HEATS]
    if np.allclose(bits, truth, rtol=1e-2, atol=1e-3):
        return True
    if np.allclose(bits, np.array(truth) * np.log(2), rtol=1e-2):
        return "看起来用的是自然对数（单位 nat）。熵的单位要比特，应该用哪个底？"
    if sorted(bits) != bits:
        return "三个熵没有依次上升。温度越高，分布越平还是越尖？检查一下顺序。"
    return "顺序是上升的，但数值不对。概率为 0 的项怎么处理？负号在吗？"


@check("01", "c", title="T 趋近 0 就是取最大", expects="一个大于 0 的 T，和此时概率最大的词元编号")
def c(logits: Sequence[float], heat: float, token: int) -> bool | str:
    """Ask for the arg-max, at 99.9 % or more."""
    scores = np.asarray(logits, dtype=np.float64)
    if not float(heat) > 0:
        return "T 要大于 0：公式里要除以它。T = 0 只能作为极限来理解。"
    if int(token) != int(scores.argmax()):
        return "这个词元的分数不是最高的。哪个 numpy 函数返回最大值的位置？"
    share = _boltzmann(scores, float(heat)).max()
    hint = f"在 T = {float(heat):g} 时，第一名只占 {share:.1%}。还要让它超过 99.9%，T 往哪边调？"
    return bool(share > 0.999) or hint


@check("01", "d", title="核（nucleus）够大，而且最小", expects="一个函数 f(probs, p)，返回保留的词元编号")
def d(function: Callable[[np.ndarray, float], Iterable[int]]) -> bool | str:
    """Ask for the smallest set that reaches p."""
    rng = np.random.default_rng(2)
    for size, p in ((5, 0.5), (40, 0.9), (40, 0.1), (200, 0.95), (3, 1.0)):
        shares = rng.dirichlet(np.full(size, 0.3 if size > 5 else 2.0))
        nucleus = sorted({int(index) for index in function(shares.copy(), p)})
        if not nucleus or nucleus[0] < 0 or nucleus[-1] >= size:
            return f"{size} 个词元、p = {p} 时，返回的编号是 {nucleus[:5]}…，应该在 0 到 {size - 1} 之间，至少一个。"
        mass = shares[nucleus].sum()
        if mass < p - 1e-9:
            return f"p = {p} 时，你保留的词元加起来只有 {mass:.3f}。让总和刚好达到 p 的那个词元，要不要留？"
        least = int(np.searchsorted(np.cumsum(np.sort(shares)[::-1]), p - 1e-12)) + 1
        if len(nucleus) > min(least, size):
            return f"p = {p} 时你留了 {len(nucleus)} 个，其实更少就够。应该从概率高的还是低的开始留？"
    return True


@check("01", "e", title="低温不等于总选第一名", expects="一个数：T = 0.2 时连抽 20 次全是第一名的概率")
def e(logits: Sequence[float], probability: float) -> bool | str:
    """Compare with p_max ** 20 at T = 0.2."""
    top = float(_boltzmann(np.asarray(logits, dtype=np.float64), 0.2).max())
    answer = float(probability)
    if not 0 <= answer <= 1:
        return f"{answer:g} 不是概率，应该在 0 和 1 之间。"
    if np.isclose(answer, top, rtol=1e-3) and not np.isclose(top, top**20, rtol=1e-3):
        return "这是抽一次的概率。连续 20 次、每次都互不影响，概率怎么合起来？"
    if np.isclose(answer, top**20, rtol=1e-2, atol=1e-6):
        return True
    return "数值不对。先求 T = 0.2 时第一名的概率，再想 20 次独立抽取。"


def _boltzmann(scores: np.ndarray, heat: float) -> np.ndarray:
    weights = np.exp((scores.astype(np.longdouble) - scores.max()) / heat)
    return (weights / weights.sum()).astype(np.float64)


def _bits(shares: np.ndarray) -> float:
    return float(-sum(share * np.log2(share) for share in shares if share > 0))
