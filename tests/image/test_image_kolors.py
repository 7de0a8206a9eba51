"""Kolors, which reads Chinese: SDXL's UNet with ChatGLM before it, published configs at a fraction of their width."""

import inspect
from dataclasses import replace

import kolors_model
import numpy as np
import pytest
from image_plans import plan_of

from aigc_kit import cards, image
from aigc_kit.core.errors import BadInput, MissingExtra
from aigc_kit.core.types import Request
from aigc_kit.core.units import GIB
from aigc_kit.make.run import resolve
from aigc_kit.memory.plan.machines import a_gpu
from aigc_kit.models import loaded
from aigc_kit.worlds.prompts import budget
from tests.closeness import same_pixels

CARD = cards.get("kolors")
PARTS = ("unet", "vae", "text_encoder")
PROMPT = "一张可爱小狗在花丛中玩耍的照片"


# ---------------------------------------------------------------- the card and its plans


def test_its_files_are_as_large_as_published():
    """The publisher's listing: text encoder 4.91 + 4.90 + 2.68 GB, UNet 5.16 GB, VAE 167 MB, all of them float16."""
    published = (4.91e9 + 4.90e9 + 2.68e9) + 5.16e9 + 167e6
    assert CARD.params.value * 2 == pytest.approx(published, rel=0.002)
    assert "registration" in CARD.licence


@pytest.mark.parametrize("ram", [32, 64])
def test_a_card_of_24_gib_draws_in_full_size(ram):
    made = resolve(Request("kolors", PROMPT), a_gpu(name="RTX4090", ram=ram * GIB), CARD)
    assert (made.request.height, made.request.width) == (1024, 1024)
    assert made.dtypes["unet"] == "float16"
    assert made.prediction["weights"].value == pytest.approx(CARD.params.value * 2, rel=0.001)


def test_without_its_tokenizers_package_it_says_what_to_install(monkeypatch):
    from aigc_kit.make.image import loading

    monkeypatch.setattr(loading, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"aigc-kit\[kolors\]"):
        loading.load(plan_of(PROMPT, card=CARD))


# ---------------------------------------------------------------- the real classes at reduced width


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    pytest.importorskip("sentencepiece", reason="the extra [kolors] is not installed")
    return kolors_model.write(tmp_path_factory.mktemp("kolors"))


@pytest.fixture
def drawn(folder, monkeypatch):
    monkeypatch.setenv("AIGC_MODELS_DIR", str(folder.parent))

    def run(prompt=PROMPT, pictures=None, placement="cpu", budget=None, **values):
        places = placement if isinstance(placement, dict) else dict.fromkeys(PARTS, placement)
        plan = plan_of(prompt, card=CARD, placement=places, **values)
        return image.run(plan, **(pictures or {}))

    yield run
    loaded.free()


