"""The arithmetic of the footprint against hand-computed cases, and its promises under hypothesis."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import as_json
from aigc_kit.core.units import MIB
from aigc_kit.memory.footprint import (
    GPUS,
    ModelFacts,
    Overheads,
    PartFacts,
    PhaseFacts,
    Point,
    cached,
    element_bytes,
    known,
    load_overheads,
    predict,
    rough_seconds,
    seconds,
    sizes,
)
from aigc_kit.memory.footprint.fit import START, Measure, activation_error, fit, leave_one_out
from aigc_kit.memory.footprint.seconds import efficiency

PLAIN = Overheads(workspace=2.0, reserve=1.5, base=100, context=1000, error=0.25, source="a test")


def part(name, params, role="denoise", dtype="float16", **more):
    return PartFacts(name, "Net", role, params, dtype, **more)


NET = {
    "linear_params": 4000, "linear_rows": 40, "layer_params": 4500, "largest_leaf": 700, "blocks": (1500, 2000, 1000),
}  # fmt: skip
STEP = (Point(4000, 0, "b mul"), Point(3000, 800, "c conv"))
LAST = (Point(9000, 0, "d silu"), Point(8000, 600, "e conv"))


def model(**changes):
    parts = (
        part("text", 1000, "text"),
        part("net", 5000, **NET),
        part("vae", 300, "decode"),
    )  # fmt: skip
    phases = (
        PhaseFacts("text", "text", "float16", (Point(50, 0, "a mul"),), 5, 10, 20, 2),
        PhaseFacts("denoise", "net", "float16", STEP, 100, 1000, 2000, 2, "step"),
        PhaseFacts("decode", "vae", "float32", LAST, 50, 500, 900),
    )  # fmt: skip
    return replace(ModelFacts("toy", "Toy", parts, phases, 64, 64, 1, 1, "float16", "sdpa", steps=10), **changes)


def test_resident_keeps_every_part_and_upcasts_the_decoder_while_it_decodes():
    found = predict(model(), "resident", PLAIN)
    half = 2 * (1000 + 5000 + 300)
    assert [p.resident_bytes for p in found.phases] == [half, half, half - 600 + 1200]
    # decode: silu 9000 + 0 or convolution 8000 + 2 x 600 of workspace
    assert [p.allocated_bytes for p in found.phases] == [
        half + 50 + 100,
        half + 3000 + 1600 + 100,
        half + 600 + 9200 + 100,
    ]
    assert found.phases[2].setter == "e conv" and found.phases[2].workspace_bytes == 1300
    assert found.allocated_bytes == found.phases[2].allocated_bytes
    assert found.reserved_bytes == half + 600 + int(9200 * 1.5) + 100
    assert found.device_bytes == found.reserved_bytes + 1000
    assert found.interval[1] == half + 600 + int((9200 * 1.5 + 100) * 1.25) + 100  # the base may be twice, or none
    assert found.interval[0] == half + 600 + int((9200 * 1.5 + 100) / 1.25) - 100
    narrow = predict(model(), "resident", replace(PLAIN, allocated_error=0.05))
    assert narrow.allocated_interval[1] == half + 600 + int(9300 * 1.05) + 100 and narrow.interval == found.interval
    assert found.ram_bytes == 0


def test_without_workspace_the_highest_live_moment_is_the_peak():
    found = predict(model(), "resident", replace(PLAIN, workspace=0.0))
    assert found.phases[2].activation_bytes == 9000 and found.phases[2].setter == "d silu"


def test_model_offload_has_only_the_part_at_work():
    found = predict(model(), "model", PLAIN)
    assert [dict(p.weights_bytes) for p in found.phases] == [{"text": 2000}, {"net": 10000}, {"vae": 1200}]
    assert found.ram_bytes == 12600


def test_model_offload_leaves_the_last_encoder_beside_the_first_of_a_negative_prompt():
    """As accelerate's hooks do; published: SD3 in float16, 12.06 GiB (28 steps, A100)."""
    parts = (part("first", 100, "text"), part("second", 400, "text"), *model().parts[1:])
    once = PhaseFacts("first", "first", "float16", (Point(50, 0, "a mul"),), 5, 10, 20, 2)
    two = model(parts=parts, phases=(once, replace(once, name="second", part="second"), *model().phases[1:]))
    sizes = [dict(p.weights_bytes) for p in predict(two, "model", PLAIN).phases]
    assert sizes[:2] == [{"first": 200, "second": 800}, {"second": 800}] and "second" not in sizes[2]
    single = replace(two, phases=(replace(once, calls=1), *two.phases[1:]))
    assert dict(predict(single, "model", PLAIN).phases[0].weights_bytes) == {"first": 200}
    sd3 = predict(cached("sd3-medium", 1024, 1024, dtype="fp16"), "model")
    assert sd3.allocated_bytes / 2**30 == pytest.approx(12.06, rel=0.02)


