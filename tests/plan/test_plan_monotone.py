"""Simulated pressure: budgets of 0.5 to 80 GiB. Never above the budget; more memory never gives a worse plan."""

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.strategies import floats, sampled_from

from aigc_kit import cards
from aigc_kit.core.errors import DoesNotFit
from aigc_kit.core.types import Budget, Request
from aigc_kit.core.units import GIB
from aigc_kit.make.run import resolve as plan
from aigc_kit.memory.plan import MARGIN
from aigc_kit.memory.plan.options import Asked
from aigc_kit.memory.plan.search import Space, order

MODELS = ("sdxl", "sd15", "wan2.1-1.3b")
gibs = floats(0.5, 80)
hosts = floats(1, 128)
extras = st.fixed_dictionaries(
    {},
    optional={
        "placement": sampled_from(("resident", "model", "group", "sequential")),
        "vae_tiling": st.booleans(),
        "text_on_cpu": st.booleans(),
        "dtype": sampled_from(("float32", "float16", "float8")),
    },
).filter(lambda extra: (extra.get("dtype"), extra.get("placement")) != ("float8", "sequential"))
capable = st.fixed_dictionaries({"bf16": st.booleans(), "fused_attention": st.booleans()})
many = hypothesis_settings(max_examples=150)


@pytest.fixture(scope="module", autouse=True)
def by_rule_for_the_module():
    from plan_making import SIZES, facts

    from aigc_kit import footprint
    from aigc_kit.memory.plan import search

    patch = pytest.MonkeyPatch()
    patch.setattr(footprint, "cached", facts)
    patch.setattr(footprint, "sizes", lambda model: SIZES.get(model, ()))
    search.forget()
    yield
    patch.undo()
    search.forget()


def budget_of(gib, host=64.0, capabilities=None):
    size, ram = int(gib * GIB), int(host * GIB)
    return Budget("cuda", "a card", size, size, ram, 0, capabilities or {"bf16": True}, origin="assumed")


def attempt(model, budget, extra):
    try:
        return plan(Request(model, "a dog", extra=extra), budget, cards.get(model))
    except DoesNotFit:
        return None


def need_of(made):
    found = made.need
    assert found is not None
    return found


@many
@given(sampled_from(MODELS), gibs, hosts, extras, capable)
def test_no_plan_is_predicted_above_the_budget(model, gib, host, extra, capabilities):
    budget = budget_of(gib, host, capabilities)
    made = attempt(model, budget, extra)
    if made is None:
        return
    found = need_of(made)
    assert found.prediction.safe_bytes <= found.device_bytes <= MARGIN * budget.free_bytes
    assert found.ram_bytes <= MARGIN * budget.ram_free_bytes
    peak = made.prediction["peak"]
    assert peak.value * (1 + peak.error) <= MARGIN * budget.free_bytes * (1 + 1e-9)
    assert max(f.value for n, f in made.prediction.items() if n.startswith("peak.")) == peak.value


@many
@given(sampled_from(MODELS), gibs, floats(0, 40), hosts, floats(0, 64), extras, capable)
def test_more_memory_never_gives_a_worse_plan(model, gib, more, host, more_host, extra, capabilities):
    less = attempt(model, budget_of(gib, host, capabilities), extra)
    richer = attempt(model, budget_of(gib + more, host + more_host, capabilities), extra)
    if less is not None:
        assert richer is not None
        assert order(need_of(richer)) <= order(need_of(less))


@many
@given(sampled_from(MODELS), gibs, hosts)
def test_the_plan_is_the_best_of_all_that_fit(model, gib, host):
    """Every way at every size of the ladder, one by one."""
    budget = budget_of(gib, host)
    card = cards.get(model)
    space = Space(card, budget, 1, Asked())
    shapes = [(h, w, f) for h, w in card.facts.ladder for f in card.facts.frames_ladder]
    fitting = [order(n) for shape in shapes for n in space.needs(shape) if space.short(n) == (0, 0)]
    made = attempt(model, budget, {})
    assert (made is None) == (not fitting)
    if made is not None:
        assert order(need_of(made)) == min(fitting)


@given(sampled_from(MODELS), gibs, extras)
def test_what_is_advised_fits(model, gib, extra):
    """The change of the request that DoesNotFit names gives a plan on the same machine."""
    budget, card = budget_of(gib), cards.get(model)
    height, width = card.facts.ladder[0]
    frames = card.facts.frames_ladder[0] if card.kind == "video" else None
    request = Request(model, "a dog", height=height, width=width, frames=frames, extra=extra)
    try:
        plan(request, budget, card)
    except DoesNotFit as error:
        for advice in error.todo.split(", or "):
            changed = request
            for word in advice.split(" and "):
                if word.startswith("leave out"):
                    changed = changed.change(**dict.fromkeys(word.removeprefix("leave out ").split(", ")))
                elif word.endswith("frames"):
                    changed = changed.change(frames=int(word.split()[2]))
                elif word.startswith("ask for"):
                    h, w = word.split()[2].split("x")
                    changed = changed.change(height=int(h), width=int(w))
            assert advice.startswith(("free", "take a machine")) or plan(changed, budget, card)
