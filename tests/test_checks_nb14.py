"""Lab 14's checks: right answers pass, each typical mistake gets its own hint."""

import random
from hashlib import blake2b, sha256

import pytest

from aigc_kit.promptlab import caches, diff, experiment
from aigc_kit.teach.labs.lab14 import checks


def hashed(text):
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") / 2**64


def test_a():
    assert checks.a(experiment.arm)
    assert checks.a(lambda user, name, rollout: "B" if hashed(f"{name}|{user}") < rollout else "A")
    assert "随机数" in checks.a(lambda user, name, rollout: "B" if random.random() < rollout else "A").hint
    assert (
        "hashlib"
        in checks.a(lambda user, name, rollout: "B" if hash((user, name)) % 1000 < 1000 * rollout else "A").hint
    )
    assert "实验的名字" in checks.a(lambda user, name, rollout: "B" if hashed(user) < rollout else "A").hint
    assert (
        "退回旧版"
        in checks.a(lambda user, name, rollout: "B" if hashed(f"{name}{rollout}{user}") < rollout else "A").hint
    )
    assert "B 却有" in checks.a(lambda user, name, rollout: "B" if hashed(name + user) < 0.5 else "A").hint
    assert "A 或 B" in checks.a(lambda user, name, rollout: "C").hint


def test_b():
    assert checks.b(lambda old, new, rollout: experiment.srm([old, new], [1 - rollout, rollout]))
    assert "一半一半" in checks.b(lambda old, new, rollout: experiment.srm([old, new], [1, 1])).hint
    assert "自由度" in checks.b(lambda old, new, rollout: 0.5).hint


def test_c():
    assert checks.c(113, 146) or checks.c(experiment.needed(0.92, 0.99), experiment.needed(0.92, 0.9844))
    assert "放反" in checks.c(experiment.needed(0.92, 0.9844), experiment.needed(0.92, 0.99)).hint
    assert "升 7 %" in checks.c(experiment.needed(0.92, 0.99), 5).hint


def test_d():
    assert checks.d(lambda old, new: diff.stated(old) == diff.stated(new))
    assert "放过 30/30" in checks.d(lambda old, new: True).hint
    assert "一个字没改" in checks.d(lambda old, new: False).hint
    known = {(pair.baseline, pair.target) for pair in diff.sixty() if pair.same}
    assert "对调" in checks.d(lambda old, new: old == new or (old, new) in known).hint


def test_e():
    def key(text, template, model, temperature):
        return caches.key(text, template=template, model=model, temperature=temperature)

    assert checks.e(key)
    assert (
        "模板版本"
        in checks.e(lambda text, template, model, temperature: (caches.normal(text), model, temperature)).hint
    )
    assert "规范化" in checks.e(lambda *parts: parts).hint
    joined = checks.e(lambda text, *rest: sha256((caches.normal(text) + "".join(map(str, rest))).encode()).hexdigest())
    assert "边界" in joined.hint


@pytest.mark.parametrize("check", [checks.a, checks.b, checks.d, checks.e], ids=["a", "b", "d", "e"])
def test_an_open_answer_is_to_do(check):
    assert check(...).state == "todo"


def test_an_open_pair_is_to_do():
    assert checks.c(..., ...).state == "todo"
