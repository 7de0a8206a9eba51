"""Plans of image and video models: what is searched, what is kept, what is said, what does not fit."""

import json
from dataclasses import replace
from itertools import pairwise

import pytest

from aigc_kit import cards, footprint
from aigc_kit.core.errors import BadInput, DoesNotFit
from aigc_kit.core.paths import assets
from aigc_kit.core.types import Budget, Request
from aigc_kit.core.units import GIB, MIB, parse_bytes
from aigc_kit.make.diffusion.needs import fallbacks
from aigc_kit.make.run import resolve as plan
from aigc_kit.memory.plan import MARGIN
from aigc_kit.memory.plan.options import complete

pytestmark = pytest.mark.usefixtures("by_rule")


def card_of(gib, **values):
    size = int(gib * GIB)
    known = {"bf16": True, "fused_attention": True, "compute": (8, 9)}
    made = Budget("cuda", "a card", size, size, 64 * GIB, 100 * GIB, known, origin="assumed")
    return replace(made, **values)


def make(card, gib, **values):
    budget = gib if isinstance(gib, Budget) else card_of(gib)
    return plan(Request(card, "a dog").change(**values), budget, cards.get(card))


def size(made):
    request = made.request
    return request.height, request.width, request.frames


def test_with_memory_to_spare_everything_stays_and_nothing_is_open():
    made = make("sdxl", 40)
    assert size(made) == (1024, 1024, None)
    assert set(made.placement.values()) == {"cuda"} and set(made.dtypes.values()) == {"float16"}
    assert made.vae == {"slicing": False, "tiling": False} and made.attention == "sdpa"
    assert (made.request.steps, made.request.guidance) == (25, 5.0)
    assert made.changes == ()


def test_the_prediction_is_the_footprints_own():
    made = make("sdxl", 40)
    facts = footprint.cached("sdxl", 1024, 1024)
    said = footprint.predict(facts, "resident")
    assert made.prediction["peak"].value == said.allocated_bytes
    assert made.prediction["reserved"].value == said.reserved_bytes
    assert made.prediction["weights"].value == 2 * 3_468_837_867
    assert made.prediction["peak.decode"].value == max(p.allocated_bytes for p in said.phases if p.name == "decode")
    assert {figure.how for figure in made.prediction.values()} == {"predicted"}


def test_less_memory_is_met_by_moving_parts_before_the_size_shrinks():
    full, tight = make("sdxl", 24), make("sdxl", 7)
    assert size(full) == size(tight) == (1024, 1024, None)
    assert set(full.placement.values()) == {"cuda"}
    assert set(tight.placement.values()) != {"cuda"}
    assert "would need" in tight.explain() and "全部常驻需要" in tight.explain("zh")


def test_a_fixed_size_is_never_changed():
    for gib in (4, 6, 8, 16):
        made = make("sdxl", gib, height=768, width=768)
        assert size(made) == (768, 768, None)
    assert "768x768 as asked" in made.explain() and "尺寸按要求" in made.explain("zh")


def test_a_video_is_searched_over_size_and_frames():
    large, small = make("wan2.1-1.3b", 48), make("wan2.1-1.3b", 6)
    assert size(large) == (480, 832, 81)
    h, w, f = size(small)
    assert h * w * f < 480 * 832 * 81 and f % 4 == 1
    assert (large.request.fps, large.request.guidance, large.request.steps) == (16, 6.0, 20)
    fixed = make("wan2.1-1.3b", 12, frames=17)
    assert fixed.request.frames == 17


def test_dtypes_per_part():
    made = make("wan2.1-1.3b", 48)
    assert made.dtypes == {"text_encoder": "bfloat16", "transformer": "bfloat16", "vae": "float32"}


def test_a_large_text_encoder_stays_on_the_cpu_when_it_must():
    made = make("wan2.1-1.3b", 7, placement="model", frames=17)
    assert made.placement["text_encoder"] == "cpu" and made.placement["transformer"] == "model"
    assert "works first" in made.explain() and "先运行" in made.explain("zh")


