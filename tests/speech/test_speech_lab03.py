"""Lab 03: what it shows is escaped and small, its sliders say why they are off, its checks know right from wrong."""

import base64
import re

import numpy as np
import pytest
from core_models import require_card

from aigc_kit import cards, speech
from aigc_kit.core.errors import MissingExtra
from aigc_kit.core.types import Budget, Cost, FrozenMap, Phase, Request, Take
from aigc_kit.core.units import GIB
from aigc_kit.make.run import resolve as plan
from aigc_kit.make.speech.settings import CONTROLS
from aigc_kit.media import wav
from aigc_kit.teach.labs import lab03
from aigc_kit.teach.labs.lab03 import checks

HOSTILE = '<script>alert("x")</script>'
LAPTOP = Budget("cpu", "a laptop", 8 * GIB, 16 * GIB, 8 * GIB, 100 * GIB)


def buzz(seconds=1.0, frequency=200):
    t = np.arange(round(seconds * 24_000)) / 24_000
    return (0.3 * np.sign(np.sin(2 * np.pi * frequency * t)) * np.hanning(len(t))).astype(np.float32)


def made(wave, **labels):
    cost = Cost((Phase("synthesise", 0.5, None, "measured"),))
    request = plan(Request("baker", HOSTILE), LAPTOP, cards.get("baker"))
    return Take("speech", wave, request, cost, FrozenMap(voice=HOSTILE, segments=((HOSTILE, 0.0, 1.0),), **labels))


def test_words_in_players_and_tables_are_escaped():
    take = made(buzz(0.5))
    for shown in (
        lab03.player(take, HOSTILE),
        lab03.ab(take, take, (HOSTILE, "B")),
        lab03.measures({HOSTILE: take}),
        lab03.changes(speech.normalise(HOSTILE)),
        lab03.readings(speech.syllables("你好"), speech.syllables("你好", sandhi=False)),
    ):
        assert "<script>" not in shown._repr_html_()
        assert repr(shown)


def test_the_sound_of_a_player_is_small_and_is_that_sound():
    wave = buzz(3.0)
    kind, data = lab03.compressed(wave)
    assert kind == "audio/mpeg"
    assert len(data) < len(wav.to_bytes(wave)) / 10
    embedded = re.search(r'src="data:audio/mpeg;base64,([^"]+)"', lab03.player(made(wave)).html)
    assert base64.b64decode(embedded[1]) == data
    back = decode(data)
    assert len(back) / 24_000 == pytest.approx(3.0, abs=0.15)
    assert np.sqrt((back**2).mean()) == pytest.approx(np.sqrt((wave**2).mean()), rel=0.2)


def decode(data):
    import subprocess

    import imageio_ffmpeg

    command = [
        imageio_ffmpeg.get_ffmpeg_exe(),
        "-v",
        "error",
        "-i",
        "-",
        "-f",
        "s16le",
        "-ar",
        "24000",
        "-ac",
        "1",
        "-",
    ]
    done = subprocess.run(command, input=data, capture_output=True, check=True)
    return np.frombuffer(done.stdout, "<i2") / 32768


def test_without_ffmpeg_a_wav_is_embedded(monkeypatch):
    from aigc_kit.media.encode import ffmpeg

    def nowhere():
        raise RuntimeError("No ffmpeg exe could be found")

    monkeypatch.setattr("imageio_ffmpeg.get_ffmpeg_exe", nowhere)
    ffmpeg.program.cache_clear()
    wave = buzz(0.2)
    assert lab03.compressed(wave) == ("audio/wav", wav.to_bytes(wave))
    with pytest.raises(MissingExtra, match="IMAGEIO_FFMPEG_EXE"):
        ffmpeg.run(["-version"])


def test_pictures_are_pngs_that_say_what_they_show():
    take = made(buzz())
    cues = (("甲", "你好", 0.0, 0.4, 0.2, 0.21), ("乙", HOSTILE, 0.6, 1.0, None, None))
    for picture, words in (
        (lab03.sound(take), "1.00 秒"),
        (lab03.sounds([take, take], ["一", "二"]), "二：1.00 秒"),
        (lab03.timeline(made(buzz(), cues=cues, roles=("甲", "乙"))), "甲 0.0–0.4 秒"),
        (lab03.durations({"break": {0: take, 7: made(buzz(1.5))}}, "baker"), "7 → 1.50 秒"),
        (lab03.arrivals([0.2, 0.5], [("a", 0.0, 1.0), ("b", 1.2, 2.0)]), "第一段 0.20 秒"),
        (lab03.flow([("文字", "2 个字"), ("波形", "9 个样点")], ["声音"]), "文字（2 个字） → 波形（9 个样点）"),
    ):
        assert picture.png().startswith(b"\x89PNG")
        assert words in repr(picture)


