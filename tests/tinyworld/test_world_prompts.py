"""The frozen prompts of the image lab: pinned bytes, balance, and expectations that a person would share."""

import hashlib
import json
from collections import Counter
from pathlib import Path

import pytest

from aigc_kit.worlds.tinyworld import ATTRIBUTES, HELD_OUT_PAIRS, Spec, vocab

FILE = Path(__file__).parents[2] / "assets/prompts/image_eval.json"
PINNED = "d120886c1ed6f82f481a3ac47d58aaa68ea2548e582e81f4b4406bd051695366"
PROMPTS = json.loads(FILE.read_text(encoding="utf-8"))
GENERATED, WRITTEN = PROMPTS["generated"], PROMPTS["handwritten"]


def test_the_file_is_the_frozen_one():
    assert hashlib.sha256(FILE.read_bytes()).hexdigest() == PINNED


def test_there_are_enough_and_none_twice():
    assert len(GENERATED) >= 320
    assert len(WRITTEN) == 30
    texts = [row["prompt"] for row in GENERATED + WRITTEN]
    assert len(set(texts)) == len(texts)
    assert Counter(row["language"] for row in GENERATED)["zh"] * 2 == len(GENERATED)
    assert Counter(row["language"] for row in WRITTEN) == {"zh": 15, "en": 15}


def test_each_value_of_each_attribute_is_asked_often():
    for name, values in ATTRIBUTES.items():
        counts = Counter(row["expected"].get(name) for row in GENERATED)
        fair = len(GENERATED) / len(values)
        assert all(0.6 * fair < counts[value] < 1.7 * fair for value in values), (name, counts)


def test_pairs_that_training_never_saw_are_marked_and_many():
    marked = [row for row in GENERATED if row["held_out"]]
    assert len(marked) >= 60
    for row in GENERATED:
        shown = Spec(**row["expected"]).held_out()
        assert {f"{pair[1]}+{pair[3]}" for pair in shown} == set(row["held_out"])
    assert {name for row in marked for name in row["held_out"]} == {f"{p[1]}+{p[3]}" for p in HELD_OUT_PAIRS}


@pytest.mark.parametrize("row", WRITTEN, ids=lambda row: row["prompt"][:24])
def test_hand_written_prompts_are_read_as_a_person_would(row):
    assert vocab.spec_of(row["prompt"]).known() == row["expected"]


def test_generated_prompts_say_what_is_expected_of_them():
    for row in GENERATED:
        assert vocab.spec_of(row["prompt"]).known() == row["expected"]


@pytest.mark.parametrize(
    ("prompt", "unknown"),
    [
        ("柔和的光", ["柔和", "光"]),
        ("黑色的小猫", ["黑色"]),
        ("灰色小狗", ["灰色"]),
        ("雪地里的小狗", ["雪地里"]),
        ("藏青色的小狗", ["藏青色"]),
        ("一只小狗，在森林里", []),
        ("小狗和鲸鱼", ["鲸鱼"]),
    ],
)
def test_an_unknown_word_stays_whole(prompt, unknown):
    assert [piece.text for piece in vocab.phrase(prompt).dropped if piece.why == "unknown"] == unknown
