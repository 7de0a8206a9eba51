"""A work goes into a folder and comes back; hostile folders and names get nowhere; every part says who made it."""

import json
import struct
import wave as wave_file
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from aigc_kit import record
from aigc_kit.core.errors import BadInput, CannotWrite
from aigc_kit.media.encode import probe
from aigc_kit.media.stamp import facts_of, stamp
from aigc_kit.works import CRITERIA, LABELS, Part, Work, hints, make, table, write_page
from aigc_kit.worlds.tinyworld import clip


def png(size=(8, 8), colour=(200, 150, 20)):
    buffer = BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_work_comes_back_as_it_was(work, tmp_path):
    work.log("文字", "再短一点", "某模型", "好的")
    work.mark("text.right", 4, "核对过")
    path = work.save(tmp_path / "作品")
    back = Work.load(path.parent)
    assert [part.data for part in back.parts] == [part.data for part in work.parts]
    assert [(p.kind, p.origin, p.alt, p.title, p.label, p.maker, p.asked) for p in back.parts] == [
        (p.kind, p.origin, p.alt, p.title, p.label, p.maker, p.asked) for p in work.parts
    ]
    assert (back.topic, back.title, back.rounds, back.marks) == (work.topic, work.title, work.rounds, work.marks)
    assert back.parts[1].facts == {"width": 64, "height": 48}


def test_records_in_the_folder_match_their_files(work, tmp_path):
    work.save(tmp_path)
    sidecars = sorted(tmp_path.glob("*.record.json"))
    assert len(sidecars) == 3
    for path in sidecars:
        assert set(record.verify(path).values()) == {"same"}


