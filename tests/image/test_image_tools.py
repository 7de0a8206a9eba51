"""Plans bind to the real classes; A/B, grids and upscaling."""

import functools
import inspect

import numpy as np
import pytest
from image_plans import PARTS, SMALL, plan_of

from aigc_kit import cards, image
from aigc_kit.core.errors import BadInput, MissingExtra
from aigc_kit.models import loaded
from tests.closeness import same_pixels

# ---------------------------------------------------------------- plan_for


def test_the_courses_sizes_become_an_eighth_and_it_is_said(here):
    plan = image.plan_for("一只小狗", card="tinysdxl", height=1024, width=768)
    assert (plan.request.height, plan.request.width) == (128, 96)
    assert [(c.what, c.asked, c.given) for c in plan.changes] == [("size", "1024x768", "128x96")]
    same = image.plan_for("一只小狗", card="tinysdxl", height=128, width=96)
    assert (same.request.height, same.request.width, same.changes) == (128, 96, ())


def test_a_plan_leaves_nothing_open(here):
    plan = image.plan_for("a cat", card="tinysdxl")
    request = plan.request
    assert None not in (request.height, request.width, request.steps, request.guidance)
    assert plan.prediction["peak"].how == "predicted"
    assert set(plan.dtypes) == set(PARTS)


@pytest.mark.parametrize(("values", "match"), [
    ({"height": 100, "width": 100}, "multiple of 8"), ({"height": 4096, "width": 4096}, "pixels"),
    ({"batch": 0}, "batch=0"), ({"steps": 0}, "steps=0"),
])  # fmt: skip
def test_sizes_that_cannot_be_drawn(here, values, match):
    with pytest.raises(BadInput, match=match):
        image.plan_for("a cat", card="tinysdxl", **values)


@pytest.mark.parametrize("mode", ["text2img", "img2img", "inpaint"])
@pytest.mark.parametrize("name", ["sdxl", "tinysdxl"])
def test_every_keyword_that_a_run_passes_is_the_classs_own(here, mode, name, monkeypatch):
    import diffusers

    cls = {
        "text2img": diffusers.StableDiffusionXLPipeline,
        "img2img": diffusers.StableDiffusionXLImg2ImgPipeline,
        "inpaint": diffusers.StableDiffusionXLInpaintPipeline,
    }[mode]
    picture = np.zeros((64, 64, 3), np.uint8)
    given = {"image": None if mode == "text2img" else picture, "mask": (0, 0, 8, 8) if mode == "inpaint" else None}
    plain, seen = cls.__call__, {}

    @functools.wraps(plain)  # the kit looks at the signature
    def record(self, **call):
        seen["call"] = call
        raise _Enough

    monkeypatch.setattr(cls, "__call__", record)
    for prompt in ("a red cat", "a (red:1.3) cat"):
        plan = plan_of(prompt, card=cards.get(name), negative="blurry", scheduler="ddim")
        with pytest.raises(_Enough):
            list(image.steps(plan, **given))
        parameters = inspect.signature(plain).parameters
        assert set(seen["call"]) <= set(parameters), set(seen["call"]) - set(parameters)
        inspect.signature(plain).bind(None, **seen["call"])
        loaded.free()


class _Enough(Exception):
    pass


# ---------------------------------------------------------------- A/B


def test_a_against_b_is_warmed_up_alternated_and_measured(here):
    a, b = plan_of(seed=3), plan_of(seed=3, dtype="float16")
    made = image.compare(a, b, 2, names=("fp32", "fp16"))
    assert made.order == "ABBA"
    assert len(made.a.seconds) == len(made.b.seconds) == len(made.ratios) == 2
    assert made.b.weight_bytes == pytest.approx(made.a.weight_bytes / 2, rel=0.01)
    assert (made.a.name, made.b.name) == ("fp32", "fp16")
    assert len(made.a.load_seconds) == 1  # loading and the first run are not in the times
    assert 0 < made.mean_difference < 3
    assert made.psnr > 30
    apart = made.a.take.data.astype(int) - made.b.take.data
    assert made.max_difference == np.abs(apart).max()
    assert made.psnr == pytest.approx(10 * np.log10(255**2 / (apart**2).mean()))
    assert made.ratios[0] == pytest.approx(made.a.seconds[0] / made.b.seconds[0])


def test_the_same_against_itself_differs_in_nothing(here):
    made = image.compare(plan_of(), plan_of(), 1)
    assert (made.mean_difference, made.max_difference, made.psnr) == (0, 0, None)
    if made.a.peak is not None:
        assert made.a.peak.how == "measured"
        assert made.a.peak.value > made.a.weight_bytes


def test_comparisons_that_mean_nothing(here):
    with pytest.raises(BadInput, match="not an integer >= 1"):
        image.compare(plan_of(), plan_of(), 0)
    with pytest.raises(BadInput, match="sizes"):
        image.compare(plan_of(), plan_of(width=128))


# ---------------------------------------------------------------- grids