def test_memory_of_the_host_counts_for_what_is_offloaded():
    with pytest.raises(DoesNotFit, match=r"(?s)main memory.*free .* more of main memory"):
        make("wan2.1-1.3b", card_of(8, ram_free_bytes=8 * GIB))
    assert make("wan2.1-1.3b", card_of(8, ram_free_bytes=32 * GIB))


def test_a_probed_card_has_its_context_already():
    """A what-if card must hold the CUDA context besides; where a probe ran, it is there and not free any more."""
    fixed = {"placement": "resident", "text_on_cpu": False, "vae_tiling": False, "dtype": "fp16"}
    fixed |= {"height": 1024, "width": 1024}
    said = footprint.predict(footprint.cached("sdxl", 1024, 1024), "resident")
    enough = card_of(40, free_bytes=int(said.interval[1] / MARGIN) + 1)
    assert make("sdxl", replace(enough, origin="probed"), **fixed)
    with pytest.raises(DoesNotFit):
        make("sdxl", enough, **fixed)
    with_context = int((said.interval[1] + said.context_bytes) / MARGIN) + 1
    assert make("sdxl", replace(enough, free_bytes=with_context), **fixed)
    with pytest.raises(DoesNotFit):
        make("sdxl", replace(enough, free_bytes=with_context - 2), **fixed)


def test_no_bfloat16_means_float16_and_is_said():
    made = make("wan2.1-1.3b", card_of(32, capabilities={"bf16": False, "fused_attention": True}))
    assert made.dtypes["transformer"] == "float16" and "no bfloat16" in made.explain()
    asked = make("wan2.1-1.3b", card_of(32, capabilities={"bf16": False}), dtype="bf16")
    (change,) = asked.changes
    assert (change.what, change.asked, change.given) == ("dtype", "bfloat16", "float16")


def test_no_fused_attention_is_reckoned_with():
    plain = card_of(24, capabilities={"bf16": False, "fused_attention": False})
    made = make("sdxl", plain)
    assert made.attention == "math" and "table of scores" in made.explain()
    assert made.prediction["peak.denoise"].value > make("sdxl", 24).prediction["peak.denoise"].value


def test_float32_is_taken_when_asked_and_only_then():
    assert set(make("sdxl", 80).dtypes.values()) == {"float16"}
    made = make("sdxl", 80, dtype="fp32")
    assert set(made.dtypes.values()) == {"float32"}
    assert made.prediction["weights"].value == 4 * 3_468_837_867


def test_float8_stores_the_denoiser_and_only_when_half_does_not_fit():
    assert make("sdxl", 24, dtype="float8").dtypes["unet"] == "float8"
    stored = footprint.predict(footprint.cached("sdxl", 1024, 1024), "resident", dtypes={"unet": "float8"})
    half = footprint.predict(footprint.cached("sdxl", 1024, 1024), "resident")
    between = (stored.safe_bytes + half.safe_bytes) / 2 / MARGIN / GIB
    made = make("sdxl", between, placement="resident", text_on_cpu=False, height=1024, width=1024, vae_tiling=False)
    assert made.dtypes == {"text_encoder": "float16", "text_encoder_2": "float16", "unet": "float8", "vae": "float16"}
    assert "float8" in made.explain()


def test_what_is_asked_is_kept():
    made = make("sdxl", 40, placement="group", vae_tiling=True, attention="math", text_on_cpu=True)
    assert made.placement == {"text_encoder": "cpu", "text_encoder_2": "cpu", "unet": "group", "vae": "group"}
    assert made.vae["tiling"] and made.attention == "math"


def test_a_batch_can_be_decoded_one_by_one():
    tight = make("sdxl", 12, batch=4, height=1024, width=1024, vae_tiling=False)
    assert tight.vae["slicing"] and tight.request.batch == 4
    assert not make("sdxl", 80, batch=4).vae["slicing"]
    with pytest.raises(BadInput, match="one at a time"):
        make("wan2.1-1.3b", 80, batch=2)


