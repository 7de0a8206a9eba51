"""One prompt in several media: facts, what each can say, draws that are judged, and the level that is missed."""

import json

import numpy as np
import pytest

from aigc_kit.core.errors import BadInput, UnknownName
from aigc_kit.core.paths import assets
from aigc_kit.works import page
from aigc_kit.works.together import Reading, consistency, facts_of, fidelity, generate_multimodal_content, read_text
from aigc_kit.works.together.content import MOST_DRAWS
from aigc_kit.works.together.makers import Piece
from aigc_kit.works.together.prompt_trials import missed_share, outcomes, summed, trials
from aigc_kit.works.together.sayable import MEDIA
from aigc_kit.works.together.soundscape import AMBIENCES, ambience, ambience_of, hear, mixed
from aigc_kit.worlds.tinyworld.motion import ClipSpec, film

PROMPT = "夜晚的月球上，一只橙色的小狗向上移动"
RAINFOREST = "一位探险家在热带雨林中发现了一种未知的荧光植物"


def test_the_facts_of_the_rainforest_are_named_and_so_is_what_nobody_here_can_say():
    facts = facts_of(RAINFOREST)
    assert dict(facts.values) == {"scene": "forest", "style": "neon"} and "探险家" in facts.unread
    assert facts.of("video") == {} and facts.left_out("image") == {} and facts.of("audio") == {}
    assert facts.caption("en") == "in the forest, neon style"


def test_each_medium_says_what_it_can():
    facts = facts_of(PROMPT)
    assert facts.of("image") == {"subject": "puppy", "colour": "orange", "scene": "moon", "light": "night"}
    assert facts.left_out("image") == {"motion": "up"} and facts.of("audio") == {"light": "night"}
    assert facts.of("video") == dict(facts.values) == facts.of("text") and facts.of("speech") == {}


@pytest.mark.parametrize(
    ("words", "values", "against"),
    [
        ("An orange puppy rises above the moon at night.", True, {}),
        ("橙色的小狗在夜晚的月球上，旁边有一只猫。", True, {"subject": ("cat",)}),
        ("A red puppy on the moon.", False, {}),
        ("", False, {}),
    ],
)
def test_a_text_is_read_by_the_worlds_parser_and_contradictions_are_counted(words, values, against):
    facts = facts_of("夜晚的月球上，一只橙色的小狗")
    reading = read_text(words, facts)
    found = all(reading.values.get(name) == value for name, value in facts.values.items())
    assert found is values and {k: v for k, v in reading.against.items() if v} == against
    assert (fidelity(reading, facts.values) == 1) is (values and not against)


def tones(pitches, seconds, each):
    """Plucked sines: beginnings `each` seconds apart."""
    rate, wave = 24_000, np.zeros(round(24_000 * seconds), np.float32)
    for number, start in enumerate(np.arange(0, seconds - each, each)):
        time = np.arange(round(each * rate)) / rate
        tone = (
            0.5 * np.sin(2 * np.pi * 440 * 2 ** ((pitches[number % len(pitches)] - 69) / 12) * time) * np.exp(-5 * time)
        )
        wave[round(start * rate) :][: len(tone)] += tone.astype(np.float32)
    return wave


def test_the_ear_hears_height_and_pace_of_sounds_whose_pitch_is_known():
    assert hear(tones([50, 52], 6, 1.0)) == {"light": "night"}
    assert hear(tones([76, 72], 6, 0.2)) == {"light": "day", "motion": "bounce"}
    for bad in (np.zeros(48_000, np.float32), np.ones(10, np.float32), np.ones((2, 48_000), np.float32)):
        with pytest.raises(BadInput):
            hear(bad)


@pytest.mark.parametrize("kind", AMBIENCES)
def test_an_ambience_has_its_loudness_and_the_same_seed_the_same_wave(kind):
    wave = ambience(kind, 2.0, seed=3)
    assert wave.dtype == np.float32 and np.sqrt((wave**2).mean()) == pytest.approx(0.06, rel=1e-3)
    assert np.array_equal(wave, ambience(kind, 2.0, seed=3))
    assert np.abs(mixed(tones([60], 2, 0.5), kind, 0)).max() <= 0.95


def test_scenes_choose_their_ambience():
    assert ambience_of({"scene": "sea"}, "") == "waves" and ambience_of({"scene": "forest"}, "雨林") == "rain"
    assert (
        ambience_of({"scene": "moon", "light": "night"}, "") == "" and ambience_of({"light": "night"}, "") == "crickets"
    )
    with pytest.raises(UnknownName):
        ambience("thunder")


def fake(*qualities):
    """A maker whose draws show so many of the facts, one after the other."""
    drawn = []

    def make(facts, seed):
        share = qualities[len(drawn) % len(qualities)]
        drawn.append(seed)
        own = dict(list(facts.values.items())[: round(share * len(facts.values))])
        return Piece("text", Reading(own))

    return make, drawn


@pytest.mark.parametrize(
    ("qualities", "level", "draws", "best", "missed"),
    [
        ((1.0,), 1.0, 1, 0, ()),
        ((0.2, 1.0), 0.8, 2, 1, ()),
        ((0.4, 0.6, 0.2), 0.8, 3, 1, ("text",)),
        ((0.0,), 0.0, 1, 0, ()),
    ],
)
def test_draws_stop_at_the_level_and_the_best_is_kept(qualities, level, draws, best, missed):
    make, drawn = fake(*qualities)
    content = generate_multimodal_content(PROMPT, ["text"], level, seed=7, makers={"text": make})
    (each,) = content.media
    assert (len(each.pieces), each.best, content.missed) == (draws, best, missed)
    assert drawn == [7 + k for k in range(draws)] and content.fidelities(first=True)["text"] == qualities[0]


