"""Check attributions, a pattern, a rule, a share.

Each check recomputes the truth by a way of its own.
"""

import itertools
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from aigc_kit.teach.checks import check
from aigc_kit.worlds.logs.lines import many


def _worth(keeps: np.ndarray) -> np.ndarray:
    """Give a known value, in which two words count together."""
    keeps = np.asarray(keeps, bool)
    return keeps @ np.array([2.0, 0.5, -1.0, 0.0]) + 3.0 * (keeps[:, 1] & keeps[:, 3])


@check("13", "a", title="遮挡", expects="一个函数 f(value, n)，返回 n 个数；value 收 bool (B, n)，返回 B 个数")
def a(function: Callable[[Callable[[np.ndarray], np.ndarray], int], np.ndarray]) -> bool | str:
    """Compare with v(all) - v(all but one)."""
    scores = np.asarray(function(_worth, 4), float)
    whole = _worth(np.ones((1, 4), bool))[0]
    truth = np.array([whole - _worth(~np.eye(4, dtype=bool))[k] for k in range(4)])
    if scores.shape != (4,):
        return f"要 4 个数，收到的形状是 {scores.shape}。"
    if np.allclose(scores, truth):
        return True
    if np.allclose(scores, -truth):
        return "符号反了：词在的时候的值，减去它不在的时候的值。"
    if np.allclose(scores, _worth(np.eye(4, dtype=bool))):
        return "你只留下了一个词。遮挡是只拿掉一个词，其余都在。"
    return f"应当是 {truth.round(2).tolist()}。一个一个地拿掉，每次只拿掉一个。"


@check("13", "b", title="准确的 Shapley 值", expects="一个函数 f(value, n)，走遍所有的顺序，返回 n 个数")
def b(function: Callable[[Callable[[np.ndarray], np.ndarray], int], np.ndarray]) -> bool | str:
    """Go through all 24 orders."""
    scores = np.asarray(function(_worth, 4), float)
    truth = np.zeros(4)
    for order in itertools.permutations(range(4)):
        keeps = np.zeros(4, bool)
        for word in order:
            before = _worth(keeps[None])[0]
            keeps[word] = True
            truth[word] += (_worth(keeps[None])[0] - before) / 24
    if scores.shape != (4,):
        return f"要 4 个数，收到的形状是 {scores.shape}。"
    whole = _worth(np.ones((1, 4), bool))[0]
    if np.allclose(scores, truth, atol=1e-6):
        return True
    if not np.isclose(scores.sum(), whole, atol=1e-6):
        return f"加起来应当正好是 {whole:g}，你的是 {scores.sum():.3f}。每个顺序的增量平均，别忘了除以顺序的个数。"
    return "加起来对了，分得不对。词 1 和词 3 合起来才有的 3，应当两个词各一半。走遍了所有的顺序吗？"


@check("13", "c", title="补好的正则", expects="一个字符串，有 ts、svc、level、msg 四个命名组")
def c(pattern: str) -> bool | str:
    """Read lines of the course's format whose fields are known."""
    from aigc_kit.promptlab.logs import by_pattern

    lines = many("pipe", 60, seed=130)
    for line in lines:
        told = by_pattern(line.text, [pattern])
        if told is None:
            return f"读不了这一行：{line.text}。级别有 DEBUG、INFO、WARN、ERROR 四种；服务名里有减号。"
        if missing := [name for name in line.fields if name not in told]:
            return f"没有叫 {'、'.join(missing)} 的组。写法是 (?P<ts>……)，尖括号里是名字。"
        if wrong := [name for name in line.fields if told[name] != line.fields[name]]:
            return f"{wrong[0]} 应当是 {line.fields[wrong[0]]!r}，你读到 {told[wrong[0]]!r}。"
    others = [line.text for line in many("bracket", 20, seed=130)]
    return (
        not any(by_pattern(text, [pattern]) for text in others) or "它也“认得”方括号的格式，字段多半错了。写得严一些。"
    )


@check("13", "d", title="收下，还是交给人", expects="一个函数 f(正则的字段, 标注器的字段, 各字段的把握)：True 收下")
def d(function: Callable[[dict[str, str] | None, dict[str, str], dict[str, float]], bool]) -> bool | str:
    """Try agreement, disagreement, doubt and absence."""
    fields = {"ts": "1", "svc": "a", "level": "INFO", "msg": "x"}
    sure = dict.fromkeys(fields, 0.99)
    if not function(fields, dict(fields), sure):
        return "两种读法一样、又都有把握，应当收下。"
    faults: dict[str, tuple[Any, ...]] = {
        "正则不认得（None）的一行，你收下了。": (None, fields, sure),
        "两种读法不一样，你收下了。": ({**fields, "svc": "b"}, fields, sure),
        "有一个字段只有 0.5 的把握，你收下了。看最没把握的那个，不是平均。": (
            fields,
            dict(fields),
            {**sure, "msg": 0.5},
        ),
        "恰好 0.85 不算“大于 0.85”。": (fields, dict(fields), {**sure, "ts": 0.85}),
        "标注器没有找到 msg，你收下了。": (fields, {"ts": "1", "svc": "a", "level": "INFO"}, sure),
    }
    return next((words for words, given in faults.items() if function(*given)), True)


@check("13", "e", title="脱掉伪装", expects="一个函数 f(文字)，返回规范化以后的文字")
def e(function: Callable[[str], str]) -> bool | str:
    """Dress a text in four ways."""
    faults = {
        "全角字母没有变成半角。用 unicodedata.normalize。": ("ｉｇｎｏｒｅ", "ignore"),
        "零宽字符还在。它们的类别（unicodedata.category）是 Cf。": ("忽\u200b略\u2060之前", "忽略之前"),
        "改变方向的控制符还在，它也是 Cf。": ("a\u202eb", "ab"),
        "普通的中文被改了。只去掉看不见的。": ("退款，谢谢", unicodedata.normalize("NFKC", "退款，谢谢")),
    }
    for words, (text, truth) in faults.items():
        told = function(text)
        if not isinstance(told, str):
            return f"应当返回文字，收到 {type(told).__name__}。"
        if told != truth and not (text == "退款，谢谢" and told == text):
            return words
    return True


@check(
    "13", "f", title="对了百分之几", expects="一个函数 f(抱怨的, 抽查的)，两个列表里是 True / False，返回估计的正确率"
)
def f(function: Callable[[Sequence[bool], Sequence[bool]], float]) -> bool | str:
    """Give complaints that are nearly all wrong."""
    complaints, sample = [False] * 40 + [True] * 5, [True] * 18 + [False] * 2
    share = float(function(complaints, sample))
    if np.isclose(share, 0.9):
        return True
    if np.isclose(share, np.mean([*complaints, *sample])):
        return "混在一起算，就偏低：抱怨的是专门挑出来的错。只有随机抽的才能代表全部。"
    if np.isclose(share, np.mean(complaints)):
        return "抱怨的人大多碰到了错。用它估计，模型再好也像是坏的。"
    return "应当是 0.9：20 条随机抽查里对了 18 条。"
