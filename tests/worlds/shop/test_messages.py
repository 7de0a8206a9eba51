"""Messages of the shop: every fact is in the text, every word knows what it carries, held-out parts stay out."""

import itertools
import json
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit.worlds.shop import clauses, free_texts, instructions, messages, orders, outside, patterns, sums
from aigc_kit.worlds.shop.orders import NUMERALS

SEEDS = st.integers(0, 2**32)


def expansions(pattern):
    """Every wording of the pattern, as spaced words."""
    return [" ".join(filter(None, slots)) for slots in itertools.product(*patterns.choices(pattern))]


def drawn(seed, split="train", **how):
    return messages.draw(random.Random(seed), split, **how)


@given(SEEDS, st.sampled_from(["train", "held"]))
def test_named_fields_stand_in_the_text_and_the_others_do_not(seed, split):
    message = drawn(seed, split)
    for name in orders.FIELDS:
        value = message.order.value(name)
        forms = {str(value)} | ({NUMERALS[value]} if name == "数量" else set())
        carried = {message.text[a:b] for a, b in message.spans(name)}
        if name in message.fields:
            assert carried, (message.text, name)
            assert carried <= forms
        else:
            assert not carried


@given(SEEDS, st.sampled_from(["train", "held"]))
def test_the_words_of_the_intent_come_from_its_own_clauses(seed, split):
    message = drawn(seed, split, typos=0)
    clause = "".join(w for w, fact in message.words if fact == "意图")
    known = {
        re.sub("[，]|" + message.order.item, "", patterns.join(row.replace("{i}", message.order.item)))
        for pattern in clauses.INTENT[message.intent][split == "held"]
        for row in expansions(pattern)
    }
    assert clause in known


@given(SEEDS)
def test_the_same_seed_gives_the_same_message(seed):
    assert drawn(seed) == drawn(seed)


@given(SEEDS, st.sampled_from(["train", "held"]))
def test_pairs_of_colour_and_item_are_held_out(seed, split):
    message = drawn(seed, split)
    assert orders.held_out(message.order.colour, message.order.item) == (split == "held")


def test_three_items_of_each_colour_are_held_out():
    for colour in orders.COLOURS:
        assert sum(orders.held_out(colour, item) for item in orders.ITEMS) == 3


@pytest.mark.parametrize("kind", ["INTENT", "REASON", "FEELING", "TRAPS"])
def test_no_held_out_wording_is_also_a_seen_one(kind):
    for name, (seen, held) in getattr(clauses, kind).items():
        if name != "中性":
            told = {patterns.join(row) for pattern in seen for row in expansions(pattern)}
            kept = {patterns.join(row) for pattern in held for row in expansions(pattern)}
            assert not told & kept, (name, told & kept)


def test_no_wording_belongs_to_two_intents():
    owners: dict[str, set[str]] = {}
    for intent, (seen, held) in clauses.INTENT.items():
        for pattern in seen + held:
            for row in expansions(pattern):
                owners.setdefault(patterns.join(row), set()).add(intent)
    assert not {row: who for row, who in owners.items() if len(who) > 1}
    assert len(owners) > 500


def test_every_held_out_word_is_known_from_seen_wordings():
    seen, held = set(), set()
    for table in (clauses.INTENT, clauses.REASON, clauses.FEELING, clauses.TRAPS, {"": clauses.IDLE}):
        for rows, kept in table.values():
            seen |= set().union(*map(outside.words_of, rows))
            held |= set().union(*map(outside.words_of, kept))
    assert not held - seen - outside.constants(instructions)


def test_every_held_out_word_of_instructions_is_known():
    tables = [v for k, v in vars(instructions).items() if k.isupper() and isinstance(v, tuple) and k != "NEW_SYMBOLS"]
    tables += list(instructions.ASK.values())
    seen = set().union(*(outside.words_of(rows) for rows, _ in tables)) | outside.constants(clauses)
    held = set().union(*(outside.words_of(kept) for _, kept in tables))
    assert not held - seen, held - seen


@given(SEEDS, st.integers(1, 4))
def test_typos_leave_the_fields_alone_and_are_counted(seed, count):
    message = drawn(seed, typos=0)
    words, made = messages.misspell(list(message.words), random.Random(seed), count)
    assert made <= count
    assert [w for w in words if w[1] in orders.FIELDS] == [w for w in message.words if w[1] in orders.FIELDS]
    changed = sum(a != b for a, b in zip(words, message.words, strict=True))
    assert changed <= made


@given(SEEDS)
def test_a_trap_names_another_intent_than_the_message_has(seed):
    message = drawn(seed, typos=0)
    if message.trap:
        idle = "".join(w for w, fact in message.words if fact == "干扰")
        own = {patterns.join(r) for p in clauses.TRAPS[message.intent][0] for r in expansions(p)}
        assert idle not in own


@given(SEEDS)
def test_a_tone_shows_in_the_text(seed):
    message = drawn(seed)
    assert bool(message.spans("礼貌")) == (message.tone != "普通")


@given(st.integers(10, 99), st.integers(1, 9))
def test_a_product_is_written_with_true_steps(price, count):
    text = sums.product(price, count)
    assert text.endswith(f"得{price * count}")
    for a, b, c in re.findall(r"(\d+)×(\d+)=(\d+)", text):
        assert int(a) * int(b) == int(c)
    for a, b, c in re.findall(r"(\d+)\+(\d+)=(\d+)", text):
        assert int(a) + int(b) == int(c)


@given(st.integers(20, 891), st.integers(-9, 9).filter(bool))
def test_an_addition_is_written_with_true_steps(left, right):
    text = sums.addition(left, right)
    assert text.endswith(f"得{left + right}")
    for a, sign, b, c in re.findall(r"(\d+)([+-])(\d+)=(\d+)", text):
        assert int(a) + int(sign + b) == int(c)


def test_the_vocabulary_has_every_character_that_prompts_use():
    known = outside.characters()
    rng = random.Random(0)
    for split in ("train", "held"):
        for _ in range(500):
            assert set(messages.draw(rng, split).text) <= known
            assert set(free_texts.total(rng, split, split).prompt) <= known
    assert len(outside.vocabulary()) == len(set(outside.vocabulary())) <= 1500


def test_new_symbols_occur_nowhere_else():
    rng = random.Random(0)
    seen = "".join(free_texts.reply(rng).prompt + free_texts.fields(rng).prompt for _ in range(500))
    assert not set(instructions.NEW_SYMBOLS) & set(seen)
    assert not set(instructions.NEW_SYMBOLS) & set(instructions.SYMBOLS + instructions.HELD_SYMBOLS)


@pytest.mark.parametrize(
    ("prompt", "reason"),
    [
        ("", "什么也没有说"),
        (" \n\t", "什么也没有说"),
        ("我想退款。" * 1000, "太长"),
        ("What is the capital of France?", "不认识"),
        ("これはペンです。よろしくお願いします", "不认识"),
        (json.dumps({"type": "object", "properties": {"city": {"type": "string"}}}), "不认识"),
        ("👍👍👍", "不认识"),
        ("\x00\ud800", "不认识"),
    ],
    ids=["empty", "blank", "5,000 characters", "English", "Japanese", "a schema", "signs", "broken text"],
)
def test_what_is_outside_the_world_is_said_to_be(prompt, reason):
    look = outside.look(prompt)
    assert look.outside
    assert reason in look.reason


@given(SEEDS)
def test_prompts_of_the_world_are_not_outside(seed):
    assert not outside.look(free_texts.fields(random.Random(seed), "held", "held").prompt).outside
