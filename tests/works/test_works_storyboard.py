"""Seconds add up, drafts can be spoken in the time, films are as long as their storyboard."""

import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, features

from aigc_kit.core.errors import BadInput
from aigc_kit.media.encode import read_frames
from aigc_kit.media.fonts import caption_font, write
from aigc_kit.media.stamp import facts_of
from aigc_kit.works import Shot, Storyboard, animatic, balanced, draft, from_rows, length, parse, sample, scenes
from aigc_kit.works import animatic as film
from aigc_kit.works.animatic import mix
from aigc_kit.works.storyboard import TO_WRITE, prompt


def board(*seconds, voice="一个洞。"):
    return Storyboard(tuple(Shot(f"图{i}", voice, "", s) for i, s in enumerate(seconds)), sum(seconds))


def test_the_sum_is_checked_and_the_difference_said():
    with pytest.raises(BadInput, match="add 1 s"):
        Storyboard((Shot("a", "", "", 30), Shot("b", "", "", 29)))
    with pytest.raises(BadInput, match=r"take away 2\.5 s"):
        Storyboard((Shot("a", "", "", 30), Shot("b", "", "", 32.5)))
    assert board(20, 40).starts == (0.0, 20.0)


def test_a_table_there_and_back():
    one = draft(sample())
    assert from_rows(one.table()) == one
    rows = one.table()
    rows[2]["秒"] = "很久"
    with pytest.raises(BadInput, match="shot 3"):
        from_rows(rows)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.floats(1, 600), min_size=1, max_size=40))
@example([600.0] * 3 + [31.7] * 20 + [1.0])  # rounding left 0.99 s to the last shot
@example([2.345] * 33 + [1.0])
def test_balancing_adds_up_and_leaves_every_shot_a_second(seconds):
    made = balanced([Shot("图", "", "", s) for s in seconds], 60)
    assert sum(shot.seconds for shot in made.shots) == pytest.approx(60, abs=0.005)
    assert min(shot.seconds for shot in made.shots) >= 0.99


@pytest.mark.parametrize("count", [1, 3, 8, 12])
def test_a_draft_keeps_the_order_and_can_be_spoken_in_a_minute(count):
    made = draft(sample(), count)
    assert len(made.shots) == count
    assert sum(length(shot.voice) for shot in made.shots) <= 4.6 * 60
    places = [sample().find(shot.voice[:6]) for shot in made.shots]
    assert places == sorted(places) and places[0] == 0


@settings(deadline=None, max_examples=60)
@given(st.text(alphabet="甜圈杯洞。！，\n？”“a1", max_size=400), st.integers(1, 12))
def test_any_text_gives_a_draft_or_says_that_there_is_none(text, count):
    try:
        made = draft(text, count)
    except BadInput:
        assert length(text) == 0
        return
    assert sum(shot.seconds for shot in made.shots) == pytest.approx(60, abs=0.005)
    assert all(shot.voice.strip() for shot in made.shots)


def test_a_models_table_is_read_and_its_seconds_are_balanced():
    answer = """好的：
| 镜头序号 | 画面描述 | 旁白 | 音效/音乐 | 秒 |
|---|---|---|---|---|
| 1 | 甜甜圈特写 | 看，一个洞。 | 鼓点 | 10 |
| 2 | 变成杯子 | 还是一个洞。 | 渐强 | 约20秒 |
"""
    made = parse(answer)
    assert [shot.picture for shot in made.shots] == ["甜甜圈特写", "变成杯子"]
    assert made.shots[1].seconds > made.shots[0].seconds
    with pytest.raises(BadInput, match="no row"):
        parse("我不会画表格。")


def test_the_prompt_holds_the_article_and_the_columns():
    asked = prompt("一篇文章", 6)
    assert "一篇文章" in asked and "6 个镜头" in asked and "音效/音乐" in asked


def test_retiming_gives_each_voice_its_room():
    made = board(20, 20, 20).retimed([25.0, 1.0, 0.0])
    assert made.shots[0].seconds >= 25.4
    assert sum(shot.seconds for shot in made.shots) == pytest.approx(60, abs=0.005)
    with pytest.raises(BadInput, match="voice alone takes"):
        board(20, 20, 20).retimed([30.0, 30.0, 30.0])