@pytest.fixture
def bare(folder):
    import torch
    from diffusers import KolorsPipeline

    pipe = KolorsPipeline.from_pretrained(folder, variant="fp16", dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def seeds(*numbers):
    import torch

    return [torch.Generator("cpu").manual_seed(number) for number in numbers]


def same(take, wanted):
    return same_pixels(take.data, (wanted * 255).round().astype(np.uint8))


def test_a_run_is_the_pipelines_own_call(drawn, bare):
    take = drawn(negative="夜晚", seed=7, steps=3)
    call = {"height": 64, "width": 64, "num_inference_steps": 3, "guidance_scale": 5.0, "output_type": "np"}
    assert same(take, bare(PROMPT, negative_prompt="夜晚", generator=seeds(7), **call).images)
    assert take.labels["model"] == "kolors" and take.data.std() > 1
    assert same(drawn(seed=7, steps=3), bare(PROMPT, negative_prompt="", generator=seeds(7), **call).images)


def test_chinese_is_read_as_it_stands(drawn):
    take = drawn()
    assert take.words[0].read == PROMPT
    assert "translated_by" not in take.labels and "english" not in take.labels
    assert take.words[0].limit == 254 and take.words[0].cut == ""


def test_its_tokens_are_counted_in_their_places(bare):
    found = budget(PROMPT, bare.tokenizer, limit=3)
    assert [token.id for token in found.tokens] == bare.tokenizer(PROMPT)["input_ids"][2:]  # without [gMASK] and sop
    assert PROMPT.endswith(found.cut) and found.kept + found.cut == PROMPT and found.cut


def test_a_batch_and_an_encoder_that_stays_on_the_cpu(folder, drawn, bare):
    """Kolors repeats no embeddings that it is given: a batch of them must come repeated."""
    from aigc_kit.memory.offload import place

    take = drawn(seed=3, batch=2)
    call = {"height": 64, "width": 64, "num_inference_steps": 2, "guidance_scale": 5.0, "negative_prompt": ""}
    wanted = bare(PROMPT, num_images_per_prompt=2, generator=seeds(3, 4), output_type="np", **call).images
    assert same(take, wanted)
    plan = plan_of(PROMPT, card=CARD, placement={"unet": "model", "vae": "model", "text_encoder": "cpu"})
    placed = place(bare, replace(plan, budget=replace(plan.budget, device="cuda")), "cpu", follow=False)
    assert set(placed.aside) == {"text_encoder"}
    apart = placed(prompt=PROMPT, num_images_per_prompt=2, generator=seeds(3, 4), output_type="np", **call).images
    np.testing.assert_allclose(apart, wanted, atol=1e-5)


@pytest.mark.parametrize("placement", ["model", "group", "sequential"])
def test_offloaded_parts_draw_the_same(drawn, placement):
    plain = drawn(seed=3, dtype="float16")
    other = drawn(seed=3, dtype="float16", placement=placement)
    assert np.abs(plain.data.astype(int) - other.data).max() <= 2


def test_it_can_start_from_a_picture_and_cannot_inpaint(drawn, bare):
    from diffusers import KolorsImg2ImgPipeline
    from PIL import Image

    first = drawn(seed=1).data[0]
    take = drawn(pictures={"image": first}, seed=2, steps=4, strength=0.5)
    pipe = KolorsImg2ImgPipeline(**bare.components)
    pipe.set_progress_bar_config(disable=True)
    wanted = pipe(
        PROMPT, image=Image.fromarray(first), strength=0.5, num_inference_steps=4, guidance_scale=5.0, height=64,
        width=64, negative_prompt="", generator=seeds(2), output_type="np",
    ).images  # fmt: skip
    assert same(take, wanted)
    with pytest.raises(BadInput, match="no KolorsInpaintPipeline"):
        drawn(pictures={"image": first, "mask": (0, 0, 32, 32)})


def test_weights_are_refused_and_brackets_can_be_words(drawn):
    with pytest.raises(BadInput, match="its text encoder is none"):
        drawn("一张(可爱:1.5)小狗")
    assert drawn("一张(可爱:1.5)小狗", weights=False).words[0].read == "一张(可爱:1.5)小狗"


@pytest.mark.parametrize("mode", ["Pipeline", "Img2ImgPipeline"])
def test_every_keyword_that_a_run_passes_is_the_classs_own(drawn, folder, mode, monkeypatch):
    import diffusers

    cls, seen = getattr(diffusers, f"Kolors{mode}"), {}
    call = cls.__call__

    def watched(self, *args, **options):
        seen.update(options)
        return call(self, *args, **options)

    watched.__signature__ = inspect.signature(call)
    monkeypatch.setattr(cls, "__call__", watched)
    picture = {} if mode == "Pipeline" else {"image": np.zeros((64, 64, 3), np.uint8)}
    drawn(negative="夜晚", pictures=picture, scheduler="ddim")
    assert {"prompt", "negative_prompt", "height", "width", "generator"} <= set(seen)
    inspect.signature(call).bind(None, **seen)


def test_its_trace_is_what_a_real_run_keeps_alive(drawn, folder):
    """The trace on the meta device against the events of the CPU's allocator; the text encoder works twice."""
    from aigc_kit.memory.xray import trace

    facts = trace(folder, 64, 64, dtype="float32")
    weights = sum(facts.weights_bytes.values())
    seen = {phase.name: phase.peak_bytes for phase in drawn(follow=True).cost.phases}
    traced = {phase.name: weights + phase.live_bytes for phase in facts.phases}
    assert seen["denoise"] == pytest.approx(traced["denoise"], rel=0.02)
    assert seen["decode"] == pytest.approx(traced["decode"], rel=0.02)
    assert seen["text"] == pytest.approx(traced["text_encoder"], rel=0.05)
