"""Settings: the course's presets, precedence, and every bad value named."""

import numpy as np
import pytest

from aigc_kit import cards
from aigc_kit.core.errors import BadInput, CannotLoad, UnknownName
from aigc_kit.core.types import Request
from aigc_kit.make.text.settings import BANDS, PRESETS, Settings, preset_named


def of(**extra):
    return Settings.of(Request(card="smollm2-135m", prompt="x").change(**extra), cards.get("smollm2-135m"))


def test_the_courses_presets_and_bands():
    assert PRESETS["creative"] == {"temperature": 1.0, "top_p": 0.9, "top_k": 40}
    assert PRESETS["code"] == {"temperature": 0.1, "top_p": 0.95, "top_k": 20}
    assert list(BANDS.values()) == [(0.1, 0.5), (0.6, 0.9), (1.0, 2.0)]


def test_the_request_comes_before_the_cards_defaults():
    assert of().temperature == cards.get("smollm2-135m").defaults["temperature"]
    assert of(temperature=0.2, top_k=7).temperature == 0.2
    assert of(stop="\n").stop == ("\n",)


@pytest.mark.parametrize(
    ("extra", "asked", "found", "todo"),
    [
        ({"temperature": -0.1}, "temperature=-0.1", "a value out of range", "choose T >= 0"),
        ({"temperature": float("nan")}, "temperature=nan", "not a number", "choose T >= 0"),
        ({"temperature": "hot"}, "temperature='hot'", "not a number", "choose T >= 0"),
        ({"temperature": True}, "temperature=True", "not a number", "choose T >= 0"),
        ({"top_p": 0.0}, r"top_p=0\.0", "a value out of range", "choose 0 < p <= 1"),
        ({"top_p": 1.01}, r"top_p=1\.01", "a value out of range", "choose 0 < p <= 1"),
        ({"top_k": 0}, "top_k=0", "not an integer >= 1", "None keeps all tokens"),
        ({"top_k": 2.5}, r"top_k=2\.5", "not an integer >= 1", "choose k >= 1"),
        ({"repetition_penalty": 0}, "repetition_penalty=0", "a value out of range", "1.0 is off"),
        ({"max_new_tokens": 0}, "max_new_tokens=0", "not an integer >= 1", "1 or more"),
        ({"search": "beam", "beams": 1}, "beams=1", "not an integer >= 2", "search='greedy'"),
        ({"search": "magic"}, "search='magic'", "no search of that name", "sample, greedy or beam"),
        ({"stop": ("",)}, r"stop=\(''", "no texts", "non-empty"),
        ({"temperature": 10**400}, "temperature=1000", "a value out of range", "choose T >= 0"),
        ({"temperature": 10**5000}, "temperature=", "a value out of range", "choose T >= 0"),
        ({"stop": 5}, "stop=5", "no texts", "non-empty"),
        ({"stop": ("a", 5)}, r"stop=\('a', 5", "no texts", "non-empty"),
        ({"stop": "\udcff"}, r"stop='.udcff'", "not text", "UTF-8"),
        ({"system": 5}, "system=5", "not text", "a text"),
        ({"system": "\udcff"}, r"system='.udcff'", "not text", "UTF-8"),
        ({"chat": "yes"}, "chat='yes'", "not True or False", "chat=True"),
        ({"engine": "cuda"}, "engine='cuda'", "transformers, llama.cpp", "engine='transformers'"),
    ],
)
def test_bad_values(extra, asked, found, todo):
    with pytest.raises(BadInput, match=f"(?s)asked: {asked}.*found: .*{found}.*what to do: .*{todo}"):
        of(**extra)


def test_an_unknown_setting_and_an_unknown_preset():
    with pytest.raises(UnknownName, match="close: temperature"):
        of(temprature=0.5)
    with pytest.raises(UnknownName, match="choose from creative, code"):
        preset_named("poetic")


def test_an_unknown_model_and_one_that_cannot_be_loaded_any_more():
    from aigc_kit import text

    with pytest.raises(UnknownName, match="no card of that name; close: smollm2-135m"):
        text.plan_for("hello", card="smollm2")
    with pytest.raises(CannotLoad, match="megatron_util"):
        text.plan_for("hello", card="gpt3-chinese-base")


@pytest.mark.parametrize("prompt", ["", "  \n"])
def test_an_empty_prompt(prompt):
    from aigc_kit import text

    with pytest.raises(BadInput, match="nothing to work on"):
        text.plan_for(prompt, card="poem")


def test_none_leaves_a_setting_to_the_card():
    default = cards.get("smollm2-135m").defaults
    made = of(temperature=None, engine=None, max_new_tokens=None, stop=None, top_k=None, beams=None)
    assert (made.temperature, made.engine) == (default["temperature"], default["engine"])
    assert made == of()
    with pytest.raises(UnknownName, match="close: temperature"):
        of(temprature=None)


def test_numbers_of_numpy_are_settings():
    made = of(temperature=np.float32(0.5), top_k=np.int64(40), max_new_tokens=np.uint8(9))
    assert made == of(temperature=0.5, top_k=40, max_new_tokens=9)
    direct = Settings(temperature=np.float32(0.5), top_k=np.int64(40), top_p=np.float64(0.5), beams=np.int8(3))
    kinds = [type(getattr(direct, name)) for name in ("temperature", "top_k", "top_p", "beams")]
    assert kinds == [float, int, float, int]
    for wrong in ({"top_k": np.float64(4)}, {"temperature": np.float32("nan")}, {"top_k": np.bool_(True)}):
        with pytest.raises(BadInput, match=next(iter(wrong))):
            Settings(**wrong)


@pytest.mark.parametrize("prompt", [None, 5, "\udcff"])
def test_a_prompt_that_is_no_text(prompt):
    from aigc_kit import text

    with pytest.raises(BadInput, match="prompt"):
        text.plan_for(prompt)


@pytest.mark.parametrize("card", [[], {}, 5])
def test_a_card_that_is_no_name(card):
    from aigc_kit import text

    with pytest.raises(UnknownName, match="no card of that name"):
        text.plan_for("x", card=card)
