"""Lab 08's figures, tables and widgets say the numbers they were drawn from."""

import json

import numpy as np
import pytest
from PIL import Image

from aigc_kit.core.statistics import Share
from aigc_kit.promptlab import retrieval
from aigc_kit.teach import lab08
from aigc_kit.teach.labs.lab08 import experience, figures, widgets

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def gallery():
    return retrieval.Gallery.drawn(2, count=12)


@pytest.fixture(scope="module")
def index(gallery):
    filled = retrieval.ClipIndex(retrieval.towers())
    filled.add(gallery.ids, gallery.images)
    return filled


def test_the_matrix_says_how_many_texts_found_their_picture(gallery):
    table = np.eye(3) * 0.5
    table[2, 0] = 0.9
    picture = lab08.matrix(table, gallery.images[:3], ["一", "二", "三"])
    assert "2 句最像的是自己的图" in picture.words and picture.rows[2]["cosines"][0] == 0.9


def test_a_short_training_shows_its_tables():
    lesson = lab08.learned(steps=12, looks=(0, 12), count=70)
    assert len(lesson.losses) == 12 and lesson.losses[-1] < lesson.losses[0] < 6
    assert sorted(lesson.tables) == [0, 12] and lesson.tables[0].shape == (8, 8)
    assert lesson.first.count == 200 and lesson.first.held <= lesson.five.held
    rows = lab08.growth(lesson).rows
    assert rows[0]["diagonal"] == pytest.approx(lesson.tables[0].diagonal().mean())


def test_strategies_over_seeds_are_pooled():
    found = {"zh": lab08.spoken("zh", count=15, seeds=(0, 1)), "en": lab08.spoken("en", count=15, seeds=(0, 1))}
    first, five, seeds = found["zh"]["模板：一句话"]
    assert first.count == 30 and first.held == round(15 * sum(seeds)) and five.held >= first.held
    table = lab08.strategy_rows(found)
    assert len(table.rows) == 2 * len(retrieval.STRATEGIES) and "30 个查询" in table.text


def test_false_hits_are_counted_against_the_wish():
    rows = lab08.stream([0.5, 1.0], wishes=20, count=60)
    loose, exact = rows["换成世界里的说法"]
    assert exact[1].held == 0 and exact[0].held > 30, "only the very same words are a hit"
    assert loose[0].held >= exact[0].held and loose[1].held > 0
    picture = lab08.curves([0.5, 1.0], rows)
    assert picture.rows[-1] == {"way": "换成世界里的说法", "threshold": 1.0, "hits": exact[0].share, "false": 0.0}


def test_tables_of_times_say_what_cannot_be_bounded():
    text = lab08.latencies({"慢": np.arange(1, 101) / 1000}).text
    assert "50.50（40.00 到 61.00）" in text and "说不上" in text
    runs = experience.KeyValueRuns((2.0, 2.2), (1.9, 2.0), True, 14, 154, {"sdxl": 0.0078})
    assert "一模一样" in lab08.savings(runs).text and "3.77 秒" in lab08.savings(runs).text


def test_found_pictures_and_widgets(index, gallery, capsys, monkeypatch):
    matches = index.search(["一只小猫"], 3)[0]
    assert lab08.shown(gallery.images, matches, index.ids, "小猫").rows == tuple(matches)
    assert lab08.beside(gallery.images[:2], ["左", "右"]).words == "左；右"
    drawn = []
    monkeypatch.setattr(widgets, "follow", lambda controls, *draws: drawn.append((controls, draws)))
    lab08.look(index, gallery.images)
    lab08.threshold([0.9], {"原样": [(Share.of("命中", [True]), Share.of("命中里错的", [False]))]})
    (box,), (draw,) = drawn[0]
    assert len(draw().rows) == 5
    box.value = " "
    assert "怎么办" in draw().text
    assert "1 / 1" in drawn[1][1][0]().text


def test_pairs_are_those_of_the_card():
    picture = lab08.pair_shares()
    assert len(picture.rows) == 14 and lab08.promise().words == picture.words
    assert figures.recorded()["第二版"]["position"]["of"] == 500


def test_only_pictures_with_a_record_are_searched(tmp_path):
    (tmp_path / "02a").mkdir()
    for name in ("a", "b"):
        Image.new("RGB", (40, 40), "red").save(tmp_path / "02a" / f"{name}.png")
    (tmp_path / "02a" / "a.json").write_text(json.dumps({}))
    Image.new("RGB", (40, 40)).save(tmp_path / "08_growth.png")
    found = lab08.own_pictures(folder=tmp_path)
    assert list(found) == ["02a/a.png"] and found["02a/a.png"].shape == (40, 40, 3)
    assert lab08.own_pictures(folder=tmp_path / "none") == {}


def test_searches_are_timed_one_by_one(index):
    assert lab08.waits(index, ["一只小猫", "一只小狗"]).shape == (2,)
