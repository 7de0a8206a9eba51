"""The pictures show the numbers of the prediction, and nothing else."""

import pytest

from aigc_kit.core.errors import BadInput
from aigc_kit.core.units import GIB
from aigc_kit.media import fonts
from aigc_kit.memory.footprint import cached, predict
from aigc_kit.teach.show import xray


@pytest.fixture(scope="module")
def facts():
    return cached("sdxl", 1024, 1024, dtype="fp16")


def bars_at(axis, x):
    """Heights of the bars that begin at x and are one phase wide."""
    return [p.get_height() for p in axis.patches if p.get_x() == x and p.get_width() == 1]


@pytest.mark.parametrize("placement", ["resident", "model", "sequential"])
def test_the_timeline_stacks_the_predicted_bytes(facts, placement):
    found = predict(facts, placement)
    picture = xray.timeline(facts, found, limit=8 * GIB)
    (axis,) = picture.figure.axes
    for index, phase in enumerate(found.phases):
        assert sum(bars_at(axis, index)) * GIB == pytest.approx(phase.resident_bytes)
    words = " ".join(text.get_text() for text in axis.texts)
    assert all(f"{p.allocated_bytes / GIB:.2f}" in words for p in found.phases) and "8 GiB" in words
    assert found.peak.setter in axis.get_xlabel() and "decode" in picture.words
    assert ("decode: " in axis.get_xlabel()) is (fonts.use() is None)  # a phase has its Chinese name in Chinese
    assert picture.png()[:4] == b"\x89PNG"


def test_a_phase_on_the_cpu_says_so(facts):
    found = predict(facts, {"text_encoder": "cpu", "text_encoder_2": "cpu"})
    (axis,) = xray.timeline(facts, found).figure.axes
    assert sum("CPU" in text.get_text() for text in axis.texts) == 2


def test_a_picture_of_two_pipelines_is_refused(facts):
    with pytest.raises(BadInput, match="different pipelines"):
        xray.timeline(facts, predict(cached("flux.1-dev", 1024, 1024, dtype="bf16")))
