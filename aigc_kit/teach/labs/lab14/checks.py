"""Check an assignment, SRM, a size, a gate, a key.

Each check recomputes the truth by a way of its own.
"""

from collections.abc import Callable
from math import asin, ceil, erfc, sqrt
from typing import Any

import numpy as np

from aigc_kit.promptlab.diff.pairs import sixty
from aigc_kit.teach.checks import check

MOST_WRONG = (15, 5)  # of 30 changed and 30 same pairs: what the kit's rules reach


@check("14", "a", title="稳定的分组", expects='一个函数 f(用户, 实验, 比例)，返回 "A" 或 "B"')
def a(function: Callable[[str, str, float], str]) -> bool | str:
    """Assign users twice, raise the share, change the experiment."""
    users = [f"顾客 {number}" for number in range(2000)]
    low, again, high, other = (
        [function(user, name, rollout) for user in users]
        for name, rollout in (("甲", 0.1), ("甲", 0.1), ("甲", 0.3), ("乙", 0.1))
    )
    if set(low) - {"A", "B"}:
        return f"应当返回 A 或 B，收到 {sorted(set(map(str, low)) - {'A', 'B'})[:3]}。"
    share = low.count("B") / len(users)
    out = sum(one == "B" and two == "A" for one, two in zip(low, high, strict=True))
    both = sum(one == two == "B" for one, two in zip(low, other, strict=True))
    faults = {
        "同一个用户、同一个实验，两次分到的组不一样。用到随机数了吗？": low != again,
        "内置的 hash() 在每个进程里都不一样：明天重启，大家换了组。用 hashlib。": _uses_hash(function),
        f"比例写 0.1，B 却有 {share:.1%}。": abs(share - 0.1) > 0.03,  # four standard deviations
        f"比例从 0.1 升到 0.3，有 {out} 人从新版退回旧版。先算一个 0 到 1 的数，再和比例比。": out > 0,
        "换了一个实验，还是同一批人在 B。哈希里要放进实验的名字。": both > 0.5 * low.count("B"),
    }
    return next((words for words, fault in faults.items() if fault), True)


def _uses_hash(function: Any) -> bool:
    """Tell whether a function calls the built-in hash."""
    code = getattr(function, "__code__", None)
    return code is not None and "hash" in code.co_names and "hash" not in getattr(function, "__globals__", {})


@check("14", "b", title="分组坏了吗", expects="一个函数 f(旧版人数, 新版人数, 新版的比例)，返回卡方检验的 p")
def b(function: Callable[[int, int, float], float]) -> bool | str:
    """Ask for the chi-square test with one degree of freedom."""
    for old, new, rollout in ((9000, 1000, 0.1), (9120, 880, 0.1), (480, 520, 0.5), (700, 350, 0.3)):
        p = float(function(old, new, rollout))
        count = old + new
        truth = erfc(sqrt((new - count * rollout) ** 2 / (count * rollout * (1 - rollout)) / 2))
        if abs(p - truth) <= 1e-6 + 1e-3 * truth:
            continue
        told = f"{old} 比 {new}、比例 {rollout:g} 时，你给 {p:.3g}，不对。"
        if rollout != 0.5 and abs(p - erfc(sqrt((new - count / 2) ** 2 / count * 4 / 2))) < 1e-9:
            return f"{told}期望的人数不是一半一半，要按比例算。"
        return f"{told}卡方是 (看到 − 期望)² ÷ 期望，两组加起来，自由度 1。"
    return True


@check("14", "c", title="要多少人", expects="两个整数：92 % 升 7 个百分点、92 % 升 7 % 时，每组多少人")
def c(points: int, relative: int) -> bool | str:
    """Compute both by Cohen's h with the normal quantiles."""

    def size(old: float, new: float) -> int:
        effect = 2 * asin(sqrt(new)) - 2 * asin(sqrt(old))
        return ceil(2 * ((1.959964 + 0.841621) / effect) ** 2)

    truths = size(0.92, 0.99), size(0.92, 0.92 * 1.07)
    if (points, relative) == truths[::-1]:
        return "两个数放反了：升 7 个百分点是 92 % → 99 %。"
    wrong = [
        name
        for name, given, truth in zip(("7 个百分点", "7 %"), (points, relative), truths, strict=True)
        if abs(given - truth) > 1
    ]
    return not wrong or f"升 {'、升 '.join(wrong)}的那个数不对。百分点是相减，百分之几是相除：0.92 × 1.07 是多少？"


@check("14", "d", title="自己的门", expects="一个函数 f(旧, 新)：True 放行，False 拦下")
def d(function: Callable[[str, str], bool]) -> bool | str:
    """Count both errors on the 60 pairs, also swapped."""
    every = sixty()
    verdicts = np.array([bool(function(pair.baseline, pair.target)) for pair in every])
    same = np.array([pair.same for pair in every])
    passed, stopped = int(verdicts[~same].sum()), int((~verdicts[same]).sum())
    if not all(bool(function(pair.baseline, pair.baseline)) for pair in every[:10]):
        return "一个字没改的提示词也被拦下了。"
    back = np.array([bool(function(pair.target, pair.baseline)) for pair in every])
    if (back != verdicts).sum() > 10:
        return f"新旧对调，有 {(back != verdicts).sum()} 对的结论变了：是不是只认得这几句话？"
    if passed > MOST_WRONG[0] or stopped > MOST_WRONG[1]:
        need = f"至多 {MOST_WRONG[0]} 和 {MOST_WRONG[1]} 才算"
        return f"放过 {passed}/30 对变了的，拦下 {stopped}/30 对没变的；{need}。先比数字和否定词。"
    return True


@check("14", "e", title="缓存的键", expects="一个函数 f(文字, 模板版本, 模型, 温度)，返回键")
def e(function: Callable[[str, str, str, float], Any]) -> bool | str:
    """Change each part in turn, and write the text otherwise."""
    base = ("快递到哪了？", "v1", "tinychat-3f2a", 0.0)
    key = function(*base)
    others = {"文字": ("快递丢了？", *base[1:]), "模板版本": (base[0], "v2", *base[2:])}
    others |= {"模型": (*base[:2], "tinychat-9c01", 0.0), "温度": (*base[:3], 0.7)}
    same = [name for name, values in others.items() if function(*values) == key]
    if same:
        return f"{'、'.join(same)}变了，键没有变：会把旧的答案当成新的。"
    if function("快递到哪了?  ", *base[1:]) != key:
        return "全角问号换成半角、末尾多两个空格，是同一个问题，键却变了。先规范化。"
    if function("a", "bc", "m", 0.0) == function("ab", "c", "m", 0.0):
        return "几样东西直接连起来，边界就丢了：“a”“bc”和“ab”“c”成了一个键。"
    return True
