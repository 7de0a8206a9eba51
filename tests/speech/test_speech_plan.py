"""Plans of voices: pure, on machines that are not here."""

import pytest

from aigc_kit import cards
from aigc_kit.core.errors import BadInput, DoesNotFit
from aigc_kit.core.types import Budget, FrozenMap, Request
from aigc_kit.core.units import GIB, MIB
from aigc_kit.make.run import resolve as plan
from aigc_kit.make.speech.engines import fastspeech2


def machine(free=8 * GIB, device="cpu"):
    return Budget(device, "a machine", free, 16 * GIB, 8 * GIB, 100 * GIB, FrozenMap(bf16=True))


def planned(card="baker", text="今天的天气真不错", budget=None, **values):
    return plan(Request(card, text).change(**values), budget or machine(), cards.get(card))


def test_a_longer_text_takes_longer_and_the_memory_is_said():
    short, long = planned(), planned(text="今天的天气真不错" * 40)
    assert long.prediction["seconds"].value > 10 * short.prediction["seconds"].value
    assert short.prediction["peak"].value == cards.get("baker").facts.peak
    assert all(figure.how == "predicted" for figure in short.prediction.values())


@pytest.mark.parametrize(
    ("characters", "seconds"),
    [(3, (0.028, 0.104)), (8, (0.071, 0.316)), (20, (0.173, 0.341)), (160, (1.366, 1.598))],
)
def test_the_prediction_covers_what_the_embedded_voice_took(characters, seconds):
    """Measured on an AMD EPYC, one core: a run with everything warm, and the first one after loading."""
    found = planned(text="春" * characters).prediction["seconds"]
    for took in seconds:
        assert found.value * (1 - found.error) <= took <= found.value * (1 + found.error)


@pytest.mark.parametrize("peak", [50, 175, 227, 308, 333])
def test_the_prediction_covers_the_memory_that_the_embedded_voice_took(peak):
    """Measured on the same machine: with the libraries loaded before, and in a new process with 3 to 160 characters."""
    found = planned().prediction["peak"]
    assert found.value * (1 - found.error) <= peak * MIB <= found.value * (1 + found.error)


def test_too_little_memory_names_what_is_missing():
    with pytest.raises(DoesNotFit, match=r"voice baker[\s\S]*100 MiB free[\s\S]*free 1\d\d.* more"):
        planned(budget=machine(100 * MIB))


def test_the_embedded_voice_stays_on_the_processor_and_chattts_takes_a_gpu():
    gpu = machine(device="cuda")
    assert planned(budget=gpu).placement["model"] == "cpu"
    assert planned("chattts", budget=gpu).placement["model"] == "cuda"
    assert planned("chattts").placement["model"] == "cpu"


@pytest.mark.parametrize(
    ("name", "asked", "given"), [("pitch", 2.0, 1.2), ("pitch", 0.5, 0.8), ("energy", 0.5, 0.5), ("energy", 2, 1.45)]
)
def test_what_the_voice_cannot_do_is_cut_and_said(name, asked, given):
    made = planned(**{name: asked})
    assert made.request.extra[name] == given
    assert [(c.what, c.asked, c.given) for c in made.changes] == ([] if asked == given else [(name, asked, given)])


def test_voices_and_mixtures():
    assert planned("kokoro", voice="zf_xiaoxiao:0.7+zm_yunxi:0.3").request.extra["voice"].startswith("zf_xiaoxiao")
    with pytest.raises(BadInput, match="zf_xiaoxiao"):
        planned("kokoro", voice="zf_xiaoxiao+nobody")
    with pytest.raises(BadInput, match="one at a time"):
        planned(batch=3)


def test_the_card_says_what_the_engine_can_do():
    card = cards.get("baker")
    assert card.facts.voices == fastspeech2.FastSpeech2Engine.voices
    lowest, highest = (ratio for _, ratio in (fastspeech2.PITCH[0], fastspeech2.PITCH[-1]))
    low, high = card.facts.ranges["pitch"]
    assert lowest - 0.01 <= low < high <= highest + 0.01
    assert "non-commercial" in card.licence
    assert card.facts.commercial is False


@pytest.mark.parametrize("table", [fastspeech2.PITCH, fastspeech2.LOUDNESS])
def test_the_tables_rise_and_are_met_at_their_points(table):
    shifts, ratios = zip(*table, strict=True)
    assert list(shifts) == sorted(shifts)
    assert list(ratios) == sorted(ratios)
    assert all(fastspeech2.interpolate(table, ratio) == pytest.approx(shift) for shift, ratio in table)


@pytest.mark.parametrize(
    ("values", "match"),
    [
        ({"speed": 99}, "speed=99"),
        ({"spead": 1}, "close: speed"),
        ({"stream": 5}, "stream=5"),
        ({"voice": 5}, "voice=5"),
    ],
)
def test_plan_for_refuses_bad_settings_before_anything_is_loaded(values, match):
    from aigc_kit import speech

    with pytest.raises(BadInput, match=match):
        speech.plan_for("你好", card="baker", **values)
