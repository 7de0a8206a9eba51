"""The ledger against what is known beforehand: order of phases, how often parts worked, bytes reckoned by hand."""

import pytest
import torch
from making import plan_of, sdxl, wan

from aigc_kit.core.types import Take
from aigc_kit.memory.offload import Ledger, place

CALL = {"prompt": "a red dog", "num_inference_steps": 3, "height": 64, "width": 64, "output_type": "np"}


class Maker(torch.nn.Module):
    """Makes a tensor of `count` float32 and drops another of twice that size."""

    def __init__(self, count, weights):
        super().__init__()
        self.count = count
        self.weight = torch.nn.Parameter(torch.zeros(weights))

    def forward(self):
        made = torch.ones(self.count)
        torch.ones(2 * self.count)
        return made

    def decode(self, given):
        return given + 1


def test_peaks_by_hand():
    """Weights 4 x (1000 + 500). First part: 400,000 bytes made, 800,000 more at its peak. Second: 40,000 made and
    80,000 dropped, while the first result lives on. Decode: a copy of the first result, both others alive."""
    first, second = Maker(100_000, 1000), Maker(10_000, 500)
    ledger = Ledger({"first": first, "second": second}, {"first": "text", "second": "denoise"}, "cpu")
    weights = 4 * 1500
    with ledger.run():
        a = first()
        b = second()
        ledger.phase("decode")
        c = second.count and a + 1
    assert [spell.name for spell in ledger.spells] == ["rest", "text", "denoise", "decode"]
    peaks = {spell.name: spell.peak_bytes - weights for spell in ledger.spells}
    assert peaks["text"] == pytest.approx(1_200_000, rel=0.01)
    assert peaks["denoise"] == pytest.approx(400_000 + 120_000, rel=0.01)
    assert peaks["decode"] == pytest.approx(400_000 + 40_000 + 400_000, rel=0.01)
    assert ledger.peak_bytes == max(spell.peak_bytes for spell in ledger.spells)
    assert a.sum() == 100_000 and b.sum() == 10_000 and c.sum() == 200_000


def test_a_part_called_by_its_own_method_begins_its_phase():
    part = Maker(10, 10)
    ledger = Ledger({"vae": part}, {"vae": "decode"}, "cpu", follow=False)
    with ledger.run():
        part.decode(torch.ones(2))
        part.decode(torch.ones(2))
    assert [(s.name, s.calls) for s in ledger.spells if s.calls] == [("decode", 2)]
    assert "decode" not in vars(part)  # the object is as it was
    assert ledger.peak_bytes is None and ledger.cost().phases[0].how == "not followed"


def test_the_phases_of_a_real_pipeline(tmp_path):
    pipe = sdxl(tmp_path)
    placed = place(pipe, plan_of(pipe, "cuda"), "cpu")
    placed(**CALL, guidance_scale=3.0)
    spells = [s for s in placed.ledger.spells if s.calls]
    assert [s.name for s in spells] == ["text_encoder", "text_encoder_2", "denoise", "decode"]
    assert [s.calls for s in spells][2:] == [3, 1]
    weights = sum(p.numel() * 4 for part in (pipe.unet, pipe.vae) for p in part.parameters())
    assert all(s.peak_bytes > weights and s.seconds > 0 for s in spells)
    assert all(set(s.where.values()) == {"cpu"} for s in spells)
    image = 3 * 64 * 64 * 4
    assert spells[-1].peak_bytes > weights + image
    assert "denoise" in repr(placed.ledger) and "peak" in repr(placed.ledger)
    placed(**CALL)
    assert len([s for s in placed.ledger.spells if s.calls]) == 4  # of the last run alone


def test_an_encoder_on_the_cpu_works_before_all_others():
    pipe = wan()
    placed = place(
        pipe, plan_of(pipe, {"transformer": "sequential", "vae": "sequential", "text_encoder": "cpu"}), "cpu"
    )
    call = {"prompt": "a dog", "num_inference_steps": 2, "height": 32, "width": 32, "num_frames": 5}
    placed(**call, max_sequence_length=16, output_type="np")
    spells = [s for s in placed.ledger.spells if s.calls]
    assert [s.name for s in spells] == ["text_encoder", "denoise", "decode"]
    assert spells[1].where["transformer"] == "meta" and spells[1].where["text_encoder"] == "cpu"


def test_an_error_ends_the_phase_and_leaves_no_hook():
    part = Maker(10, 10)
    ledger = Ledger({"unet": part}, {"unet": "denoise"}, "cpu", follow=False)
    with pytest.raises(ZeroDivisionError), ledger.run():
        part()
        raise ZeroDivisionError
    assert [s.name for s in ledger.spells if s.calls] == ["denoise"]
    assert not part._forward_pre_hooks


def test_a_take_made_of_it_has_a_measured_peak_without_loading(tmp_path):
    pipe = sdxl(tmp_path)
    plan = plan_of(pipe, "cuda")
    placed = place(pipe, plan, "cpu")
    images = placed(**CALL).images
    take = Take("image", images, plan, placed.ledger.cost())
    assert take.measured()["peak"].value == placed.ledger.peak_bytes
    assert "allocator" in take.measured()["peak"].source