def test_a_batch_that_was_not_traced_is_scaled_from_one():
    one, three = make("sdxl", 80), make("sdxl", 80, batch=3)
    low, high = (p.prediction["peak.decode"].value - p.prediction["weights"].value for p in (one, three))
    assert 2.5 < high / low < 3.5


def test_a_size_that_was_not_traced_is_bounded_by_the_next_larger():
    made = make("sdxl", 40, height=896, width=832)
    assert size(made) == (896, 832, None)
    assert made.prediction["peak"].value == make("sdxl", 40, height=768, width=1024).prediction["peak"].value
    assert "an upper bound" in made.prediction["peak"].source.en and "not traced" in made.explain()
    with pytest.raises(BadInput, match="no trace"):
        make("sdxl", 80, height=1536, width=1536)


@pytest.mark.parametrize(
    ("card", "values", "match"),
    [
        ("sdxl", {"height": 1000, "width": 1001}, r"(?s)width=1001.*multiple of 8.*choose width=1000 or width=1008"),
        ("sdxl", {"height": 1024}, "height=1024 alone"),
        ("sdxl", {"height": 8, "width": 1024}, "at least 64"),
        ("sdxl", {"height": 4096, "width": 4096}, "more than"),
        ("sdxl", {"frames": 17}, "draws pictures"),
        ("wan2.1-1.3b", {"height": 480, "width": 830}, "choose width=816 or width=832"),
        ("wan2.1-1.3b", {"frames": 7}, r"4k\+1 frames.*\n.*choose 5 or 9"),
        ("wan2.1-1.3b", {"frames": 18}, "choose 17 or 21"),
        ("wan2.1-1.3b", {"frames": 121}, "choose 81"),
        ("wan2.1-1.3b", {"frames": 82}, "choose 81"),
        ("sdxl", {"dtype": "fp17"}, "dtype='fp17'"),
        ("sdxl", {"placement": "moon"}, "no placement of that name"),
        ("sdxl", {"vae_tiling": "yes"}, "True or False"),
        ("sdxl", {"dtype": "fp8", "placement": "sequential"}, "two libraries"),
        ("sdxl", {"policy": "course"}, "for Wan2.1 only"),
        ("wan2.1-1.3b", {"policy": "course", "frames": 17}, "leave them out"),
    ],
)
def test_what_the_model_cannot_do_is_refused_before_anything_is_loaded(card, values, match):
    with pytest.raises(BadInput, match=match):
        make(card, 24, **values)


@pytest.mark.parametrize(("asked", "given"), [(16, 17), (12, 13), (8, 9), (6, 5)])
def test_the_courses_frames_become_what_the_decoder_makes(asked, given):
    made = make("wan2.1-1.3b", 24, frames=asked)
    (change,) = made.changes
    assert (change.what, change.asked, change.given) == ("frames", asked, given) and made.request.frames == given
    assert asked // 4 * 4 + 1 == given  # as the library does it
    assert "4k+1" in change.why.en and "4k+1" in change.why.zh


@pytest.mark.parametrize(
    ("free", "expected"),
    [
        (10_001 * MIB, (480, 832, 17)),
        (10_000 * MIB, (384, 640, 13)),
        (7_000 * MIB, (320, 576, 9)),
        (4_000 * MIB, (256, 448, 5)),
    ],
)
def test_the_courses_ladder(free, expected):
    try:
        made = make("wan2.1-1.3b", card_of(24, free_bytes=free), policy="course")
    except DoesNotFit as error:
        assert f"{expected[0]}x{expected[1]}x{expected[2]}" in error.asked
        return
    assert size(made) == expected and made.changes[0].what == "frames"
    assert "课程阶梯" in made.explain("zh")


def bytes_after(words):
    number, unit = words.split()[:2]
    return parse_bytes(f"{number} {unit}")