def test_saving_again_leaves_no_old_parts(work, tmp_path):
    work.save(tmp_path)
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    work.remove("video")
    work.add("text", "新的文字，一个洞。", "person")
    work.save(tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert "notes.txt" in names
    assert not any(name.startswith("video") for name in names)
    assert sum(name.startswith("text") for name in names) == 1
    assert Work.load(tmp_path).text == "新的文字，一个洞。"


@pytest.mark.parametrize(
    "name", ["../secret.txt", "/etc/passwd", "text-0123456789abcdef.txt/../x", "work.json", 7, None]
)
def test_a_hostile_folder_cannot_name_files_elsewhere(work, tmp_path, name):
    path = work.save(tmp_path / "work")
    (tmp_path / "secret.txt").write_text("geheim", encoding="utf-8")
    data = json.loads(path.read_text(encoding="utf-8"))
    data["parts"][0]["file"] = name
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(BadInput, match="names files that no work has"):
        Work.load(path.parent)


def test_a_link_out_of_the_folder_is_not_followed(work, tmp_path):
    path = work.save(tmp_path / "work")
    outside = tmp_path / "outside.txt"
    outside.write_bytes(work.parts[0].data)
    inside = path.parent / work.parts[0].name
    inside.unlink()
    inside.symlink_to(outside)
    with pytest.raises(BadInput, match="is a link"):
        Work.load(path.parent)


def test_changed_and_garbled_folders_say_so(work, tmp_path):
    path = work.save(tmp_path)
    part = tmp_path / work.parts[0].name
    part.write_bytes(part.read_bytes() + b"!")
    with pytest.raises(BadInput, match="was changed"):
        Work.load(tmp_path)
    path.write_text("{", encoding="utf-8")
    with pytest.raises(BadInput, match="not JSON"):
        Work.load(tmp_path)
    path.write_text(json.dumps({"format": 1, "topic": "x"}), encoding="utf-8")
    with pytest.raises(BadInput, match="lacks or garbles"):
        Work.load(tmp_path)
    with pytest.raises(BadInput, match=r"no work\.json"):
        Work.load(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "name", ["../a.html", "/a.html", "a/b.html", "a\\b.html", "..html", "a.js", "", "x" * 300 + ".html"]
)
def test_a_page_cannot_leave_its_folder(work, tmp_path, name):
    with pytest.raises(BadInput, match="plain file name"):
        write_page(work, tmp_path / "out", name)
    assert not (tmp_path / "out").exists()


def test_titles_never_become_file_names(tmp_path):
    work = Work("../../etc/passwd", "<b>../x</b>")
    work.add("image", png(), "person", alt="../alt", title="../../title")
    work.save(tmp_path / "work")
    assert {path.name.split("-")[0] for path in (tmp_path / "work").iterdir()} == {"image", "work.json"}
    assert [path.name for path in tmp_path.iterdir()] == ["work"]


def test_each_origin_has_its_label(make_take, frames):
    assert make("text", "一个洞。", "person").label == "人工撰写，非模型生成"
    assert make("image", png(), "person", alt="黄").label == LABELS["person"]
    assert make("text", "一个洞。", "brought", credit="某网页").label.startswith("AI 生成")
    assert "AI" not in make("text", "一个洞。", "sample").label
    work = Work("洞")
    assert work.take(make_take("text", "一个洞。")).label == "AI 生成"


def test_what_a_program_put_together_says_that_an_ai_made_some_of_it(frames):
    part = make("video", (frames, 8), "mixed", alt="短片", credit="画面由程序计算，旁白由 baker 合成")
    assert part.by_ai and part.label == "含 AI 生成的声音或画面"
    assert facts_of(part.data, part.media)["Comment"] == part.label
    with pytest.raises(BadInput, match="nothing about the model"):
        make("video", (frames, 8), "mixed", alt="短片")


def test_the_label_stands_in_the_files(work):
    text, image, sound, clip = work.parts
    assert (text.media, image.media, sound.media, clip.media) == ("text/plain", "image/png", "audio/wav", "video/mp4")
    assert Image.open(BytesIO(image.data)).text["Comment"] == "AI 生成"
    assert facts_of(sound.data, sound.media)["Comment"] == "AI 生成"
    assert facts_of(sound.data, sound.media)["Source"] == "tiny-speech"
    assert facts_of(clip.data, clip.media)["Comment"] == "AI 生成"


def test_stamping_changes_no_pixel_no_sample_and_no_frame(work, frames, wave, tmp_path):
    _, image, sound, clip = work.parts
    assert np.array_equal(np.asarray(Image.open(BytesIO(image.data))), frames[0])
    with wave_file.open(BytesIO(sound.data)) as back:
        samples = np.frombuffer(back.readframes(back.getnframes()), "<i2")
    assert np.abs(samples / 32767 - wave).max() < 1e-4
    (tmp_path / "clip.mp4").write_bytes(clip.data)
    facts = probe(tmp_path / "clip.mp4")
    assert (facts.frames, facts.fps, facts.faststart) == (len(frames), 8, True)


def test_a_stamp_replaces_the_one_before(work):
    again = stamp(work.parts[2].data, "audio/wav", {"Comment": "程序计算"})
    assert facts_of(again, "audio/wav")["Comment"] == "程序计算"
    assert again.count(b"ICMT") == 1
    with pytest.raises(BadInput, match="unknown"):
        stamp(b"", "image/png", {"Author": "x"})
    with pytest.raises(CannotWrite, match="not a whole file"):
        stamp(b"RIFF" + struct.pack("<I", 99) + b"WAVEfmt " + struct.pack("<I", 99), "audio/wav", {"Comment": "x"})


@pytest.mark.parametrize(
    ("kind", "content", "origin", "words", "match"),
    [
        ("image", b"<svg onload=alert(1)>", "person", {"alt": "x"}, "bytes that begin"),
        ("image", png()[:40], "person", {"alt": "x"}, "does not open"),
        ("image", png(), "person", {}, "do not see it"),
        ("image", b"not there.png", "person", {"alt": "x"}, "bytes that begin"),
        ("image", "not there.png", "person", {"alt": "x"}, "no such file"),
        ("audio", png(), "person", {}, "bytes that begin"),
        ("text", b"\xff\xfe", "person", {}, "bytes that begin"),
        ("text", "", "person", {}, "0 bytes"),
        ("text", "字" * 400_000, "person", {}, "1,200,000 bytes"),
        ("text", "洞", "brought", {}, "nothing about the model"),
        ("text", "洞", "model", {}, "no record"),
        ("text", "洞", "magic", {}, "no such kind or origin"),
        ("image", np.zeros((4, 4)), "person", {"alt": "x"}, "float64"),
        ("audio", 3, "person", {}, "a int"),
    ],
)
def test_what_cannot_be_a_part_is_refused(kind, content, origin, words, match):
    with pytest.raises(BadInput, match=match):
        make(kind, content, origin, **words)


def test_a_part_whose_type_is_a_lie_is_refused():
    with pytest.raises(BadInput, match="another type"):
        Part("image", png(), "image/jpeg", "person", alt="x")


def test_keys_do_not_get_into_a_work(work, monkeypatch, tmp_path):
    monkeypatch.setenv("SAMPLE_API_KEY", "very-secret-value")
    with pytest.raises(BadInput, match="SAMPLE_API_KEY"):
        work.add("text", "我的 very-secret-value", "person")
    work.log("文字", "key=very-secret-value", "m")
    work.save(tmp_path)
    assert "very-secret" not in (tmp_path / "work.json").read_text(encoding="utf-8")
    assert "very-secret" not in str(work.prompts())


def test_parts_are_replaced_or_kept():
    work = Work("洞")
    work.add("text", "一", "person")
    work.add("text", "二", "person")
    assert work.text == "二"
    work.add("text", "三", "person", keep=True)
    assert work.text == "二\n\n三"


def test_no_topic_is_no_work():
    with pytest.raises(BadInput, match="no topic"):
        Work("  ")
    with pytest.raises(BadInput, match="201 characters"):
        Work("洞", "长" * 201)


def test_the_rubric_has_fifteen_lines_on_three_levels(work):
    assert len(CRITERIA) == 15
    assert [sum(c.name.startswith(k) for c in CRITERIA) for k in ("text", "image", "audio", "between", "whole")] == [
        3
    ] * 5
    assert {row["level"] for row in table(work)} == {"单一模态", "模态之间", "整体"}


def test_hints_are_measured(work):
    found = hints(work)
    assert "64×48" in found["image.craft"].words and found["image.craft"].usual is False
    assert found["whole.complete"].usual is True
    assert "各部分嵌入后约" in found["whole.complete"].words  # the whole page is larger: styles, a model, its script
    assert "旁白 1.0 秒，视频 1.0 秒" in found["between.rhythm"].words
    assert "每秒 3.0 字" in found["audio.pace"].words  # 一个洞 in one second
    assert found["between.style"].words
    assert hints(Work("洞"))["whole.complete"].usual is False


def test_a_picture_is_held_against_its_own_words(make_take, frames, monkeypatch):
    def line():
        return hints(work)["image.topic"]

    work = Work("洞")
    work.take(make_take("image", frames[:1], phrase="一个黄色的甜甜圈，霓虹风格"))
    monkeypatch.setattr(clip, "available", lambda: False)
    assert "没有 CLIP 模型" in line().words and line().usual is None
    seen = []

    def scores(images, texts):
        seen.extend(texts)
        return np.array([[0.5, *[0.1] * (len(texts) - 2), 0.9]])

    monkeypatch.setattr(clip, "available", lambda: True)
    monkeypatch.setattr(clip, "similarity", scores)
    assert "与“一个黄色的甜甜圈，霓虹风格” 0.50" in line().words and "排第 2" in line().words
    assert line().usual is False
    assert "一个黄色的咖啡杯，霓虹风格" in seen and len(set(seen)) == 12
    work.add("image", png(), "brought", alt="圆环", credit="某模型")
    assert "只懂小世界" in line().words


def test_loudness_is_that_of_the_standard(wave):
    from aigc_kit.works.measured import loudness

    tone = np.sin(2 * np.pi * 997 * np.arange(48000 * 3) / 48000)  # a full-scale tone near 1 kHz reads -3.01 LUFS
    assert loudness(tone, 48000) == pytest.approx(-3.01, abs=0.1)
    assert loudness(tone / 10, 48000) == pytest.approx(-23.01, abs=0.1)
    assert loudness(np.zeros(48000), 48000) is None
    assert loudness(wave[:100].astype(float), 24000) is None


@pytest.mark.parametrize(
    ("name", "points"), [("text.right", 6), ("text.right", 0), ("text.right", True), ("nothing", 3)]
)
def test_marks_that_are_none_are_refused(name, points):
    with pytest.raises(BadInput):
        Work("洞").mark(name, points)
