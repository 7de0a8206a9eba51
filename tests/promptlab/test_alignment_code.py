"""Exercises, mutants and syntax trees against truths of their own: other programs, libraries, counting by hand."""

import ast
import calendar
import math
from collections import Counter, deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc_kit.core.errors import BadInput, UnknownName
from aigc_kit.core.limited import Limits, Program
from aigc_kit.promptlab import ask
from aigc_kit.promptlab.alignment import exercises, mutants, syntax

ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}


def from_roman(text):
    values = [ROMAN[sign] for sign in text]
    return sum(-v if any(w > v for w in values[i + 1 : i + 2]) else v for i, v in enumerate(values))


TRUTHS = {  # written for the test, by other means than the shipped programs
    "gcd": math.gcd,
    "fib": lambda n: round(((1 + 5**0.5) / 2) ** n / 5**0.5),
    "leap": calendar.isleap,
    "to_binary": lambda n: bin(n)[2:],
    "word_count": lambda s: dict(Counter(s.lower().split())),
    "merge_sorted": lambda a, b: sorted([*a, *b]),
    "running_max": lambda xs: [max(xs[: i + 1]) for i in range(len(xs))],
    "is_prime": lambda n: n > 1 and sum(n % d == 0 for d in range(1, n + 1)) == 2,
    "unique": lambda xs: list(dict.fromkeys(xs)),
    "rotate": lambda xs, k: (d := deque(xs), d.rotate(k), list(d))[2],
    "second_largest": lambda xs: sorted(set(xs))[-2] if len(set(xs)) > 1 else None,
    "digits_sum": lambda n: sum(int(c) for c in f"{n}" if c.isdigit()),
    "transpose": lambda m: [[row[j] for row in m] for j in range(len(m[0]))] if m else [],
    "swap_adjacent": lambda xs: [xs[i ^ 1] if i ^ 1 < len(xs) else xs[i] for i in range(len(xs))],
    "count_vowels": lambda s: sum(s.count(v) for v in "aeiouAEIOU"),
    "chunks": lambda xs, k: [xs[i * k : (i + 1) * k] for i in range(-(-len(xs) // k))],
}


@pytest.mark.parametrize("name", TRUTHS)
def test_references_agree_with_another_way(name):
    exercise = exercises.named(name)
    calls = exercise.calls(25, seed=1)
    with Program(exercise.reference) as program:
        for call in calls:
            assert program.call(call) == eval(call, {name: TRUTHS[name]}), call


def test_roman_numbers_read_back():
    exercise = exercises.named("roman")
    with Program(exercise.reference) as program:
        for call in exercise.calls(25, seed=2):
            assert from_roman(program.call(call)) == int(call[6:-1])


@pytest.fixture(scope="module")
def ways():
    pairs = [(exercise, way) for exercise in exercises.every() for way in exercise.ways]
    return pairs, exercises.judged(pairs)


def test_sixty_programs_of_people_are_right(ways):
    pairs, verdicts = ways
    assert len(pairs) >= 60 and [(p[0].name, v.why) for p, v in zip(pairs, verdicts, strict=True) if not v.right] == []


def test_the_recorded_answers_are_judged_as_they_were_in_the_trial():
    """12 of 20 passed then; which ones is in the trial's log."""
    qwen = ask.recorded(exercises.RECORDED)
    answers = qwen.answers([exercise.prompt for exercise in exercises.every()])
    assert {answer.origin for answer in answers} == {"recorded"} and qwen.how.system == exercises.SYSTEM
    pairs = [(exercise, answer.text) for exercise, answer in zip(exercises.every(), answers, strict=True)]
    passed = {e.name for (e, _), v in zip(pairs, exercises.judged(pairs), strict=True) if v.passed}
    failed = {"swap_adjacent", "gcd", "roman", "rotate", "fib", "longest_run", "unique", "transpose"}
    assert len(pairs) == 20 and passed == {e.name for e, _ in pairs} - failed


def test_sixty_mutants_are_caught_by_running_and_accepted_by_their_looks():
    pairs = [(e, m.source) for e in exercises.every() for m in mutants.some(e.reference, 4)]
    verdicts = exercises.judged(pairs)
    wrong = [pair for pair, verdict in zip(pairs, verdicts, strict=True) if not verdict.right]
    accepted = [syntax.jaccard(source, e.reference) >= syntax.THRESHOLD for e, source in wrong]
    assert len(wrong) >= 60 and sum(accepted) / len(accepted) > 0.8
    assert sum(v.passed for v in verdicts) <= len(verdicts) // 10, "the unit tests let few through"


def test_a_program_that_knows_the_tests_alone_is_found_out():
    exercise = exercises.named("fib")
    cheat = "def fib(n):\n    return {0: 0, 1: 1, 2: 1, 3: 2, 4: 3, 5: 5, 6: 8, 50: 12586269025}.get(n, 0)\n"
    verdict = exercises.judge(exercise, cheat)
    assert verdict.passed and not verdict.right and "fib(" in verdict.why


def test_a_program_that_rewrites_the_judge_gains_nothing():
    source = (
        "import builtins\nbuiltins.AssertionError = None\nclass Same(list):\n    def __eq__(self, other):\n"
        "        return True\ndef unique(xs):\n    return Same()\n"
    )
    verdict = exercises.judge(exercises.named("unique"), source)
    assert not verdict.passed and "no plain value" in verdict.why


def test_a_number_is_no_truth_value():
    assert not exercises.judge(
        exercises.named("is_prime"), "def is_prime(n):\n    return 1 if n in (2, 97) else 0"
    ).passed


def test_limits_of_ones_own():
    endless = "def gcd(a, b):\n    while True:\n        pass\n"
    assert "processor seconds" in exercises.judge(exercises.named("gcd"), endless, Limits(cpu_seconds=1)).why


def test_code_is_taken_out_of_an_answer():
    assert exercises.code_in("```\nx\n```") == "x\n" and exercises.code_in("def f(): pass") == "def f(): pass"
    assert exercises.code_in("```python\nx = 1") == "x = 1", "an answer that was cut off"


def test_unknown_exercises_are_refused():
    with pytest.raises(UnknownName, match="fib"):
        exercises.named("fibb")


@given(st.integers(), st.sampled_from(exercises.every()))
@settings(max_examples=20)
def test_further_calls_are_the_same_at_every_time(seed, exercise):
    calls = exercise.calls(5, seed)
    assert calls == exercise.calls(5, seed) and all(ast.parse(call) for call in calls)


# ---- mutants --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("exercise", exercises.every(), ids=lambda exercise: exercise.name)
def test_every_mutant_differs_in_one_place_and_the_program_stays(exercise):
    before = exercise.reference
    every = mutants.every(before)
    texts = [m.source for m in every]
    assert len(set(texts)) == len(texts) and ast.unparse(ast.parse(before)) + "\n" not in texts
    for mutant in every:
        assert ast.parse(mutant.source) and mutant.line >= 1 and mutant.what
        mine, theirs = syntax.bag(before, words=True), syntax.bag(mutant.source, words=True)
        lines = set(ast.unparse(ast.parse(before)).splitlines()) ^ set(mutant.source.rstrip().splitlines())
        assert 1 <= len(lines) <= 8 and (mine - theirs).total() + (theirs - mine).total() <= 60
    assert mutants.every(before) == every, "and making them changes nothing"


def test_mutants_of_a_program_by_hand():
    texts = {m.source: m.what for m in mutants.every("def f(n):\n    return abs(n) < 1 and n > -2\n")}
    assert texts["def f(n):\n    return abs(n) <= 1 and n > -2\n"] == "Lt -> LtE"
    assert texts["def f(n):\n    return abs(n) < 1 or n > -2\n"] == "And -> Or"
    assert texts["def f(n):\n    return n < 1 and n > -2\n"] == "abs(n) -> n"
    assert texts["def f(n):\n    return abs(n) < 2 and n > -2\n"] == "1 -> 2"
    assert len(texts) == 8


# ---- syntax ---------------------------------------------------------------------------------------------------------


def test_overlap_by_hand():
    # Module Expr BinOp Name Add Constant = 6 nodes against Module Expr Name = 3, all of them shared
    assert syntax.jaccard("a + 1", "b") == pytest.approx(3 / 6)
    assert syntax.jaccard("a + 1", "b", words=True) == pytest.approx(2 / 7)
    assert syntax.jaccard("a +", "a") == 0.0


@given(st.sampled_from(exercises.every()), st.sampled_from(exercises.every()))
@settings(max_examples=30)
def test_overlap_is_symmetric_and_one_for_itself(one, other):
    for words in (False, True):
        overlap = syntax.jaccard(one.reference, other.reference, words=words)
        assert 0 <= overlap <= 1 and overlap == syntax.jaccard(other.reference, one.reference, words=words)
        assert syntax.jaccard(one.reference, one.reference, words=words) == 1


def test_a_chinese_prompt_is_one_name():
    """E65: so any two prompts overlap wholly."""
    assert syntax.bag("写一个快速排序") == {"Module": 1, "Expr": 1, "Name": 1}
    assert syntax.jaccard("写一个快速排序", "交换列表中相邻元素") == 1.0
    with pytest.raises(BadInput, match="SyntaxError"):
        syntax.bag("写一个快速排序。")


def test_wrong_step_overlaps_more_than_a_right_program():
    """E65: the course's pair, with the wrong neighbour, and with a variable between."""
    right = "def swap(lst, i):\n    lst[i], lst[i + 1] = lst[i + 1], lst[i]\n    return lst\n"
    other = "def swap(lst, i):\n    t = lst[i]\n    lst[i] = lst[i + 1]\n    lst[i + 1] = t\n    return lst\n"
    wrong = right.replace("1", "2")
    results = []
    for source in (right, other, wrong):
        with Program(source) as program:
            results.append(program.call("swap([1, 2, 3], 0)"))
    assert results == [[2, 1, 3], [2, 1, 3], [3, 2, 1]]
    assert syntax.jaccard(right, wrong) == 1.0 and syntax.jaccard(right, wrong, words=True) > syntax.THRESHOLD
    assert syntax.jaccard(right, other) < syntax.THRESHOLD


def test_verbs_and_their_operations():
    assert syntax.verbs("写一个快速排序") == ["写", "排序"]
    assert syntax.unmet("写一个快速排序", "def f(x):\n    return sorted(x)") == []
    assert syntax.unmet("写一个快速排序", "def f(x):\n    return x") == ["排序"]
    assert syntax.unmet("写一个快速排序", "not python at all") == ["写", "排序"]
    assert syntax.unmet("你好", "x") == []
