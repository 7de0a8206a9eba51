"""Lab 07's pictures and widgets say what they were made from, and hold no stranger's markup."""

import json
from dataclasses import replace

import numpy as np
import pytest

from aigc_kit import music
from aigc_kit.core.errors import MissingExtra
from aigc_kit.teach import lab07
from aigc_kit.teach.labs.lab07 import widgets
from aigc_kit.worlds import sounds
from aigc_kit.worlds.tunes import TuneWish


@pytest.fixture(scope="module")
def take():
    return music.make("快速，羽调式，二四拍", card="tunes", seed=1)


def test_rolls_count_the_notes(take):
    picture = lab07.rolls([take, music.tune_in(take)], ["甲", "乙"])
    notes = sum(note.pitch is not None for note in music.tune_in(take).notes)
    assert [row["notes"] for row in picture.rows] == [notes, notes]


def test_a_player_has_a_head_a_sound_and_its_maker(take):
    page = lab07.player(take, "<b>题目</b>")
    assert 'class="head"' in page.html and "data:audio/" in page.html and "AI 生成" in page.html
    assert "<b>题目" not in page.html
    assert page.html.count("<rect") == sum(note.pitch is not None for note in music.tune_in(take).notes)
    assert page.rows[0]["loudness"] == pytest.approx(lab07.loudness(take.data))


def test_asked_lies_beside_heard(take):
    rows = {row["what"]: row for row in lab07.asked(take).rows}
    assert rows["调式"]["asked"] == "羽调式" and rows["曲式"]["right"] is None
    assert rows["调式"]["right"] == (take.labels["heard"].get("mode") == "yu")


def test_a_keyboard_takes_notes_and_falls_back_to_its_example():
    keys = lab07.Keyboard("60:4 62:4")
    assert keys.motif == "60:4 62:4"
    keys.press(None)
    assert keys.motif == "60:4 62:4"  # rests alone are no motif
    keys.press(67)
    keys.length.value = "半拍"
    keys.press(69)
    assert keys.motif == "r:4 67:4 69:2"
    for _ in range(40):
        keys.press(60)
    assert len(keys.tokens) == 24
    assert json.dumps(keys.html().rows)
    keys.clear()
    assert keys.motif == "60:4 62:4"


def test_a_vote_is_blind_and_counts(take):
    quiet = replace(take, data=take.data * np.float32(0.5))
    vote = lab07.Vote([(("一", take), ("二", quiet)), (("一", take), ("二", quiet))], seed=3)
    assert "一" not in vote.html().text.replace("一对", "")
    vote.choose(0)
    vote.choose(0)
    vote.choose(0)  # no more pairs
    assert sum(vote.counts().values()) == 2
    assert vote.counts()["一"] == [pair[0][0] for pair in vote.pairs].count("一")


def test_shares_are_those_that_were_counted():
    wishes, composed = lab07.held_tunes(6, seed=4)
    found = lab07.obeyed(wishes, composed)
    assert all(share.share == 1 for share in found if share.what in ("bars", "mode", "metre"))
    spoilt = [TuneWish(mode="gong" if wish.mode != "gong" else "yu", metre=wish.metre) for wish in wishes]
    assert {share.what: share.share for share in lab07.obeyed(spoilt, composed)}["mode"] == 0
    picture = lab07.shares({"一": found, "二": found})
    assert len(picture.rows) == 2 * len(found)


def test_figures_hold_their_numbers():
    assert lab07.field([1, 2, 4]).rows[-1]["field"] == 8
    assert [row["value"] for row in lab07.metric([0, 0.5], [1.0, 2.0], "距离").rows] == [1.0, 2.0]
    assert lab07.spectra([np.zeros(24000, np.float32)], ["静"]).rows[0]["seconds"] == 1
    assert len(lab07.history().rows) == len(widgets.HISTORY)


def test_a_sound_says_what_was_asked_and_heard():
    take = music.make("长笛，慢速，低音，上行，大调", card="tinymusicgen", seed=3)
    rows = lab07.asked(take).rows
    assert [row["what"] for row in rows] == ["乐器", "快慢", "音区", "走向", "调式"]
    assert rows[0]["asked"] == "长笛" and sum(row["right"] for row in rows) >= 4
    assert "钢琴卷帘" not in lab07.player(take, "长笛").html


def test_sounds_in_batches_are_read():
    hopes, true = lab07.some_sounds(6, seed=3)
    listener = sounds.listener()
    assert all(share.share == 1 for share in lab07.told(hopes, listener.read(true)))
    engine = music.engine(music.plan_for("长笛", card="tinymusicgen"))
    waves = lab07.sound_batch(engine, hopes)
    assert [wave.shape for wave in waves] == [(48_000,)] * 6
    found = lab07.told(hopes, listener.read(waves))
    assert sum(share.share * share.total for share in found) >= 0.8 * sum(share.total for share in found)


def test_codes_are_drawn_and_counted():
    picture = lab07.codes(np.array([[1, 1, 2], [5, 6, 7]]), ["一", "二"])
    assert list(picture.rows) == [{"title": "一", "different": 2}, {"title": "二", "different": 3}]


def test_folk_songs_come_from_their_package_alone(monkeypatch):
    from aigc_kit.teach.labs.lab07 import folk

    monkeypatch.setattr(folk, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"aigc-kit\[folk\]"):
        lab07.folk_songs()


def test_a_copy_learns_and_the_model_stays():
    _, composed = lab07.held_tunes(12, seed=5)
    engine = music.engine(music.plan_for("大调", card="tunes"))
    before = lab07.surprise(engine, composed)
    own = lab07.copied(engine)
    losses = [step.loss for step in lab07.learn(own, composed, 4)]
    assert len(losses) == 4 and lab07.surprise(own, composed) < before
    assert lab07.surprise(engine, composed) == before