def test_a_missed_level_is_said_whenever_it_is_missed():
    for number in range(120):
        rng = np.random.default_rng(number)
        level = float(rng.choice([0, 0.3, 0.5, 0.8, 1]))
        makers = {name: fake(*rng.uniform(0, 1, MOST_DRAWS))[0] for name in ("text", "image", "video")}
        content = generate_multimodal_content(PROMPT, list(makers), level, makers=makers)
        below = [name for name, mark in content.fidelities().items() if mark is not None and mark < level]
        assert list(content.missed) == below and ("没有达到" in content.says()) is bool(below)


def test_consistent_is_not_true():
    facts = {"subject": "puppy", "light": "night"}
    wrong = Reading({"subject": "cat", "light": "night"})
    assert consistency({"image": (wrong, facts), "video": (wrong, facts)}) == 1
    assert fidelity(wrong, facts) == 0.5
    assert (
        consistency({"image": (wrong, facts)}) is None and fidelity(None, facts) is None and fidelity(wrong, {}) is None
    )
    assert consistency({"image": (Reading({}), facts), "video": (Reading({}), facts)}) == 0, "nothing read is not alike"


@pytest.mark.parametrize(
    ("prompt", "media", "level", "words"),
    [
        ("你好，世界大同", ["text"], 0.8, "no fact"),
        ("", ["text"], 0.8, "no fact"),
        (PROMPT, ["smell"], 0.8, "modality"),
        (PROMPT, [], 0.8, "none"),
        (PROMPT, ["text", "text"], 0.8, "twice"),
        (PROMPT, ["text"], 1.5, "no share"),
        (PROMPT, ["text"], float("nan"), "no share"),
        (PROMPT, ["text"], True, "no share"),
        (PROMPT, ["text"], "high", "no share"),
    ],
)
def test_bad_input_is_refused_before_anything_is_made(prompt, media, level, words):
    make, drawn = fake(1.0)
    with pytest.raises(BadInput, match=words):
        generate_multimodal_content(prompt, media, level, makers=dict.fromkeys(MEDIA, make))
    assert drawn == []


def test_what_was_not_made_cannot_be_taken_and_the_advice_helps():
    content = generate_multimodal_content(PROMPT, ["text"], 0.5, makers={"text": fake(1.0)[0]})
    with pytest.raises(BadInput, match="add 'image'"):
        content.get_image()
    picture = np.zeros((64, 64, 3), np.uint8)
    makers = {"text": fake(1.0)[0], "image": lambda facts, seed: Piece(picture, Reading({}))}
    content = generate_multimodal_content(PROMPT, ["text", "image"], 0.5, makers=makers)
    assert content.get_image().shape == (64, 64, 3) and content.missed == ("image",)


def test_all_pieces_come_together_in_one_page_that_is_escaped():
    wave, clip = tones([60], 2, 0.5), film(ClipSpec("ball", "red", "sea", "day", "left"), 9, seed=1)
    contents = {"text": "<script>x</script>", "image": clip[0], "audio": wave, "video": clip, "speech": wave}
    makers = {name: lambda f, s, c=content: Piece(c, Reading({})) for name, content in contents.items()}
    content = generate_multimodal_content(PROMPT, MEDIA, 0.5, makers=makers)
    html = page(content.work())
    assert "<script>x" not in html and "&lt;script&gt;" in html
    assert html.count("<audio") == 2 and html.count("<video") == 1 and "读回" in html


def test_a_real_picture_and_its_music_are_made_and_read_back(one_thread):
    content = generate_multimodal_content("夜晚，一朵黄色的花，在森林里", ["image", "audio"], 0.5, seed=1)
    assert content.get_image().shape == (128, 128, 3) and content.get_audio()[0].dtype == np.float32
    assert all(mark is not None for mark in content.fidelities().values())
    assert content.work().of("image")[0].record is not None


def test_fifty_prompts_are_frozen_and_say_what_their_rows_say():
    rows = json.loads((assets() / "prompts" / "together_eval.json").read_text(encoding="utf-8"))["generated"]
    assert len({row["prompt"] for row in rows}) == 50
    assert all(dict(facts_of(row["prompt"]).values) == row["expected"] for row in rows)


def test_the_measured_prompts_are_the_frozen_ones_and_the_best_is_never_worse():
    frozen = json.loads((assets() / "prompts" / "together_eval.json").read_text(encoding="utf-8"))["generated"]
    rows = trials()
    assert [each["prompt"] for each in rows] == [each["prompt"] for each in frozen]
    for each in rows:
        assert all(each["best"][name] >= mark for name, mark in each["first"].items() if mark is not None)
    marks = {(each.what, each.which): each for each in outcomes(rows)}
    assert all(each.low <= each.mean <= each.high for each in marks.values())
    assert missed_share(rows, 0.0) == 0 <= missed_share(rows, 0.8) <= missed_share(rows, 1.0)


def test_draws_are_summed_by_hand():
    def draw(value):
        return {"read": {"light": value}, "against": {}, "clip": 0.5}

    media = {name: [draw("day"), draw("night")] for name in ("text", "image", "audio", "video")}
    row = summed({"prompt": "夜晚", "media": media})
    assert row["first"]["text"] == 0 and row["best"]["text"] == 1 and row["first_consistency"] == 1
