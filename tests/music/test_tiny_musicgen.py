"""The tiny MusicGen: real classes, three seconds that another network reads as asked; what it cannot do is refused."""

import numpy as np
import pytest

from aigc_kit import cards, music
from aigc_kit.core.errors import BadInput, CannotLoad
from aigc_kit.make.music.musicgen import MusicgenEngine
from aigc_kit.media.wav import RATE
from aigc_kit.worlds.sounds import Listener, SoundWish, render

SAID = "吉他，中速，中音，先上后下，大调"


@pytest.fixture(scope="module")
def take():
    return music.make(SAID, card="tinymusicgen", seed=1)


def test_a_sentence_becomes_three_seconds(take):
    assert take.data.shape == (3 * RATE,) and take.data.dtype == np.float32
    assert 0.05 < np.abs(take.data).max() <= 1 and np.isfinite(take.data).all()
    assert dict(take.labels["heard"]) == dict(SoundWish("guitar", "medium", "middle", "arch", "major").items())
    assert take.labels["own_rate"] == 16_000 and take.words[0].phrase == SAID.replace("，", " ")
    assert np.array_equal(music.run(take.plan).data, take.data)
    with pytest.raises(BadInput, match="melody model"):
        music.tune_in(take)


def test_most_sentences_are_heard_as_asked():
    asked = [
        "长笛 慢速 低音 上行 大调",
        "organ fast high falling minor",
        "铃 中速 中音 同音重复",
        "guitar slow low arch minor",
    ]
    right = total = 0
    for said in asked:
        sound = music.make(said, card="tinymusicgen", seed=2)
        wished = {name: value for _, name, value in sound.words[0].kept}
        right += sum(sound.labels["heard"][name] == value for name, value in wished.items())
        total += len(wished)
    assert total == 19 and right >= 17  # the card has the shares on 200


def test_it_goes_on_from_a_sample(take):
    longer = music.make(SAID, card="tinymusicgen", sample=take.data[:RATE], seconds=2.0)
    assert longer.data.shape == (3 * RATE,)
    first, again = take.data[: RATE // 2], longer.data[: RATE // 2]
    assert np.dot(first, again) > 0.8 * np.linalg.norm(first) * np.linalg.norm(again)


def test_words_it_does_not_know_are_named():
    sound = music.make("摇滚 长笛", card="tinymusicgen")
    assert sound.words[0].dropped == (("摇滚", "这个小世界里没有"),) and sound.words[0].phrase == "长笛"


@pytest.mark.parametrize(
    ("said", "values", "found"),
    [
        ("重金属摇滚", {}, "no word"),
        (SAID, {"seconds": 600.0}, "30"),
        (SAID, {"seconds": 20.0}, "3 s"),
        (SAID, {"sample": np.zeros(2 * RATE, np.float32), "seconds": 2.0}, "3 s"),
        (SAID, {"sample": np.zeros(0, np.float32)}, "no sound"),
        (SAID, {"sample": np.full(100, np.nan, np.float32)}, "no sound"),
        (SAID, {"sample": np.zeros(16 * RATE, np.float32)}, "15 s"),
        (SAID, {"sample": "any"}, "no sound"),
    ],
)
def test_what_it_cannot_do_is_refused(said, values, found):
    with pytest.raises(BadInput, match=found):
        music.make(said, card="tinymusicgen", **values)


def test_the_advice_works():
    with pytest.raises(BadInput, match="seconds=2 at most"):
        music.make(SAID, card="tinymusicgen", sample=np.zeros(RATE, np.float32))
    assert len(music.make(SAID, card="tinymusicgen", sample=np.zeros(RATE, np.float32), seconds=2.0).data) == 3 * RATE


def test_the_plan_counts_what_the_class_holds():
    plan = music.plan_for(SAID, card="tinymusicgen")
    model = music.engine(plan).model
    facts = plan.card.facts
    assert sum(weights.numel() for weights in model.parameters()) == facts.parameters
    decoder = model.config.decoder
    assert facts.cache_width == decoder.num_hidden_layers * decoder.hidden_size
    assert plan.prediction["peak"].value > facts.parameters * 4


def test_a_broken_model_is_refused(tmp_path):
    with pytest.raises(CannotLoad):
        MusicgenEngine(cards.get("tinymusicgen"), tmp_path)
    with pytest.raises(CannotLoad, match=r"assets\.train\.tinymusicgen reader"):
        Listener(tmp_path)


def test_the_listener_hears_true_clips():
    wishes = [
        SoundWish("bell", "slow", "high", "falling", "minor"),
        SoundWish("flute", "fast", "low", "rising", "major"),
    ]
    found = Listener().read([render(wish, 2) for wish in wishes])
    assert found == [dict(wish.items()) for wish in wishes]