def test_sliders_of_controls_that_the_voice_lacks_are_off_and_say_why(monkeypatch):
    require_card("baker")
    import IPython.display
    from ipywidgets.widgets.widget import _instances as widgets

    shown = []
    monkeypatch.setattr(IPython.display, "display", lambda *what, **more: shown.extend(what))
    engine = speech.engine(speech.plan_for("好", card="baker"))
    lab03.play(engine, "你好")
    panel = widgets[shown[0]["application/vnd.jupyter.widget-view+json"]["model_id"]]
    rows = [row.children for row in panel.children[1:]]
    off = {slider.description: reason.value for slider, reason in rows if slider.disabled}
    assert set(off) == {"口语化 oral", "笑声 laugh"}
    assert all("ChatTTS" in reason for reason in off.values())
    pitch = next(slider for slider, _ in rows if slider.description == "音高 pitch")
    assert (pitch.min, pitch.max) == (0.8, 1.2)
    before = shown[1].html
    pitch.value = 1.2  # a new sound is made; outside a notebook it is not shown
    assert before == shown[1].html


def test_the_table_of_controls_names_every_one():
    require_card("baker")
    engine = speech.engine(speech.plan_for("好", card="baker"))
    assert set(engine.has) == set(CONTROLS)
    words = lab03.controls(engine).text
    assert words.count("本工具的换算 |") == 1
    assert words.count("没有 |") == 2


def number(n):
    tens, ones = divmod(n, 10)
    said = "零一二三四五六七八九"
    return said[n] if n < 10 else (said[tens] if tens > 1 else "") + "十" + (said[ones] if ones else "")


def join(a, b, seconds):
    return np.concatenate([a, np.zeros(round(seconds * 24_000), np.float32), b])


RIGHT = {
    checks.a: number,
    checks.b: lambda t: 2 if t == 4 else 4,
    checks.c: join,
    checks.d: lambda s, n: s / (n / 24_000),
    checks.e: "[break_4][speed_2]",
}
WRONG = (
    (checks.a, lambda n: "一" + number(n) if 10 <= n < 20 else number(n), "开头的“一”"),
    (checks.a, lambda n: number(n) + "零" if n and n % 10 == 0 else number(n), "末尾的 0"),
    (checks.a, lambda n: n, "字符串"),
    (checks.b, lambda t: 4, "不是"),
    (checks.b, lambda t: 2, "不喝"),
    (checks.c, lambda a, b, s: np.concatenate([a, b]), "多少个样点"),
    (checks.c, lambda a, b, s: join(b, a, s), "顺序"),
    (checks.c, lambda a, b, s: np.concatenate([a, np.zeros(round(s * 24_000)), b]), "float32"),
    (checks.c, lambda a, b, s: np.concatenate([a, np.ones(round(s * 24_000), np.float32), b]), "不是静音"),
    (checks.d, lambda s, n: (n / 24_000) / s, "倒数"),
    (checks.d, lambda s, n: s / n, "一秒有多少个样点"),
    (checks.e, "[break_9]", "读不懂"),
    (checks.e, "[break_4]", "没有变慢"),
    (checks.e, "[speed_2]", "停顿"),
)


@pytest.mark.parametrize("check", RIGHT, ids=lambda check: check.name)
def test_right_answers_pass(check):
    require_card("baker")
    assert check(RIGHT[check]).passed


@pytest.mark.parametrize(("check", "answer", "hint"), WRONG)
def test_wrong_answers_get_a_hint_that_fits(check, answer, hint):
    require_card("baker")
    result = check(answer)
    assert not result.passed
    assert hint in result.hint


def test_an_abx_counts_and_says_what_guessing_would_do(monkeypatch):
    import IPython.display

    shown = []
    monkeypatch.setattr(IPython.display, "display", lambda *what, **more: shown.extend(what))
    a, b = made(buzz()), made(buzz(0.5))
    trial = lab03.Abx(a, b, trials=8, seed=5)
    trial.show()
    hidden = list(np.random.default_rng(5).integers(0, 2, 8))
    assert {0, 1} == set(hidden), "both are played"
    for at, index in enumerate(hidden):
        trial.answer(index if at < 7 else 1 - index)
    trial.answer(0)  # one too many
    assert trial.hits == 7 and len(trial.answers) == 8
    assert trial.chance() == pytest.approx(9 / 256)  # C(8, 7) + C(8, 8), by hand
    assert all(button.disabled for button in trial._buttons)


def test_an_abx_plays_what_it_hid():
    a, b = made(buzz()), made(buzz(0.5))
    sources = [uri for take in (a, b) for uri in re.findall(r'src="([^"]+)"', lab03.player(take).html)]
    trial = lab03.Abx(a, b, trials=6, seed=1)
    for hidden in np.random.default_rng(1).integers(0, 2, 6):
        players = re.findall(r'src="([^"]+)"', trial._page().html)
        assert players == [*sources, sources[hidden]]
        trial.answer(0)
    assert len(re.findall("<audio", trial._page().html)) == 2


def test_what_was_changed_left_out_and_ignored_stands_in_one_table():
    take = made(
        buzz(),
        changed=(("2", "两", "量词前读“两”"), ("[uv_break]", "", "停")),
        unspoken=(("😀", "表情"),),
        ignored=(("oral", HOSTILE),),
    )
    shown = lab03.handled(take)
    assert [row["did"] for row in shown.rows] == ["两", "（停顿）", "（不读）", "（没有作用）"]
    assert "口语化 oral" in shown.html and "<script" not in shown.html
