"""Measures against closed forms and other libraries, and each on damage whose strength is known."""

from itertools import pairwise

import numpy as np
import pytest

from aigc_kit.core.errors import BadInput, UnknownName
from aigc_kit.works.evaluation import (
    CORRUPTIONS,
    METERS,
    NOT_RUN,
    STRENGTHS,
    character_error,
    fd_reader,
    flow,
    perceptual,
    reactions,
    si_sdr,
)
from aigc_kit.works.evaluation.meters import bits_per_character, features
from aigc_kit.worlds.tinyworld import checker
from aigc_kit.worlds.tinyworld.render import render
from aigc_kit.worlds.tinyworld.spec import Spec


@pytest.fixture(scope="module")
def pictures():
    return [render(Spec(), 64, 64, seed=k) for k in range(8)]


def test_activations_are_those_that_the_reader_answers_from(pictures):
    layers = checker.activations(pictures)
    head = checker._network(False)[-1]
    pooled = (
        layers[-1].reshape(len(pictures), layers[-1].shape[1], 4, -1, 4, layers[-1].shape[3] // 4).mean(axis=(3, 5))
    )
    subjects = (pooled.reshape(len(pictures), -1) @ head.weight.detach().numpy().T + head.bias.detach().numpy())[:, :12]
    names = [reading.labels["subject"] for reading in checker.read(pictures)]
    assert [checker.ATTRIBUTES["subject"][k] for k in subjects.argmax(axis=1)] == names
    assert features(pictures).shape == (8, layers[-1].shape[1])


def test_equal_pictures_have_no_distance_and_shuffled_sets_the_same(pictures):
    assert perceptual(pictures, pictures) == pytest.approx(np.zeros(8))
    assert fd_reader(pictures, pictures[::-1]) == pytest.approx(0, abs=1e-6)


def test_si_sdr_is_what_orthogonal_noise_makes_it():
    rng = np.random.default_rng(0)
    reference, noise = rng.normal(size=(2, 1000))
    noise -= (noise @ reference) / (reference @ reference) * reference
    for wanted in (0, 10, 30):
        wave = reference + noise * np.sqrt((reference @ reference) / (noise @ noise) / 10 ** (wanted / 10))
        assert si_sdr(wave, reference) == pytest.approx(wanted, abs=1e-6) == si_sdr(0.3 * wave, reference)
    for bad in ((reference[:10], reference), (reference, np.zeros(1000)), (np.ones((2, 2)), np.ones((2, 2)))):
        with pytest.raises(BadInput):
            si_sdr(*bad)


@pytest.mark.parametrize(
    ("heard", "said", "rate"),
    [("你好", "你好。", 0), ("", "你好", 1), ("你号吗", "你好", 1), ("好", "你好", 0.5), ("ab cd", "abcd", 0)],
)
def test_character_errors_counted_by_hand(heard, said, rate):
    assert character_error(heard, said) == rate
    with pytest.raises(BadInput):
        character_error("一", "。")


def test_flow_measures_a_known_shift():
    rng = np.random.default_rng(0)
    from scipy.ndimage import gaussian_filter

    ground = gaussian_filter(rng.uniform(0, 255, (64, 64)), 3)
    ground = ((ground - ground.min()) / np.ptp(ground) * 255).astype(np.uint8)
    frames = np.stack([np.repeat(np.roll(ground, 2 * k, axis=1)[..., None], 3, axis=2) for k in range(4)])
    assert flow(frames) == pytest.approx(2, abs=0.5) and flow(frames[[0, 0, 0]]) == pytest.approx(0, abs=1e-3)
    with pytest.raises(BadInput):
        flow(frames[:1])


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_damage_grows_with_its_strength_and_none_changes_nothing(name, pictures):
    damage = CORRUPTIONS[name]
    things = {
        "image": pictures,
        "video": [np.stack([p] * 2 + [q] * 2 + [p] * 3) for p, q in pairwise(pictures)],
        "audio": [np.sin(np.arange(24_000) * 0.05 * (k + 1)) for k in range(3)],
        "text": ["关关雎鸠，在河之洲。窈窕淑女，君子好逑。"],
    }[damage.kind]
    assert all(np.array_equal(one, other) for one, other in zip(things, damage(things, 0), strict=True))
    if damage.kind == "text":
        changed = [sum(a != b for a, b in zip(things[0], damage(things, s)[0], strict=True)) for s in STRENGTHS]
    else:
        changed = [
            np.mean([np.abs(b.astype(float) - a).mean() for a, b in zip(things, damage(things, s), strict=True)])
            for s in STRENGTHS
        ]
    assert changed[0] == 0 and changed[-1] > 0 and changed[-1] >= changed[1]
    for bad in (-0.1, 1.5, True, "much"):
        with pytest.raises(BadInput):
            damage(things, bad)


def test_a_meter_says_what_it_needs(pictures):
    for name, meter in METERS.items():
        if meter.needs:
            with pytest.raises(BadInput, match="to compare with"):
                meter(pictures)
        assert name not in NOT_RUN and meter.title.en.lower() not in {"fid", "fad", "lpips", "pesq"}
    with pytest.raises(UnknownName):
        reactions("smell")


def test_the_reactions_of_sounds_are_those_that_follow_from_the_formulas():
    verdicts = {(row.meter, row.corruption): row.verdict for row in reactions("audio")}
    assert verdicts["si-sdr", "quieter"] == "blind" and verdicts["lsd", "quieter"] == "reacts"
    assert verdicts["si-sdr", "late"] == "reacts" and verdicts["si-sdr", "hiss"] == verdicts["lsd", "hiss"] == "reacts"


def test_a_frozen_clip_is_praised_for_its_calm():
    rows = {(row.meter, row.corruption): row for row in reactions("video")}
    frozen = rows["flow", "frozen"]
    assert frozen.verdict == "turns" and frozen.values[-1] == pytest.approx(0, abs=1e-3)
    assert rows["disorder", "shuffled"].verdict == "reacts" and rows["flicker", "trembling"].verdict == "reacts"


def test_bits_see_characters_that_are_out_of_order():
    verse = "床前明月光，疑是地上霜。举头望明月，低头思故乡。"
    assert bits_per_character(verse) < bits_per_character(verse[::-1])
