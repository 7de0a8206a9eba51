"""Tunes are what was wished, read by checkers that never see the plan; wishes are read from two languages."""

import random
from collections import Counter

import pytest

from aigc_kit.worlds import tunes
from aigc_kit.worlds.tunes import harmony, hearing
from aigc_kit.worlds.tunes.tune import SIXTEENTHS, Note, Tune, note_tokens

COUNT = 400


@pytest.fixture(scope="module")
def composed():
    draw = random.Random(20)
    wishes = [tunes.whole_wish(tunes.TuneWish(), draw) for _ in range(COUNT)]
    return [(wish, tunes.compose(wish, draw)) for wish in wishes]


def test_checkers_read_at_least_98_percent_of_composed_tunes(composed):
    right: Counter[str] = Counter()
    for wish, tune in composed:
        heard = tunes.hear(tune, wish.metre)
        right.update(name for name in tunes.CHOICES if getattr(heard.wish, name) == getattr(wish, name))
        right["bars"] += heard.bars_right == 1
        right["scale"] += heard.in_scale > 0.999
    for name in (*tunes.CHOICES, "bars", "scale"):
        assert right[name] >= 0.98 * COUNT, (name, right[name])


def test_every_value_of_every_quality_is_composed(composed):
    for name, values in tunes.CHOICES.items():
        assert {getattr(wish, name) for wish, _ in composed} == set(values)


def test_tokens_come_back_as_the_same_tune(composed):
    known = set(note_tokens())
    for _, tune in composed:
        tokens = tunes.tokens_of(tune)
        assert tunes.tune_of(tokens) == tune
        assert set(tokens) <= known


def test_wishes_are_read_from_both_languages(composed):
    for wish, _ in composed[:100]:
        for language in ("zh", "en"):
            reading = tunes.read_wish(tunes.caption(wish, language, random.Random(1)))
            assert reading.wish == wish


@pytest.mark.parametrize(
    ("text", "wish", "dropped"),
    [
        ("欢快的羽调式，二四拍", {"mode": "yu", "metre": "2/4", "tempo": "fast"}, "的"),
        ("a slow waltz in minor", {"mode": "minor", "metre": "3/4", "tempo": "slow"}, "a in"),
        ("江南的摇篮曲", {"metre": "6/8", "region": "jiangnan"}, "的"),
        ("大调还是小调", {"mode": "major"}, "还是小调"),
        ("摇滚", {}, "摇滚"),
        ("", {}, ""),
    ],
)
def test_words_of_learners(text, wish, dropped):
    reading = tunes.read_wish(text)
    assert dict(reading.wish.items()) == wish
    assert reading.dropped == dropped


def test_hand_made_cases():
    bars = tuple((Note(p, 4), Note(q, 4)) for p, q in ((60, 62), (64, 67), (69, 67), (64, 60)))
    tune = Tune(bars, (4,), 60)
    heard = tunes.hear(tune)
    assert (heard.wish.mode, heard.wish.metre, heard.wish.tempo, heard.wish.span) == ("gong", "2/4", "slow", "narrow")
    assert heard.bars_right == 1
    assert tune.seconds == 8  # eight quarters at 60 a minute
    assert tunes.jianpu(tune.notes) == "1 2 3 5 6 5 3 1"
    assert tunes.jianpu([Note(74, 2), Note(55, 8), Note(None, 4), Note(66, 4)]) == "2'_ 5, - 0 #4"
    broken = Tune((*bars[:3], (Note(60, 3),)), (4,), 60)
    assert tunes.hear(broken, "2/4").bars_right == 0.75


def test_a_waltz_is_no_jig():
    waltz = Tune(((Note(60, 4), Note(62, 4), Note(64, 4)),) * 4, (4,), 90)
    jig = Tune(((Note(60, 4), Note(62, 2), Note(64, 4), Note(62, 2)),) * 4, (4,), 90)
    assert (hearing.metre_of(waltz), hearing.metre_of(jig)) == ("3/4", "6/8")


@pytest.mark.parametrize("tokens", [[], ["|"], ["/", "/"], ["=92"], ["60:4"], ["nonsense", "<s>"], ["r:4", "|"]])
def test_whatever_a_model_writes_is_read(tokens):
    tune = tunes.tune_of(tokens)
    heard = tunes.hear(tune)
    assert 0 <= heard.bars_right <= 1
    assert heard.wish.mode is None


def test_a_composer_is_repeatable():
    first, second = (tunes.compose(tunes.whole_wish(tunes.TuneWish(), draw), draw) for draw in (random.Random(4),) * 2)
    again = tunes.compose(tunes.whole_wish(tunes.TuneWish(), random.Random(4)), random.Random(4))
    assert first != second
    assert isinstance(again, Tune)


def test_second_voices_rest_and_keep_to_the_scale(composed):
    for _, tune in composed[:150]:
        (voice,) = tunes.accompany(tune, "second")
        found = tunes.consonance(tune, voice)
        assert found.rest == 1
        assert [[n.length for n in bar] for bar in voice] == [[n.length for n in bar] for bar in tune.bars]
    moving = sum(tunes.consonance(tune, tunes.accompany(tune, "second")[0]).parallels for _, tune in composed[:150])
    assert moving == 0


def test_chords_hold_more_of_the_tune_than_a_wrong_one(composed):
    own, other = 0.0, 0.0
    for _, tune in composed[:100]:
        voices = tunes.accompany(tune, "chords")
        lifted = [tuple(tuple(Note(n.pitch + 1, n.length) for n in bar) for bar in voice) for voice in voices]
        own += sum(tunes.consonance(tune, voice).rest for voice in voices)
        other += sum(tunes.consonance(tune, voice).rest for voice in lifted)
    assert own > other + 60  # of 300
    assert tunes.accompany(composed[0][1], "none") == []


def test_parallel_fifths_are_counted():
    tune = Tune(((Note(67, 4), Note(69, 4)),), (1,), 90)
    assert harmony.consonance(tune, ((Note(60, 4), Note(62, 4)),)).parallels == 1
    assert harmony.consonance(tune, ((Note(60, 4), Note(64, 4)),)).parallels == 0


def test_metres_have_whole_bars():
    assert SIXTEENTHS == {"2/4": 8, "3/4": 12, "4/4": 16, "6/8": 12}
