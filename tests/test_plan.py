"""The planner: bytes by hand, never above the budget, monotone, and nothing is changed silently."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit import cards
from aigc_kit.errors import BadInput, DoesNotFit
from aigc_kit.plan import LIBRARY_BYTES, MARGIN, plan
from aigc_kit.types import Budget, Request
from aigc_kit.units import GIB, MIB, parse_bytes

LAPTOP = Budget("cpu", "a laptop", 8 * GIB, 16 * GIB, 8 * GIB, 100 * GIB, {"threads": 2}, bandwidth=1e10)
GPU = replace(LAPTOP, device="cuda", name="a GPU", free_bytes=24 * GIB, capabilities={"bf16": True})
LOCAL = ("smollm2-135m", "qwen2.5-coder-0.5b", "qwen2.5-0.5b")


def make(card: str, budget: Budget = LAPTOP, **extra):
    return plan(Request(card, "hello", extra=extra), budget, cards.get(card))


def test_weights_and_cache_by_hand():
    made = make("smollm2-135m", max_new_tokens=95)
    assert made.prediction["weights"].value == 134_515_008 * 4
    # keys and values, 30 layers, 3 heads of 64, float32, 5 bytes of prompt and 95 tokens
    assert made.prediction["kv_cache"].value == 2 * 30 * 3 * 64 * 4 * (5 + 95)
    assert {figure.how for figure in made.prediction.values()} == {"predicted"}


def test_defaults_are_filled_and_none_is_left():
    made = make("smollm2-135m", temperature=None)
    assert made.request.extra["temperature"] == 0.7
    assert made.request.extra["engine"] == "transformers"
    assert made.placement == {"model": "cpu"}


@pytest.mark.parametrize(("bf16", "dtype"), [(True, "bfloat16"), (False, "float16")])
def test_dtype_follows_the_gpu(bf16, dtype):
    made = make("qwen2.5-0.5b", replace(GPU, capabilities={"bf16": bf16}))
    assert made.dtypes == {"model": dtype}
    assert made.placement == {"model": "cuda"}
    assert made.prediction["weights"].value == 494_032_768 * 2


@given(st.sampled_from(LOCAL), st.integers(0, 80 * GIB), st.integers(1, 5000))
def test_no_plan_is_predicted_above_the_budget(card, free, tokens):
    budget = replace(LAPTOP, free_bytes=free, ram_free_bytes=free)
    try:
        made = make(card, budget, max_new_tokens=tokens)
    except DoesNotFit as error:
        assert "free" in error.todo
        return
    libraries = LIBRARY_BYTES[made.request.extra["engine"]]
    assert made.prediction["peak"].value + libraries <= MARGIN * free


@given(st.sampled_from(LOCAL), st.integers(0, 8 * GIB), st.integers(0, 8 * GIB))
def test_more_memory_never_gives_less(card, free, more):
    def fits(size):
        try:
            return bool(make(card, replace(LAPTOP, free_bytes=size, ram_free_bytes=size)))
        except DoesNotFit:
            return False

    assert not fits(free) or fits(free + more)


def test_does_not_fit_names_the_smallest_change():
    small = replace(LAPTOP, free_bytes=100 * MIB, ram_free_bytes=100 * MIB)
    with pytest.raises(DoesNotFit, match=r"free [\d.]+ [MG]iB more, or ask for engine='llama.cpp'") as caught:
        make("smollm2-135m", small)
    more = parse_bytes(" ".join(caught.value.todo.split()[1:3])) + 2 * MIB
    enough = replace(small, free_bytes=100 * MIB + more, ram_free_bytes=100 * MIB + more)
    assert make("smollm2-135m", enough)


def test_a_text_longer_than_the_context_is_cut_and_said():
    made = make("smollm2-135m", max_new_tokens=5000)
    (change,) = made.changes
    assert (change.asked, change.given, made.request.extra["max_new_tokens"]) == (5000, 2047, 2047)
    assert "5000 -> 2047" in made.explain()
    assert "上下文" in made.explain("zh")
    assert make("smollm2-135m").changes == ()


@pytest.mark.parametrize(
    ("extra", "match"),
    [
        ({"max_new_tokens": 0}, "max_new_tokens"),
        ({"max_new_tokens": 2.5}, "max_new_tokens"),
        ({"engine": "magic"}, "supports transformers, llama.cpp"),
    ],
)
def test_bad_settings_are_refused(extra, match):
    with pytest.raises(BadInput, match=match):
        make("smollm2-135m", **extra)


def test_a_plan_needs_the_card_that_was_asked():
    with pytest.raises(BadInput, match="pass the card"):
        plan(Request("poem", "x"), LAPTOP, cards.get("smollm2-135m"))


def test_fonts_have_no_planner():
    with pytest.raises(BadInput, match="no planner"):
        make("font-cjk")


def test_an_endpoint_predicts_nothing():
    made = make("endpoint")
    assert made.placement == {"model": "server"}
    assert not made.prediction