def test_a_part_on_the_cpu_takes_nothing_of_the_card():
    found = predict(model(), {"text": "cpu", "net": "cuda", "vae": "model"}, PLAIN)
    assert found.phases[0].where == "cpu" and dict(found.phases[0].weights_bytes) == {"net": 10000}
    assert found.phases[0].activation_bytes == 0 and found.phases[0].allocated_bytes == 10000
    assert found.ram_bytes == 2000 + 600 + 50
    everything = predict(model(), dict.fromkeys(("text", "net", "vae"), "cpu"), PLAIN)
    assert everything.device_bytes == 0


def test_block_and_leaf_offload_move_what_they_say():
    net = model().part("net")
    assert net.moved_bytes("sequential") == 1400
    assert net.moved_bytes("group") == 2 * (500 + 3500)  # outside the blocks, and the two widest neighbours
    assert predict(model(), "group", PLAIN).phases[1].resident_bytes == 8000


@pytest.mark.parametrize(
    "dtype,size",
    [
        ("float32", 20000),
        ("bfloat16", 10000),
        ("float8", 4500 + 1000),
        ("int8", 4000 + 160 + 2000),
        ("int8wo", 4000 + 80 + 2000),
        ("nf4", 2000 + 252 + 2000),
    ],
)
def test_bytes_of_a_part_in_every_format(dtype, size):
    assert model().part("net").bytes(dtype) == size


def test_parameters_that_stay_in_float32_and_buffers_are_counted():
    assert part("x", 100, float32_params=10, buffer_bytes=7).bytes() == 90 * 2 + 10 * 4 + 7
    assert part("x", 100, float32_params=10).bytes("float32") == 400


def test_what_quantisers_spare_stays_as_the_loader_leaves_it():
    """FLUX.1-dev: 12.58 GiB are loaded with bitsandbytes' nf4, 17.02 with torchao's int8 (published)."""
    own = part("t5", 100, "text", "bfloat16", linear_params=80, linear_rows=8, spared_params=30, spared_rows=3)
    own = replace(own, upcast_params=30)
    assert own.bytes("int8wo") == 50 + 2 * 5 + 50 * 2  # torchao leaves them in 16 bits
    assert own.bytes("int8") == 50 + 4 * 5 + 30 * 4 + 20 * 2  # bitsandbytes in float32
    flux = cached("flux.1-dev", 1024, 1024, dtype="bf16")
    for kind, published in (("nf4", 12.584), ("int8wo", 17.020)):
        kept = {"transformer": kind, "text_encoder_2": kind}
        weights = sum(p.bytes(kept.get(p.name)) for p in flux.parts)
        assert weights / 2**30 == pytest.approx(published, rel=0.01)


