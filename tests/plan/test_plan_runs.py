"""The plans that the kit makes for every card drive a pipeline of the real class, at reduced width: no plan by hand."""

from dataclasses import replace

import numpy as np
import pytest

from aigc_kit import cards, footprint
from aigc_kit.core.errors import DoesNotFit
from aigc_kit.core.types import Budget, Request
from aigc_kit.core.units import GIB
from aigc_kit.make.run import resolve, run
from aigc_kit.memory import offload
from aigc_kit.memory.offload import placing
from aigc_kit.memory.plan import machines
from aigc_kit.models import fetch, loaded
from tests.plan.reduced import CARDS, at_hand, folder_of

SMALL = ("tinysdxl", "tinywan")
CPU = Budget("cpu", "a server", 512 * GIB, 512 * GIB, 512 * GIB, 99 * GIB)
MAC = Budget("mps", "Apple M2", 96 * GIB, 128 * GIB, 96 * GIB, 99 * GIB, {"bf16": True, "fused_attention": False})


def gpus():
    for gib in (4, 8, 24):
        yield f"{gib} GiB", machines.a_gpu(gib * GIB, ram=128 * GIB)
    old = replace(machines.a_gpu("24GiB"), capabilities={"bf16": False, "fused_attention": False})
    yield "old", old


def plans(name):
    """The different ways in which the kit plans this card: on a CPU, on a Mac, on GPUs, with settings."""
    wishes = [{}, {"dtype": "float8", "placement": "group"}, {"text_on_cpu": True, "vae_tiling": True}]
    if name == "sdxl":  # all that can be asked
        wishes += [{"placement": place} for place in footprint.PLACEMENTS]
        wishes += [{"attention": "math", "batch": 2, "vae_slicing": True}]
    seen = set()
    for label, budget in (("CPU", CPU), ("Mac", MAC), *gpus()):
        for wish in wishes if label == "24 GiB" else wishes[:1]:
            try:
                plan = resolve(Request(name, "a cat", seed=3).change(**wish), budget, cards.get(name))
            except DoesNotFit:
                continue
            way = (plan.budget.device, plan.dtypes, plan.placement, plan.attention, plan.vae, plan.request.batch)
            if way not in seen:
                seen.add(way)
                yield label, plan


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("reduced")


@pytest.fixture
def on_this_cpu(monkeypatch):
    """Parts work on the CPU whatever the plan's device, with everything else as the plan has it."""

    def place(pipe, plan, device=None, **options):
        return placing.place(pipe, plan, "cpu", **options)

    monkeypatch.setattr(offload, "place", place)
    yield
    loaded.free()


def test_every_card_of_the_full_tier_is_run():
    assert set(CARDS) == {"sdxl", "sd15", "kolors", "wan2.1-1.3b", "wan2.1-14b"}


@pytest.mark.parametrize("name", CARDS)
def test_every_way_of_planning_a_card_runs(name, root, monkeypatch, on_this_cpu):
    folder = folder_of(name, root)
    monkeypatch.setattr(fetch, "find", lambda card: folder)
    ways = list(plans(name))
    assert len(ways) >= 4, [label for label, _ in ways]
    assert {plan.budget.device for _, plan in ways} == {"cpu", "cuda", "mps"}
    reference = None
    for label, plan in ways:
        loaded.free()
        take = run(at_hand(plan))
        count = 5 if take.kind == "video" else plan.request.batch
        assert take.data.shape == (count, *take.labels["size"], 3), label
        assert set(plan.placement) == set(plan.dtypes) == {part.name for part in plan.need.facts.parts}, label
        reference = take.data if reference is None else reference
        if not plan.vae["tiling"] and "float8" not in plan.dtypes.values():  # tiles of random weights have seams
            assert np.abs(take.data[:1].astype(int) - reference[:1]).mean() < 12, (label, plan.explain())


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("budget", [CPU, MAC, machines.a_gpu("8GiB")], ids=lambda budget: budget.device)
def test_plans_of_shipped_models_run(name, budget, on_this_cpu):
    plan = resolve(Request(name, "一只小猫", steps=1, seed=3), budget, cards.get(name))
    plan = at_hand(plan)
    assert run(replace(plan, card=cards.get(name))).data.shape[-3:] == (64, 64, 3)


@pytest.mark.parametrize("name", CARDS)
def test_a_traces_parts_are_those_that_the_card_loads(name):
    traced = resolve(Request(name, "a cat"), CPU, cards.get(name)).placement
    assert set(traced) == set(cards.get(name).parts) - {"pipeline"}