def test_what_does_not_fit_names_the_next_size_that_does():
    with pytest.raises(DoesNotFit, match="ask for 768x768, or take a machine with") as caught:
        make("sdxl", 1.75, height=1024, width=1024)
    assert "90% of 1.75 GiB free" in caught.value.found
    assert make("sdxl", 1.75, height=768, width=768)
    with pytest.raises(DoesNotFit):
        make("sdxl", 1.75, height=768, width=1024)  # the size between them


def test_what_does_not_fit_can_be_met_by_freeing_what_it_says():
    budget = card_of(6, total_bytes=24 * GIB)
    with pytest.raises(DoesNotFit) as caught:
        make("sdxl", budget, height=1024, width=1024, placement="resident", dtype="fp32")
    more = bytes_after(caught.value.todo.rpartition("free ")[2])
    assert make(
        "sdxl",
        replace(budget, free_bytes=budget.free_bytes + int(more * 1.006)),  # three digits are printed
        height=1024,
        width=1024,
        placement="resident",
        dtype="fp32",
    )
    with pytest.raises(DoesNotFit):
        less = replace(budget, free_bytes=budget.free_bytes + int(more * 0.98))
        make("sdxl", less, height=1024, width=1024, placement="resident", dtype="fp32")


def test_what_does_not_fit_names_the_setting_that_stands_in_the_way():
    with pytest.raises(DoesNotFit, match="leave out dtype, placement") as caught:
        make("sdxl", 6, height=1024, width=1024, placement="resident", dtype="fp32")
    assert make("sdxl", 6, height=1024, width=1024) and "leave out" in str(caught.value)


def test_what_does_not_fit_names_fewer_frames_and_the_smaller_size():
    fixed = {"vae_tiling": False, "dtype": "bf16"}
    with pytest.raises(DoesNotFit, match="what to do: ask for 320x576, or ask for 33 frames, or take a"):
        make("wan2.1-1.3b", 32, height=480, width=832, frames=81, **fixed)
    assert make("wan2.1-1.3b", 32, height=480, width=832, frames=33, **fixed)
    assert make("wan2.1-1.3b", 32, height=320, width=576, frames=81, **fixed)
    for values in ({"height": 480, "width": 832, "frames": 49}, {"height": 384, "width": 640, "frames": 81}):
        with pytest.raises(DoesNotFit):
            make("wan2.1-1.3b", 32, **values, **fixed)


def test_when_nothing_fits_at_all_only_memory_helps():
    with pytest.raises(DoesNotFit, match=r"any size of 512x512 or more.*\n.*\nwhat to do: free") as caught:
        make("sdxl", card_of(0.6, total_bytes=8 * GIB))
    more = bytes_after(caught.value.todo.split("free ")[1])
    assert make("sdxl", 0.6 + more * 1.006 / GIB)


@pytest.mark.parametrize("total", [0.6, 0.9])
def test_what_a_machine_does_not_have_is_not_to_be_freed(total):
    """Nobody frees 2 GiB of a card of 1."""
    with pytest.raises(DoesNotFit, match=r"take a machine with .* of GPU memory free") as caught:
        make("sdxl", card_of(0.6, total_bytes=int(total * GIB)))
    whole = bytes_after(caught.value.todo.split("with ")[1])
    assert make("sdxl", 1.006 * whole / GIB)


def test_fallbacks_need_less_and_less():
    made = make("sdxl", 24)
    steps = fallbacks(made)
    assert len(steps) == 3
    peaks = [p.prediction["reserved"].value for p in (made, *steps)]
    assert peaks == sorted(peaks, reverse=True) and all(b < a for a, b in pairwise(peaks))
    assert [size(p) for p in steps[:2]] == [(1024, 1024, None)] * 2  # the size stays while placement can give
    assert fallbacks(steps[0])


def test_a_known_card_gets_an_estimate_of_seconds_and_an_unknown_one_none():
    known = make("sdxl", card_of(24, name="NVIDIA GeForce RTX 4090"))
    figure = known.prediction["seconds"]
    assert figure.how == "predicted" and figure.error > 0 and "RTX4090" in figure.source.en
    assert "seconds" not in make("sdxl", 24).prediction


