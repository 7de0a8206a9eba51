"""Pictures and words by the small CLIP: the same vectors as in its training, and errors that say what is missing."""

import random
from dataclasses import replace

import numpy as np
import pytest

from aigc_kit.core.errors import BadInput, CannotLoad
from aigc_kit.worlds.tinyworld import clip
from aigc_kit.worlds.tinyworld.captions import canonical
from aigc_kit.worlds.tinyworld.render import render
from aigc_kit.worlds.tinyworld.spec import Spec

TEXTS = ["一个黄色的甜甜圈", "一个咖啡杯，霓虹风格", "a red heart, at night"]


@pytest.fixture
def untrained(tmp_path, monkeypatch):
    """A CLIP of the shipped shape with random weights, exported as its training does."""
    import torch

    from assets.train.miniclip import evaluate, network
    from assets.train.tinysdxl import tokens

    torch.manual_seed(0)
    model = network.build().eval()
    model.save_pretrained(tmp_path)
    tokens.tokenizers()[0].save_pretrained(tmp_path)
    evaluate.processor().save_pretrained(tmp_path)
    monkeypatch.setattr(clip, "folder", lambda name=clip.NAME: tmp_path)
    return model


def test_the_scores_are_those_of_the_training(untrained):
    import torch

    from assets.train.miniclip import network
    from assets.train.tinysdxl import tokens

    images = np.stack([render(Spec(subject="donut"), seed=1), render(Spec(subject="cup"), seed=2)])
    words = network.ids(tokens.tokenizers()[0], TEXTS, network.POSITIONS)
    with torch.no_grad():
        seen, said = network.vectors(untrained, torch.from_numpy(images), words)
    assert clip.available()
    found = clip.similarity(list(images), TEXTS)
    assert found.shape == (2, 3)
    assert np.abs(found - (seen @ said.T).numpy()).max() < 2e-3


def test_the_shipped_one_tells_a_donut_from_a_cup():
    if not clip.available():
        pytest.skip("assets/models/miniclip is not here")
    rng, right = random.Random(1), 0
    for seed in range(50):
        donut = replace(Spec.sample(rng), subject="donut")
        specs = [donut, replace(donut, subject="cup")]
        scores = clip.similarity([render(spec, seed=seed) for spec in specs], [canonical(spec) for spec in specs])
        right += int(scores[0, 0] > scores[0, 1]) + int(scores[1, 1] > scores[1, 0])
    assert right > 65, "50 of 100 by chance"


def test_what_is_missing_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(clip, "folder", lambda name=clip.NAME: tmp_path)
    assert not clip.available()
    with pytest.raises(CannotLoad, match=r"no model\.safetensors in assets/models/miniclip"):
        clip.similarity([np.zeros((8, 8, 3), np.uint8)], ["洞"])


@pytest.mark.parametrize("image", [np.zeros((8, 8), np.uint8), np.zeros((8, 8, 3), float)])
def test_other_pictures_are_refused(image):
    with pytest.raises(BadInput, match="uint8"):
        clip.similarity([image], ["洞"])


def test_loading_shows_no_progress_bar(capfd):
    clip.parts.cache_clear()
    clip.parts(clip.folder(), clip.NAME)
    assert "Loading" not in "".join(capfd.readouterr())
