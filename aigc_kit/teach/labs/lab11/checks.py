"""Check overlap, programs, shares, bits a byte, a test.

Programs run in a limited process; truths are computed by plain formulas, not by the kit's functions.
"""

import ast
import math
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from aigc_kit.core.limited import Program
from aigc_kit.promptlab.alignment import exercises
from aigc_kit.teach.checks import check

PAIRS = (
    ("x = a + 1", "y = b * 2"),
    ("def f(n):\n    return n", "def g(m):\n    m += 1\n    return m"),
    ("for i in x:\n    print(i, i)", "while x:\n    print(x.pop())"),
    ("a", "a"),
)
LIMIT = 0.82
SURVIVOR = ("range(2, int", "range(3, int")
"""In is_prime: what is right, and a change that passes every unit test."""


@check("11", "a", title="亲手算语法树重合", expects="一个函数 f(一段代码, 另一段代码)，返回 0 到 1 的数")
def a(function: Callable[[str, str], float]) -> bool | str:
    """Compare with multisets of node types."""
    for one, other in PAIRS:
        got, truth = float(function(one, other)), _overlap(one, other)
        if math.isclose(got, truth, abs_tol=1e-6):
            continue
        if math.isclose(got, _as_sets(one, other), abs_tol=1e-6):
            return "看来你把节点当成集合了：同一种节点出现三次和出现一次，应该不一样。哪个类能数个数？"
        if math.isclose(got, _overlap(one, other, contexts=True), abs_tol=1e-6):
            return "Load、Store 这样的上下文节点也算进去了，题目说不算它们。它们都属于 ast 里的哪个类？"
        return f"{one!r} 和 {other!r}：你算得 {got:.3f}。交集里每种节点取几个？并集里呢？"
    return True


@check("11", "b", title="写一段错的程序，骗过 0.82", expects="一段代码（字符串），定义函数 gcd(a, b)")
def b(source: str) -> bool | str:
    """Ask for a wrong program that overlaps."""
    exercise = exercises.named("gcd")
    overlap = _overlap(str(source), exercise.reference)
    if exercises.judge(exercise, str(source)).right:
        return "这段程序是对的：测试和另外 40 次调用全都一致。要让它错，又不改变节点的种类，可以动哪里？"
    if overlap < LIMIT:
        return f"程序是错的，重合却只有 {overlap:.2f}，骗不过 0.82。改得再小一点。"
    return True


@check("11", "c", title="写一段对的程序，被 0.82 拦下", expects="一段代码（字符串），定义函数 gcd(a, b)")
def c(source: str) -> bool | str:
    """Ask for a right program that overlaps little."""
    exercise = exercises.named("gcd")
    verdict = exercises.judge(exercise, str(source))
    if not verdict.right:
        return f"这段程序还不对：{verdict.why}"
    overlap = _overlap(str(source), exercise.reference)
    hint = f"程序是对的，重合是 {overlap:.2f}，还没有低于 0.5。换一种思路：不用 while，会怎么写？"
    return bool(overlap < 0.5) or hint


@check("11", "d", title="加权以后，每类占多少", expects="一个函数 f(各类条数, alpha)，返回各类的份额，加起来是 1")
def d(function: Callable[[Sequence[int], float], Sequence[float]]) -> bool | str:
    """Compare with n ** (1 - alpha)."""
    for counts, alpha in (((620, 280, 100), 0.75), ((50, 50), 0.3), ((9, 1), 1.0), ((7, 2, 1), 0.0)):
        got = np.asarray(function(list(counts), alpha), dtype=float)
        mass = np.array([float(n) ** (1 - alpha) for n in counts])
        if got.shape == mass.shape and np.allclose(got, mass / mass.sum(), atol=1e-4):
            continue
        if got.shape != mass.shape:
            return f"{len(counts)} 类应该返回 {len(counts)} 个数，收到的形状是 {got.shape}。"
        weights = np.array([float(n) ** -alpha for n in counts])
        if np.allclose(got, weights, rtol=1e-3):
            return "这是每一条的权重。一类的份额，还要看它有多少条。"
        if np.allclose(got, weights / weights.sum(), atol=1e-4):
            return "你把权重归一化了，可是每一类的条数不同：一类的份额是条数乘权重，再归一化。"
        return f"条数 {counts}、alpha = {alpha:g} 时得到 {np.round(got, 3).tolist()}，不对。它们加起来是 1 吗？"
    return True


@check("11", "e", title="每字节多少比特", expects="一个函数 f(总的 NLL（nat）, 文字)，返回比特/字节")
def e(function: Callable[[float, str], float]) -> bool | str:
    """Compare with nats / ln 2 / bytes of UTF-8."""
    for nats, text in ((81.95, "床前明月光，疑是地上霜。"), (12.0, "hello"), (3.5, "é")):
        got, truth = float(function(nats, text)), nats / math.log(2) / len(text.encode("utf-8"))
        if math.isclose(got, truth, rel_tol=1e-4):
            continue
        if math.isclose(got, nats / math.log(2) / len(text), rel_tol=1e-4):
            return "你除的是字数。一个汉字在 UTF-8 里是几个字节？"
        if math.isclose(got, nats / len(text.encode("utf-8")), rel_tol=1e-4):
            return "单位还是 nat（自然对数）。换成比特要除以什么？"
        return f"{text!r} 的 NLL 是 {nats:g} nat，你算得 {got:.4g}。先换成比特，再除以 UTF-8 的字节数。"
    return True


@check("11", "f", title="补一个测试，抓住漏网的程序", expects='一次调用（字符串），例如 "is_prime(7)"')
def f(call: str) -> bool | str:
    """Ask for a call on which a surviving mutant differs."""
    reference = exercises.named("is_prime").reference
    answers = []
    for source in (reference, reference.replace(*SURVIVOR)):
        with Program(source) as program:
            try:
                answers.append(repr(program.call(str(call))))
            except RuntimeError as error:
                answers.append(f"出错：{error}")
    if answers[0].startswith("出错"):
        return f"对的程序也答不了这次调用（{answers[0]}）。写成 is_prime(一个整数)。"
    return answers[0] != answers[1] or f"两段程序都答 {answers[0]}，这个测试分不开它们。两段程序差在哪一行？"


def _nodes(source: str, contexts: bool = False) -> Counter[str]:
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Counter()
    return Counter(type(node).__name__ for node in nodes if contexts or not isinstance(node, ast.expr_context))


def _overlap(one: str, other: str, contexts: bool = False) -> float:
    left, right = _nodes(one, contexts), _nodes(other, contexts)
    common = sum(min(left[name], right[name]) for name in left)
    return common / max(sum(left.values()) + sum(right.values()) - common, 1)


def _as_sets(one: str, other: str) -> float:
    left, right = set(_nodes(one)), set(_nodes(other))
    return len(left & right) / len(left | right)