def test_on_a_cpu_everything_stays_there_in_float32():
    laptop = Budget("cpu", "a laptop", 32 * GIB, 32 * GIB, 32 * GIB, 100 * GIB)
    made = make("sdxl", laptop)
    assert set(made.placement.values()) == {"cpu"} and set(made.dtypes.values()) == {"float32"}
    assert "reserved" not in made.prediction and made.prediction["weights"].value == 4 * 3_468_837_867
    with pytest.raises(DoesNotFit, match="main memory"):
        make("sdxl", replace(laptop, free_bytes=8 * GIB, ram_free_bytes=8 * GIB))
    stored = make("sdxl", laptop, dtype="float8")
    assert stored.changes[0].given == "float32"


def test_reasons_and_changes_are_in_both_languages():
    made = make("wan2.1-1.3b", card_of(8), frames=16)
    for reason in made.reasons:
        assert reason.en and any("\u4e00" <= c <= "\u9fff" for c in reason.zh)
        assert not any("\u4e00" <= c <= "\u9fff" for c in reason.en)


def test_where_plain_attention_was_not_traced_the_efficient_kernel_is_assumed_and_said(monkeypatch):
    from plan_making import facts

    def only_fused(*args, **options):
        found = facts(*args, **options)
        return found if found is None or found.attention == "sdpa" else None

    monkeypatch.setattr(footprint, "cached", only_fused)
    made = make("wan2.1-1.3b", card_of(16, capabilities={"bf16": False, "fused_attention": False}))
    assert made.attention == "sdpa" and "memory-efficient kernel" in made.explain()


def test_half_formats_stand_for_each_other_and_float32_takes_twice_as_much(monkeypatch):
    from plan_making import facts

    def only_half(model, height, width, frames=1, batch=1, dtype="float16", *options):
        return facts(model, height, width, frames, batch, dtype, *options) if dtype == "bfloat16" else None

    exact = {dtype: make("wan2.1-1.3b", 80, dtype=dtype, frames=5) for dtype in ("bfloat16", "float16", "float32")}
    monkeypatch.setattr(footprint, "cached", only_half)
    from aigc_kit.memory.plan import search

    search.forget()
    for dtype, traced in exact.items():
        made = make("wan2.1-1.3b", 80, dtype=dtype, frames=5)
        for name in ("weights", "peak.denoise", "peak.decode"):
            assert made.prediction[name].value == pytest.approx(traced.prediction[name].value, rel=1e-3), (dtype, name)
        assert ("upper bound" in made.prediction["peak"].source.en) == (dtype == "float32")


def test_one_frame_of_a_video_stays_one_frame():
    from aigc_kit.memory.plan import machines

    gpu = machines.a_gpu(name="RTX4090")
    assert plan(Request("wan2.1-1.3b", "a cat", frames=1), gpu, cards.get("wan2.1-1.3b")).request.frames == 1


@pytest.mark.parametrize(
    ("card", "most"), [("tinysdxl", 1000), ("tinywan", 1000), ("sdxl", 1000), ("wan2.1-1.3b", 1000), ("kolors", 1100)]
)
def test_no_more_steps_than_levels_of_noise(card, most):
    known = cards.get(card)
    asked = Request(card, "a dog", steps=most)
    assert complete(asked, known)[0].steps == most
    for steps in (most + 1, 10**9, 10**5000):
        with pytest.raises(BadInput, match=rf"(?s)steps=.*{most} levels of noise.*{known.defaults['steps']} are"):
            plan(replace(asked, steps=steps), card_of(80), known)


@pytest.mark.parametrize("card", ["tinysdxl", "tinywan"])
def test_the_levels_of_noise_of_shipped_models_are_those_of_their_schedulers(card):
    config = json.loads((assets() / "models" / card / "scheduler" / "scheduler_config.json").read_text())
    assert complete(Request(card, "a dog", steps=config["num_train_timesteps"]), cards.get(card))
    with pytest.raises(BadInput, match="levels of noise"):
        complete(Request(card, "a dog", steps=config["num_train_timesteps"] + 1), cards.get(card))
