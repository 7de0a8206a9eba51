"""Lab 02a's own code, taken out of the notebook and held against diffusers; both labs' solutions pass their checks."""

import numpy as np
import pytest

from aigc_kit.teach.notebooks import cells
from tests.closeness import same_pixels
from tests.core_models import require_card

from .lab_notebook import functions, passed, source, unused_checks, verdicts

NOTEBOOK, MEMORY = (cells.folder() / name for name in ("02a_sdxl.ipynb", "02b_memory.ipynb"))


@pytest.fixture(scope="module")
def pipe():
    """The tiny SDXL as diffusers loads it, on the CPU, float32."""
    import torch
    from diffusers import DiffusionPipeline

    folder = require_card("tinysdxl")
    made = DiffusionPipeline.from_pretrained(folder, dtype=torch.float32, use_safetensors=True, add_watermarker=False)
    made.set_progress_bar_config(disable=True)
    return made


@pytest.fixture(scope="module")
def lab(pipe):
    """The notebook's by-hand functions with what they take from the notebook."""
    import torch

    from aigc_kit import image

    space = {"torch": torch, "np": np, "pipe": pipe, "image": image}
    space["z"] = torch.zeros(1, pipe.unet.config.in_channels, 16, 16)
    functions(NOTEBOOK, space, "encode", "ask")
    space["said"] = space["encode"]("a red heart")
    space["nothing"] = tuple(torch.zeros_like(part) for part in space["said"])
    functions(NOTEBOOK, space, "denoise", "noised")
    return space


def of_diffusers(pipe, prompt, **options):
    import torch

    drawn = pipe(prompt, generator=torch.Generator().manual_seed(9), output_type="np", height=128, width=128, **options)
    return (drawn.images * 255).round().astype(np.uint8)


@pytest.mark.parametrize("guidance", [1.5, 5.0])
def test_the_loop_by_hand_is_diffusers_own(lab, pipe, guidance):
    mine = lab["denoise"](lab["said"], guidance=guidance, steps=4, seed=9)
    assert same_pixels(mine, of_diffusers(pipe, "a red heart", guidance_scale=guidance, num_inference_steps=4))


def test_a_negative_by_hand_is_diffusers_own(lab, pipe):
    mine = lab["denoise"](lab["said"], steps=4, seed=9, empty=lab["encode"]("night"))
    wanted = of_diffusers(pipe, "a red heart", negative_prompt="night", guidance_scale=5.0, num_inference_steps=4)
    assert same_pixels(mine, wanted)


def test_two_conditions_pull_twice_as_one_condition_pulled_twice(lab):
    one = lab["encode"]("a red heart")
    both = lab["denoise"](one, one, guidance=2.0, steps=3)
    assert np.abs(both.astype(int) - lab["denoise"](one, guidance=4.0, steps=3)).max() <= 1


def test_noise_by_hand_is_diffusers_own(lab, pipe):
    import torch
    from diffusers import DDPMScheduler

    forward = DDPMScheduler.from_config(pipe.scheduler.config)
    lab["abar"] = forward.alphas_cumprod.numpy()
    x, noise = torch.randn(2, 1, 16, 8, 8, generator=torch.Generator().manual_seed(0)).unbind(0)
    for t in (0, 250, 999):
        assert torch.allclose(lab["noised"](x, t, noise), forward.add_noise(x, noise, torch.tensor([t])), atol=1e-5)


@pytest.mark.parametrize(("notebook", "letters"), [(NOTEBOOK, "abcde"), (MEMORY, "abc")], ids=["02a", "02b"])
def test_the_solutions_pass_every_check(notebook, letters, tmp_path):
    require_card("tinysdxl")
    assert [said for said in verdicts(notebook, tmp_path) if "练习" in said] == passed(letters)


@pytest.mark.parametrize(("notebook", "number"), [(NOTEBOOK, "02a"), (MEMORY, "02b")], ids=["02a", "02b"])
def test_the_checks_of_the_notebook_are_those_of_the_lab(notebook, number):
    assert unused_checks(notebook, number) == []


def test_the_errata_of_both_parts_are_all_shown():
    said = source(NOTEBOOK) + source(MEMORY)
    assert [f"E{n}" for n in range(8, 28) if f"E{n}" not in said] == []
