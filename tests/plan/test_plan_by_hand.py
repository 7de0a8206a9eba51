"""Whoever repeats a printed plan by hand, in diffusers alone, gets the peak that was traced.

Reduced pipelines, whose own traces make the plan. The printed lines are run as they stand, but for the device's name,
and the run is followed by the events of the CPU's allocator, which share nothing with the tracer.
"""

import warnings
from dataclasses import replace

import pytest

from aigc_kit import cards, footprint
from aigc_kit.core import peak
from aigc_kit.core.types import Budget, Request
from aigc_kit.core.units import GIB
from aigc_kit.make.diffusion.loading import quiet
from aigc_kit.make.run import resolve
from aigc_kit.memory.plan import search
from tests.plan.reduced import folder_of

SIZES = dict.fromkeys(("sdxl", "sd15", "kolors"), (64, 64, 1))
SIZES |= dict.fromkeys(("wan2.1-1.3b", "wan2.1-14b"), (128, 128, 5))
TILED = {"sdxl": (192, 64, 1), "sd15": (64, 64, 1)}  # these decoders cut tiles above 128 and 32
GPU = Budget("cuda", "a card", 24 * GIB, 24 * GIB, 64 * GIB, 99 * GIB, {"bf16": True, "fused_attention": True})
TOLERANCE = 0.02


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("by-hand")


@pytest.fixture
def traced(root, monkeypatch):
    """name, size -> its folder; plans of that card then come from fresh traces of that folder."""
    from aigc_kit.memory.xray import build, trace, tracer

    away = {"safety_checker", "tokenizer"}  # as of the known model sd15; the class of Wan's tokenizer here is another
    monkeypatch.setattr(build, "left_out", lambda model: away)
    monkeypatch.setattr(tracer, "GRANULE", 1)  # the CPU's allocator does not round

    def use(name, size):
        folder, known = folder_of(name, root), {}

        def cached(
            model, height, width, frames=1, batch=1, dtype="float16", attention="sdpa", slicing=False, tiling=False
        ):
            if (height, width, frames) != size:
                return None
            case = (batch, dtype, attention, slicing, tiling)
            if case not in known:
                frames = {"frames": frames} if name.startswith("wan") else {}
                known[case] = trace(folder, height, width, **frames, batch=batch, dtype=dtype, attention=attention,
                                    vae_slicing=slicing, vae_tiling=tiling)  # fmt: skip
            return known[case]

        monkeypatch.setattr(footprint, "cached", cached)
        monkeypatch.setattr(footprint, "sizes", lambda model: (size,))
        search.forget()
        return folder

    yield use
    search.forget()


def printed(plan):
    """The lines of code in a plan's words; the same in both languages."""
    english, chinese = (
        [line[4:] for line in plan.explain(lang).splitlines() if line[:4] == "    "] for lang in ("en", "zh")
    )
    assert english == chinese
    return english


def by_hand(lines, folder):
    """Run the lines, and follow them: part -> highest bytes of tensors while it worked."""
    import diffusers
    import torch

    names = {"torch": torch, "diffusers": diffusers, "FOLDER": folder, "PROMPT": "a cat"}
    highest = {}

    def watch(part, method, phase):
        original = getattr(part, method)

        def wrapped(*args, **options):
            with peak.follow() as live:
                out = original(*args, **options)
            highest[phase] = max(highest.get(phase, 0), live.peak)
            return out

        setattr(part, method, wrapped)

    for line in lines:
        if "pipe" in names and not highest:
            pipe = names["pipe"]
            pipe.set_progress_bar_config(disable=True)
            for name in ("text_encoder", "text_encoder_2", "unet", "transformer"):
                if getattr(pipe, name, None) is not None and "forward" not in vars(getattr(pipe, name)):
                    watch(getattr(pipe, name), "forward", name)
            if "decode" not in vars(pipe.vae):
                watch(pipe.vae, "decode", "vae")
        exec(line.replace('"cuda"', '"cpu"'), names)
    return names["pipe"], highest


FULL = {"dtype": "float32"}  # a CPU is faster in it
CASES = [
    ("sdxl", {}), ("sdxl", {"vae_tiling": True}), ("sdxl", {"batch": 2, "vae_slicing": True, **FULL}),
    ("sdxl", {"attention": "math", **FULL}), ("sdxl", {"attention": "sliced", **FULL}),
    ("sdxl", {"text_on_cpu": True, "batch": 2, **FULL}), ("sd15", {"vae_tiling": True, **FULL}),
    ("sd15", {"text_on_cpu": True}), ("kolors", FULL), ("wan2.1-1.3b", {}),
    ("wan2.1-1.3b", {"text_on_cpu": True, "vae_tiling": True, **FULL}), ("wan2.1-1.3b", {"attention": "math", **FULL}),
    ("wan2.1-14b", FULL),
]  # fmt: skip


