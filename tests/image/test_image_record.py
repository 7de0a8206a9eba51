"""A saved picture is lossless, tells its request, and is made again byte for byte."""

import json

import numpy as np

from aigc_kit import image, record


def test_a_picture_is_saved_and_made_again(here, tmp_path):
    from PIL import Image

    plan = image.plan_for("夜晚的(红色:1.2)小狗，8k", height=64, width=64, steps=2, seed=5, batch=2, card="tinysdxl")
    take = image.run(plan)
    saved = record.save(take, tmp_path, "puppy")
    said = json.loads((tmp_path / "puppy.json").read_text(encoding="utf-8"))
    assert said["words"][0]["phrase"] == take.words[0].phrase
    assert said["labels"]["origin"] == "AI 生成"
    assert said["request"]["seed"] == 5
    pictures = sorted(tmp_path.glob("*.png"))
    assert len(pictures) == 2
    assert all(np.array_equal(np.asarray(Image.open(p)), d) for p, d in zip(pictures, take.data, strict=True))
    assert record.reproduce(saved).same