def test_a_part_traced_in_a_format_needs_no_word_to_be_predicted_in_it():
    plain, net = model(), model().part("net")
    traced = replace(plain, parts=tuple(replace(p, stored="nf4") if p == net else p for p in plain.parts))
    found = predict(traced, "resident", PLAIN)
    assert dict(found.phases[1].weights_bytes)["net"] == net.bytes("nf4") and found.dtypes["net"] == "nf4"
    assert dict(predict(traced, "resident", PLAIN, {"net": "float16"}).phases[1].weights_bytes)["net"] == 10000


def test_reserved_follows_the_replay_where_there_is_one():
    phases = tuple(replace(p, pool_bytes=20000 + i) for i, p in enumerate(model().phases))
    facts, extra = model(phases=phases, pools=(7000, 8000, 30000)), replace(PLAIN, replay=0.5)
    half = 2 * (1000 + 5000 + 300)
    kept = predict(facts, "resident", extra)  # a phase finds what earlier ones left, and takes at least what it needs
    assert [p.reserved_bytes - p.resident_bytes - 100 for p in kept.phases] == [3500, 4600, 15000]
    assert kept.phases[0].resident_bytes == half
    moved = predict(facts, "model", extra)
    assert [p.reserved_bytes - p.resident_bytes - 100 for p in moved.phases] == [10000, 10000, 10001]


