"""What the gallery puts on show: players, the best of each lab by what it declares, works first, nothing twice."""

import base64
import io
import re
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from aigc_kit import record
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Figure
from aigc_kit.media import encode, wav
from aigc_kit.media.stamp import stamp
from aigc_kit.teach import labs
from aigc_kit.teach.labs import Exhibit
from aigc_kit.teach.notebooks import gallery, pieces
from aigc_kit.teach.notebooks.exhibition import costs, exhibition
from aigc_kit.works import Work

from .test_gallery import OK, Reader, make_take

PIXELS = np.arange(8 * 8 * 3, dtype=np.uint8).reshape(1, 8, 8, 3)


def png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def picture_take(pixels=PIXELS, **labels):
    return replace(make_take(**labels), kind="image", data=pixels)


def hall(out):
    return exhibition(out, *gallery.records_below(out))


@pytest.fixture
def film(tmp_path):
    """17 frames, grey levels 0, 15, ..., 240, 8 a second."""
    frames = np.stack([np.full((32, 48, 3), 15 * level, np.uint8) for level in range(17)])
    encode.mp4(tmp_path / "film.mp4", frames, 8)
    return (tmp_path / "film.mp4").read_bytes()


def test_a_film_keeps_its_bytes_and_shows_its_frames(film):
    piece = pieces.of_bytes("a.mp4", film, "一段短片")
    assert base64.b64decode(piece.source.partition(",")[2]) == film and piece.source.startswith("data:video/mp4;")
    assert piece.seconds == pytest.approx(17 / 8, abs=0.01) and (piece.width, piece.height) == (48, 32) and piece.small
    assert piece.times == pytest.approx([index / 8 for index in (0, 3, 6, 10, 13, 16)])
    with Image.open(io.BytesIO(base64.b64decode(piece.strip.partition(",")[2]))) as strip:
        row = np.asarray(strip.convert("L")).astype(int)
    assert row.shape == (32, 6 * 48)
    levels = [row[:, 48 * place + 8 : 48 * place + 40].mean() for place in range(6)]
    assert levels == pytest.approx([15 * index for index in (0, 3, 6, 10, 13, 16)], abs=12)  # H.264 and WebP both lose


def test_a_long_sound_is_carried_small_and_says_so():
    wave = np.sin(np.arange(24000 * 8) / 20).astype(np.float32) / 2
    piece = pieces.of_bytes("a.wav", wav.to_bytes(wave))
    assert piece.remade and piece.seconds == pytest.approx(8) and piece.source.startswith("data:audio/mpeg;")
    assert len(piece.source) < 100_000
    short = pieces.of_bytes("b.wav", wav.to_bytes(wave[:24000]))
    assert not short.remade and base64.b64decode(short.source.partition(",")[2]) == wav.to_bytes(wave[:24000])


@pytest.mark.parametrize("name", ["a.mp4", "a.wav", "a.png"])
def test_a_file_that_is_something_else_is_not_played(name):
    piece = pieces.of_bytes(name, b"<svg onload='x()'>")
    assert piece.source == "" and piece.poster == ""


def test_equal_pixels_are_one_picture_whatever_the_file_says():
    plain = png(PIXELS[0])
    stamped = stamp(plain, "image/png", {"Title": "另一个文件"})
    assert plain != stamped and pieces.described(stamped) == "另一个文件"
    assert pieces.of_bytes("a.png", plain).digest == pieces.of_bytes("b.png", stamped).digest
    assert pieces.of_bytes("a.png", plain).digest != pieces.of_bytes("c.png", png(PIXELS[0] + 1)).digest


@pytest.fixture
def out(tmp_path, film):
    """A topology work, whose picture a record and a loose file hold too, and a record of the first lab."""
    folder = tmp_path / "out"
    work = Work("拓扑学", "从甜甜圈到咖啡杯")
    work.add("text", "它们都有一个洞。", "person")
    work.take(picture_take(), title="发光的甜甜圈", alt="一个金色的环")
    work.add("video", film, "computed", title="变形", alt="甜甜圈变成杯子", credit="aigc-kit")
    work.add("audio", (np.zeros(24000, np.float32), 24000), "person", title="旁白", credit="我")
    story = folder / "05_topology" / "05_story"
    work.save(story)
    (story / "topology_story.html").write_text("<p>x</p>")
    record.save(picture_take(), folder / "05_topology", name="again", label="又一次")
    (folder / "05_topology" / "copy.png").write_bytes(png(PIXELS[0]))
    record.save(make_take("白日依山尽"), folder / "01_temperature", name="01_text", label="01 文字")
    (folder / "01_temperature" / "plot.png").write_bytes(stamp(png(PIXELS[0] + 9), "image/png", {"Title": "三条曲线"}))
    return folder