def test_subtitles_are_escaped_webvtt():
    lines = board(61.5, 3, voice="a --> b <script>").subtitles().splitlines()
    assert lines[0] == "WEBVTT"
    assert lines[2] == "00:00:00.000 --> 00:01:01.500"
    assert lines[3] == "a → b &lt;script>"


def test_voices_stand_where_their_shots_begin():
    one = board(1, 2, 1)
    track, overrun = mix(one, [np.full(500, 0.5, np.float32), None, np.full(1500, 0.25, np.float32)], rate=1000)
    assert len(track) == 4000 and track.dtype == np.float32
    assert np.all(track[:500] == 0.5) and not track[500:3000].any() and np.all(track[3000:] == 0.25)
    assert overrun == {3: 0.5}


def test_a_mix_never_clips():
    loud, _ = mix(board(2), [np.ones(2000, np.float32)], 1000, music=np.ones(10, np.float32))
    assert np.abs(loud).max() == pytest.approx(0.95, abs=1e-6)


def test_the_film_is_as_long_as_its_storyboard(tmp_path):
    pictures = [np.full((90, 160, 3), value, np.uint8) for value in (250, 10)]
    one = Storyboard((Shot("白", "第一句。", "", 1.3), Shot("黑", "", "", 1.27)), 2.57)
    tone = 0.3 * np.sin(np.arange(24000) * 0.05).astype(np.float32)
    seen = []
    made = animatic(
        tmp_path / "film.mp4", one, pictures, [tone, None], size=(160, 90), on_frame=lambda *at: seen.append(at)
    )
    assert made.facts.fps == 12
    assert abs(made.facts.seconds - 2.57) < 0.2
    assert abs(made.facts.sound_seconds - 2.57) < 0.2
    assert (made.facts.width, made.facts.height) == (160, 90)
    assert seen[-1] == (made.facts.frames, made.facts.frames)
    shots = list(read_frames(tmp_path / "film.mp4"))
    assert shots[0][:30].mean() > 200 and shots[-1].mean() < 40
    assert made.subtitles.read_text(encoding="utf-8").startswith("WEBVTT")
    assert made.overrun == {}


def test_pictures_move(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (270, 480, 3), dtype=np.uint8)
    animatic(tmp_path / "film.mp4", board(1.0, voice=""), [noise], size=(160, 90))
    first, *_, last = read_frames(tmp_path / "film.mp4")
    assert np.abs(first.astype(int) - last).mean() > 5


def test_without_a_chinese_font_there_are_no_boxes(tmp_path, monkeypatch):
    from importlib import import_module

    module = import_module("aigc_kit.media.fonts")
    monkeypatch.setattr("aigc_kit.media.fonts.system_font", lambda: None)
    monkeypatch.setattr(module.fetch, "find", lambda card: None)
    grey = np.full((90, 160, 3), 128, np.uint8)
    made = film(tmp_path / "film.mp4", board(1.0), [grey], size=(160, 90))
    assert made.captions is False
    (frame,) = [frame for index, frame in enumerate(read_frames(tmp_path / "film.mp4")) if index == 3]
    assert np.ptp(frame.astype(int)) < 12
    assert "一个洞" in made.subtitles.read_text(encoding="utf-8")


def test_captions_have_the_comma_of_simplified_chinese():
    """Lower left, where Traditional Chinese has it in the middle."""
    font = caption_font(80)
    if font is None or not features.check("raqm"):
        pytest.skip("no Chinese font, or a Pillow that does not choose among its forms")
    strip = Image.new("L", (100, 100))
    write(ImageDraw.Draw(strip), (10, 10), "，", fill=255, font=font, anchor="lt")
    wide = Image.new("L", (300, 120))
    write(ImageDraw.Draw(wide), (0, 0), "口，口", fill=255, font=font)
    rows, columns = np.nonzero(np.asarray(wide)[:, 80:160])
    assert strip.getbbox() and columns.max() < 40 and rows.min() > 60


