"""What lab 04 shows: players that hold a file that plays, tables and timelines that agree with the planner."""

import base64
import re
from types import SimpleNamespace

import numpy as np
import pytest

from aigc_kit import cards
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Cost, Plan, ReadWords, Request, Step, Take
from aigc_kit.core.units import GIB
from aigc_kit.make.run import resolve
from aigc_kit.media import encode
from aigc_kit.memory.plan import machines
from aigc_kit.teach.labs import lab04
from aigc_kit.worlds.tinyworld.motion import ClipSpec, film


@pytest.fixture(scope="module")
def clip():
    return film(ClipSpec("cat", "red", "sea", "day", "left"), 17, 64, 112, seed=2)


@pytest.fixture(scope="module")
def take(clip):
    card = cards.get("wan2.1-1.3b")
    request = Request(card.name, "<b>小猫</b>", seed=9, frames=17, fps=8, height=64, width=112, steps=1, guidance=1)
    plan = Plan(request, card, machines.a_gpu(8 * GIB), {}, {}, "sdpa", {}, {})
    kept = (("小猫", "subject", "cat"),)
    dropped = (("8k", "unknown"), ("的", "grammar"))
    words = ReadWords("一只小猫，8k", "一只小猫", 5, 511, phrase="一只小猫", kept=kept, dropped=dropped)
    return Take("video", clip, plan, Cost(()), {}, (words,))


def embedded(html, tmp_path):
    """Probes of the MP4 files in a page."""
    found = []
    for k, data in enumerate(re.findall(r"data:video/mp4;base64,([^\"']+)", html)):
        file = tmp_path / f"{k}.mp4"
        file.write_bytes(base64.b64decode(data))
        found.append(encode.probe(file))
    return found


def test_a_player_holds_the_clip_itself_and_says_who_made_it(take, tmp_path):
    made = lab04.player(take, "<i>标题</i>")
    (facts,) = embedded(made.html, tmp_path)
    assert (facts.width, facts.height, facts.frames, facts.fps) == (112, 64, 17, 8)
    assert (facts.codec, facts.pixel_format, facts.faststart) == ("h264", "yuv420p", True)
    assert "AI 生成" in made.html and "seed 9" in made.html
    assert "<i>" not in made.html and "&lt;i&gt;" in made.html
    assert made.html.count("data:image/webp") == 2  # the poster, and a row of frames that stays without a player
    assert "17 帧" in repr(made)


def test_frames_that_are_no_take_say_only_what_is_known(clip, tmp_path):
    made = lab04.players([(clip, 24), (clip, 8)], ["甲", "乙"], by="AI 生成 · 手写")
    assert [facts.seconds for facts in embedded(made.html, tmp_path)] == pytest.approx([17 / 24, 17 / 8])
    assert made.html.count("AI 生成 · 手写") == 2
    assert "AI 生成" not in lab04.player((clip, 8)).html
    with pytest.raises(BadInput, match="no frames"):
        lab04.player(Take("text", "x", SimpleNamespace(), Cost(())))


def test_the_scrubber_leaves_a_frame(clip, monkeypatch):
    from ipywidgets.widgets.widget import _instances as widgets

    shown = []
    monkeypatch.setattr("IPython.display.display", lambda item, **_: shown.append(item))
    lab04.scrub((clip, 16))
    bundle, frame = shown
    slider = widgets[bundle["application/vnd.jupyter.widget-view+json"]["model_id"]]
    assert (slider.min, slider.max, slider.value) == (0, 16, 8)
    assert "第 8 帧 / 共 17 帧，0.500 秒" in frame.html
    slider.value = 16  # nothing to replace outside a notebook, and no error


def test_words_say_what_was_kept_and_dropped(take):
    text = repr(lab04.words(take))
    assert "小猫 | 主体 | 留下" in text
    assert "8k |  | 丢掉：小世界里没有" in text
    assert "虚词" not in text


def test_readings_are_the_checkers(clip):
    text = repr(lab04.readings({"真片": (clip, 16), "静止": (np.repeat(clip[:1], 17, 0), 16)}))
    assert "真片 | 一只红色的小猫向左移动，在海边，白天" in text
    assert "静止 | 不像小世界里的短片" in text


def test_measures_react(clip):
    shaken = np.clip(clip + np.where(np.arange(17) % 2, 20, -20)[:, None, None, None], 0, 255).astype(np.uint8)
    rows = [line.split(" | ") for line in repr(lab04.measures({"原样": (clip, 16), "抖": (shaken, 16)})).splitlines()]
    assert float(rows[2][3]) > 5 * float(rows[1][3])
    assert lab04.consistency({"原样": (clip, 16), "抖": (shaken, 16)}).png()[:4] == b"\x89PNG"
    assert lab04.brightness({"原样": (clip, 16)}).png()[:4] == b"\x89PNG"


def test_the_ladder_shows_the_courses_rungs_and_our_plans():
    rows = [line.split(" | ") for line in repr(lab04.ladder((24, 8, 4))).splitlines()[1:4]]
    assert [row[1] for row in rows] == ["480×832，16 → 17 帧", "384×640，12 → 13 帧", "320×576，8 → 9 帧"]
    assert rows[0][2].startswith("装得下") and rows[2][2].startswith("装不下")
    for row, gib in zip(rows, (24, 8, 4), strict=True):
        made = resolve(
            Request("wan2.1-1.3b", "一只小狗", steps=20), machines.a_gpu(gib * GIB), cards.get("wan2.1-1.3b")
        )
        size = f"{made.request.height}×{made.request.width}×{made.request.frames}"
        assert row[3].startswith(size)
    assert "全部常驻，文本编码器在 CPU" not in str(rows) and "其余常驻，文本编码器在 CPU" in str(rows)


def test_placements_agree_with_the_planner():
    rows = {line.split(" | ")[0]: line.split(" | ") for line in repr(lab04.placements("RTX3060")).splitlines()[1:-1]}
    assert len(rows) == 5
    for name, fits in {"全部常驻": "装不下", "文本先在 CPU": "装得下"}.items():
        assert rows[name][2] == fits
    assert {row[4] for row in rows.values()} <= {"文本编码", "去噪", "解码"}
    peaks = [float(row[1].split()[0]) for row in rows.values()]
    assert peaks == sorted(peaks, reverse=True)
    assert lab04.timeline("RTX3060").png()[:4] == b"\x89PNG"


def test_progress_counts_down(monkeypatch):
    shown = []
    monkeypatch.setattr("aigc_kit.teach.labs.lab04.clips.Place", lambda: SimpleNamespace(put=shown.append))
    bar = lab04.Progress(every=2, decode=1.0)
    preview = SimpleNamespace(pixels=lambda: "pixels")
    for index in range(3):
        bar(Step(index, 4, "denoise", 2.0, preview))
    bar(Step(3, 4, "decode", 1.0, lambda: None))
    assert [html.text for html in shown] == [
        "第 1/4 步，还要约 5 秒",
        "第 2/4 步，还要约 3 秒",
        "第 3/4 步，还要约 1 秒",
        "第 4/4 步",
    ]
    assert bar.previews == {0: "pixels", 2: "pixels"}
