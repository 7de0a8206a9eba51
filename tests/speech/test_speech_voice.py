"""The embedded voice, for real: what it says is measured."""

from itertools import pairwise

import numpy as np
import pytest
from core_models import require_card
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc_kit import cards, speech
from aigc_kit.core.errors import AigcError, BadInput, CannotLoad, NotOnDisk, UnknownName
from aigc_kit.make.speech import Segment, Settings, measures
from aigc_kit.make.speech.engines import fastspeech2
from aigc_kit.make.speech.frontend import syllables
from aigc_kit.make.speech.joins import BREAK_SECONDS, INLINE_SECONDS
from aigc_kit.media.wav import RATE
from aigc_kit.models import loaded

TEXT = "今天的天气真不错"
WALK = "今天的天气真不错，我们一起去公园散步，看看花，好不好？"
LONG = (
    "2024年，AI公司发布了新模型GPT-4o，它能听、能看、能说😀。从北京到上海约1,318km，高铁最快只要4.5小时，票价¥553起！"
    "今天气温-3~8℃，湿度45%，适合散步。请于14:30在门口见面，或拨打010-12345678。他说：“这道题的答案是1/2，而不是0.75。”"
    "班里有32名同学，其中2个人得了满分。Python和Java哪个好？谁知道呢……我们一起学习，一起进步；明天会更好👍。"
    "人工智能的未来发展将会改变每个人的生活，也会改变每一间教室：老师讲得更少，学生做得更多。科学家说，语言是思想的外衣。"
    "请慢慢地读，一个字一个字地读，听一听自己的声音；读完再听一遍，记下三处不同之处。"
)


@pytest.fixture(scope="module", autouse=True)
def baker():
    folder = require_card("baker")
    yield folder
    loaded.free("baker")


def say(text, **values):
    plan = speech.plan_for(text, card="baker", **values)
    return speech.run(plan)


def median_pitch(wave):
    return float(np.median(measures.voiced_pitch(wave)))


def test_the_course_sentence_is_spoken_by_a_female_voice():
    take = say(TEXT)
    found = measures.report(take.data)
    assert take.kind == "speech"
    assert take.data.dtype == np.float32
    assert 1.2 < found.seconds < 2.5  # eight syllables
    assert 180 < found.pitch < 350
    assert found.clipped == 0
    assert -30 < found.loudness < -15
    assert found.silence < 0.2
    assert "non-commercial" in take.labels["licence"]
    assert take.labels["origin"] == "AI 生成"
    assert take.labels["segments"] == ((TEXT, 0.0, len(take.data) / RATE),)


def test_the_same_text_gives_the_same_samples_also_after_loading_anew():
    first = say(TEXT).data
    say("别的话。")
    assert np.array_equal(say(TEXT).data, first)
    loaded.free("baker")
    assert np.array_equal(say(TEXT).data, first)


def test_a_long_passage_with_numbers_english_and_emoji_loses_nothing():
    assert len(LONG) >= 300
    steps = []
    plan = speech.plan_for(LONG, card="baker")
    take = speech.run(plan, on_step=lambda step: steps.append((step.total, len(step.preview()))))
    spans = take.labels["segments"]
    assert "".join(text for text, _, _ in spans) == LONG
    assert len(steps) == len(spans) == steps[0][0]
    assert [length for _, length in steps] == sorted(length for _, length in steps)
    assert steps[-1][1] == len(take.data)
    assert [u[0] for u in take.labels["unspoken"]] == ["😀", "-", "“", "”", "👍"] or "😀" in dict(
        take.labels["unspoken"]
    )
    said = sum(len(syllables(speech.normalise(text).spoken)) for text, _, _ in spans)
    length = sum(end - start for _, start, end in spans)
    assert 3.0 < said / length < 6.5  # syllables per second of speech
    assert np.isfinite(take.data).all()
    assert np.abs(take.data).max() <= 1
    assert measures.silence(take.data) < 0.35
    loud = [measures.loudness(take.data[round(a * RATE) : round(b * RATE)]) for _, a, b in spans if b - a > 0.6]
    assert max(loud) - min(loud) < 6  # even from sentence to sentence


