"""The trace on the meta device against real tensors.

Real pipelines of reduced width run on the CPU and are followed by the events of its allocator, a mechanism that shares
nothing with the tracer.
"""

import contextlib
import importlib
import warnings

import pytest

from tests.xray.pipelines import RECIPES, load, save

TOLERANCE = 0.02
ORDER = ("height", "width", "frames")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    made = {}

    def folder(name):
        if name not in made:
            made[name] = save(RECIPES[name], tmp_path_factory.mktemp(name))
        return made[name]

    return folder


def follow_calls(pipe, names):
    """Wrap the parts' entries; returns {phase: (peak bytes of the last call, its tensor arguments)}."""
    from aigc_kit.core import peak

    seen = {}

    def watch(owner, method, phase):
        original = getattr(owner, method)

        def wrapped(*args, **kwargs):
            with peak.follow() as found:
                out = original(*args, **kwargs)
            seen[phase] = found.peak, described(args, kwargs)
            return out

        setattr(owner, method, wrapped)

    for name in names:
        watch(getattr(pipe, name), "decode" if name == "vae" else "forward", name)
    return seen


def described(args, kwargs):
    """Shapes and dtypes of all tensors that a call was given."""
    import torch
    from torch.utils._pytree import tree_leaves

    found = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
    return sorted(f"{tuple(leaf.shape)} {leaf.dtype}" for leaf in found if leaf.numel() > 2)


def fed(folder, name, dtype, batch):
    """Shapes and dtypes of what the tracer gives the denoiser."""
    import torch

    module = importlib.import_module("aigc_kit.memory.xray.trace")

    bench = module.Bench(folder, dtype)
    shape = bench.shape(tuple({"frames": 1, **RECIPES[name].size}[k] for k in ORDER), batch)
    rows = 2 * batch if bench.family.guidance == "batched" else batch
    with torch.device("meta"):
        return described((), bench.family.feed(bench.denoiser, shape, rows))


def real_run(name, folder, dtype, attention, slicing, tiling, batch):
    import torch
    from diffusers.models.attention_processor import AttnProcessor, AttnProcessor2_0
    from torch.nn.attention import SDPBackend, sdpa_kernel

    recipe = RECIPES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pipe = load(recipe, folder, dtype, {"vae": "float32"} if name == "wan" else {})
    if attention == "math":
        for part in recipe.parts:
            for block in getattr(pipe, part).modules():
                if isinstance(getattr(block, "processor", None), AttnProcessor2_0):
                    block.set_processor(AttnProcessor())
    if attention == "sliced":
        pipe.enable_attention_slicing()
    if slicing:
        pipe.vae.enable_slicing()
    if tiling:
        pipe.vae.enable_tiling()
    seen = follow_calls(pipe, recipe.parts)
    size = {"num_frames" if key == "frames" else key: value for key, value in recipe.size.items()}
    kernel = sdpa_kernel(SDPBackend.MATH) if attention == "math" else contextlib.nullcontext()
    guidance = {} if name == "flux" else {"negative_prompt": ["b"] * batch}
    with warnings.catch_warnings(), torch.no_grad(), kernel:
        warnings.simplefilter("ignore")
        pipe(prompt=["a"] * batch, num_inference_steps=1, output_type="pt", **guidance, **size, **recipe.call)
    return seen


CASES = [
    ("sdxl", "float32", "sdpa", False, False, 1),
    ("sdxl", "float32", "math", False, False, 1),
    ("sdxl", "float32", "sliced", False, False, 1),
    ("sdxl", "float32", "sdpa", True, False, 2),
    ("sdxl", "float32", "sdpa", False, True, 1),
    ("sdxl", "float32", "sdpa", True, True, 2),
    ("sdxl", "float16", "sdpa", False, False, 1),
    ("sd15", "float32", "sdpa", False, False, 2),
    ("sd15", "float32", "math", False, False, 1),
    ("sd15", "bfloat16", "sliced", False, False, 1),
    ("wan", "float32", "sdpa", False, False, 1),
    ("wan", "bfloat16", "sdpa", False, False, 1),
    ("wan", "float32", "math", False, False, 1),
    ("wan", "float32", "sdpa", False, True, 1),
    ("flux", "float32", "sdpa", False, False, 1),
    ("flux", "bfloat16", "sdpa", False, True, 1),
    ("flux", "float32", "math", False, False, 2),
    ("cogvideox", "float32", "sdpa", False, False, 1),
    ("cogvideox", "float32", "sdpa", True, True, 2),
]


@pytest.mark.parametrize("name,dtype,attention,slicing,tiling,batch", CASES)
def test_the_traced_peak_is_the_peak_of_real_tensors(
    folders, monkeypatch, name, dtype, attention, slicing, tiling, batch
):
    from aigc_kit.memory.xray import trace, tracer

    monkeypatch.setattr(tracer, "GRANULE", 1)  # the CPU's allocator does not round
    options = {"dtype": dtype, "attention": attention, "vae_slicing": slicing, "vae_tiling": tiling, "batch": batch}
    facts = trace(folders(name), **RECIPES[name].size, **options)
    seen = real_run(name, folders(name), dtype, attention, slicing, tiling, batch)
    assert {phase.part for phase in facts.phases} == set(seen)
    assert fed(folders(name), name, dtype, batch) == seen["unet" if "unet" in seen else "transformer"][1]
    for phase in facts.phases:
        traced, measured = phase.live_bytes - phase.held_bytes, seen[phase.part][0]
        assert traced == pytest.approx(measured, rel=TOLERANCE), f"{phase.name}: {phase.setter}"
