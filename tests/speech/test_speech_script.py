"""Scripts: every fault names its line, and the pauses that are heard are those that are asked."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit.core.errors import AigcError, BadInput, CannotLoad
from aigc_kit.core.types import Cost, Take, Words
from aigc_kit.make.speech import dialogue
from aigc_kit.media.wav import RATE

WRITTEN = """# 三个人
小明：今天的天气真不错！
小红（speed=7，pitch=1.1）: 是啊，[laugh]我们走吧。

（停顿 0.8 秒）
旁白 ：他们说：“去公园。”
(pause 2s)
小明：好。
"""


@pytest.mark.parametrize(
    ("words", "cues"),
    [
        ("好（停顿1秒）走", [("好", 1.0), ("走", 0.5)]),
        ("好（停顿一秒）走", [("好", 1.0), ("走", 0.5)]),
        ("好[停顿：半秒]走", [("好", 0.5), ("走", 0.5)]),
        ("好【暂停 800 毫秒】，走(pause 2s)吧。", [("好", 0.8), ("，走", 2.0), ("吧。", 0.5)]),
        ("好（停顿1）", [("好", 1.0)]),
        ("好（停1秒钟）走", [("好", 1.0), ("走", 0.5)]),
        ("他停顿1秒", [("他停顿1秒", 0.5)]),
        ("好（沉默两秒）走", [("好", 2.0), ("走", 0.5)]),
        ("好【稍停 1 秒】走", [("好", 1.0), ("走", 0.5)]),
        ("在（停车场）等", [("在（停车场）等", 0.5)]),
        ("听(beatbox)吧", [("听(beatbox)吧", 0.5)]),
    ],
)
def test_a_pause_among_the_words_parts_them(words, cues):
    read = dialogue.parse(f"小明（speed=7）：{words}")
    assert [(cue.text, cue.pause) for cue in read.cues] == cues
    assert {(cue.role, cue.number, cue.settings["speed"]) for cue in read.cues} == {("小明", 1, 7)}
    for number in ("一", "两", "三", "十", "半"):
        assert dialogue.parse(f"甲：好\n（停顿{number}秒）\n乙：好").cues[0].pause > 0


def test_a_run_names_the_line_that_is_wrong(monkeypatch):
    script = dialogue.parse("甲：好。\n\n乙：😀")

    def broken(plan):
        raise CannotLoad(asked="the voice", found="gone", todo=Words("fetch it", "下载它"))

    monkeypatch.setattr(dialogue, "run", broken)
    monkeypatch.setattr(dialogue, "plan_for", lambda *_, **__: None)
    with pytest.raises(CannotLoad, match=r"(?s)line 1 of the script: the voice.*gone.*fetch it"):
        dialogue.perform(script, {"甲": "baker", "乙": "baker"})


def test_a_script_is_read():
    read = dialogue.parse(WRITTEN)
    assert read.text == WRITTEN
    assert read.roles == ("小明", "小红", "旁白")
    assert [(c.role, c.text, c.pause, dict(c.settings), c.number) for c in read.cues] == [
        ("小明", "今天的天气真不错！", 0.5, {}, 2),
        ("小红", "是啊，[laugh]我们走吧。", 0.8, {"speed": 7, "pitch": 1.1}, 3),
        ("旁白", "他们说：“去公园。”", 2.0, {}, 6),
        ("小明", "好。", 0.5, {}, 8),
    ]


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ("小明：好\n今天不错", 2, "no role in front"),
        ("小明：好\n" + "长" * 21 + "：好", 2, "no role in front"),
        ("小明：", 1, "says nothing"),
        ("（停顿 1 秒）\n小明：好", 1, "no line before it"),
        ("小明：好\n（停顿 11 秒）", 2, "more than 10 s"),
        ("小明：好\n\n小明（speed=12）：好", 3, "speed=12"),
        ("小明（speed=5.5）：好", 1, "speed=5.5"),
        ("小明（speed=" + "9" * 5000 + "）：好", 1, "is no setting"),
        ("小明（volume=5）：好", 1, "'volume=5' is no setting"),
        ("小明（快）：好", 1, "'快' is no setting"),
        ("小明：好[oral_3]", 1, "refining step"),
        ("小明：好\n小红：好[laugh", 2, "not closed"),
        ("小明：好\n小红：好（停顿）走吧", 2, "a pause of no length"),
        ("小明：好\n（停顿）", 2, "a pause of no length"),
        ("小明：好（停顿很久）走", 1, "'很久'"),
        ("小明：好（稍停）走", 1, "a pause of no length"),
        ("小明：好\n（沉默片刻）", 2, "'片刻'"),
        ("小明：好（停顿99秒）走", 1, "more than 10 s"),
        ("小明：（停顿1秒）走", 1, "no words before it"),
        ("小明：好（停顿1秒）（停顿1秒）走", 1, "no words before it"),
    ],
)
def test_faults_name_their_line(text, line, found):
    with pytest.raises(BadInput, match=found) as caught:
        dialogue.parse(text)
    assert f"line {line}" in caught.value.asked


def test_unknown_roles_are_named():
    with pytest.raises(BadInput, match="no role '小名'; close: 小明"):
        dialogue.parse("小名：好", roles=("小明", "旁白"))
    with pytest.raises(BadInput, match="0 spoken lines"):
        dialogue.parse("# 没有\n")
    with pytest.raises(BadInput, match="201 spoken lines"):
        dialogue.parse("甲：好\n" * 201)
    with pytest.raises(BadInput, match="not a text"):
        dialogue.parse(None)


@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                ["小明：好\n", "小红（speed=7）：是啊", "（停顿 1 秒）\n", "# x\n", "\n", "：", "（", "[laugh]", "="]
            ),
            st.text(max_size=5),
        ),
        max_size=10,
    ).map("".join)
)
def test_any_text_is_a_script_or_an_error(text):
    try:
        read = dialogue.parse(text)
    except AigcError:
        return
    assert all(cue.text and cue.text in text and cue.role in text for cue in read.cues)


def tone(seconds: float, before: float, behind: float, level: float = 0.5) -> np.ndarray:
    wave = np.sin(2 * np.pi * 440 * np.arange(round(seconds * RATE)) / RATE) * level
    return np.concatenate([np.zeros(round(before * RATE)), wave, np.zeros(round(behind * RATE))]).astype(np.float32)


def take(wave: np.ndarray) -> Take:
    return Take("speech", wave, None, Cost(()))


def silent_runs(wave: np.ndarray, level: float) -> list[float]:
    """Seconds of each stretch without sound, by frames of 5 ms: another way of measuring than the kit's."""
    frame = RATE // 200
    loud = np.abs(wave[: len(wave) // frame * frame].reshape(-1, frame)).max(1) > level
    edges = np.flatnonzero(np.diff(np.concatenate([[True], loud, [True]]).astype(int)))
    return [(b - a) * frame / RATE for a, b in zip(edges[::2], edges[1::2], strict=True)]


def test_the_pauses_that_are_heard_are_those_that_are_asked():
    read = dialogue.parse("甲：一\n乙：二\n（停顿 0.2 秒）\n甲：三\n（停顿 1.25 秒）\n乙：四")
    waves = [tone(0.5, 0.2, 0.3), tone(0.4, 0.0, 0.5, 0.1), tone(0.6, 0.4, 0.0), tone(0.3, 0.1, 0.1)]
    wave, places = dialogue.mix(read, [take(w) for w in waves])
    heard = dialogue.measured_pauses(wave, places)
    np.testing.assert_allclose(heard, [0.5, 0.2, 1.25], atol=1e-3)
    inner = [run for run in silent_runs(wave, 0.004) if run > 0.1]
    np.testing.assert_allclose(inner, [0.5, 0.2, 1.25], atol=0.02)
    assert wave.dtype == np.float32
    for (start, end), seconds in zip(places, (0.5, 0.4, 0.6, 0.3), strict=True):
        assert end - start == pytest.approx(seconds + 0.06, abs=0.035)
    assert [a < b for a, b in places] == [True] * 4
    assert all(before[1] <= after[0] + 1e-9 for before, after in pairwise(places))


def test_a_pause_shorter_than_what_voices_leave_is_measured_as_it_is():
    read = dialogue.parse("甲：一\n（停顿 0 秒）\n乙：二")
    wave, places = dialogue.mix(read, [take(tone(0.5, 0.1, 0.1)), take(tone(0.5, 0.1, 0.1))])
    (heard,) = dialogue.measured_pauses(wave, places)
    assert 0.05 < heard < 0.08  # what joins leave at each end


def test_every_role_needs_a_voice():
    with pytest.raises(BadInput, match="no voice for 小红, 旁白"):
        dialogue.plans(dialogue.parse(WRITTEN), {"小明": "baker"})


def test_three_roles_are_heard():
    from tests.conftest import require_card

    require_card("baker")
    from aigc_kit.make.speech.speakers import Speaker

    cast = {
        "小明": "baker-low",
        "小红": Speaker("小红", "fastspeech2", settings={"voice": "baker-high", "energy": 1.2}),
        "旁白": {"voice": "baker", "speed": 4},
    }
    seen = []
    read = dialogue.parse(WRITTEN.replace("[laugh]", ""))
    made = dialogue.perform(read, cast, on_step=seen.append, card="baker")
    assert [(cue[0], cue[1]) for cue in made.labels["cues"]] == [(c.role, c.text) for c in read.cues]
    heard = [cue[5] for cue in made.labels["cues"]]
    assert heard[3] is None
    np.testing.assert_allclose(heard[:3], [0.5, 0.8, 2.0], atol=0.01)
    assert made.labels["roles"] == ("小明", "小红", "旁白")
    assert made.labels["voices"] == {"小明": "baker-low", "小红": "baker-high", "旁白": "baker"}
    assert [(s.index, s.total, s.phase) for s in seen] == [(i, 4, "cue") for i in range(4)]
    assert len(seen[1].preview()) < len(made.data)
    np.testing.assert_array_equal(seen[3].preview(), made.data)
    assert np.abs(made.data).max() <= 1
    assert "non-commercial" in made.labels["licence"]
    assert made.cost.seconds > 0


def test_a_fault_of_a_line_names_the_line():
    from tests.conftest import require_card

    require_card("baker")
    with pytest.raises(BadInput, match="line 2 of the script"):
        dialogue.plans(dialogue.parse("甲：好\n乙：" + "好" * 1001), {"甲": "baker", "乙": "nobody"}, card="baker")


def test_a_kept_speaker_of_the_embedded_voice_is_found_by_name(tmp_path, monkeypatch):
    from aigc_kit.core import paths
    from aigc_kit.make.speech import plan_for, speaker_store
    from aigc_kit.make.speech.speakers import Speaker
    from tests.conftest import require_card

    models = require_card("baker").parent
    monkeypatch.setenv("AIGC_MODELS_DIR", str(models))
    monkeypatch.setenv("AIGC_HOME", str(tmp_path))
    assert paths.home() == tmp_path
    speaker_store.keep(Speaker("老王", "fastspeech2", settings={"voice": "baker-low", "pitch": 0.9, "speed": 4}))
    extra = plan_for("你好", card="baker", voice="老王").request.extra
    assert (extra["voice"], extra["pitch"], extra["speed"]) == ("baker-low", 0.9, 4)
    assert plan_for("你好", card="baker", voice="老王", speed=6).request.extra["speed"] == 6
    speaker_store.keep(Speaker("小张", "kokoro", settings={"voice": "zf_xiaobei"}))
    with pytest.raises(BadInput, match="one of kokoro"):
        plan_for("你好", card="baker", voice="小张")
    with pytest.raises(BadInput, match="baker has"):
        plan_for("你好", card="baker", voice="没有这个人")
