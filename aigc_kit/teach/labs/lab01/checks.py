"""Check gaps, entropy, T -> 0, min-p, low temperatures.

Each check recomputes the truth by a way of its own (float64, plain formulas), not by the kit's sampling functions.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from aigc_kit.teach.checks import check

HEATS = (0.2, 0.7, 1.2)


@check("01", "a", title="从概率之比回到分数之差", expects="一个函数 f(r, T)，返回第一名和第二名的分数之差")
def a(function: Callable[[float, float], float]) -> bool | str:
    """Put the gap back into a softmax."""
    for ratio, heat in ((10.0, 1.0), (2.0, 0.2), (1.0, 0.7), (99.0, 1.2)):
        gap = float(function(ratio, heat))
        shares = _boltzmann(np.array([gap, 0.0]), heat)
        if np.isclose(shares[0] / shares[1], ratio, rtol=1e-4):
            continue
        if np.isclose(gap, np.log(ratio) / heat, rtol=1e-4):
            return "方向反了：温度越高，要拉开同样的比例，分数得差得更多还是更少？"
        if np.isclose(gap, heat * np.log2(ratio), rtol=1e-4) or np.isclose(gap, heat * np.log10(ratio), rtol=1e-4):
            return "对数的底不对。softmax 里取的是以谁为底的指数？"
        got = f"差 {gap:.4g} 分得到的比是 {shares[0] / shares[1]:.4g}"
        return f"r = {ratio:g}、T = {heat:g} 时，{got}。两个概率相除，分母还在吗？"
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


@check("01", "d", title="min-p：和第一名比", expects="一个函数 f(probs, m)，返回留下的词元编号")
def d(function: Callable[[np.ndarray, float], Iterable[int]]) -> bool | str:
    """Ask for all tokens near the best one."""
    rng = np.random.default_rng(2)
    for size, m in ((5, 0.2), (40, 0.1), (40, 0.02), (200, 1.0), (3, 0.9)):
        shares = rng.dirichlet(np.full(size, 0.3 if size > 5 else 2.0))
        kept = sorted({int(index) for index in function(shares.copy(), m)})
        truth = [index for index in range(size) if shares[index] >= m * max(shares)]
        if kept == truth:
            continue
        if not kept:
            return f"m = {m} 时一个也没留下。第一名自己够不够格？"
        if kept == [index for index in range(size) if shares[index] >= m]:
            return "你把概率和 m 直接比了。门槛是第一名的概率乘以 m。"
        return f"{size} 个词元、m = {m} 时留下 {len(kept)} 个，应该是 {len(truth)} 个。门槛是多少？等于门槛的留不留？"
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
