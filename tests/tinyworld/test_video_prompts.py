"""The frozen prompts of the video lab: pinned bytes, balance, and marks of what training never saw."""

import hashlib
import json
from collections import Counter
from pathlib import Path

from aigc_kit.worlds.tinyworld.motion import CLIP_ATTRIBUTES, CLIP_HELD_OUT, ClipSpec

FILE = Path(__file__).parents[2] / "assets/prompts/video_eval.json"
PINNED = "aebab66ccf53df2dd54e4c055b96994f5d5f778dfcf4c9050cf36ff557a58374"
PROMPTS = json.loads(FILE.read_text(encoding="utf-8"))
GENERATED, WRITTEN = PROMPTS["generated"], PROMPTS["handwritten"]


def test_the_file_is_the_frozen_one():
    assert hashlib.sha256(FILE.read_bytes()).hexdigest() == PINNED


def test_there_are_enough_and_none_twice():
    assert len(GENERATED) >= 200
    texts = [row["prompt"] for row in GENERATED + WRITTEN]
    assert len(set(texts)) == len(texts)
    assert Counter(row["language"] for row in GENERATED)["zh"] * 2 == len(GENERATED)
    assert Counter(row["language"] for row in WRITTEN) == {"zh": 12, "en": 12}


def test_each_value_of_each_attribute_is_asked_often():
    for name, values in CLIP_ATTRIBUTES.items():
        counts = Counter(row["expected"].get(name) for row in GENERATED)
        fair = len(GENERATED) / len(values)
        assert all(0.6 * fair < counts[value] < 1.7 * fair for value in values), (name, counts)


def test_pairs_that_training_never_saw_are_marked_and_many():
    marked = [row for row in GENERATED if row["held_out"]]
    assert len(marked) >= 40
    for row in GENERATED:
        shown = ClipSpec(**row["expected"]).held_out()
        assert {f"{pair[1]}+{pair[3]}" for pair in shown} == set(row["held_out"])
    assert {name for row in marked for name in row["held_out"]} == {f"{p[1]}+{p[3]}" for p in CLIP_HELD_OUT}
