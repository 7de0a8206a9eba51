"""Trials keep what was asked, and claim a difference only where chance is refused."""

import pytest

from aigc_kit.core.errors import BadInput
from aigc_kit.promptlab.ask import Asker, FunctionBackend
from aigc_kit.promptlab.trials import Trial, compare, trial, trial_of
from aigc_kit.worlds.prompt_task import Mark
from aigc_kit.worlds.shop.prompt_tasks import all_tasks

TASK = all_tasks()["intent"]
ITEMS = TASK.items(40, split="held")


def knowing(prompts):
    """Answer rightly where the prompt lists labels, else in other words."""
    truth = {item.text: item.answer for item in ITEMS}
    answers = []
    for prompt in prompts:
        answer = next(truth[text] for text in truth if text in prompt)
        answers.append(answer if "从" in prompt.partition("\n")[0] else f"意图是{answer}")
    return answers


def made(name, rights):
    return Trial(name, None, ("p",) * len(rights), ("a",) * len(rights), tuple(Mark(right) for right in rights))


def test_a_trial_is_measured_and_counted():
    asker = Asker(FunctionBackend(knowing, "knowing"), calls=80)
    bare = trial("bare", asker, TASK, ITEMS, "判断顾客的意图。")
    clear = trial("clear", asker, TASK, ITEMS, TASK.instruction, at=1)
    assert (bare.share.held, clear.share.held, clear.share.at) == (0, 40, 1) and asker.left == 0
    change = compare([bare, clear])[0]
    assert change.real and change.difference.better == 40 and "升（+100 个百分点" in change.words
    back = compare([bare], clear)[0]
    assert back.real and "降（-100 个百分点" in back.words


def test_prompts_of_ones_own_are_judged_by_their_number():
    result = trial_of("own", lambda some: [str(len(each)) for each in some], ["a", "bb"], lambda k, a: Mark(a == "2"))
    assert result.held == (False, True) and result.answers == ("1", "2")


def test_what_chance_may_do_is_no_difference():
    same, luck = made("same", [True] * 20), made("luck", [True] * 16 + [False] * 4)
    change = compare([same, luck])[0]
    assert not change.real and "看不出差别" in change.words and change.difference.worse == 4


def test_many_comparisons_raise_the_hurdle():
    base, other = made("base", [True] * 24 + [False] * 6), made("other", [True] * 30)
    assert compare([base, other])[0].real
    crowd = [made(f"m{k}", [True] * 24 + [False] * 6) for k in range(20)]
    assert not compare([base, other, *crowd])[0].real


def test_only_trials_of_the_same_items_are_compared():
    for some in ([], [made("one", [True])], [made("one", [True]), made("two", [True, False])]):
        with pytest.raises(BadInput, match="same items"):
            compare(some)
