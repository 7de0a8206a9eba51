"""Placement on real classes of reduced width: whatever is moved, the result is the same."""

import numpy as np
import pytest
import torch
from making import plan_of, sdxl, wan

from aigc_kit.core.errors import BadInput, CannotLoad
from aigc_kit.memory.offload import place, release
from aigc_kit.memory.offload.placing import parts_of

SETTINGS = {"prompt": "a red dog", "negative_prompt": "blue", "num_inference_steps": 2, "output_type": "np"}
PLACES = ("resident", "model", "sequential", "group")


def seeded(pipe, **more):
    if type(pipe).__name__ == "WanPipeline":
        more = {"height": 32, "width": 32, "num_frames": 5, "max_sequence_length": 32, **more}
    else:
        more = {"height": 64, "width": 64, **more}
    return {**SETTINGS, "guidance_scale": 3.0, "generator": torch.Generator().manual_seed(3), **more}


def made(output):
    return output.images if hasattr(output, "images") else output.frames


def same(ours, theirs):
    """Weights that were moved may lie at other alignments: last bits differ, by no tenth of a grey level."""
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=0.1 / 255)


@pytest.fixture(scope="module")
def image_pipe(tmp_path_factory):
    return sdxl(tmp_path_factory.mktemp("sdxl"))


@pytest.fixture(scope="module")
def plain_image(image_pipe):
    release(image_pipe)
    return made(image_pipe(**seeded(image_pipe)))


@pytest.fixture(scope="module")
def video_pipe():
    return wan()


@pytest.fixture(scope="module")
def plain_video(video_pipe):
    release(video_pipe)
    return made(video_pipe(**seeded(video_pipe)))


def mode(name):
    return "cuda" if name == "resident" else name


@pytest.mark.parametrize("name", PLACES)
def test_every_placement_gives_the_same_image(image_pipe, plain_image, name):
    placed = place(image_pipe, plan_of(image_pipe, mode(name)), "cpu", follow=False)
    same(made(placed(**seeded(image_pipe))), plain_image)
    same(made(placed(**seeded(image_pipe))), plain_image)  # and again


@pytest.mark.parametrize("name", PLACES)
def test_every_placement_gives_the_same_video(video_pipe, plain_video, name):
    placed = place(video_pipe, plan_of(video_pipe, mode(name)), "cpu", follow=False)
    same(made(placed(**seeded(video_pipe))), plain_video)


@pytest.mark.parametrize("name", PLACES)
def test_text_encoders_that_stay_on_the_cpu_work_first(image_pipe, plain_image, name):
    placement = {"unet": mode(name), "vae": mode(name), "text_encoder": "cpu", "text_encoder_2": "cpu"}
    encoders = image_pipe.text_encoder
    placed = place(image_pipe, plan_of(image_pipe, placement), "cpu", follow=False)
    assert image_pipe.text_encoder is None and set(placed.aside) == {"text_encoder", "text_encoder_2"}
    same(made(placed(**seeded(image_pipe))), plain_image)
    assert image_pipe.text_encoder is None
    assert placed.restore() is image_pipe and image_pipe.text_encoder is encoders


def test_a_video_text_encoder_that_stays_on_the_cpu_works_first(video_pipe, plain_video):
    plan = plan_of(video_pipe, {"transformer": "model", "vae": "model", "text_encoder": "cpu"})
    placed = place(video_pipe, plan, "cpu", follow=False)
    same(made(placed(**seeded(video_pipe))), plain_video)
    again = place(placed, plan_of(video_pipe, "group"), "cpu", follow=False)  # a step down, say
    same(made(again(**seeded(video_pipe))), plain_video)


def test_sequential_leaves_no_weight_behind_and_release_brings_it_back(image_pipe):
    before = {name: value.clone() for name, value in image_pipe.unet.state_dict().items()}
    place(image_pipe, plan_of(image_pipe, "sequential"), "cpu", follow=False)
    assert {weight.device.type for weight in image_pipe.unet.parameters()} == {"meta"}
    release(image_pipe)
    for name, value in image_pipe.unet.state_dict().items():
        assert torch.equal(value, before[name])
    assert not any(hasattr(module, "_hf_hook") for module in image_pipe.unet.modules())


def test_group_takes_the_blocks_of_nested_text_encoders(image_pipe, video_pipe):
    from aigc_kit.memory.offload.modes import way_to_blocks

    assert way_to_blocks(image_pipe.text_encoder_2) == ["text_model", "encoder"]
    assert way_to_blocks(video_pipe.text_encoder) == ["encoder"]
    assert way_to_blocks(image_pipe.unet) is None and way_to_blocks(torch.nn.Linear(2, 2)) is None


