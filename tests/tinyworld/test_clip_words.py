"""Prompts in the words of the world in motion: read as a person would, said so that the model knows every word."""

import json
import random
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc_kit.core.errors import BadInput
from aigc_kit.worlds.tinyworld.captions import LANGUAGES, canonical, clip_caption, clip_words
from aigc_kit.worlds.tinyworld.clip_vocab import clip_phrase
from aigc_kit.worlds.tinyworld.motion import ClipSpec

PROMPTS = json.loads((Path(__file__).parents[2] / "assets/prompts/video_eval.json").read_text(encoding="utf-8"))


def spec_of(prompt: str) -> ClipSpec:
    return clip_phrase(prompt).spec


@pytest.mark.parametrize("row", PROMPTS["handwritten"], ids=lambda row: row["prompt"][:24])
def test_hand_written_prompts_are_read_as_a_person_would(row):
    assert spec_of(row["prompt"]).known() == row["expected"]


def test_generated_prompts_say_what_is_expected_of_them():
    for row in PROMPTS["generated"]:
        assert spec_of(row["prompt"]).known() == row["expected"]


def test_every_caption_is_read_back():
    rng = random.Random(3)
    for number in range(600):
        spec = ClipSpec.sample(rng).told(rng, 0.7)
        assert spec_of(clip_caption(spec, rng, LANGUAGES[number % 2])) == spec


def test_the_canonical_phrase_stays_as_it_is():
    rng = random.Random(4)
    for number in range(200):
        said = canonical(ClipSpec.sample(rng).told(rng, 0.5), LANGUAGES[number % 2])
        assert clip_phrase(said).phrase == said


def dropped(prompt):
    return {piece.text: piece.why for piece in clip_phrase(prompt).dropped}


def test_what_only_pictures_have_is_no_part_of_a_clip():
    made = clip_phrase("一位法师在花丛里往左走")
    assert made.phrase == "向左移动"
    assert made.spec == ClipSpec(motion="left")  # 花 of 花丛 is no flower


@pytest.mark.parametrize(
    ("prompt", "motion"),
    [
        ("the ball rolls to the right", "right"), ("a ball rolling left", "left"),
        ("the ball spins, then falls", "down"),
        ("the ball turns and moves up", "up"), ("a donut rolls right", "right"), ("小狗转身向左走", "left"),
        ("a cat becomes a star and flies up", "up"), ("小狗转身", "turn"), ("a cat rolling", "turn"),
        ("a cat spins and moves left", "turn"), ("球向右滚", "right"),
    ],
)  # fmt: skip
def test_a_motion_that_cannot_be_made_gives_way_to_the_next(prompt, motion):
    """And who rolls or turns round on the way to a side moves there."""
    assert clip_phrase(prompt).spec.motion == motion


def test_a_motion_that_the_subject_cannot_make_is_told():
    assert dropped("小猫变成小鱼") == {"变成": "unfit", "小鱼": "second"}
    assert dropped("a red ball spinning")["spinning"] == "unfit"
    assert dropped("a donut becomes a fish")["becomes"] == "unfit"


def test_what_comes_of_a_change_belongs_to_it():
    made = clip_phrase("一个圆环慢慢变成一只白色的咖啡杯")
    assert made.phrase == "一个甜甜圈变形"
    assert [k.text for k in made.kept] == ["圆环", "变成一只白色的咖啡杯"]


def test_places_are_no_directions():
    assert spec_of("在左边的红色圆球变大") == ClipSpec(subject="ball", colour="red", motion="grow")
    assert spec_of("a red ball on the left, growing") == ClipSpec(subject="ball", colour="red", motion="grow")


def test_negative_prompts_keep_words_about_quality():
    course = "low quality, watermark, glitch"
    assert clip_phrase(course, negative=True).phrase == course
    assert clip_phrase("低质量，有水印，小猫", negative=True).phrase == "一只小猫，低质量，水印"
    assert clip_phrase(course).phrase == ""


def test_not_a_text():
    with pytest.raises(BadInput, match="give a text"):
        clip_phrase(b"cat")


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_accepted_and_said_in_known_words(text):
    made = clip_phrase(text, negative=True)
    places = sorted((p.start, p.end) for p in (*made.kept, *made.dropped))
    assert all(a[1] <= b[0] for a, b in pairwise(places))
    assert clip_phrase(made.phrase, negative=True).phrase == made.phrase


def test_motion_words_are_among_the_models():
    words = set(clip_words())
    for row in PROMPTS["generated"]:
        said = clip_phrase(row["prompt"]).phrase
        assert row["language"] == "zh" or {w.strip(",.") for w in said.split()} <= words
