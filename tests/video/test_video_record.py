"""A saved clip plays at its rate, tells its request and that an AI made it, and is made again byte for byte."""

import json

import numpy as np

from aigc_kit import record
from aigc_kit.make import video
from aigc_kit.media import encode


def test_a_clip_is_saved_and_made_again(here, tmp_path):
    plan = video.plan_for("夜里小猫往左跑，8k", card="tinywan", frames=9, fps=24, steps=2, seed=5)
    take = video.run(plan)
    saved = record.save(take, tmp_path, "cat")
    said = json.loads((tmp_path / "cat.json").read_text(encoding="utf-8"))
    assert said["words"][0]["phrase"] == "一只小猫向左移动，夜晚"
    assert said["labels"]["origin"] == "AI 生成"
    assert said["request"]["seed"] == 5
    facts = encode.probe(tmp_path / "cat.mp4")
    assert (facts.codec, facts.pixel_format, facts.frames, facts.fps) == ("h264", "yuv420p", 9, 24)
    assert (facts.width, facts.height, facts.faststart) == (64, 64, True)
    shown = np.stack(list(encode.read_frames(tmp_path / "cat.mp4"))).mean(-1)
    assert (
        np.corrcoef(shown.ravel(), take.data.mean(-1).ravel())[0, 1] > 0.7
    )  # of random pixels H.264 loses the colours
    assert "AI 生成".encode() in (tmp_path / "cat.mp4").read_bytes()
    assert record.reproduce(saved).same
