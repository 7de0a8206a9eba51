"""PromptTask: the shop's tasks and the poem model's behave as the interface says."""

import json
import random

import pytest

from aigc_kit.core.errors import BadInput, UnknownName
from aigc_kit.worlds import prompt_task, verse_task
from aigc_kit.worlds.prompt_task import Mark, measure
from aigc_kit.worlds.shop import clauses, messages, prompt_tasks

SHOP = prompt_tasks.all_tasks()
EVERY = [*SHOP.values(), verse_task.VerseTask()]


def named(task):
    return task.name


@pytest.mark.parametrize("task", EVERY, ids=named)
def test_it_has_all_parts_of_the_interface(task):
    wanted = [name for name in vars(prompt_task.PromptTask) if not name.startswith("_")]
    assert len(wanted) == 9
    assert all(hasattr(task, name) for name in wanted)
    assert task.name.isascii()
    assert task.about
    assert task.instruction
    assert not task.about.isascii()


@pytest.mark.parametrize("task", EVERY, ids=named)
@pytest.mark.parametrize("split", ["train", "held"])
def test_items_are_the_same_at_every_call_and_have_keys_of_their_own(task, split):
    items = task.items(30, split=split, seed=2)
    assert items == task.items(30, split=split, seed=2)
    assert len({item.key for item in items}) == 30
    assert items[:10] == task.items(10, split=split, seed=2)
    assert items != task.items(30, split=split, seed=3)


@pytest.mark.parametrize("task", EVERY, ids=named)
@pytest.mark.parametrize(("count", "split"), [(3, "test"), (-1, "held")])
def test_wrong_demands_for_items_are_refused(task, count, split):
    with pytest.raises(BadInput, match="split"):
        task.items(count, split=split)


@pytest.mark.parametrize("task", SHOP.values(), ids=named)
def test_the_items_own_answers_score_one_and_no_answers_score_none(task):
    items = task.items(100, split="held")
    answers = {task.prompt(task.instruction, item): item.answer for item in items}
    perfect = measure(task, task.instruction, items, lambda prompts: [answers[p] for p in prompts])
    assert perfect.score == 1
    assert not any(mark.why for mark in perfect.marks)
    silent = measure(task, task.instruction, items, lambda prompts: [""] * len(prompts))
    assert silent.score == 0
    assert all(mark.why for mark in silent.marks)
    assert task.score([]) == 0


@pytest.mark.parametrize("task", SHOP.values(), ids=named)
def test_the_prompt_has_the_instruction_what_is_given_the_examples_and_the_text(task):
    item, *shots = task.items(3)
    for prompt in (task.prompt("请看。", item), task.prompt("请看。", item, shots)):
        assert prompt.startswith("请看。" + task.given)
        assert item.text in prompt
        assert item.answer not in prompt.rpartition(item.text)[2]
    many = task.prompt("请看。", item, shots)
    for shot in shots:
        assert f"消息：{shot.text}\n{task.cue}：{shot.answer}\n" in many
    assert many.endswith(f"{item.text}\n{task.cue}：")


def test_an_instruction_may_say_where_the_text_goes():
    item = SHOP["intent"].items(1)[0]
    assert SHOP["intent"].prompt("“{text}”是什么意图？", item) == f"“{item.text}”是什么意图？"
    assert SHOP["intent"].prompt("", item) == item.text


@pytest.mark.parametrize("name", ["intent", "rule", "rule_worked"])
def test_carriers_are_the_clause_of_the_intent(name):
    task = SHOP[name]
    for item in task.items(50):
        carried = "".join(item.text[a:b] for a, b in item.carriers)
        message = item.truth.message
        assert carried == "".join(word for word, fact in message.words if fact == "意图")
        assert carried


def test_carriers_of_a_forced_sentiment_are_in_the_clause_of_the_intent():
    for item in SHOP["sentiment"].items(100):
        if item.truth.message.intent in clauses.FORCED:
            assert item.carriers


def test_label_words_are_the_answers_that_occur():
    for name in ("intent", "sentiment", "tone", "rule"):
        assert {item.answer for item in SHOP[name].items(200)} == set(SHOP[name].labels)


def test_fields_and_rules_can_be_ones_own():
    task = prompt_tasks.fields(["日期"])
    assert all(set(json.loads(item.answer)) == {"日期"} for item in task.items(20))
    labels = dict(zip(clauses.INTENTS, "猪鸭山海星月", strict=True))
    assert prompt_tasks.rule(labels).items(1)[0].answer in labels.values()
    assert "「极速退」" in prompt_tasks.reply("活泼", {"退款": "极速退"}).given


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: prompt_tasks.fields(["颜色", "城市"]), UnknownName),
        (lambda: prompt_tasks.rule({"退款": "A"}), BadInput),
        (lambda: prompt_tasks.pairs({("投诉", "正面"): "A"}), UnknownName),
        (lambda: prompt_tasks.reply("幽默"), UnknownName),
        (lambda: prompt_tasks.total("guess"), UnknownName),
    ],
    ids=["a field", "a rule", "a pair", "a style", "a mode"],
)
def test_unknown_parts_of_tasks_are_refused(call, error):
    with pytest.raises(error, match="what to do"):
        call()


def test_any_message_can_become_an_item():
    message = messages.draw(random.Random(1), intent="换货")
    item = SHOP["intent"].item(message)
    assert SHOP["intent"].check(item, "换货") == Mark(True)


def test_poems_are_judged_by_the_rules_of_verse():
    task = verse_task.VerseTask()
    item = task.items(1, split="held")[0]
    poem = "床前明月光，疑是地上霜。举头望明月，低头思故乡。"
    assert task.check(item, poem)
    assert task.check(item, f"<五绝>静夜思<诗><韵阳>{poem}</s>")
    wrong = task.check(item, "床前明月光")
    assert not wrong
    assert dict(wrong.parts)["体裁"] is False
    assert task.prompt(task.instruction, item) == f"<五绝>{item.text}<诗>"
    with pytest.raises(BadInput, match="examples"):
        task.prompt(task.instruction, item, [item])