def test_a_film_that_leaves_its_page_says_that_an_ai_helped(tmp_path):
    if caption_font(20) is None:
        pytest.skip("no Chinese font on this machine")
    grey = np.full((180, 320, 3), 128, np.uint8)
    plain = film(tmp_path / "a.mp4", board(1.0, voice=""), [grey], size=(320, 180))
    marked = film(tmp_path / "b.mp4", board(1.0, voice=""), [grey], size=(320, 180), badge="含 AI 生成")
    frames = [next(read_frames(made.path)).astype(int) for made in (plain, marked)]
    changed = np.abs(frames[0] - frames[1]).max(axis=2) > 20
    assert changed[:30, 240:].any() and not changed[40:].any() and not changed[:, :160].any()
    assert facts_of(marked.path.read_bytes(), "video/mp4")["Comment"] == "含 AI 生成"


def test_a_draft_says_what_is_seen_in_whole_clauses():
    for shot in draft(sample()).shots:
        picture = shot.picture.removeprefix(TO_WRITE)
        assert 1 < len(picture) <= 24 and picture[-1] not in "，。：“"


@pytest.mark.parametrize("arguments", [{"size": (161, 90)}, {"pictures": []}, {"voices": [None, None]}])
def test_wrong_arguments_leave_no_file(tmp_path, arguments):
    given = {"pictures": [np.zeros((9, 16, 3), np.uint8)], "size": (160, 90), **arguments}
    with pytest.raises(BadInput):
        animatic(tmp_path / "film.mp4", board(1.0), given.pop("pictures"), given.pop("voices", ()), **given)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("cell", "seconds"),
    [
        ("5", 5), ("5秒", 5), ("5.5 s", 5.5), ("5sec", 5), ("5 seconds", 5), ("约5秒", 5), ("00:05", 5), ("0:05", 5),
        ("00:00:05", 5), ("1:05", 65), ("0-7s", 7), ("7-15s", 8), ("7s-15s", 8), ("0~7秒", 7), ("0:07～0:15", 8),
        ("00:07-00:15", 8), ("00:00:07 – 00:00:15", 8), ("第7到15秒", 8), ("7至15", 8), ("1分10秒", 70), ("1分钟", 60),
        ("**8**", 8), ("（8秒）", 8), ("8″", 8), ("0—2.5s", 2.5), ("5秒钟", 5), ("20秒左右", 20), ("大约20秒", 20),
        ("前20秒", 20), ("每镜20秒", 20), ("20秒/镜", 20), ("五秒", 5), ("二十秒", 20), ("十二秒", 12), ("半分钟", 30),
        ("0.5分", 30), ("1分半钟", 90), ("5000ms", 5), ("3,5秒", 3.5), ("0'00-0'20", 20), ("0′10″-0′25″", 15),
        ("0s→7s", 7), ("0s->7s", 7), ("时长：8秒", 8), ("≈8s", 8), ("最多8秒", 8), ("5s（慢镜头）", 5), ("12:30", 750),
    ],
)  # fmt: skip
def test_lengths_as_models_write_them(cell, seconds):
    ratio = 0.25
    answer = f"| 1 | 洞 | 看 | 鼓 | {cell} |\n| 2 | 杯 | 看 | 鼓 | {min(seconds, 600) * ratio + 1} |"
    total = min(seconds, 600) * (1 + ratio) + 1
    assert parse(answer, total).shots[0].seconds == pytest.approx(min(seconds, 600), abs=0.01)


@pytest.mark.parametrize(
    "row",
    [
        "| 镜头序号 | 画面描述 | 旁白 | 音效 | 时长（共60秒） |", "| 镜号 | 画面 | 旁白 | 音效/音乐 | 时长(s) |",
        "| 序号 | 画面 | 旁白 | 音乐 | 秒（总60） |", "|---|:---:|---|---|---|", "| 合计 | - | - | - | 60 |",
        "| 总计 | 共 2 个镜头 | | | 60秒 |", "| **合计** | 全片 | | | 60 |", "| Total | all | | | 60s |",
        "| | 合计 | | | 60 |", "| No. | Picture | Voice | Sound | Seconds (60 in all) |",
    ],
)  # fmt: skip
def test_headers_and_sums_are_no_shots(row):
    board = parse(f"{row}\n| 1 | 洞 | 看 | 鼓 | 20 |\n| 2 | 杯 | 看 | 鼓 | 40 |\n")
    assert [(shot.picture, shot.seconds) for shot in board.shots] == [("洞", 20), ("杯", 40)]


