"""Kokoro: its signs against the embedded voice's own table of syllables; the real model where it is."""

import importlib.util
import json

import numpy as np
import pytest
from core_models import require_card

from aigc_kit import cards, fetch, speech
from aigc_kit.core.errors import BadInput, CannotLoad, MissingExtra
from aigc_kit.make.speech import measures
from aigc_kit.make.speech.engines import kokoro
from aigc_kit.make.speech.frontend.ipa import parts, phonetic

CARD = cards.get("kokoro")
INSTALLED = importlib.util.find_spec("onnxruntime") is not None


def test_initials_and_finals_are_those_of_the_other_voice():
    table = json.loads((require_card("baker") / "baker_mapper.json").read_text(encoding="utf-8"))["pinyin_dict"]
    for pinyin, (initial, final) in table.items():
        if pinyin not in ("lue", "nue", "yo", "ng"):  # written lve and nve here; the others are interjections
            assert parts(pinyin) == ("" if initial == "^" else initial, final), pinyin


def test_every_syllable_has_signs_that_the_model_knows():
    table = json.loads((require_card("baker") / "baker_mapper.json").read_text(encoding="utf-8"))["pinyin_dict"]
    for pinyin in table:
        for tone in range(1, 6):
            signs = phonetic(pinyin, tone)
            assert signs
            assert set(signs) <= set(kokoro.SIGNS)
    assert phonetic("brr", 1) == ""


@pytest.mark.parametrize(
    ("pinyin", "tone", "signs"),
    [
        ("hao", 3, "xau↓"),
        ("shi", 4, "ʂɨ↘"),
        ("lve", 4, "lɥe↘"),
        ("zhuang", 1, "ꭧwa→ŋ"),
        ("o", 2, "ɔ↗"),
        ("bo", 1, "pwo→"),
    ],
)
def test_signs_of_known_syllables(pinyin, tone, signs):
    assert phonetic(pinyin, tone) == signs


@pytest.mark.skipif(INSTALLED, reason="onnxruntime is installed here")
def test_without_the_extra_the_error_names_it(tmp_path):
    with pytest.raises(MissingExtra, match=r"aigc-kit\[kokoro\]"):
        kokoro.KokoroEngine(CARD, tmp_path)


@pytest.mark.skipif(not INSTALLED, reason="onnxruntime is not installed: pip install 'aigc-kit[kokoro]'")
def test_a_folder_without_the_files_is_named(tmp_path):
    with pytest.raises(CannotLoad, match="cannot be read"):
        kokoro.KokoroEngine(CARD, tmp_path)


@pytest.mark.skipif(
    not INSTALLED or fetch.find(CARD) is None, reason="Kokoro is not on disk: aigc fetch kokoro, with aigc-kit[kokoro]"
)
class TestReal:
    def say(self, text, **values):
        plan = speech.plan_for(text, card="kokoro", **values)
        return speech.run(plan)

    def test_men_and_women_and_their_mixture(self):
        text = "今天的天气真不错，我们去公园吧。"
        found = {}
        for voice in ("zf_xiaoxiao", "zm_yunxi", "zf_xiaoxiao:0.5+zm_yunxi:0.5"):
            wave = self.say(text, voice=voice).data
            assert 2 < measures.seconds(wave) < 6
            found[voice] = np.median(measures.voiced_pitch(wave))
        woman, man, both = found.values()
        assert woman > both > man
        assert woman / man > 1.2

    def test_duration_rises_with_breaks_and_falls_with_speed(self):
        breaks = [len(self.say("你好，再见。", breaks=level).data) for level in (0, 3, 7)]
        assert breaks[0] < breaks[1] < breaks[2]
        speed = [len(self.say("你好，再见。", speed=level).data) for level in (2, 5, 8)]
        assert speed[0] > speed[1] > speed[2]

    @pytest.mark.parametrize("voice", ["nobody", "zf_xiaoxiao:-1", "zf_xiaoxiao:x", "zf_xiaoxiao:0"])
    def test_voices_that_are_none(self, voice):
        with pytest.raises(BadInput):
            self.say("你好", voice=voice)