def test_a_stored_format_unpacks_one_layer_at_a_time():
    found = predict(model(), "resident", PLAIN, {"net": "nf4"})
    assert dict(found.phases[1].weights_bytes)["net"] == 4252 + 700 * 2
    assert dict(found.phases[2].weights_bytes)["net"] == 4252


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.floats(0, 5), st.floats(1, 2))
def test_offload_never_needs_more_and_the_interval_holds_the_prediction(live, conv, workspace, reserve):
    points = (Point(live + 1, 0, "x"), Point(live // 2, conv, "y"))
    facts = model(phases=tuple(replace(p, points=points) for p in model().phases))
    extra = replace(PLAIN, workspace=workspace, reserve=reserve)
    needs = [predict(facts, how, extra) for how in ("resident", "model", "group", "sequential")]
    assert needs[0].reserved_bytes >= needs[1].reserved_bytes >= needs[2].reserved_bytes >= needs[3].reserved_bytes
    for need in needs:
        assert need.interval[0] <= need.reserved_bytes + 1 and need.reserved_bytes <= need.interval[1] + 1
        assert need.allocated_bytes <= need.reserved_bytes


def test_facts_survive_json():
    assert ModelFacts.from_json(json.loads(json.dumps(as_json(model())))) == model()
    with pytest.raises(BadInput, match="unknown fields"):
        ModelFacts.from_json({**as_json(model()), "colour": 1})
    with pytest.raises(BadInput, match="not such a record"):
        ModelFacts.from_json({"parts": []})


@pytest.mark.parametrize(
    "call",
    [
        lambda: predict(model(), "nowhere", PLAIN),
        lambda: predict(model(), {"net": "moon"}, PLAIN),
        lambda: predict(model(), {"ghost": "cuda"}, PLAIN),
        lambda: predict(model(), "model", PLAIN, {"net": "float128"}),
        lambda: element_bytes("int8"),
        lambda: cached("sdxl", 1024, 1024, dtype="fp128"),
        lambda: seconds(model(), "Abacus"),
        lambda: seconds(model(), "T4", steps=0),
        lambda: Overheads(-1, 1.2, 0, 0, 0.1, "x"),
        lambda: fit([], "nothing"),
    ],
)
def test_bad_values_are_refused_with_a_clear_error(call):
    with pytest.raises(BadInput, match="what to do"):
        call()


def test_seconds_are_operations_over_what_the_card_reaches():
    gpu, share = GPUS["A100-40G"], efficiency()
    expected = (2 * 10 + 2 * 10 * 1000) / (312e12 * share["half"]) + 500 / 19.5e12
    found = seconds(model(), "A100-40G")
    assert found.value == pytest.approx(expected) and found.how == "predicted" and found.error > 0
    assert seconds(model(), "A100-40G", steps=20).value > found.value
    assert seconds(model(), gpu, placement="sequential").value > seconds(model(), gpu, placement="model").value
    assert seconds(model(), gpu, placement={"text": "cpu"}) is None
    bf16 = model(phases=(replace(model().phases[1], dtype="bfloat16"),))
    assert seconds(bf16, "T4") is None


@pytest.mark.parametrize("card", GPUS)
def test_no_seconds_are_given_for_steps_in_float32(card):
    """On one A100 they take 72.2 s against 11.4 s in float16; a T4 has no TF32, and an RTX4090 gains nothing by it."""
    assert seconds(cached("sdxl", 1024, 1024, dtype="float32"), card) is None
    assert seconds(cached("sdxl", 1024, 1024, dtype="float16"), card) is not None


def test_a_decoder_in_float32_is_as_uncertain_as_its_length():
    facts = cached("sdxl", 1024, 1024, dtype="float16")
    errors = [seconds(facts, "A100-40G", steps).error for steps in (1, 4, 25, 400)]
    assert errors == sorted(errors, reverse=True) and errors[0] > 0.9
    assert errors[-1] == pytest.approx(efficiency()["error"], abs=0.02)
    half = replace(facts, phases=facts.phases[:-1])
    assert seconds(half, "A100-40G").error == efficiency()["error"]


def test_ways_in_float32_still_have_an_order():
    facts = cached("sdxl", 1024, 1024, dtype="float32")
    resident, moved = (sum(rough_seconds(facts, "A100-40G", placement=p)) for p in ("resident", "sequential"))
    assert 0 < resident < moved


def test_weights_brought_module_by_module_take_what_was_published():
    """Rows S3 and S6: 25 steps of SDXL, batch 4, float16, A100: 11.4 s resident and 67.0 s by sequential offload."""
    facts = cached("sdxl", 1024, 1024, batch=4, dtype="float16")
    for placement, published in (("resident", 11.4), ("sequential", 67.0)):
        assert seconds(facts, "A100-40G", 25, placement).value == pytest.approx(published, rel=0.15)


def test_the_fit_finds_the_numbers_that_made_its_measures():
    truth = replace(START, workspace=2.6, reserve=1.22, base=40 * MIB)
    measures = []
    for i, scale in enumerate((3, 10, 30, 100)):
        points = (Point(scale * 10**8, scale * 2 * 10**7, "conv"),)
        facts = model(phases=(PhaseFacts("decode", "vae", "float16", points, 0, 0, 0),))
        call = lambda extra, facts=facts: predict(facts, "resident", extra)  # noqa: E731
        measures += [Measure(f"r{i}", "allocated", call(truth).allocated_bytes, call)]
        measures += [Measure(f"r{i}", "reserved", call(truth).reserved_bytes, call)]
    found = fit(measures, "made up")
    assert found.workspace == pytest.approx(2.6, rel=0.02) and found.reserve == pytest.approx(1.22, rel=0.01)
    assert found.base == pytest.approx(truth.base, rel=0.1)
    left = leave_one_out(measures, "made up")
    assert set(left) == {(m.row, m.quantity) for m in measures}
    assert activation_error(measures, left) < 0.02


def test_known_models_answer_from_the_traces_that_ship():
    overheads = load_overheads()
    assert {"sdxl", "sd15", "wan2.1-1.3b", "wan2.1-14b"} <= set(known())
    for name in known():
        assert sizes(name) and sizes(name)[0][0] * sizes(name)[0][1] * sizes(name)[0][2] > 0
    facts = cached("sdxl", 1024, 1024, dtype="fp16")
    assert {p.name: p.params for p in facts.parts} == {
        "text_encoder": 123_060_480, "text_encoder_2": 694_659_840, "unet": 2_567_463_684, "vae": 83_653_863,
    }  # fmt: skip
    assert predict(facts, overheads=overheads).setter.en.startswith("decode")
    assert cached("sdxl", 1000, 1000) is None and cached("nobody", 1024, 1024) is None
