"""A take of a lab, and a work with one part of each kind."""

import numpy as np
import pytest

from aigc_kit.core.types import Budget, Card, Cost, Phase, Plan, ReadWords, Request, Take
from aigc_kit.core.units import GIB
from aigc_kit.models.cards.facts import DiffusionFacts
from aigc_kit.works import Work, sample


@pytest.fixture
def make_take():
    def make(kind, data, prompt="发光的甜甜圈", phrase=None, **labels):
        facts = DiffusionFacts(("zh", "en"), 75, 8, 2**20, ((128, 128),))
        card = Card(f"tiny-{kind}", "tiny", kind, {"model": "none"}, (), facts, {}, "Apache-2.0")
        budget = Budget("cpu", "Sample CPU", 8 * GIB, 16 * GIB, 8 * GIB, 100 * GIB)
        plan = Plan(Request(card.name, prompt, seed=7, fps=8), card, budget, {}, {}, "sdpa", {}, {})
        words = () if phrase is None else (ReadWords(prompt, phrase, 5, 75, phrase=phrase),)
        return Take(kind, data, plan, Cost((Phase("all", 1.0, None, "nothing"),)), {"tier": "tiny", **labels}, words)

    return make


@pytest.fixture
def wave():
    t = np.arange(24000) / 24000
    return (0.3 * np.sin(2 * np.pi * 220 * t)).astype(np.float32)


@pytest.fixture
def frames():
    return np.stack([np.full((48, 64, 3), (value, value // 2, 20), np.uint8) for value in range(60, 220, 20)])


@pytest.fixture
def work(make_take, wave, frames):
    made = Work("拓扑学：甜甜圈与咖啡杯", "如何把甜甜圈变成咖啡杯？")
    made.add("text", sample(), "sample", credit="aigc-kit")
    made.take(make_take("image", frames[:1]), alt="金色的圆环", title="发光的圆环")
    made.take(make_take("speech", wave, prompt="一个洞。", rate=24000), title="旁白")
    made.take(make_take("video", frames), alt="圆环变亮")
    return made
