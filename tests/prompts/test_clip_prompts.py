"""Prompts for clips: what only pictures understand is said, as pictures say it."""

import pytest

from aigc_kit import cards, video
from aigc_kit.worlds.prompts.read_words import read_for_clip, read_for_picture
from aigc_kit.worlds.tinyworld import checker

CLIP, PICTURE = cards.get("tinywan"), cards.get("tinysdxl")


@pytest.mark.parametrize(("prompt", "said"), [
    ("一只(红色:1.5)的小狗", "没有权重"),
    ("一只(红色：1.5)的小狗", "没有权重"),
    ("a ((red)) puppy", "没有权重"),
    ("小狗 AND 海边", "没有 AND"),
    ("小狗 BREAK 海边", "BREAK"),
    ("<lora:ink:0.8> 小狗", "lora"),
    ("一隻紅色的小貓", "繁体字：隻紅貓"),
    ("cat++ 跳跃", "compel"),
    ("{小狗|小猫}", "花括号"),
    ("embedding:x 小狗", "embedding"),
])  # fmt: skip
def test_signs_without_a_meaning_for_clips_are_noted(prompt, said):
    assert any(said in note for note in read_for_clip(prompt, CLIP, None).notes)


@pytest.mark.parametrize(
    "prompt",
    [
        "一只红色的小狗长大",
        "柴犬在月球上跳舞",
        "a puppy (in the sea) growing",
        "LAND and sea, a star rises",
        "夜晚的城市",
    ],
)
def test_plain_clip_prompts_have_no_notes(prompt):
    assert read_for_clip(prompt, CLIP, None).notes == ()


@pytest.mark.parametrize(
    ("prompt", "wish"),
    [("一只红色的小猫跳", "小猫"), ("a red square spinning at night", "方块"), ("小狗在月球上旋转", "小狗")],
)
def test_a_wish_beyond_what_is_promised_is_noted(prompt, wish):
    (note,) = read_for_clip(prompt, CLIP, None).notes
    assert wish in note and "不在保证之内" in note and "红色" not in note
    assert read_for_clip(prompt, CLIP, None, negative=True).notes == ()


@pytest.mark.parametrize(
    "prompt", ["一隻紅色的小猫", "小狗 BREAK 海边", "<lora:ink:0.8> 小狗", "embedding:x 小狗", "小猫++"]
)
def test_pictures_and_clips_say_the_same(prompt):
    assert read_for_clip(prompt, CLIP, None).notes == read_for_picture(prompt, PICTURE, None).notes


@pytest.mark.parametrize(
    ("prompt", "first"), [("咖啡杯变成甜甜圈", "cup"), ("甜甜圈变成咖啡杯", "donut"), ("a cup becomes a donut", "cup")]
)
def test_what_becomes_what_is_filmed_that_way_round(prompt, first):
    clips = [video.make(prompt, card="tinywan", seed=seed).data for seed in (0, 1)]
    assert [reading.labels["subject"] for reading in checker.read_clips(clips)] == [first, first]