def test_the_work_comes_first_with_a_picture_and_players(out):
    first, *_ = hall(out).shown
    assert first.title == "从甜甜圈到咖啡杯" and first.number == "05" and first.wide
    assert [piece.kind for piece in first.pieces] == ["film", "picture", "sound"]
    assert first.pieces[0].poster and first.words == ("它们都有一个洞。",)
    assert first.links == (("打开整个网页", "05_topology/05_story/topology_story.html"),)
    assert "种子是 42" in first.chosen


def test_nothing_is_shown_twice_and_no_title_is_a_file_name(out):
    room = hall(out)
    every = [piece.digest for card in (*room.shown, *room.drawer) for piece in card.pieces]
    every += [piece.digest for views in room.pictures.values() for piece in views]
    assert len(every) == len(set(every)) == 5  # film, donut, narration, text, plot
    titles = [card.title for card in (*room.shown, *room.drawer)]
    assert titles == ["从甜甜圈到咖啡杯", "接着写：人工智能的未来"]
    assert not [title for title in titles if re.search(r"\.(png|json|record)|[0-9a-f]{8}", title)]
    page = gallery.write_gallery(out, (OK,)).read_text(encoding="utf-8")
    sources = re.findall(r'src="(data:[^"]+)"', page)
    assert len(sources) == len(set(sources))


def test_media_play_from_the_page_and_from_nowhere_else(out):
    page = gallery.write_gallery(out, (OK,)).read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1].replace("&#39;", "'")
    assert "media-src data:" in policy and "default-src 'none'" in policy and "script-src 'none'" in policy
    assert "unsafe-inline" not in policy and "style=" not in page
    tags = Reader(page).tags
    assert tags.count("video") == 1 and tags.count("audio") == 1 and "details" in tags


def test_a_lab_shows_what_it_declares_and_the_rest_lies_in_the_drawer(out, monkeypatch):
    record.save(make_take("别的"), out / "01_temperature", name="other", label="练习")
    room = hall(out)
    assert [card.title for card in room.drawer] == ["练习"]
    lessons = tuple(replace(lab, exhibits=()) for lab in labs.every())
    monkeypatch.setattr(labs, "every", lambda: lessons)
    assert {"01 文字", "练习"} <= {card.title for card in hall(out).shown}
    named = (replace(lessons[0], exhibits=(Exhibit("plot.png", "三条曲线", "全部画出"),)), *lessons[1:])
    monkeypatch.setattr(labs, "every", lambda: named)
    room = hall(out)
    assert ("三条曲线", "全部画出") in {(card.title, card.chosen) for card in room.shown}
    assert "01_temperature" not in room.pictures and {"01 文字", "练习"} <= {card.title for card in room.drawer}


def test_the_best_of_several_says_how_it_was_chosen(out):
    """Scores 2, 5, 3, 5 by hand: the first of the highest, the first draw and the mean beside it."""
    takes = [make_take(text) for text in ("甲", "乙", "丙", "丁")]
    marks = dict(zip("甲乙丙丁", (2, 5, 3, 5), strict=True))
    take, chosen = record.best(takes, lambda take: marks[take.data], "认对的词")
    assert take is takes[1] and chosen == "4 份里“认对的词”最高的一份：5；第一份 2，平均 3.75"
    record.save(take, out / "01_temperature", name="01_text", chosen=chosen)
    assert chosen in {card.chosen for card in hall(out).shown}
    with pytest.raises(BadInput, match="none"):
        record.best([], len, "长度")


def test_what_was_not_measured_shows_its_prediction():
    take = make_take()
    plan = replace(take.plan, prediction={"peak": Figure(4000, "B", "predicted", "rule", error=0.3)})
    rows = costs(record.build(replace(take, plan=plan, cost=replace(take.cost, phases=()))))
    assert rows[-1] == {
        "name": "内存峰值",
        "predicted": "3.91 KiB ±30%",
        "measured": "没有跟踪",
        "ratio": "",
        "verdict": "",
    }


def test_a_damaged_work_is_named_and_its_records_stay(out):
    story = out / "05_topology" / "05_story"
    (story / "work.json").write_text("{", encoding="utf-8")
    room = hall(out)
    assert [path.name for path, _ in room.broken] == ["work.json"]
    assert any(piece.kind == "picture" for card in (*room.shown, *room.drawer) for piece in card.pieces)


@pytest.mark.parametrize("rate", [Fraction(8), 7.5])
def test_times_of_the_strip_follow_the_rate(tmp_path, rate):
    encode.mp4(tmp_path / "a.mp4", np.zeros((9, 16, 16, 3), np.uint8), rate)
    piece = pieces.of_file(tmp_path / "a.mp4")
    assert piece.times[-1] == pytest.approx(8 / float(rate), rel=1e-3)
