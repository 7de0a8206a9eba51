"""Writes ``video_eval.json``, once: ``python -m assets.prompts.make_video_eval``. The file is frozen; a test pins it.

Generated prompts: 200 whose attributes are balanced and hold no pair that training never saw, then 40 that show such a
pair (5 for each of the 8). Every fourth leaves some attributes out. Languages alternate. Hand-written prompts follow,
with what a person would expect to see; their words are not those of the captions.
"""

import random
from pathlib import Path

from aigc_kit.worlds.tinyworld.captions import clip_caption
from aigc_kit.worlds.tinyworld.motion import CLIP_ATTRIBUTES, CLIP_HELD_OUT, ClipSpec, go_together

from . import frozen

FILE = Path(__file__).with_name("video_eval.json")
TRAINED, PER_PAIR = 200, 5

HANDWRITTEN = [
    ("一只穿着宇航服的柴犬在月球表面跳舞，电影级光照，超现实主义", {
        "subject": "puppy", "scene": "moon", "motion": "bounce",
    }),
    ("城市夜景中的无人机编队表演", {"scene": "city", "light": "night"}),
    ("一个粉色的甜甜圈慢慢变成一只咖啡杯", {"subject": "donut", "colour": "pink", "motion": "morph"}),
    ("橙色的马克杯一点一点变回甜甜圈，干净的背景", {
        "subject": "cup", "colour": "orange", "scene": "plain", "motion": "morph",
    }),
    ("深夜，白色的小星星从右向左飞过城市的高楼", {
        "subject": "star", "colour": "white", "scene": "city", "light": "night", "motion": "left",
    }),
    ("阳光明媚的沙滩上，一只红色的皮球弹来弹去", {
        "subject": "ball", "colour": "red", "scene": "sea", "light": "day", "motion": "bounce",
    }),
    ("月光下的街道，一只白猫往右边跑", {
        "subject": "cat", "colour": "white", "scene": "city", "light": "night", "motion": "right",
    }),
    ("一颗紫色的爱心在原地打转", {"subject": "heart", "colour": "purple", "motion": "turn"}),
    ("蓝色的鱼儿往上游，夜里的大海", {
        "subject": "fish", "colour": "blue", "scene": "sea", "light": "night", "motion": "up",
    }),
    ("大白天，一朵玫瑰越来越大", {"subject": "flower", "light": "day", "motion": "grow"}),
    ("绿色的方块从天上掉下来，落在月球上", {
        "subject": "square", "colour": "green", "scene": "moon", "motion": "down",
    }),
    ("纯色背景前，一朵红花在风里转圈圈", {
        "subject": "flower", "colour": "red", "scene": "plain", "motion": "turn",
    }),
    ("Shiba Inu in a space suit dancing on the surface of the moon, cinematic lighting", {
        "subject": "puppy", "scene": "moon", "motion": "bounce",
    }),
    ("a drone show above the city at night", {"scene": "city", "light": "night"}),
    ("a pink doughnut slowly turns into a coffee mug", {"subject": "donut", "colour": "pink", "motion": "morph"}),
    ("an orange mug becomes a donut again, clean background", {
        "subject": "cup", "colour": "orange", "scene": "plain", "motion": "morph",
    }),
    ("At midnight a white star drifts to the left above the downtown skyline.", {
        "subject": "star", "colour": "white", "scene": "city", "light": "night", "motion": "left",
    }),
    ("a red ball hopping along the shore on a sunny day", {
        "subject": "ball", "colour": "red", "scene": "sea", "light": "day", "motion": "bounce",
    }),
    ("moonlit street: a white kitten runs to the right", {
        "subject": "cat", "colour": "white", "scene": "city", "light": "night", "motion": "right",
    }),
    ("purple heart rotating in front of a plain background", {
        "subject": "heart", "colour": "purple", "scene": "plain", "motion": "turn",
    }),
    ("a little blue goldfish swims upwards in the dark ocean at night", {
        "subject": "fish", "colour": "blue", "scene": "sea", "light": "night", "motion": "up",
    }),
    ("a rose that keeps getting bigger and bigger, sunshine", {
        "subject": "flower", "light": "day", "motion": "grow",
    }),
    ("a green cube drops onto the lunar surface", {
        "subject": "square", "colour": "green", "scene": "moon", "motion": "down",
    }),
    ("the puppy leaps for joy by the seaside, morning light", {
        "subject": "puppy", "scene": "sea", "light": "day", "motion": "bounce",
    }),
]  # fmt: skip


def misfit(row: frozen.Row) -> str | None:
    """Of a row that cannot stand: the attribute to exchange."""
    if not go_together(row["subject"], row["motion"]):
        return "subject"
    pairs = ClipSpec(**row).held_out()
    return pairs[0][2] if pairs else None


def generated() -> list[dict]:
    """The prompts made from captions, in the order of the file."""
    rng = random.Random(2027)
    specs = [ClipSpec(**row) for row in frozen.balanced(CLIP_ATTRIBUTES, TRAINED, rng, misfit)]
    for one, value, other, its in CLIP_HELD_OUT:
        specs += [ClipSpec(**{one: value, other: its}).fill(rng) for _ in range(PER_PAIR)]
    return frozen.prompts(specs, clip_caption, rng)


if __name__ == "__main__":
    frozen.write(FILE, generated(), HANDWRITTEN)
