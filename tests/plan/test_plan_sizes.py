"""Sizes for small models: both sides divided or none, printed side by side; errors in the numbers that were asked."""

import re

import pytest

from aigc_kit import cards, image
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Budget, Request
from aigc_kit.core.units import GIB
from aigc_kit.make import video
from aigc_kit.make.run import resolve

LAPTOP = Budget("cpu", "a laptop", 16 * GIB, 16 * GIB, 16 * GIB, 99 * GIB)


def make(card, **values):
    return resolve(Request(card, "一只小狗").change(**values), LAPTOP, cards.get(card))


def pairs(text):
    return [(int(height), int(width)) for height, width in re.findall(r"(\d+)x(\d+)", text)]


@pytest.mark.parametrize(
    ("card", "asked", "given"),
    [
        ("tinysdxl", (1024, 1024), (128, 128)),
        ("tinysdxl", (768, 1024), (96, 128)),
        ("tinysdxl", (512, 384), (64, 48)),
        ("tinysdxl", (384, 512), (48, 64)),
        ("tinysdxl", (1000, 1000), (128, 128)),  # 125 is nearer to 128 than to 120
        ("tinysdxl", (1080, 1920), (136, 240)),  # 135, half a step below 136 and nearer to it than to 128
        ("tinysdxl", (1001, 777), (128, 96)),
        ("tinysdxl", (1024, 200), (128, 48)),  # 25 is lifted to the shortest side
        ("tinywan", (480, 832), (64, 112)),
        ("tinywan", (832, 480), (112, 64)),
        ("tinywan", (384, 640), (64, 80)),
        ("tinywan", (640, 384), (80, 64)),
        ("tinywan", (576, 320), (80, 64)),
        ("tinywan", (448, 256), (64, 64)),
        ("tinywan", (500, 500), (64, 64)),
    ],
)
def test_both_sides_are_divided_and_said_side_by_side(card, asked, given):
    plan = make(card, height=asked[0], width=asked[1])
    assert (plan.request.height, plan.request.width) == given
    (change,) = plan.changes
    assert change.what == "size"
    assert pairs(change.asked) == [asked] and pairs(change.given) == [given]
    step, least = cards.get(card).facts.multiple, cards.get(card).facts.smallest
    for side, small in zip(asked, given, strict=True):
        assert small % step == 0
        assert abs(small - side / 8) <= step / 2 or small == least > side / 8
    assert f"{asked[0]}x{asked[1]} -> {given[0]}x{given[1]}" in plan.explain()
    again = resolve(plan.request, LAPTOP, cards.get(card))
    assert again.request == plan.request and again.changes == ()


@pytest.mark.parametrize(
    ("card", "size"),
    [("tinysdxl", s) for s in ((128, 128), (96, 128), (48, 64), (256, 256), (128, 512))]
    + [("tinywan", s) for s in ((64, 64), (64, 112), (112, 64), (80, 64))],
)
def test_a_small_models_own_sizes_are_taken_as_they_are(card, size):
    plan = make(card, height=size[0], width=size[1])
    assert (plan.request.height, plan.request.width, plan.changes) == (*size, ())


@pytest.mark.parametrize(
    ("card", "asked", "words"),
    [
        ("tinysdxl", (4096, 4096), "512x512 for tinysdxl.*up to 4,194,304 pixels at full size"),
        ("tinysdxl", (1024, 128), "at least 192 at full size"),
        ("tinysdxl", (3000, 2000), "4,194,304 pixels at full size"),
        ("tinywan", (720, 1280), "96x160 for tinywan.*458,752 pixels at full size"),
        ("tinywan", (128, 128), "at least 256 at full size"),
        ("tinywan", (1920, 1080), "458,752 pixels"),
    ],
)
def test_what_cannot_be_divided_is_refused_in_the_numbers_that_were_asked(card, asked, words):
    with pytest.raises(BadInput, match=words) as caught:
        make(card, height=asked[0], width=asked[1])
    assert caught.value.asked == f"{asked[0]}x{asked[1]}"
    advice = pairs(caught.value.todo)
    assert len(advice) == 4
    for height, width in advice:
        assert make(card, height=height, width=width)


@pytest.mark.parametrize("card", ["tinysdxl", "sdxl", "sd15", "tinywan", "wan2.1-1.3b", "kolors"])
@pytest.mark.parametrize("name", ["height", "width"])
@pytest.mark.parametrize("side", [1024, 512, 480, 448, 128, 64])
def test_one_side_alone_is_refused_and_the_other_is_named(card, name, side):
    big = Budget("cpu", "a server", 512 * GIB, 512 * GIB, 512 * GIB, 99 * GIB)
    with pytest.raises(BadInput, match=f"{name}={side}") as caught:
        make(card, **{name: side})
    if "alone" not in caught.value.asked:  # a side that the model can never draw is told first
        value = int(re.search(r"choose \w+=(\d+)", caught.value.todo)[1])
        with pytest.raises(BadInput, match="alone") as caught:
            make(card, **{name: value})
        side = value
    if "goes with it" in caught.value.found:
        wishes = [{"height": height, "width": width} for height, width in pairs(caught.value.todo)]
    else:
        other, value = re.search(r"such as (\w+)=(\d+)", caught.value.todo).groups()
        wishes = [{name: side, other: int(value)}]
    assert wishes
    for wish in wishes:
        assert resolve(Request(card, "小狗").change(**wish), big, cards.get(card))


@pytest.mark.parametrize(
    ("card", "wish"), [("sdxl", (1000, 1001)), ("sdxl", (1024, 1020)), ("wan2.1-1.3b", (480, 830))]
)
def test_a_side_between_multiples_names_the_nearest_ones(card, wish):
    big = Budget("cpu", "a server", 512 * GIB, 512 * GIB, 512 * GIB, 99 * GIB)
    with pytest.raises(BadInput, match="multiple of") as caught:
        resolve(Request(card, "小狗").change(height=wish[0], width=wish[1]), big, cards.get(card))
    near = [int(value) for value in re.findall(r"width=(\d+)", caught.value.todo)]
    assert len(near) == 2 and near[0] < wish[1] < near[1]
    for width in near:
        assert resolve(Request(card, "小狗").change(height=wish[0], width=width), big, cards.get(card))


def test_pictures_and_clips_have_the_divided_size():
    assert image.make("一只小猫", card="tinysdxl", height=512, width=384, steps=1).data.shape == (1, 64, 48, 3)
    assert video.make("一只小猫", card="tinywan", height=832, width=480, frames=1, steps=1).data.shape == (
        1,
        112,
        64,
        3,
    )