@pytest.mark.parametrize(("name", "wish"), CASES, ids=[f"{n} {' '.join(map(str, w.items()))}" for n, w in CASES])
def test_the_printed_lines_give_the_traced_peak(name, wish, traced):
    import torch

    size = TILED.get(name, SIZES[name]) if wish.get("vae_tiling") else SIZES[name]
    folder = traced(name, size)
    card = cards.get(name)
    values = {"height": size[0], "width": size[1], "steps": 1, "vae_tiling": False, "text_on_cpu": False, **wish}
    values |= {"frames": size[2]} if card.kind == "video" else {}
    values.setdefault("placement", "resident")
    plan = resolve(Request(name, "a cat").change(**values), GPU, card)
    assert plan.need.traced
    with warnings.catch_warnings(), torch.no_grad(), quiet():
        warnings.simplefilter("ignore")  # the pipeline's own way of lifting a decoder is deprecated
        pipe, highest = by_hand(printed(plan), folder)
    for phase in plan.need.facts.phases:
        live = phase.live_bytes - phase.held_bytes
        bounded = plan.request.batch > 1 or plan.attention != "sdpa"  # traced for several prompts, in plain attention
        if phase.part.startswith("text") and name == "kolors":
            continue  # its mask, which the trace is given, outweighs an encoder of this width
        if phase.part.startswith("text") and bounded:
            assert highest[phase.part] <= live
        else:
            assert highest[phase.part] == pytest.approx(live, rel=TOLERANCE), (phase.name, phase.setter)
    weights = plan.need.facts.weights_bytes
    for part, count in weights.items():
        module = getattr(pipe, part, None)
        if module is not None:  # text encoders on the CPU are let go
            total = sum(t.numel() * t.element_size() for t in (*module.parameters(), *module.buffers()))
            assert total == pytest.approx(count, rel=TOLERANCE), part
    assert {name for name, part in pipe.components.items() if isinstance(part, torch.nn.Module)} <= set(weights)


@pytest.mark.parametrize("place", ["group", "sequential", "model"])
def test_the_lines_of_offloading_name_calls_that_exist(place, traced):
    """On a CPU accelerate's sequential hooks do not work; the calls are bound instead."""
    import inspect

    import diffusers

    traced("sdxl", SIZES["sdxl"])
    wish = Request("sdxl", "a cat").change(height=64, width=64, placement=place)
    (line,) = [line for line in printed(resolve(wish, GPU, cards.get("sdxl"))) if "offload" in line]
    if place == "group":
        assert "apply_group_offloading(part, " in line
        names = inspect.signature(diffusers.hooks.apply_group_offloading).parameters
        assert {word.partition("=")[0] for word in line.split("part, ", 2)[-1].split(", ")} <= set(names)
    else:
        name = line.partition("(")[0].removeprefix("pipe.")
        assert "device" in inspect.signature(getattr(diffusers.StableDiffusionXLPipeline, name)).parameters


def test_a_plan_says_everything_that_it_relies_on(traced):
    traced("sdxl", SIZES["sdxl"])
    plan = resolve(Request("sdxl", "a cat", height=64, width=64).change(vae_tiling=True), GPU, cards.get("sdxl"))
    words = plan.explain()
    assert "decoder: slicing off, tiling on" in words and "解码器: slicing 关，tiling 开" in plan.explain("zh")
    assert "24.0 GiB free, 64.0 GiB of main memory free (as probed)" in words
    assumed = resolve(plan.request, replace(GPU, origin="assumed"), cards.get("sdxl"))
    assert "64.0 GiB of main memory free (assumed)" in assumed.explain()
    assert "主机内存空闲 64.0 GiB（假设）" in assumed.explain("zh")
    assert "vae is lifted to float32" in words
    assert "guidance above 1" in words


def test_what_is_left_out_is_said():
    from aigc_kit.memory.plan import machines

    words = resolve(Request("sd15", "a cat"), machines.a_gpu("8GiB"), cards.get("sd15")).explain()
    assert "safety_checker=None, feature_extractor=None" in words
    assert "requires_safety_checker=False" in words
