"""The traced training step against real ones: real classes of reduced width, real weights, backward and optimiser."""

import warnings
from dataclasses import replace
from functools import partial

import pytest

from tests.xray.pipelines import RECIPES, save

TOLERANCE = 0.02


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    homes = {}

    def folder(name):
        if name not in homes:
            homes[name] = save(RECIPES[name], tmp_path_factory.mktemp(name))
        return homes[name]

    return folder


def real_step(folder, name, method, rank, dtype, trained, checkpointing, mixed, optimizer, batch):
    """Train twice; gives the peak of tensors in the second step's passes, and bytes that stay."""
    import torch
    from peft import LoraConfig, inject_adapter_in_model
    from torch.utils.checkpoint import checkpoint

    from aigc_kit.core import peak
    from aigc_kit.memory.xray.trace import Bench
    from aigc_kit.memory.xray.training import TARGETS

    bench = Bench(folder, dtype if method == "lora" else trained)
    part = bench.denoiser
    module = type(part.module).from_pretrained(folder / part.name, torch_dtype=getattr(torch, part.dtype))
    module.train().requires_grad_(method == "full")
    if method == "lora":
        inject_adapter_in_model(LoraConfig(r=rank, target_modules=list(TARGETS), init_lora_weights=False), module)
        for weight in (w for w in module.parameters() if w.requires_grad):
            weight.data = weight.data.to(getattr(torch, trained))
    weights = [w for w in module.parameters() if w.requires_grad]
    if checkpointing:
        module.enable_gradient_checkpointing(partial(checkpoint, use_reentrant=False, preserve_rng_state=False))
    size = tuple({"frames": 1, **RECIPES[name].size}[k] for k in ("height", "width", "frames"))
    fed = bench.family.feed(part, replace(bench.shape(size, batch), dtype=getattr(torch, dtype)), batch)
    rule = {"adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}[optimizer](weights, lr=1e-3, foreach=False)

    def passes():
        with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
            out = module(**fed, return_dict=False)[0]
        torch.nn.functional.mse_loss(out.float(), torch.empty_like(out).float()).backward()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(2):
            with peak.follow() as both:
                passes()
            rule.step()
            gradients = sum(w.grad.nbytes for w in weights if w.grad is not None)
            states = sum(t.nbytes for s in rule.state.values() for t in s.values() if t is not None and t.dim())
            rule.zero_grad()
    return both.peak, gradients, states


CASES = [
    ("sdxl", "lora", 4, "float32", "float32", False, False, "adamw", 1),
    ("sdxl", "lora", 4, "float32", "float32", True, False, "adamw", 2),
    ("sdxl", "full", 1, "float32", "float32", False, False, "adamw", 1),
    ("sdxl", "full", 1, "bfloat16", "float32", False, True, "adamw", 1),
    ("wan", "lora", 4, "bfloat16", "float32", False, True, "adamw", 1),
    ("wan", "lora", 4, "float32", "float32", True, False, "adamw", 2),
    ("wan", "full", 1, "bfloat16", "bfloat16", False, False, "sgd", 1),
    ("wan", "full", 1, "float32", "float32", True, False, "adamw", 1),
    ("flux", "lora", 8, "float32", "float32", False, False, "adamw", 1),
    ("flux", "full", 1, "float32", "float32", True, False, "adamw", 2),
    ("cogvideox", "lora", 4, "bfloat16", "float32", True, True, "adamw", 1),
    ("cogvideox", "lora", 4, "float32", "float32", False, False, "adamw", 1),
    ("cogvideox", "lora", 4, "bfloat16", "float32", False, True, "adamw", 1),
    ("cogvideox", "full", 1, "float32", "float32", False, False, "adamw", 1),
    ("cogvideox", "full", 1, "bfloat16", "float32", True, True, "adamw", 1),
    ("wan", "full", 1, "bfloat16", "float32", True, True, "adamw", 1),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(map(str, case)))
def test_the_traced_step_is_the_real_one(folders, monkeypatch, case):
    from aigc_kit.memory.xray import tracer
    from aigc_kit.memory.xray.training import train

    name, method, rank, dtype, trained, checkpointing, mixed, optimizer, batch = case
    monkeypatch.setattr(tracer, "GRANULE", 1)
    options = {"checkpointing": checkpointing, "mixed": mixed, "optimizer": optimizer, "device": "cpu", "batch": batch}
    facts = train(folders(name), method, rank, **RECIPES[name].size, dtype=dtype, trained=trained, **options)
    passes, gradients, states = real_step(folders(name), *case)
    assert (facts.gradient_bytes, facts.state_bytes) == (gradients, states)
    traced = facts.points[0].live - facts.held_bytes
    assert traced == pytest.approx(passes, rel=TOLERANCE), f"{facts.points[0].setter}: {traced / passes:.3f}"


def test_eight_bit_states_by_hand():
    """Two states of one byte and a float32 scale per 256; a small tensor in float32."""
    from aigc_kit.memory.xray.training import eight_bit_tensors

    assert eight_bit_tensors([4096, 10]) == [4096, 4096, 16 * 4, 16 * 4, 40, 40]


def test_adafactor_keeps_a_row_and_a_column(folders):
    """And AdamW two numbers for each weight, bitsandbytes two bytes and scales."""
    from aigc_kit.memory.xray.training import train

    needs = {o: train(folders("flux"), "full", 1, 64, 96, optimizer=o) for o in ("adamw", "adamw8bit", "adafactor")}
    states = {name: need.state_bytes for name, need in needs.items()}
    assert states["adamw"] > 7.9 * needs["adamw"].trained_params
    assert states["adafactor"] < states["adamw8bit"] < states["adamw"]


def test_a_first_step_has_no_states_in_its_passes(folders):
    """Peak of passes without states, or of the optimiser with gradients and states: the same at most, then less."""
    from dataclasses import asdict

    from aigc_kit.memory.footprint import load_overheads
    from aigc_kit.memory.footprint.step_needs import TrainingFacts, predict_training
    from aigc_kit.memory.xray.training import train

    facts = train(folders("wan"), "full", **RECIPES["wan"].size, optimizer="adamw8bit")
    later, first = predict_training(facts), predict_training(facts, first=True)
    assert later.allocated_bytes - first.allocated_bytes == facts.state_bytes and first.setter == later.setter
    assert first.reserved_bytes < later.reserved_bytes
    alone = TrainingFacts(**{**asdict(facts), "points": (replace(facts.points[0], live=0, conv=0),)})
    states = predict_training(alone, first=True)
    assert states.setter == "optimizer"
    needed = facts.trained_bytes + facts.frozen_bytes + facts.gradient_bytes + facts.state_bytes
    assert states.allocated_bytes == needed + load_overheads().base


def test_checkpointing_costs_less_and_a_kept_part_more(folders):
    from aigc_kit.memory.footprint import load_overheads
    from aigc_kit.memory.footprint.step_needs import as_parts, predict_training
    from aigc_kit.memory.xray.training import train

    def need(**more):
        return predict_training(train(folders("wan"), **RECIPES["wan"].size, **more))

    plain, saved, kept = need(), need(checkpointing=True), need(keep=("vae",))
    assert saved.allocated_bytes < plain.allocated_bytes <= plain.reserved_bytes < plain.device_bytes
    assert kept.weights_bytes > plain.weights_bytes and kept.setter == plain.setter
    assert sum(as_parts(plain).values()) + load_overheads().base == plain.allocated_bytes


@pytest.mark.parametrize(
    "change,words",
    [
        ({"method": "magic"}, "method"),
        ({"optimizer": "magic"}, "optimizer"),
        ({"rank": 0}, "rank=0"),
        ({"batch": 1.5}, "batch"),
        ({"keep": ("ghost",)}, "ghost"),
        ({"dtype": "fp128"}, "fp128"),
        ({"height": 97}, "multiples of"),
    ],
)
def test_bad_settings(folders, change, words):
    from aigc_kit.core.errors import BadInput
    from aigc_kit.memory.xray.training import train

    with pytest.raises(BadInput, match=words):
        train(folders("wan"), **{**RECIPES["wan"].size, **change})


def test_the_allocator_replays_a_case_by_hand():
    """3, 11 and then 10 MiB share a segment of 20 MiB, 1 KiB has one of 2 MiB, and 17 MiB their own, rounded up."""
    from aigc_kit.core.units import MIB
    from aigc_kit.memory.xray.caching import Allocator

    pool = Allocator()
    left = pool.replay([(3 * MIB, 1), (1024, 2), (11 * MIB, 3), (-1, 3), (10 * MIB, 4), (17 * MIB, 5)], 2.0)
    assert pool.reserved == (20 + 2 + 18) * MIB and len(left) == 4
    for block in left:
        pool.give(block)
    assert pool.replay([(20 * MIB, 1), (0, 6 * MIB)], 2.0) and pool.most == 40 * MIB
    assert pool.replay([(40 * MIB + 1, 1)], 2.0) and pool.most == (40 + 42) * MIB


def test_the_command_says_what_training_takes(capsys, folders):
    import json

    from aigc_kit.cli import main

    size = ["--height", "64", "--width", "96", "--frames", "9"]
    asked = ["xray", str(folders("wan")), "--train", "lora", "--rank", "4", "--vram", "8GiB", *size]
    assert main([*asked, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["trained_params"] > 0 and record["verdict"] == "fits" and record["how"] == "predicted"
    assert main([*asked, "--checkpointing", "--lang", "zh"]) == 0
    assert "优化器" in capsys.readouterr().out
    assert main(["xray", str(folders("wan")), "--rank", "4"]) == 2
    assert "--train" in capsys.readouterr().err
