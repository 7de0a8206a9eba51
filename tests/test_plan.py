"""The planner: bytes by hand, never above the budget, monotone, and nothing is changed silently."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit import cards
from aigc_kit.core.errors import BadInput, CannotLoad, DoesNotFit
from aigc_kit.core.types import Budget, RemoteFile, Request
from aigc_kit.core.units import GIB, MIB, parse_bytes
from aigc_kit.make.run import resolve as plan
from aigc_kit.make.text.needs import LIBRARY_BYTES
from aigc_kit.memory.plan import MARGIN

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


def test_what_fits_to_the_byte_by_hand():
    """SmolLM2 in float32: 1.02 x 538,060,032 of weights, 4,608,000 of cache, 40 MiB of buffers, 420 MiB of libraries,
    together 1,035,774,192.64 bytes, in nine tenths of the free memory: 1,150,860,214.04."""
    enough = 1_150_860_215
    made = make("smollm2-135m", replace(LAPTOP, free_bytes=enough), max_new_tokens=95)
    assert made.prediction["peak"].value == pytest.approx(595_372_272.64)
    assert "1.07 GiB are free, 988 MiB are predicted with the libraries" in made.explain()
    with pytest.raises(DoesNotFit):
        make("smollm2-135m", replace(LAPTOP, free_bytes=enough - 1), max_new_tokens=95)


def test_seconds_by_hand():
    """95 tokens at 10 GB/s. float32: each reads 538,060,032 of weights and half of 4,608,000, and 30 layers cost 0.6 ms
    each. Four bits (98,362,432 bytes, 1,152,000 of cache in float16 halves): each counts two and a half times."""
    exact = make("smollm2-135m", max_new_tokens=95).prediction["seconds"]
    assert exact.value == pytest.approx(6.843458304, rel=1e-9)
    four = make("smollm2-135m", max_new_tokens=95, engine="llama.cpp").prediction["seconds"]
    assert four.value == pytest.approx(95 * (2.5 * (98_362_432 + 1_152_000) / 1e10 + 0.018), rel=1e-9)


def test_the_libraries_take_memory_of_the_host_and_none_of_the_gpu():
    """SmolLM2 in bfloat16: 1.02 x 269,030,016 + 2,304,000 + 40 MiB = 318,657,656.32; nine tenths of 354,064,063."""
    enough = replace(GPU, free_bytes=354_064_063)
    made = make("smollm2-135m", enough, max_new_tokens=95)
    assert made.prediction["peak"].value == pytest.approx(318_657_656.32)
    assert made.placement == {"model": "cuda"} and "librar" not in made.reasons[-1].en
    with pytest.raises(DoesNotFit, match=r"304 MiB predicted \("):
        make("smollm2-135m", replace(enough, free_bytes=354_064_062), max_new_tokens=95)
    with pytest.raises(DoesNotFit, match=r"(?s)420 MiB.*libraries.*100 MiB free"):
        make("smollm2-135m", replace(enough, ram_free_bytes=100 * MIB), max_new_tokens=95)


def test_what_does_not_fit_is_said_with_the_predictions_own_error():
    """25 % and 32 MiB of a peak of 595,372,273 bytes: 31 %; of the poem model's 55,913,789 bytes: 85 %."""
    for card, error in (("smollm2-135m", 31), ("poem", 85)):
        with pytest.raises(DoesNotFit, match=rf"predicted with the libraries \(±{error}%\)"):
            make(card, replace(LAPTOP, free_bytes=100 * MIB, ram_free_bytes=100 * MIB), max_new_tokens=95)


def test_a_4_bit_file_of_unknown_size_is_predicted_from_the_parameters():
    card = cards.get("smollm2-135m")
    unknown = replace(card, sources=(replace(card.sources[0], files=(RemoteFile("x.gguf"),)),))
    request = Request(card.name, "hello", extra={"engine": "llama.cpp"})
    figure = plan(request, LAPTOP, unknown).prediction["weights"]
    assert figure.how == "predicted" and figure.value == pytest.approx(0.85 * 134_515_008)
    for known in (card, cards.get("qwen2.5-coder-0.5b")):  # the rule against the files whose size is known
        rule, size = 0.85 * known.params.value, known.sources[0].files[0].bytes
        assert abs(size - rule) <= figure.error * rule
    with pytest.raises(BadInput, match=r"(?s)neither the size.*nor.*parameters"):
        plan(request, LAPTOP, replace(unknown, params=None))


def test_a_card_that_cannot_be_loaded_has_no_plan():
    with pytest.raises(CannotLoad, match=r"(?s)megatron_util.*use 'qwen2.5-0.5b'"):
        make_any(cards.ALL["gpt3-chinese-base"])


def make_any(card):
    return plan(Request(card.name, "你好"), LAPTOP, card)


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
    named = [line.split(":")[0] for line in made.explain("zh").splitlines()]
    assert named[5:8] == ["权重", "KV 缓存", "增加的内存（峰值）"]
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
