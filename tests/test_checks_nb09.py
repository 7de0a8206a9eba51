"""Lab 09's checks: right answers pass, each typical mistake gets its own hint."""

from math import comb

import pytest

from aigc_kit.core.statistics import wilson
from aigc_kit.promptlab.patterns import Slot, Template
from aigc_kit.teach.labs.lab09 import checks

SLOTS = (Slot("message"), Slot("labels", kind="list"))


def test_a_asks_the_model_about_new_messages():
    assert checks.a(Template("t", "从{{ labels | join('、') }}中选一个。只输出标签。\n消息：{{ message }}", SLOTS))
    poor = checks.a(Template("t", "{{ labels | join('、') }}\n请帮我看看：{{ message }}。你好", SLOTS))
    assert not poor and "60 条新消息" in poor.hint
    assert "Template" in checks.a("从标签中选一个").hint
    assert "槽应当是" in checks.a(Template("t", "消息：{{ message }}", (Slot("message"),))).hint


def test_b():
    assert checks.b({3, 5, 6, 9}) and checks.b([9, 6, 5, 3])
    assert "还漏了 2 句" in checks.b({3, 5}).hint
    assert "有 1 句其实是对的" in checks.b({1, 3, 5, 6, 9}).hint
    assert "编号从 1 到 9" in checks.b({12}).hint


def plain(hits, count):
    share = hits / count
    half = 1.959964 * (share * (1 - share) / count) ** 0.5
    return share - half, share + half


def test_c():
    assert checks.c(lambda hits, count: wilson(hits, count)[1:])
    assert "宽 0" in checks.c(plain).hint
    assert "1 + z²/n" in checks.c(lambda hits, count: (0.3, 0.9)).hint


def exact(first, second, sides=2):
    worse = sum(a and not b for a, b in zip(first, second, strict=True))
    better = sum(b and not a for a, b in zip(first, second, strict=True))
    n, least = worse + better, min(worse, better)
    return min(1.0, sides * sum(comb(n, k) for k in range(least + 1)) / 2**n)


def test_d():
    assert checks.d(exact)
    assert "一个方向" in checks.d(lambda one, two: exact(one, two, 1)).hint
    assert "抛硬币" in checks.d(lambda one, two: 0.01).hint


def test_e():
    assert checks.e(dict(checks.NAMES))
    assert "1 个放错" in checks.e({**checks.NAMES, "核采样": "提示词搜索"}).hint
    assert "六个名字" in checks.e({"贪心": "解码"}).hint


@pytest.mark.parametrize("check", [checks.a, checks.b, checks.c, checks.d, checks.e])
def test_an_open_answer_is_to_do(check):
    assert check(...).state == "todo"
