"""The choice of a task follows words and history, asks back where neither decides, and its errors are counted."""

import itertools
import random

import pytest

from aigc_kit.core.errors import BadInput
from aigc_kit.promptlab.patterns import TASKS, Reader, choose, errors, requests


@pytest.fixture(scope="module")
def reader():
    return Reader(requests(random.Random(0), 200))


def test_the_three_templates_of_the_course():
    assert TASKS["classify"].fill(context="快递到哪了").text == "请对以下内容进行分类：快递到哪了"
    assert TASKS["summarise"].fill(context="长文").text == "请总结以下文本：长文"
    assert TASKS["translate"].fill(context="你好").text == "请将以下文本翻译成英文：你好"


def test_requests_are_the_same_for_a_seed_and_stay_as_asked():
    assert list(requests(random.Random(3), 9)) == list(requests(random.Random(3), 9))
    for stay in (0.0, 0.9):
        tasks = [task for _, task in requests(random.Random(1), 400, stay=stay)]
        share = sum(a == b for a, b in itertools.pairwise(tasks)) / 399
        assert abs(share - stay) < 0.05
    held = {text for text, _ in requests(random.Random(2), 200, split="held")}
    seen = {text for text, _ in requests(random.Random(2), 200)}
    assert len(held - seen) > len(held) / 2  # a few sentences fit patterns of both kinds


def test_words_and_history_are_both_weighed(reader):
    sure = reader.confidence("把这条消息翻译成英文")
    assert sum(sure.values()) == pytest.approx(1) and choose(sure).task == "translate"
    assert choose(sure, ["classify"] * 3).task == "translate"  # clear words outweigh three tasks before
    even = dict.fromkeys(TASKS, 1 / 3)
    assert choose(even).task is None and choose(even, ["summarise"] * 3).task == "summarise"
    assert choose(even, ["summarise"] * 3, weight=0).task is None
    assert choose(even, ["summarise", "classify", "classify", "classify"]).confidence["summarise"] < 0.1
    assert reader.confidence("！！") == pytest.approx(even)  # pieces that no sample had say nothing


def test_errors_are_counted_by_hand_too(reader):
    sessions = [list(requests(random.Random(k), 8, split="held", stay=0.9, vague=0.3)) for k in range(20)]
    wrong, silent = errors(reader, sessions, weight=0, name="words")
    choices = [(choose(reader.confidence(text)).task, task) for session in sessions for text, task in session]
    assert wrong.count == silent.count == 160 and wrong.name == "words"
    assert wrong.held == sum(choice not in (None, task) for choice, task in choices)
    assert silent.held == sum(choice is None for choice, _ in choices)
    assert errors(reader, sessions)[0].held < wrong.held  # who stays at a task is understood better by history


def test_a_reader_without_samples_is_refused():
    with pytest.raises(BadInput, match="no samples"):
        Reader([])