def test_dtypes_are_applied_part_by_part_and_what_a_class_keeps_in_float32_stays():
    video_pipe = wan()
    dtypes = {"transformer": "bfloat16", "vae": "float32", "text_encoder": "bfloat16"}
    place(video_pipe, plan_of(video_pipe, "cuda", dtypes=dtypes), "cpu")
    block = video_pipe.transformer.blocks[0]
    assert block.ffn.net[2].weight.dtype == torch.bfloat16
    assert block.scale_shift_table.dtype == torch.float32
    assert {weight.dtype for weight in video_pipe.vae.parameters()} == {torch.float32}
    assert video_pipe.text_encoder.dtype == torch.bfloat16


def test_float8_weights_take_a_byte_each_and_compute_in_float32(tmp_path):
    pipe = sdxl(tmp_path)
    plain = made(pipe(**seeded(pipe)))
    dtypes = dict.fromkeys(parts_of(pipe), "float32") | {"unet": "float8"}
    plan = plan_of(pipe, "cpu", device="cpu", dtypes=dtypes)
    placed = place(pipe, plan, follow=False)
    linear = pipe.unet.mid_block.attentions[0].transformer_blocks[0].ff.net[2]
    assert linear.weight.dtype == torch.float8_e4m3fn and linear.weight.itemsize == 1
    image = made(placed(**seeded(pipe)))
    assert 0 < np.abs(image - plain).mean() < 0.1  # the last digits are gone, the picture is not
    with pytest.raises(CannotLoad, match="load the pipeline again"):
        place(pipe, plan_of(pipe, "cpu", device="cpu"))


def test_attention_is_what_the_plan_says_and_gives_the_same_picture(image_pipe, plain_image):
    from diffusers.models.attention_processor import AttnProcessor, AttnProcessor2_0, SlicedAttnProcessor

    kinds = {"math": AttnProcessor, "sliced": SlicedAttnProcessor, "sdpa": AttnProcessor2_0}
    for how, kind in kinds.items():
        placed = place(image_pipe, plan_of(image_pipe, "cuda", attention=how), "cpu", follow=False)
        assert {type(one) for one in image_pipe.unet.attn_processors.values()} == {kind}
        np.testing.assert_allclose(made(placed(**seeded(image_pipe))), plain_image, atol=1e-4)


def test_a_transformer_chooses_between_backends(video_pipe, plain_video):
    for how, backend in (("math", "_native_math"), ("sdpa", "native")):
        placed = place(video_pipe, plan_of(video_pipe, "cuda", attention=how), "cpu", follow=False)
        assert video_pipe.transformer.blocks[0].attn1.processor._attention_backend == backend
        np.testing.assert_allclose(made(placed(**seeded(video_pipe))), plain_video, atol=1e-4)
    with pytest.raises(BadInput, match="none of the parts"):
        place(video_pipe, plan_of(video_pipe, "cuda", attention="sliced"), "cpu")


def test_vae_options_are_switched_on_and_off(image_pipe):
    place(image_pipe, plan_of(image_pipe, "cuda", slicing=True, tiling=True), "cpu")
    assert image_pipe.vae.use_slicing and image_pipe.vae.use_tiling
    place(image_pipe, plan_of(image_pipe, "cuda"), "cpu")
    assert not image_pipe.vae.use_slicing and not image_pipe.vae.use_tiling


@pytest.mark.parametrize(
    ("placement", "match"),
    [
        ({"decoder": "cuda"}, "has text_encoder, text_encoder_2, unet, vae"),
        ({"unet": "model", "vae": "group"}, "cannot mix"),
        ({"unet": "model", "vae": "cuda"}, "cannot mix"),
        ({"unet": "cpu", "vae": "cuda"}, "only text encoders"),
        ({"unet": "moon"}, "not one of"),
    ],
)
def test_what_cannot_be_placed_is_refused_before_anything_moves(image_pipe, placement, match):
    with pytest.raises(BadInput, match=match):
        place(image_pipe, plan_of(image_pipe, placement), "cpu")


def test_bad_options_are_refused(image_pipe):
    with pytest.raises(BadInput, match=r"unknown: \['tilting'\]"):
        place(image_pipe, plan_of(image_pipe, "cuda", tilting=True), "cpu")
    with pytest.raises(BadInput, match="unknown"):
        place(image_pipe, plan_of(image_pipe, "cuda", attention="magic"), "cpu")
    with pytest.raises(BadInput, match="quantised when they are loaded"):
        place(image_pipe, plan_of(image_pipe, "cuda", dtypes={"unet": "nf4"}), "cpu")


def test_close_lets_go_of_the_weights(tmp_path):
    import gc
    import weakref

    pipe = sdxl(tmp_path)
    watched = weakref.ref(pipe.unet)
    placed = place(pipe, plan_of(pipe, "model"), "cpu")
    placed.close()
    gc.collect()
    assert watched() is None and pipe.unet is None
