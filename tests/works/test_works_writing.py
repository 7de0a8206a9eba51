"""Rounds are kept, wishes carry the last draft, and without a model it says so."""

import pytest

from aigc_kit import cards
from aigc_kit.core.errors import BadInput, NotOnDisk
from aigc_kit.works import Work, feynman, sample
from aigc_kit.works.prompts import NEAREST, STYLES, visual
from aigc_kit.works.writing import Conversation, can_write, compared
from aigc_kit.worlds.tinyworld.vocab import phrase, spec_of


@pytest.fixture
def talk(make_take):
    asked, answers = [], [sample(), "短稿。", sample()]

    def planner(prompt, **values):
        asked.append((prompt, values))
        return make_take("text", "", prompt=prompt).plan

    def runner(plan, on_step=None):
        return make_take("text", answers.pop(0), prompt=plan.request.prompt)

    made = Conversation(planner=planner, runner=runner, seed=3)
    made.asked = asked
    return made


def test_a_wish_carries_the_draft_before_it(talk):
    first = talk.start(feynman())
    assert first.text == sample() and first.review
    assert talk.asked[0][1]["language"] == "zh" and talk.asked[0][1]["seed"] == 3
    second = talk.again("短一点")
    assert sample() in talk.asked[1][0] and "短一点" in talk.asked[1][0]
    assert not second.review
    talk.again("还是长一点")
    assert "短稿。" in talk.asked[2][0] and sample() not in talk.asked[2][0]
    assert [each.wish for each in talk.rounds[1:]] == ["短一点", "还是长一点"]


def test_the_chosen_draft_goes_into_the_work_and_the_others_into_the_log(talk):
    talk.start(feynman())
    talk.again("短一点")
    work = Work("洞")
    talk.into(work)
    assert work.text == "短稿。" and work.parts[0].label == "AI 生成"
    log = work.prompts()
    assert [row["prompt"] for row in log][1] == feynman().text
    assert log[1]["answer"] == sample()


def test_a_wish_needs_a_draft(talk):
    with pytest.raises(BadInput, match="no draft yet"):
        talk.again("好笑一点")


def test_without_a_chinese_model_it_says_so(monkeypatch, tmp_path):
    monkeypatch.setenv("AIGC_HOME", str(tmp_path))
    monkeypatch.setenv("AIGC_OFFLINE", "1")
    assert can_write() is None
    with pytest.raises(NotOnDisk):
        Conversation().start(feynman())


def test_prompts_are_compared():
    ratio, pieces = compared(feynman().text, feynman(audience="小学生").text)
    assert 0.97 < ratio < 1
    assert [(one, two) for name, one, two in pieces if name == "replace"] == [("高中", "小学")]
    assert compared("洞", "洞")[0] == 1


def test_one_prompt_plan_serves_both_tiers():
    made = visual()
    assert "发光的甜甜圈" in made.zh and "glowing torus" in made.en and "neon" in made.en
    assert made.negative_zh.startswith("模糊") and len(made.negative_zh.split(",")) == 8
    assert made.phrase == "一个蓝色的甜甜圈，霓虹风格，在中间"
    cup = visual("概念艺术", "一个黄色的咖啡杯")
    assert cup.phrase == "一个黄色的咖啡杯，油画风格" and cup.en.startswith("a yellow")
    assert len(STYLES) == 3
    with pytest.raises(BadInput, match="not one of"):
        visual("水墨")


def test_each_model_is_asked_in_the_words_that_it_reads():
    made = visual("三维卡通")
    of = {name: made.asked(cards.get(name)) for name in ("tinysdxl", "sdxl")}
    assert of["tinysdxl"] == (made.tiny, made.negative_zh) and phrase(made.tiny).phrase == made.phrase
    assert of["sdxl"] == (made.en, made.negative_en)


def test_every_style_of_the_lesson_has_its_own_in_the_tiny_world():
    assert set(NEAREST) == set(STYLES)
    assert len({spec_of(visual(style).tiny).style for style in STYLES}) == len(STYLES)
