"""The card tinychat: found, planned, recorded, asked from the command line, and marked outside its world."""

import json

import pytest

from aigc_kit import cards, record, text
from aigc_kit.cli import main
from aigc_kit.core.errors import BadInput, NotOnDisk
from aigc_kit.models import loaded
from aigc_kit.teach import page
from aigc_kit.worlds.shop import prompt_tasks

CARD = cards.get("tinychat")
SCHEMA = json.dumps({"type": "object", "properties": {"intent": {"enum": ["refund", "delivery"]}}})
FOREIGN = ["What is your name?", "この本はいくらですか", "Où est mon colis ?", "내 소포는 어디에 있나요", SCHEMA, "👍"]


@pytest.fixture(scope="module", autouse=True)
def free_afterwards():
    yield
    loaded.free()


def ask(prompt, **settings):
    return text.make(prompt, card="tinychat", **settings)


def test_it_is_a_text_card_whose_weights_are_counted():
    engine = text.engine(text.plan_for("我想退款", card="tinychat"))
    assert CARD in cards.of_kind("text") and CARD.tier == "tiny" and "Apache-2.0" in CARD.licence
    assert sum(weights.numel() for weights in engine.model.parameters()) == CARD.params.value
    config = engine.model.config
    facts = CARD.facts
    assert (facts.layers, facts.kv_heads) == (config.num_hidden_layers, config.num_key_value_heads)
    assert (facts.head_dim, facts.max_context) == (config.head_dim, config.max_position_embeddings)


def test_it_is_chosen_for_its_language_only_and_never_for_any_chinese():
    assert text.plan_for("我想退款", language="zh-shop", tier="tiny").card is CARD
    try:
        assert text.plan_for("人工智能的未来", tier="tiny").card is not CARD
    except NotOnDisk as problem:
        assert "tinychat (zh-shop)" in problem.found


def test_the_chat_template_is_used_and_the_answer_is_the_most_likely_one():
    task = prompt_tasks.all_tasks()["intent"]
    item = task.items(1, split="held", seed=4)[0]
    prompt = task.prompt(task.instruction, item)
    take = ask(prompt)
    assert take.plan.request.extra["chat"] is True
    assert task.check(item, take.data)
    assert take.data == ask(prompt, temperature=0.0, seed=9).data == text.answers(text.engine(take.plan), [prompt])[0]
    assert ask(prompt, chat=False).data != take.data  # without the template it goes on with the message


def test_a_record_of_it_can_be_kept_and_repeated(tmp_path, monkeypatch):
    monkeypatch.setenv("AIGC_OUT", str(tmp_path))
    take = ask("判断顾客的情感。只输出标签。\n消息：太失望了", temperature=0.8, seed=3)
    sidecar = record.save(take)
    kept = record.load(sidecar)
    assert kept.request["extra"]["chat"] is True and kept.labels["outside"] == "" and "Apache-2.0" in kept.licence
    assert record.reproduce(sidecar)


def test_the_command_line_asks_it_as_a_chat(capsys):
    prompt = "判断顾客的意图，从退款、物流、换货、咨询、投诉、表扬中选一个。只输出标签。\n消息：快递到哪了"
    assert main(["generate", "tinychat", prompt]) == 0
    told = capsys.readouterr()
    assert told.out == "物流\n"
    assert "tinychat, tiny" in told.err and "Apache-2.0" in told.err and "outside" not in told.err
    assert main(["generate", "tinychat", prompt, "--no-chat", "--max-new-tokens", "3"]) == 0
    assert capsys.readouterr().out != "物流\n"
    assert main(["plan", "tinychat"]) == 0
    assert "tinychat [tiny]" in capsys.readouterr().out


@pytest.mark.parametrize("prompt", FOREIGN)
def test_what_is_outside_is_answered_and_marked(prompt, capsys):
    take = ask(prompt, max_new_tokens=8)
    assert "不认识" in take.labels["outside"]
    shown = page.takes([take])
    assert f"在它的小世界之外：{take.labels['outside']}" in shown.text
    assert main(["generate", "tinychat", prompt, "--max-new-tokens", "2"]) == 0
    assert "outside the world of tinychat" in capsys.readouterr().err


def test_no_message_is_refused_alone_and_answered_behind_an_instruction():
    with pytest.raises(BadInput, match="nothing to work on"):
        ask("")
    task = prompt_tasks.all_tasks()["intent"]
    for words in ("", "   "):
        take = ask(task.instruction + "\n消息：" + words)
        assert isinstance(take.data, str)


def test_five_thousand_characters_are_refused_with_what_fits(capsys):
    long = "我想退款。" * 1000
    assert main(["generate", "tinychat", long]) == 2
    told = capsys.readouterr().err
    assert "太长：5000 个字" in told and "at most 512 tokens" in told and told.count("\n") == 4
    with pytest.raises(BadInput, match=r"prompts\[1\]"):
        text.answers(text.engine(text.plan_for("我想退款", card="tinychat")), ["我想退款", long])


def test_an_answer_with_an_unknown_label_is_wrong_and_a_label_of_no_token_is_refused():
    task = prompt_tasks.all_tasks()["intent"]
    assert "应当是" in task.check(task.items(1)[0], "发票").why
    with pytest.raises(BadInput, match="same tokens"):
        text.classify(text.engine(text.plan_for("我想退款", card="tinychat")), ["我想退款"], ["refund", "return"])
