"""The ablation table: predicted rows against traces and published counts, measured rows against files and a trace."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from image_plans import SMALL, plan_of

from aigc_kit import cards
from aigc_kit.core.errors import BadInput, UnknownName
from aigc_kit.core.types import Budget, Request
from aigc_kit.core.units import GIB
from aigc_kit.make.image import ablation
from aigc_kit.memory.plan.machines import a_gpu
from aigc_kit.models import loaded
from aigc_kit.teach.labs import lab02b

SDXL = 2_567_463_684 + 83_653_863 + 123_060_480 + 694_659_840  # UNet, VAE, both text encoders, as published
NAMES = [switch.name for switch in ablation.SWITCHES]


def predicted(batch=1, gpu="RTX4090", **values):
    return ablation.predict(Request("sdxl", "a puppy", batch=batch).change(**values), a_gpu(name=gpu))


def live(facts):
    """Phase -> weights and live tensors of a trace, with the VAE in float32 where it works so; no overheads."""
    sizes = {}
    for phase in facts.phases:
        name = phase.name if phase.name in {"denoise", "decode"} else "text"
        weights = sum(p.bytes(phase.dtype if p.name == phase.part else None) for p in facts.parts)
        sizes[name] = max(sizes.get(name, 0), weights + phase.live_bytes)
    return sizes


# ---------------------------------------------------------------- predicted


def test_every_row_says_what_it_is():
    table = predicted()
    assert [row.name for row in table.rows] == NAMES
    assert {row.how for row in table.rows} == {"predicted"}
    assert all(row.peak.how == "predicted" and row.peak.error > 0 for row in table.rows)
    assert all(row.why.zh and row.why.en and row.setter for row in table.rows)
    assert {len(cells) for cells in table.cells()} == {len(ablation.HEADER)}
    assert table.where == "RTX4090" and (table.height, table.width, table.steps) == (1024, 1024, 25)
    assert "baseline" in repr(table)
    with pytest.raises(UnknownName, match="choose one of"):
        table["magic"]


def test_weights_are_the_published_numbers_times_their_bytes():
    table = predicted()
    assert table["baseline"].weights.value == pytest.approx(SDXL * 4, rel=1e-6)
    assert all(row.weights.value == pytest.approx(SDXL * 2, rel=1e-6) for row in table.rows[1:])


@pytest.mark.parametrize("name", ["half", "math", "vae_slicing"])
def test_phases_are_those_of_a_fresh_trace_and_the_overheads(name):
    from aigc_kit.memory.footprint import load_overheads
    from aigc_kit.memory.xray import trace

    sets = {"math": {"attention": "math"}, "vae_slicing": {"vae_slicing": True}}.get(name, {})
    wanted = live(trace("sdxl", 512, 512, batch=2, dtype="float16", **sets))
    row = predicted(2, height=512, width=512)[name]
    workspace, base = load_overheads().workspace, load_overheads().base
    for phase, size in row.phases.items():
        assert size >= wanted[phase]  # never less than what must be there
        assert (
            size <= wanted[phase] * 1.02 + base + workspace * 2 * 2 * 512 * 512 * 512
        )  # nor more than its largest convolution
    assert row.phases["text"] - base == pytest.approx(wanted["text"], rel=0.001)  # no convolution


def test_what_sets_the_peak_and_what_does_nothing():
    table = predicted()
    effects = {row.name: row.effect for row in table.rows}
    assert effects == {
        "baseline": "start", "half": "lower", "math": "elsewhere", "sdpa": "default", "xformers": "nothing",
        "sliced": "elsewhere", "vae_slicing": "nothing", "vae_tiling": "nothing", "model": "lower",
        "sequential": "lower", "group": "lower",
    }  # fmt: skip
    assert table["half"].setter == "decode" and table["model"].setter == "denoise"
    assert "批量为 1" in table["vae_slicing"].why.zh and "1024 像素" in table["vae_tiling"].why.zh
    assert "去噪" in table["math"].why.zh and table["math"].seconds is None
    assert table["baseline"].seconds is None and "FP32 不估用时" in lab02b.ablation(table)._repr_html_()
    assert table["sequential"].seconds.value > 5 * table["half"].seconds.value


def test_slicing_the_vae_works_above_one_picture():
    one, four = predicted(), predicted(4)
    assert four["vae_slicing"].effect == "lower"
    assert four["vae_slicing"].peak.value == pytest.approx(one["half"].peak.value, rel=0.02)
    assert "一张一张" in four["vae_slicing"].why.zh


def test_rows_say_whether_they_fit():
    fits = {row.name for row in predicted(gpu="RTX3060").rows if row.fits}
    assert fits == {"model", "sequential", "group"}  # 12 GiB, and 10.5 GiB with their interval and the context do not


def test_what_was_not_traced_is_not_applicable():
    table = predicted(height=1536, width=1536)
    assert {row.how for row in table.rows} == {"not applicable"}
    assert table["half"].cells()[1:5] == ("不适用", "-", "-", "-")


def test_predictions_are_for_image_models_on_gpus():
    with pytest.raises(BadInput, match=r"ablation\.measure"):
        ablation.predict(Request("sdxl", "a"), Budget("cpu", "a CPU", GIB, GIB, GIB, 0))
    with pytest.raises(BadInput, match="image models on GPUs"):
        ablation.predict(Request("wan2.1-1.3b", "a"), a_gpu(name="T4"))


# ---------------------------------------------------------------- measured


@pytest.fixture(scope="module")
def measured(models):
    """The table of the small model, as of one that ships."""
    plan = plan_of(batch=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIGC_MODELS_DIR", str(models))
        patch.setenv("AIGC_ASSETS", str(models / "assets"))
        yield ablation.measure(replace(plan, card=replace(SMALL, tier="tiny", sources=cards.get("tinysdxl").sources)))
    loaded.free()


def test_measured_rows_are_what_the_trace_and_the_files_say(measured, models):
    """Live tensors by the allocator's events against the trace on the meta device: two mechanisms."""
    from aigc_kit.memory.xray import trace

    base = measured["baseline"]
    facts = trace(models / "small", 64, 64, batch=2, dtype="float32")
    assert base.weights.value == pytest.approx(facts.params * 4, rel=0.001)
    wanted = live(facts)
    for phase in ("denoise", "decode"):
        assert base.phases[phase] == pytest.approx(wanted[phase], rel=0.02)
    assert base.peak.value == pytest.approx(max(wanted.values()), rel=0.02)
    assert measured["half"].weights.value == pytest.approx(facts.params * 2, rel=0.001)


