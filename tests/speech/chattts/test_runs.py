"""The whole way with the real package: plan, run, steps, dialogue; what is told in the Take. The sound is noise."""

import numpy as np
import pytest

from aigc_kit import speech
from aigc_kit.core.errors import BadInput
from aigc_kit.make.speech import dialogue, loading, plan_for, run, speaker_store, steps
from aigc_kit.make.speech.dialogue import parse
from aigc_kit.make.speech.speakers import blend
from aigc_kit.models import loaded

TEXT = "今天是2024年，气温3.5℃！你觉得 nice 吗？“好。”😀再见。"


@pytest.fixture
def here(models, tmp_path, monkeypatch):
    monkeypatch.setenv("AIGC_MODELS_DIR", str(models))
    monkeypatch.setenv("AIGC_HOME", str(tmp_path))
    monkeypatch.setattr(loading, "_noticed", set())
    yield
    loaded.free("chattts")


def test_a_text_with_numbers_english_and_emoji(here, capsys):
    plan = plan_for(TEXT, card="chattts", refine=False, seed=3)
    assert plan.dtypes["model"] == "float32"
    seen = []
    take = run(plan, on_step=seen.append)
    assert take.data.dtype == np.float32
    assert take.data.ndim == 1
    assert np.isfinite(take.data).all()
    assert np.abs(take.data).max() <= 1
    labels = take.labels
    assert (labels["model"], labels["engine"], labels["tier"], labels["rate"]) == ("chattts", "chattts", "full", 24_000)
    assert "random weights: noise" in labels["weights"]
    assert "CC BY-NC 4.0" in labels["licence"]
    assert "AGPL-3.0-or-later" in labels["licence"]
    assert "".join(text for text, _, _ in labels["segments"]).replace(" ", "") == TEXT.replace(" ", "")
    assert len(labels["segments"]) == len(seen)
    told = "".join(before for before, _, _ in labels["changed"]) + "".join(text for text, _ in labels["unspoken"])
    assert all(mark in told for mark in ("2024", "3.5", "？", "“", "😀"))
    assert labels["speaker"] == speech.engine(plan).speaker(None).code
    assert "只供学习等非商业用途" in capsys.readouterr().out  # said at the first load


def test_a_stream_is_the_same_wave(here):
    plan = plan_for("春天来了，花都开了。今天的天气真不错。", card="chattts", refine=False, seed=3, stream=True)
    made = list(steps(plan))
    lengths = [len(step.preview()) for step in made]
    assert lengths == sorted(lengths)
    assert {step.phase for step in made} == {"stream"}
    assert len(made) >= 2


def test_controls_go_to_their_layers_or_are_refused(here):
    plan = plan_for("今天的天气真不错", card="chattts", controls="[oral_2][laugh_0][break_6][speed_5]")
    take = run(plan)
    assert any(why == "模型改写（refine）" for _, _, why in take.labels["changed"])
    with pytest.raises(BadInput, match="refining step"):
        plan_for("今天[oral_2]的天气", card="chattts")
    plan = plan_for("今天的天气真不错[laugh]", card="chattts")
    with pytest.raises(BadInput, match="refine=True"):
        run(plan)


def test_three_speakers_talk(here):
    engine = speech.engine(plan_for("好", card="chattts"))
    one, two = engine.sample_speaker("小明", 11), engine.sample_speaker("小红", 12)
    speaker_store.keep(one)
    cast = {"小明": "小明", "小红": two, "旁白": {"voice": blend(one, two, 0.5).code, "speed": 3}}
    script = parse("小明：今天的天气真不错。\n（停顿 0.7 秒）\n小红：我们去公园走走吧。\n旁白（speed=8）：好。")
    take = dialogue.perform(script, cast, card="chattts", refine=False)
    heard = [cue[5] for cue in take.labels["cues"]]
    np.testing.assert_allclose(heard[:2], [0.7, 0.5], atol=0.01)
    assert "random weights" in take.labels["weights"]
    assert len(take.data) > 24_000
