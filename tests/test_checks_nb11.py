"""Lab 11's checks: right answers pass, each typical mistake gets its own hint."""

import ast
import math
from collections import Counter

import numpy as np
import pytest

from aigc_kit.promptlab.alignment import exercises, syntax
from aigc_kit.teach.labs.lab11 import checks

REFERENCE = exercises.named("gcd").reference


def counted(one, other, contexts=False):
    left, right = (
        Counter(type(n).__name__ for n in ast.walk(ast.parse(s)) if contexts or not isinstance(n, ast.expr_context))
        for s in (one, other)
    )
    return (left & right).total() / (left | right).total()


def test_a_accepts_multisets_and_the_kits_own():
    assert checks.a(counted) and checks.a(syntax.jaccard)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda x, y: len(set(names(x)) & set(names(y))) / len(set(names(x)) | set(names(y))), "当成集合"),
        (lambda x, y: counted(x, y, contexts=True), "上下文节点"),
        (lambda x, y: 1.0, "交集里每种节点取几个"),
        (lambda x, y: syntax.jaccard(x, y, words=True), "交集里每种节点取几个"),
    ],
)
def test_a_refuses(wrong, hint):
    assert hint in checks.a(wrong).hint


def names(source):
    return [type(n).__name__ for n in ast.walk(ast.parse(source)) if not isinstance(n, ast.expr_context)]


def test_b_wants_a_wrong_program_that_looks_alike():
    assert checks.b(REFERENCE.replace("return a", "return b"))
    assert "是对的" in checks.b(REFERENCE).hint
    assert "骗不过 0.82" in checks.b("def gcd(a, b):\n    return 1\n").hint
    assert "骗不过 0.82" in checks.b("not python (").hint


def test_c_wants_a_right_program_that_looks_different():
    assert checks.c("def gcd(a, b):\n    return max(d for d in range(1, a + b + 1) if a % d == b % d == 0)\n")
    assert "还不对" in checks.c(REFERENCE.replace("return a", "return b")).hint
    assert "还没有低于" in checks.c(REFERENCE).hint


def test_programs_of_learners_run_in_the_limited_process(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert not checks.c("open('MARK', 'w').close()\ndef gcd(a, b):\n    return 1\n")
    assert list(tmp_path.iterdir()) == []


def test_d_wants_shares():
    assert checks.d(lambda counts, alpha: [n ** (1 - alpha) / sum(m ** (1 - alpha) for m in counts) for n in counts])


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda counts, alpha: [n**-alpha for n in counts], "每一条的权重"),
        (lambda counts, alpha: [n**-alpha / sum(m**-alpha for m in counts) for n in counts], "条数乘权重"),
        (lambda counts, alpha: [1.0], "应该返回 3 个数"),
        (lambda counts, alpha: [0.2] * len(counts), "加起来是 1 吗"),
    ],
)
def test_d_refuses(wrong, hint):
    assert hint in checks.d(wrong).hint


def test_e_wants_bits_for_bytes():
    assert checks.e(lambda nats, text: nats / math.log(2) / len(text.encode()))
    assert "几个字节" in checks.e(lambda nats, text: nats / np.log(2) / len(text)).hint
    assert "除以什么" in checks.e(lambda nats, text: nats / len(text.encode())).hint
    assert "先换成比特" in checks.e(lambda nats, text: nats).hint


def test_f_wants_a_call_that_tells_them_apart():
    assert checks.f("is_prime(8)") and checks.f("is_prime(4)")
    assert "分不开" in checks.f("is_prime(9)").hint
    assert "写成 is_prime" in checks.f("is_prim(9)").hint


def test_the_survivor_of_f_passes_the_unit_tests():
    exercise = exercises.named("is_prime")
    verdict = exercises.judge(exercise, exercise.reference.replace(*checks.SURVIVOR))
    assert checks.SURVIVOR[0] in exercise.reference and verdict.passed and not verdict.right