@pytest.mark.parametrize("text", [TEXT, "今天天气好，我们去公园。明天呢？"])
def test_duration_rises_with_every_level_of_break(text):
    lengths = [len(say(text, breaks=level).data) for level in range(8)]
    assert all(b > a for a, b in pairwise(lengths))
    places = 1 if text == TEXT else 2  # the middle; a comma and a full stop
    assert lengths[7] - lengths[0] == pytest.approx(7 * places * BREAK_SECONDS * RATE, abs=2 * places)


def test_a_break_is_silence_and_leaves_the_sound_alone():
    without, broken = say(TEXT, breaks=0).data, say(TEXT, breaks=7).data
    quiet = np.flatnonzero(broken == 0)
    run = max(np.split(quiet, np.flatnonzero(np.diff(quiet) > 1) + 1), key=len)
    assert len(run) >= 7 * BREAK_SECONDS * RATE - 2
    assert np.array_equal(np.delete(broken, run[: len(broken) - len(without)])[: run[0] - 200], without[: run[0] - 200])


def test_duration_falls_with_every_step_of_speed():
    lengths = [len(say(TEXT, speed=level).data) for level in range(10)]
    assert all(b < a for a, b in pairwise(lengths))
    assert len(say(TEXT).data) == lengths[5]
    assert lengths[2] > lengths[5] > lengths[8]


def test_pitch_energy_and_intonation_do_what_they_say():
    plain = say(WALK).data
    assert median_pitch(say(WALK, pitch=1.15).data) / median_pitch(plain) == pytest.approx(1.15, abs=0.05)
    assert median_pitch(say(WALK, pitch=0.85).data) / median_pitch(plain) == pytest.approx(0.85, abs=0.05)
    rms = [float(np.sqrt((say(TEXT, energy=e).data ** 2).mean())) for e in (0.6, 1.0, 1.4)]
    assert rms[0] < rms[1] < rms[2]
    assert rms[0] / rms[1] == pytest.approx(0.6, abs=0.15)
    spread = [
        measures.report(say("今天天气真好，你去哪里呀？", intonation=i).data).pitch_range for i in (0.0, 1.0, 2.0)
    ]
    assert spread[0] < spread[1] < spread[2]


def test_what_is_out_of_the_voice_s_range_is_cut_and_said():
    plan = speech.plan_for(WALK, card="baker", pitch=1.9)
    assert plan.request.extra["pitch"] == 1.2
    assert (plan.changes[0].what, plan.changes[0].asked, plan.changes[0].given) == ("pitch", 1.9, 1.2)
    take = speech.run(plan)
    assert median_pitch(take.data) / median_pitch(say(WALK).data) == pytest.approx(1.19, abs=0.06)


def test_the_voices_differ_in_pitch():
    low, high = (median_pitch(say(WALK, voice=voice).data) for voice in ("baker-low", "baker-high"))
    assert high / low == pytest.approx(1.15 / 0.86, abs=0.1)


def test_inline_tokens_become_silences_and_a_laugh_is_reported():
    plain = say("今天天气好我们走吧")
    paused = say("今天天气好[lbreak]我们走吧[laugh]")
    extra = (len(paused.data) - len(plain.data)) / RATE
    assert extra == pytest.approx(INLINE_SECONDS["[lbreak]"], abs=0.01)
    assert ("[laugh]", "这个声音不会笑") in paused.labels["unspoken"]


def test_a_control_without_effect_is_told_and_changes_nothing():
    take = say(TEXT, oral=3, laugh=1, breaks=0)
    assert [name for name, _ in take.labels["ignored"]] == ["oral", "laugh"]
    assert [(c.what, c.asked, c.given) for c in take.plan.changes] == [("oral", 3, None), ("laugh", 1, None)]
    assert np.array_equal(take.data, say(TEXT).data)
    assert say(TEXT).labels["ignored"] == ()


