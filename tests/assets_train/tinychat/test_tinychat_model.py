"""The shipped tiny chat model: what it is, how it loads, and that it answers its frozen prompts. A minute on a core."""

import json

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from shipped_files import dtypes  # noqa: E402

from aigc_kit.core import paths  # noqa: E402
from aigc_kit.worlds.prompt_task import measure  # noqa: E402
from aigc_kit.worlds.shop import checkers, outside, prompt_tasks  # noqa: E402
from aigc_kit.worlds.shop.samples import from_row  # noqa: E402
from assets.train.tinychat import card, chat, evaluate  # noqa: E402

MODEL = paths.assets() / "models" / "tinychat"
pytestmark = [
    pytest.mark.usefixtures("one_thread"),
    pytest.mark.skipif(not (MODEL / "model.safetensors").exists(), reason="the weights of tinychat are not here"),
]


@pytest.fixture(scope="module")
def model():
    return chat.Chat(MODEL)


@pytest.fixture(scope="module")
def report():
    return json.loads((MODEL / "eval.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def rows():
    return evaluate.load()


# --- the shipped files


def test_it_is_a_small_llama_in_float16(model):
    assert type(model.model) is transformers.LlamaForCausalLM
    assert sum(parameter.numel() for parameter in model.model.parameters()) <= 8_000_000
    assert dtypes(MODEL) == {"tinychat": {"F16"}}
    assert sum(file.stat().st_size for file in MODEL.iterdir()) < 16_000_000


def test_the_chat_template_ends_turns_and_opens_the_answer(model):
    turns = [
        {"role": "user", "content": "我想退款"},
        {"role": "assistant", "content": "退款"},
        {"role": "user", "content": "快递到哪了"},
    ]
    text = model.tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    assert text == "<用户>我想退款<助手>退款<结束><用户>快递到哪了<助手>"
    ids = model.tokenizer(text).input_ids
    assert model.tokenizer.unk_token_id not in ids
    assert model.tokenizer.decode(ids) == text


def test_the_card_says_what_the_evaluation_found(report):
    config = json.loads((MODEL / "config.json").read_text("utf-8"))
    assert (MODEL / "README.md").read_text("utf-8") == card.text(report, config)


# --- what it can do: a part of the frozen prompts, within the interval of the evaluation


@pytest.mark.parametrize("name", ["messages", "wordings"])
def test_frozen_prompts_are_answered_as_the_evaluation_says(name, model, rows, report):
    part = rows[name][::4]
    said = model.ask([row["prompt"] for row in part])
    right = sum(checkers.check(from_row(row), answer).right for row, answer in zip(part, said, strict=True))
    whole = sum(share["right"] for share in report["tasks"][name].values()) / len(rows[name])
    assert abs(right / len(part) - whole) < 0.1


def test_a_clear_instruction_beats_a_bare_one(model):
    task = prompt_tasks.all_tasks()["intent"]
    items = task.items(40, split="held", seed=11)
    clear = measure(task, task.instruction, items, model.ask).score
    bare = measure(task, "这条消息是什么意图？", items, model.ask).score
    assert clear > 0.9
    assert clear > bare + 0.2


def test_label_words_can_be_read_from_the_next_token(model):
    task = prompt_tasks.all_tasks()["intent"]
    items = task.items(32, split="held", seed=12)
    logits = model.label_logits([task.prompt(task.instruction, item) for item in items], list(task.labels))
    chosen = [task.labels[k] for k in logits.argmax(-1).tolist()]
    assert sum(a == item.answer for a, item in zip(chosen, items, strict=True)) >= 29


def test_a_conversation_goes_on_about_the_same_message(model):
    first = "判断顾客的意图。只输出标签。\n消息：我买了3把红色的雨伞，我想退款，太失望了。"
    turns = [{"role": "user", "content": first}, {"role": "assistant", "content": "退款"}]
    turns.append({"role": "user", "content": "提取订单信息，用JSON输出，字段：商品、数量。"})
    text = model.tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    coded = model.tokenizer(text, return_tensors="pt", return_token_type_ids=False)
    ids = model.model.generate(**coded)[0, coded.input_ids.shape[1] :]
    assert json.loads(model.tokenizer.decode(ids, skip_special_tokens=True)) == {"商品": "雨伞", "数量": 3}


def test_batches_and_single_prompts_agree(model, rows):
    prompts = [row["prompt"] for row in rows["messages"][::40]]
    together = model.ask(prompts)
    alone = [model.ask([prompt])[0] for prompt in prompts]
    assert sum(a == b for a, b in zip(together, alone, strict=True)) >= len(prompts) - 1  # last bits may differ


# --- bad input: an answer, and a program that says it is outside; never a crash


@pytest.mark.parametrize(
    "prompt",
    ["", " ", "我想退款。" * 1000, "What is your name?", "この本はいくらですか", '{"type": "object"}', "👍", "\x00"],
    ids=["empty", "blank", "5,000 characters", "English", "Japanese", "a schema", "a sign", "a null"],
)
def test_what_is_outside_is_marked_and_answered(prompt, model):
    assert outside.look(prompt).outside
    assert isinstance(model.ask([prompt], tokens=4)[0], str)


def test_an_unknown_label_is_wrong_with_a_reason():
    task = prompt_tasks.all_tasks()["intent"]
    mark = task.check(task.items(1)[0], "发票")
    assert not mark
    assert mark.why
