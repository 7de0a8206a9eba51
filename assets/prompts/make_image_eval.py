"""Writes ``image_eval.json``, once: ``python -m assets.prompts.make_image_eval``. The file is frozen; a test pins it.

Generated prompts: 266 whose attributes are balanced and hold no pair that training never saw, then 70 that show such a
pair (5 for each of the 14). Every fourth leaves some attributes out. Languages alternate. Hand-written prompts follow,
with what a person would expect to see.
"""

import random
from pathlib import Path

from aigc_kit.worlds.tinyworld import ATTRIBUTES, HELD_OUT_PAIRS, Spec, caption

from . import frozen

FILE = Path(__file__).with_name("image_eval.json")
TRAINED, PER_PAIR = 266, 5

HANDWRITTEN = [
    ("一张可爱小狗在花丛中玩耍的照片", {"subject": "puppy", "scene": "flowers"}),
    (
        "一位白须飘飘的智慧老法师的肖像，超精细，写实照片风格，戏剧性的影棚灯光，8k分辨率，艺术站热门作品",
        {"subject": "wizard"},
    ),
    ("一只穿着宇航服的柴犬在月球表面跳舞，电影级光照，超现实主义", {"subject": "puppy", "scene": "moon"}),
    ("画一条红红的金鱼，背景是大海，阳光明媚", {"subject": "fish", "colour": "red", "scene": "sea", "light": "day"}),
    ("深夜的城市里，一只白猫蹲在画面左边", {
        "subject": "cat", "colour": "white", "scene": "city", "light": "night", "position": "left",
    }),
    ("国风水墨：山林里的一朵荷花，粉色的", {"subject": "flower", "colour": "pink", "scene": "forest", "style": "ink"}),
    ("我想要一个超大的草绿色甜甜圈，梵高那样的画", {
        "subject": "donut", "colour": "green", "style": "oil", "size": "large",
    }),
    ("发光的紫色爱心，赛博朋克的街头", {"subject": "heart", "colour": "purple", "style": "neon", "scene": "city"}),
    ("八位机游戏那种像素风，一颗金色的五角星挂在夜空右侧", {
        "subject": "star", "colour": "yellow", "style": "pixel", "light": "night", "position": "right",
    }),
    ("早晨的海滩上放着一杯咖啡，杯子是橙色的", {
        "subject": "cup", "colour": "orange", "scene": "sea", "light": "day",
    }),
    ("铅笔速写，中间一个迷你的三角形，背景什么都没有", {
        "subject": "triangle", "style": "sketch", "size": "small", "position": "centre",
    }),
    ("给小朋友的卡通贴纸：蓝色皮球在草地上", {
        "subject": "ball", "colour": "blue", "style": "flat", "scene": "flowers",
    }),
    ("月光下，穿红袍的巫师走在森林里", {"subject": "wizard", "colour": "red", "scene": "forest", "light": "night"}),
    ("一个圆环慢慢变成咖啡杯，科技感，霓虹", {"subject": "donut", "style": "neon"}),
    ("白色背景上一个巨大的黄色方块，居中，扁平设计", {
        "subject": "square", "colour": "yellow", "scene": "plain", "style": "flat", "size": "large",
        "position": "centre",
    }),
    ("a cute little dog playing among the flowers on a sunny morning", {
        "subject": "puppy", "scene": "flowers", "light": "day", "size": "small",
    }),
    ("old sorcerer with a long beard deep in the woods, moonlit, oil on canvas", {
        "subject": "wizard", "scene": "forest", "light": "night", "style": "oil",
    }),
    ("conceptual art of topology: a glowing blue torus smoothly turning into a coffee cup", {
        "subject": "donut", "colour": "blue", "style": "neon",
    }),
    ("Shiba Inu in a space suit dancing on the surface of the moon, cinematic lighting", {
        "subject": "puppy", "scene": "moon",
    }),
    ("an 8-bit game sprite of a huge crimson heart", {
        "subject": "heart", "colour": "red", "style": "pixel", "size": "large",
    }),
    ("Could you draw me a goldfish at the seaside, please? In watercolour or ink, I don't mind.", {
        "subject": "fish", "scene": "sea", "style": "ink",
    }),
    ("night-time downtown, neon signs, a white kitten sitting to the right", {
        "subject": "cat", "colour": "white", "scene": "city", "light": "night", "style": "neon", "position": "right",
    }),
    ("pencil drawing of a tiny rose, nothing else on the page", {
        "subject": "flower", "style": "sketch", "size": "small",
    }),
    ("my morning mug of coffee, orange, comic book style, blank background", {
        "subject": "cup", "colour": "orange", "light": "day", "style": "flat", "scene": "plain",
    }),
    ("Five-pointed star, golden, floating over the ocean at midnight", {
        "subject": "star", "colour": "yellow", "scene": "sea", "light": "night",
    }),
    ("sumi-e: a lone purple sphere beneath the pines", {
        "subject": "ball", "colour": "purple", "style": "ink", "scene": "forest",
    }),
    ("cyberpunk cat, hot pink glow, no dogs", {"subject": "cat", "colour": "pink", "style": "neon"}),
    ("a doughnut with green icing on the left-hand side, impressionist brushwork", {
        "subject": "donut", "colour": "green", "style": "oil", "position": "left",
    }),
    ("a big blue cube in a meadow under a blue sky", {
        "subject": "square", "colour": "blue", "scene": "flowers", "light": "day", "size": "large",
    }),
    ("white triangle dead centre, lunar landscape, starry sky, pixelated", {
        "subject": "triangle", "colour": "white", "position": "centre", "scene": "moon", "light": "night",
        "style": "pixel",
    }),
]  # fmt: skip


def misfit(row: frozen.Row) -> str | None:
    """Of a row with a held-out pair: the attribute to exchange."""
    pairs = Spec(**row).held_out()
    return pairs[0][2] if pairs else None


def generated() -> list[dict]:
    """The prompts made from captions, in the order of the file."""
    rng = random.Random(2026)
    specs = [Spec(**row) for row in frozen.balanced(ATTRIBUTES, TRAINED, rng, misfit)]
    for one, value, other, its in HELD_OUT_PAIRS:
        specs += [Spec(**{one: value, other: its}).fill(rng) for _ in range(PER_PAIR)]
    return frozen.prompts(specs, caption, rng)


if __name__ == "__main__":
    frozen.write(FILE, generated(), HANDWRITTEN)
