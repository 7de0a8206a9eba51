"""Settings: the course's presets, precedence, and every bad value named."""

import pytest

from aigc_kit import cards
from aigc_kit.errors import BadInput, CannotLoad, UnknownName
from aigc_kit.text.settings import BANDS, PRESETS, Settings, preset_named
from aigc_kit.types import Request


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
        ({"stop": ("",)}, r"stop=\(''", "an empty stop text", "non-empty"),
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
