"""Parts by the engines that are here: the model's own words, no clip without a model, storyboards from answers."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from aigc_kit import image
from aigc_kit.core.errors import NotOnDisk
from aigc_kit.core.types import Take
from aigc_kit.make import video
from aigc_kit.works import film, paint, sample, storyboard
from tests.core_models import require_card

TABLE = """好的，分镜如下：
| 镜头序号 | 画面描述 | 旁白 | 音效/音乐 | 秒 |
|---|---|---|---|---|
| 1 | 一个甜甜圈 | 有一个洞。 | 轻快 | 20 |
| 2 | 一个咖啡杯 | 洞还在。 | 渐弱 | 30 |
"""


@pytest.fixture
def asked(make_take, monkeypatch):
    """What was asked of image.plan_for and, last, of image.make, by a model that reads English only."""
    calls = []
    made = make_take("image", np.zeros((1, 8, 8, 3), np.uint8))
    plan = replace(made.plan, card=replace(made.plan.card, facts=SimpleNamespace(world=None, languages=("en",))))

    def plan_for(prompt, **values):
        calls.append((prompt, values))
        return plan

    def make(prompt, **values):
        calls.append((prompt, values))
        return made

    monkeypatch.setattr(image, "plan_for", plan_for)
    monkeypatch.setattr(image, "make", make)
    return calls


def test_an_english_model_is_asked_in_english(asked):
    paint("概念艺术", seed=7)
    prompt, values = asked[-1]
    assert prompt.startswith("conceptual visualization of topology") and prompt.endswith("concept art")
    assert values == {"negative": "blurry, distorted, ugly, incoherent, hard, solid, photo, realism", "seed": 7,
                      "card": "tiny-image"}  # fmt: skip


def test_the_tiny_model_paints_what_its_phrase_says():
    require_card("tinysdxl")
    take = paint("科技感", "一个黄色的甜甜圈", seed=1, steps=2, tier="tiny")
    assert take.words[0].phrase == "一个黄色的甜甜圈，霓虹风格"
    assert take.data.shape == (1, 128, 128, 3)


def test_without_a_video_model_there_is_no_clip(monkeypatch):
    def nothing(*_, **__):
        raise NotOnDisk(asked="a video model", found="none", todo="fetch one")

    monkeypatch.setattr(video, "plan_for", nothing, raising=False)
    assert film() is None


def test_a_models_table_becomes_the_storyboard_and_its_seconds_are_balanced(make_take):
    prompts = []

    def ask(words) -> Take:
        prompts.append(words)
        return make_take("text", TABLE)

    board, take = storyboard(sample(), ask=ask)
    assert take.data == TABLE and sample() in prompts[0]
    assert [shot.picture for shot in board.shots] == ["一个甜甜圈", "一个咖啡杯"]
    assert sum(shot.seconds for shot in board.shots) == pytest.approx(60)


def test_an_answer_without_a_table_leaves_the_rule(make_take):
    board, take = storyboard(sample(), ask=lambda _: make_take("text", "我不会做表格。"))
    assert take is None and len(board.shots) == 8


def test_without_a_chinese_model_the_rule_makes_it(monkeypatch, tmp_path):
    monkeypatch.setenv("AIGC_HOME", str(tmp_path))
    board, take = storyboard(sample())
    assert take is None and sum(shot.seconds for shot in board.shots) == pytest.approx(60)
    assert not any(shot.picture.endswith(("，", "：", "“")) for shot in board.shots)