@pytest.mark.parametrize("cell", ["很快", "—", "", "若干秒", "转场", "5秒或更长一些"])
def test_a_shot_without_a_length_is_named_and_never_dropped(cell):
    table = f"| 1 | 洞 | 看 | 鼓 | 20 |\n| 2 | 杯 | 看 | 鼓 | {cell} |\n| 3 | 杯 | 看 | 鼓 | 20 |"
    with pytest.raises(BadInput, match=r"line 2: .*杯") as caught:
        parse(table, 60)
    for advised in re.findall(r"5秒|0:05|0-5s", caught.value.todo):
        assert len(parse(table.replace(f"| {cell} |", f"| {advised} |"), 60).shots) == 3


def test_a_header_in_the_middle_is_no_shot():
    head = "| 镜号 | 画面 | 旁白 | 音效 | 时长 |\n| --- | :---: | --- | --- | --- |\n"
    board = parse(f"{head}| 1 | 洞 | 看 | 鼓 | 20 |\n{head}| 2 | 杯 | 看 | 鼓 | 40 |\n", 60)
    assert [shot.seconds for shot in board.shots] == [20, 40]
    with pytest.raises(BadInput, match=r"line 2: .*尾声"):
        parse("| 1 | 洞 | 看 | 鼓 | 20 |\n| 尾声 | 杯 | 看 | 鼓 | 很短 |", 60)


def test_from_three_to_five_seconds_is_no_span_of_time():
    rows = [f"| {n} | 洞 | 看 | 鼓 | {cell} |" for n, cell in enumerate(("3-5秒", "8-12秒", "4～8秒"), 1)]
    assert [shot.seconds for shot in parse("\n".join(rows), 20).shots] == pytest.approx([4, 10, 6], abs=0.01)
    times = [f"| {n} | 洞 | 看 | 鼓 | {cell} |" for n, cell in enumerate(("第1-5秒", "第6-10秒", "第11-20秒"), 1)]
    assert [round(shot.seconds) for shot in parse("\n".join(times), 17).shots] == [4, 4, 9]


def test_a_span_that_runs_backwards_names_its_line():
    with pytest.raises(BadInput, match=r"(?s)line 2: \| 2 \| 杯.*span of -8 s.*before the end"):
        parse("| 1 | 洞 | 看 | 鼓 | 0-7s |\n| 2 | 杯 | 看 | 鼓 | 15-7s |")


def test_a_draft_marks_its_pictures_as_not_yet_written():
    board = draft("早餐桌上有一个甜甜圈。数学家说：“我的咖啡杯。”", 2)
    assert all(shot.picture.startswith(TO_WRITE) for shot in board.shots)
    again = board.pictured(["甜甜圈特写", "咖啡杯特写"])
    assert [shot.picture for shot in again.shots] == ["甜甜圈特写", "咖啡杯特写"]
    assert [shot.voice for shot in again.shots] == [shot.voice for shot in board.shots]
    with pytest.raises(BadInput, match=r"(?s)1 descriptions.*one for each shot"):
        board.pictured(["甜甜圈"])


def test_scenes_show_what_the_sentence_tells():
    lines = ["早餐桌上有一个甜甜圈。", "不许撕破，也不许粘合。", "撕一下，洞可能没了。", "粘一下，洞多了。"]
    lines += ["接着，按出一个坑。", "看，咖啡杯！", "碗没有把手。"]
    shown = scenes(lines, size=64, cell=0.12)
    words = [scene.words for scene in shown]
    assert "甜甜圈" in words[0] and words[0] == words[1], "a rule breaks nothing"
    assert "剪断" in words[2] and "1 → 0" in words[2] and "粘合" in words[3] and "2 → 2" in words[3]
    assert "坑" in words[4] and "咖啡杯" in words[5] and words[5] == words[6]
    assert all(scene.picture.shape == (64, 64, 3) for scene in shown)
    assert not np.array_equal(shown[0].picture, shown[2].picture)