def test_measured_rows_compare_with_the_baseline_on_a_cpu(measured):
    assert measured.reference == "baseline"
    run = {"baseline", "half", "math", "sdpa", "sliced", "vae_slicing", "vae_tiling"}
    assert {row.name for row in measured.rows if row.how == "measured"} == run
    assert all(row.seconds.how == row.peak.how == "measured" for row in measured.rows if row.name in run)
    assert measured["sdpa"].peak == measured["baseline"].peak and measured["sdpa"].effect == "default"
    assert measured["half"].effect == "lower" and "CPU" in measured["half"].why.zh
    assert measured["vae_tiling"].effect == "nothing" and "128 像素" in measured["vae_tiling"].why.zh
    assert measured["vae_slicing"].phases["decode"] < measured["baseline"].phases["decode"]


def test_what_a_cpu_cannot_do_is_not_simulated(measured):
    for name in ("xformers", "model", "sequential", "group"):
        row = measured[name]
        assert row.how == "not applicable" and row.peak is None and row.effect is None
    assert "显卡" in measured["model"].why.zh


def test_rows_that_do_not_fit_a_gpu_are_predicted_and_say_so():
    small = Budget("cuda", "a small card", 2 * GIB, 2 * GIB, 64 * GIB, 0, {"bf16": True, "fused_attention": True})
    plan = replace(plan_of(card=cards.get("sdxl"), height=1024, width=1024, dtype="float16"), budget=small)
    table = ablation.measure(plan)
    assert table.reference == "half"
    assert {row.how for row in table.rows if row.name != "xformers"} == {"predicted"}
    assert all("装不下，改为预测" in row.why.zh for row in table.rows if row.how == "predicted")
    assert not any(row.fits for row in table.rows)


def test_every_row_of_a_small_model_on_a_gpu_is_placed_as_it_says(here):
    """The planner of small models keeps all parts on the device, whatever is asked."""
    from aigc_kit.make.image.ablation import measuring

    card = replace(SMALL, tier="tiny", sources=cards.get("tinysdxl").sources)
    gpu = Budget("cuda", "a card", 8 * GIB, 8 * GIB, 64 * GIB, 0, {"bf16": True, "fused_attention": True})
    plans, missing = measuring._plans(replace(plan_of(card=card), budget=gpu))
    assert set(missing) <= {"xformers"}  # where it is not installed
    ways = {name: set(plan.placement.values()) for name, plan in plans.items()}
    assert {name: ways[name] for name in ("model", "group", "sequential")} == {
        "model": {"model"}, "group": {"group"}, "sequential": {"sequential"},
    }  # fmt: skip
    assert ways["half"] == ways["math"] == {"cuda"}
    assert {plan.dtypes["unet"] for name, plan in plans.items() if name != "baseline"} == {"float16"}
    assert plans["vae_tiling"].vae["tiling"] and plans["sliced"].attention == "sliced"


def test_rows_that_run_out_of_memory_say_so(monkeypatch):
    import torch

    from aigc_kit.make.image.ablation import measuring

    class Runner:
        def __init__(self, name, plan, pictures):
            self.name, self.plan = name, plan

        def ready(self):
            if self.name == "baseline":
                raise torch.OutOfMemoryError("CUDA out of memory.")

        def once(self):
            raise BadInput(asked="x", found="cannot", todo="y")

    monkeypatch.setattr(measuring, "Runner", Runner)
    freed = []
    monkeypatch.setattr(loaded, "free", freed.append)
    missing = {}
    plans = {"baseline": SimpleNamespace(card=SMALL), "sliced": SimpleNamespace(card=SMALL)}
    assert measuring._sides(plans, 1, missing, alone=True) == {}
    assert missing["baseline"].memory and not missing["sliced"].memory
    assert missing["sliced"].reason.en == "cannot" and len(freed) == 4


@pytest.mark.parametrize(("repeats", "match"), [(0, "not an integer >= 1"), (1, "only assumed")])
def test_measures_that_mean_nothing(repeats, match):
    plan = plan_of()
    with pytest.raises(BadInput, match=match):
        ablation.measure(replace(plan, budget=replace(plan.budget, origin="assumed")), repeats)


def test_following_says_nothing(here, capfd):
    """torch's profiler writes lines of its own, which a notebook would show."""
    plan = plan_of(follow=True)
    from aigc_kit import image

    assert image.run(plan).cost.peak_bytes
    assert capfd.readouterr().err == ""
