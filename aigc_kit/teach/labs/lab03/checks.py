"""Check numbers, tone sandhi, a pause, RTF, control strings.

Each check has a truth of its own: cn2an, the rule of the grammar, the definition, or the voice itself.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from aigc_kit.teach.checks import check

RATE = 24_000


@check("03", "a", title="数字读成量", expects="一个函数 f(n)，n 从 0 到 99，返回汉字，例如 25 → 二十五")
def a(function: Callable[[int], str]) -> bool | str:
    """Compare with cn2an for 0..99."""
    import cn2an

    for number in range(100):
        words = function(number)
        if not isinstance(words, str):
            return f"n = {number} 时返回的是 {type(words).__name__}，应该是一个字符串。"
        if words == cn2an.an2cn(str(number), "low"):
            continue
        if 10 <= number < 20 and words.startswith("一十"):
            return f"{number} 读成了“{words[:6]}”。十几的时候，开头的“一”还读吗？"
        if number % 10 == 0 and number and words.endswith("零"):
            return f"{number} 读成了“{words[:6]}”。末尾的 0 读出来吗？"
        return f"{number} 读成了“{words[:8]}”，再想想：十位和个位各怎么说？"
    return True


@check("03", "b", title="“不”的变调", expects="一个函数 f(t)，t 是后一个字的声调 1～5，返回“不”读第几声")
def b(function: Callable[[int], int]) -> bool | str:
    """Ask for the second tone before a fourth only."""
    for tone in range(1, 6):
        answer = function(tone)
        if answer not in (1, 2, 3, 4, 5):
            return f"后一个字是第 {tone} 声时返回了 {answer!r}，声调是 1 到 5 的整数。"
        if answer != (2 if tone == 4 else 4):
            example = {1: "不喝", 2: "不来", 3: "不好", 4: "不是", 5: "不了"}[tone]
            return f"后一个字是第 {tone} 声（例如“{example}”）时不对。读出来听一听：什么时候“不”的调子变了？"
    return True


@check(
    "03",
    "c",
    title="正好那么长的停顿",
    expects="一个函数 f(a, b, seconds)，返回 a、静音、b 连成的波形（float32，24000 Hz）",
)
def c(function: Callable[[np.ndarray, np.ndarray, float], np.ndarray]) -> bool | str:
    """Ask for both waves unchanged around an exact silence."""
    rng = np.random.default_rng(3)
    for first, second, seconds in ((100, 50, 0.5), (7, 900, 0.08), (30, 30, 0.0)):
        x, y = (rng.uniform(-0.5, 0.5, n).astype(np.float32) for n in (first, second))
        wave = np.asarray(function(x.copy(), y.copy(), seconds))
        gap = round(seconds * RATE)
        if wave.ndim != 1:
            return f"返回的形状是 {wave.shape}，应该是一维。"
        if len(wave) != first + gap + second:
            return f"停 {seconds} 秒时返回了 {len(wave)} 个样点。{seconds} 秒在 24000 Hz 下是多少个样点？"
        if not (np.array_equal(wave[:first], x) and np.array_equal(wave[first + gap :], y)):
            return "长度对了，但前后两段声音和原来不一样。顺序对吗？有没有改动原来的样点？"
        if wave[first : first + gap].any():
            return "中间那一段不是静音。静音的每个样点是多少？"
        if wave.dtype != np.float32:
            return f"样点的类型是 {wave.dtype}，应该是 float32。np.zeros 默认是什么类型？"
    return True


@check("03", "d", title="实时率 RTF", expects="一个函数 f(seconds, samples)：合成用了几秒、得到几个样点，返回实时率")
def d(function: Callable[[float, int], float]) -> bool | str:
    """Compare with work divided by length."""
    for work, samples in ((1.0, RATE), (0.3, 3 * RATE), (12.0, 24 * RATE)):
        truth, ratio = work * RATE / samples, float(function(work, samples))
        if np.isclose(ratio, truth, rtol=1e-6):
            continue
        if np.isclose(ratio, 1 / truth, rtol=1e-6):
            return "正好是倒数：RTF 小于 1 表示比说话快。谁除以谁？"
        if np.isclose(ratio, work / samples, rtol=1e-6):
            return "样点数还不是秒数。一秒有多少个样点？"
        return f"{work} 秒合成 {samples} 个样点时，结果 {ratio:.4g} 不对。"
    return True


@check(
    "03",
    "e",
    title="又慢又有停顿",
    expects='一个控制串，例如 "[break_0][speed_5]"，让同一句话变慢，而且停顿不少于 3 级',
)
def e(tokens: str) -> bool | str:
    """Let the voice speak: at least 1.3 times as long."""
    from aigc_kit.core.errors import BadInput
    from aigc_kit.make import speech
    from aigc_kit.make.speech import controls

    try:
        levels = controls.parse(tokens)
    except BadInput as problem:
        return f"这个控制串读不懂：{problem.told.asked.zh}；{problem.told.found.zh}。"
    if levels.get("breaks", 0) < 3:
        return "停顿还不到 3 级。哪个标记管停顿？"
    if levels.get("speed", 5) >= 5:
        return "语速没有变慢。5 是原速，数字往哪边走更慢？"
    values: dict[str, Any] = dict(levels)
    plain, slow = (speech.plan_for("今天的天气真不错", card="baker", **how) for how in ({}, values))
    ratio = len(speech.run(slow).data) / len(speech.run(plain).data)
    return bool(ratio >= 1.3) or f"实测只有原来的 {ratio:.2f} 倍长，要到 1.3 倍。再慢一点，或者再多停一点。"