def test_a_grid_turns_two_dials(here):
    seen = []
    made = image.grid(
        "a cat", rows={"guidance": [1, 5]}, columns={"steps": [1, 2]}, card="tinysdxl", height=64, width=64, seed=4,
        on_take=lambda i, j, take: seen.append((i, j)),
    )  # fmt: skip
    assert seen == [(0, 0), (0, 1), (1, 0), (1, 1)]
    asked = [[(t.plan.request.guidance, t.plan.request.steps) for t in row] for row in made.takes]
    assert asked == [[(1, 1), (1, 2)], [(5, 1), (5, 2)]]
    sheet = made.sheet(gap=4)
    assert sheet.shape == (2 * 64 + 4, 2 * 64 + 4, 3)
    assert np.array_equal(sheet[68:, 68:], made.takes[1][1].data[0])
    assert (sheet[64:68] == 255).all()


def test_several_prompts_are_rows_with_seed_equal_to_index(here):
    made = image.grid(["a cat", "a dog"], columns={"size": [(64, 64), (64, 96)]}, card="tinysdxl", steps=1)
    assert [[t.labels["seeds"] for t in row] for row in made.takes] == [[(0,), (0,)], [(1,), (1,)]]
    assert made.rows == ("prompt", ("a cat", "a dog"))
    assert made.sheet(gap=0).shape == (128, 192, 3)  # cells are as wide as the widest


@pytest.mark.parametrize(("given", "match"), [
    ({"rows": {"steps": [1], "seed": [1]}}, "2 dials"), ({"rows": {"steps": []}}, "no list of values"),
    ({"columns": {"prompt": "cat"}}, "no list of values"),
])  # fmt: skip
def test_grids_that_cannot_be_drawn(here, given, match):
    with pytest.raises(BadInput, match=match):
        image.grid("a cat", card="tinysdxl", **given)
    with pytest.raises(BadInput, match="the prompts are the rows"):
        image.grid(["a", "b"], rows={"steps": [1]}, card="tinysdxl")


# ---------------------------------------------------------------- upscaling


def test_lanczos_is_pillows_and_says_so():
    from PIL import Image

    rng = np.random.default_rng(0)
    small = rng.integers(0, 255, (12, 16, 3), dtype=np.uint8)
    made = image.upscale(small, 2)
    assert made.how == "lanczos"
    assert np.array_equal(made.data, np.asarray(Image.fromarray(small).resize((32, 24), Image.Resampling.LANCZOS)))
    flat = image.upscale(np.full((8, 8, 3), 77, np.uint8), 1.5)
    assert flat.data.shape == (12, 12, 3)
    assert (flat.data == 77).all()


@pytest.mark.parametrize("factor", [1, 0, 9, "2", True])
def test_factors_are_checked(factor):
    with pytest.raises(BadInput, match="factor="):
        image.upscale(np.zeros((8, 8, 3), np.uint8), factor)


def test_upscaling_models_are_safetensors_only(tmp_path):
    picture = np.zeros((8, 8, 3), np.uint8)
    pickled = tmp_path / "model.pth"
    pickled.write_bytes(b"x")
    with pytest.raises(BadInput, match="other formats can run code"):
        image.upscale(picture, 2, pickled)
    with pytest.raises(BadInput, match=r"not a \.safetensors file on this machine"):
        image.upscale(picture, 2, tmp_path / "absent.safetensors")


def test_without_spandrel_the_extra_is_named(tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "spandrel", None)
    file = tmp_path / "model.safetensors"
    file.write_bytes(b"x")
    with pytest.raises(MissingExtra, match=r"pip install 'aigc-kit\[upscale\]'"):
        image.upscale(np.zeros((8, 8, 3), np.uint8), 2, file)


def test_a_model_of_spandrel_is_called_as_it_is(tmp_path):
    """An ESRGAN of random weights, by the kit and by hand."""
    pytest.importorskip("spandrel", reason="the extra 'upscale' is not installed")
    import torch
    from safetensors.torch import save_file
    from spandrel.architectures.ESRGAN import ESRGAN

    torch.manual_seed(0)
    network = ESRGAN(in_nc=3, out_nc=3, num_filters=16, num_blocks=2, scale=4).eval()
    file = tmp_path / "esrgan.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in network.state_dict().items()}, file)
    small = np.random.default_rng(0).integers(0, 255, (24, 32, 3), dtype=np.uint8)
    made = image.upscale(small, 4, file)
    with torch.no_grad():
        wanted = network(torch.from_numpy(small).permute(2, 0, 1)[None].float() / 255)[0].clamp(0, 1)
    assert made.how == "model: ESRGAN"
    assert same_pixels(made.data, (wanted * 255).round().permute(1, 2, 0).numpy().astype(np.uint8))
    assert image.upscale(small, 2, file).data.shape == (48, 64, 3)


def test_the_card_of_the_small_model_keeps_the_planners_facts():
    for name in ("multiple", "frame_step", "max_pixels", "ladder", "frames_ladder", "variant", "vae_upcast"):
        assert name in vars(cards.get("tinysdxl").facts)
        assert name in vars(SMALL.facts)