def test_marks_are_the_ends_of_syllables():
    engine = speech.engine(speech.plan_for(TEXT, card="baker"))
    spoken = engine.speak(Segment(TEXT, TEXT), Settings())
    assert [at for at, _ in spoken.marks] == list(range(1, len(TEXT)))
    seconds = [second for _, second in spoken.marks]
    assert seconds == sorted(seconds)
    assert 0 < seconds[0] < seconds[-1] < len(spoken.wave) / RATE


def test_the_vocoder_in_chunks_gives_the_samples_of_the_whole(monkeypatch):
    engine = speech.engine(speech.plan_for(TEXT, card="baker"))
    mel, _ = engine.mel(syllables(LONG[-24:]), LONG[-24:], Settings())
    chunked = engine.vocode(mel)
    assert mel.shape[1] > fastspeech2.CHUNK
    monkeypatch.setattr(fastspeech2, "CHUNK", 10_000)
    np.testing.assert_allclose(chunked, engine.vocode(mel), atol=1e-5)  # other shapes: the last bits may differ
    assert len(chunked) == mel.shape[1] * fastspeech2.HOP


def test_more_syllables_than_the_model_takes_are_spoken_in_groups_even_slowly():
    text = "好" * 130
    engine = speech.engine(speech.plan_for(TEXT, card="baker"))
    spoken = engine.speak(Segment(text, text), Settings(speed=0))
    assert len(spoken.wave) / RATE > 130 * 0.2


def test_the_licence_is_said_when_the_voice_is_loaded(capsys, monkeypatch):
    from aigc_kit.make.speech import loading

    monkeypatch.setattr(loading, "_noticed", set())
    loaded.free("baker")
    say(TEXT)
    assert capsys.readouterr().out.count("非商业") == 1
    loaded.free("baker")
    say(TEXT)
    assert "非商业" not in capsys.readouterr().out


def test_changed_graphs_are_refused(tmp_path, baker):
    for file in cards.get("baker").sources[0].files:
        data = (baker / file.path).read_bytes()
        (tmp_path / file.path).write_bytes(data[:-1] + b"x" if file.path == "mb_melgan.tflite" else data)
    with pytest.raises(CannotLoad, match=r"mb_melgan.tflite is missing or not the file"):
        fastspeech2.FastSpeech2Engine(cards.get("baker"), tmp_path)


@pytest.mark.parametrize(
    ("text", "values", "error", "words"),
    [
        ("好" * 1001, {}, BadInput, "at most 1000"),
        ("😀😀", {}, BadInput, "nothing in it can be said"),
        ("。。。", {}, BadInput, "nothing in it can be said\n"),
        ("[oral_3]你好", {}, BadInput, "belongs"),
        ("你好", {"controls": "[break_9]"}, BadInput, "0 to 7"),
        ("你好", {"breaks": 8}, BadInput, "0 to 7"),
        ("你好", {"speed": 2.5}, BadInput, "0 to 9"),
        ("你好", {"pitch": float("nan")}, BadInput, "0.5 to 2"),
        ("你好", {"voice": "nobody"}, BadInput, "baker-low"),
        ("你好", {"tempo": 3}, UnknownName, "no setting"),
        ("你好", {"batch": 2}, BadInput, "one at a time"),
    ],
)
def test_errors_say_what_to_do(text, values, error, words):
    with pytest.raises(error, match=words):
        say(text, **values)


def test_a_voice_that_is_not_here_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("AIGC_HOME", str(tmp_path))
    with pytest.raises(NotOnDisk, match="aigc fetch"):
        speech.plan_for(TEXT, tier="tiny")


def test_a_run_that_is_left_early_can_be_followed_by_another():
    plan = speech.plan_for("一。二。三。", card="baker")
    made = speech.steps(plan)
    first = next(made).preview()
    made.close()
    assert 0 < len(first) < len(say("一。二。三。").data)


@given(text=st.text("今天 好，。!3a%😀[]_ubreaklph", min_size=1, max_size=16), level=st.integers(-1, 11))
@settings(max_examples=25)
def test_random_control_strings_end_in_sound_or_in_the_kit_s_errors(text, level):
    try:
        take = say(text, breaks=level, speed=level)
    except AigcError:
        return
    assert np.isfinite(take.data).all()
    assert len(take.data)
