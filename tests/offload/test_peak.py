"""The one home of peak memory: what a process grows by, live tensors, a GPU's allocator; how each says it."""

import mmap

import numpy as np
import pytest
import torch

from aigc_kit.core import peak
from aigc_kit.core.units import MIB


def test_a_process_grows_by_what_it_fills():
    memory = peak.of_process(False)
    memory.start()
    before = memory.look()
    # pages of its own: an array may be given memory that an earlier test freed and that is still resident
    with mmap.mmap(-1, 64 * MIB) as block:
        np.frombuffer(block, np.uint8).fill(1)
        during = memory.look()
    highest, reserved = memory.stop()
    assert reserved is None and memory.how == "measured: growth of the process's RSS"
    assert 60 * MIB < during - before < 80 * MIB and highest >= 60 * MIB
    memory.begin()
    memory.start()
    assert memory.stop()[0] < 20 * MIB  # what is there when a run begins does not count


def test_live_tensors_count_beside_the_weights_and_what_stays_counts_on():
    part = torch.nn.Linear(1000, 1, bias=False)
    memory = peak.of_parts("cpu", {"part": part}, follow=True)
    memory.begin()
    memory.start()
    kept = torch.zeros(50_000)
    torch.zeros(100_000)
    first, _ = memory.stop()
    memory.start()
    other = torch.zeros(10_000)
    second, _ = memory.stop()
    assert first == pytest.approx(4000 + 600_000, rel=0.01)
    assert second == pytest.approx(4000 + 200_000 + 40_000, rel=0.01)
    assert kept.numel() + other.numel() == 60_000


def test_nothing_is_followed_where_it_is_not_wanted():
    memory = peak.of_parts("cpu", {}, follow=False)
    memory.begin()
    memory.start()
    assert memory.look() is None and memory.stop() == (None, None) and memory.how == "not followed"


def test_a_gpu_is_asked_with_its_work_finished(monkeypatch):
    """The order of the calls; the numbers are the allocator's own."""
    asked = []

    def answer(name, value=None):
        return lambda device: asked.append((name, device)) or value

    for name, value in (
        ("synchronize", None),
        ("reset_peak_memory_stats", None),
        ("memory_allocated", 7),
        ("max_memory_allocated", 30),
        ("max_memory_reserved", 50),
    ):
        monkeypatch.setattr(torch.cuda, name, answer(name, value))
    memory = peak.of_parts("cuda:1", {}, follow=False)
    memory.start()
    assert memory.look() == 7 and memory.stop() == (30, 50)
    assert [name for name, _ in asked] == [
        "synchronize",
        "reset_peak_memory_stats",
        "memory_allocated",
        "synchronize",
        "max_memory_allocated",
        "max_memory_reserved",
    ]
    assert {device for _, device in asked} == {"cuda:1"} and isinstance(peak.of_process(True), peak.Allocator)
