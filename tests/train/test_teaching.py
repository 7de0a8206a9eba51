"""LoRA and ControlNet trainings against plain formulas, diffusers' own schedulers, and what must not change."""

import numpy as np
import pytest

from aigc_kit import BadInput
from aigc_kit.make import train as kit
from aigc_kit.make.train import lora
from aigc_kit.make.train.control import hint_of

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")

pytestmark = [pytest.mark.usefixtures("one_thread"), pytest.mark.filterwarnings("ignore::UserWarning")]
FOLDER = "assets/models/tinysdxl"


@pytest.fixture(scope="module")
def pipe(pytestconfig):
    pipe = diffusers.DiffusionPipeline.from_pretrained(pytestconfig.rootpath / FOLDER)
    pipe.set_progress_bar_config(disable=True)
    return pipe


@pytest.fixture(scope="module")
def material(pipe):
    pages = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3), dtype=np.uint8)
    return kit.material(pipe, pages, ["一只红色的小狗", "a red cup", "", "星星"], pages)


@pytest.fixture
def clean(pipe):
    """Whatever a test leaves in the pipeline is taken off."""
    yield pipe
    for name in list(getattr(pipe.unet, "peft_config", {})):
        pipe.unet.delete_adapters(name)


def numbers(pipe):
    return {n: w.detach().clone() for n, w in pipe.unet.state_dict().items() if "lora_" not in n}


def test_material_is_what_the_pipeline_itself_encodes(pipe, material):
    states, _, pooled, _ = pipe.encode_prompt("a red cup", device="cpu", do_classifier_free_guidance=False)
    assert material.latents.shape == (4, 16, 8, 8) and material.hints.shape == (4, 3, 64, 64)
    assert material.hints.min() >= 0 and material.hints.max() <= 1
    torch.testing.assert_close(material.states[1], states[0], atol=1e-4, rtol=1e-4)  # batched in another shape
    torch.testing.assert_close(material.pooled[1], pooled[0], atol=1e-4, rtol=1e-4)


def test_batches_belong_to_their_seed_and_drop_whole_texts(material):
    one, same = (list(kit.batches(material, 8, 3, seed=5, drop=0.5)) for _ in range(2))
    other = next(kit.batches(material, 8, 1, seed=6))
    assert all(
        torch.equal(a.noise, b.noise) and torch.equal(a.timesteps, b.timesteps) for a, b in zip(one, same, strict=True)
    )
    assert not torch.equal(one[0].noise, other.noise)
    for batch in one:
        gone = batch.material.pooled.abs().sum(1) == 0
        assert torch.equal(gone, batch.material.states.abs().sum((1, 2)) == 0)
        assert batch.timesteps.min() >= 0 and batch.timesteps.max() <= 999
    assert any((b.material.pooled.abs().sum(1) == 0).any() for b in one)


def test_the_loss_is_that_of_the_scheduler(pipe, material):
    batch = next(kit.batches(material, 4, 1, drop=0))
    schedule = diffusers.DDPMScheduler.from_config(pipe.scheduler.config)
    part = batch.material
    noisy = schedule.add_noise(part.latents, batch.noise, batch.timesteps)
    size = torch.tensor([[64.0, 64, 0, 0, 64, 64]]).repeat(4, 1)
    with torch.no_grad():
        guess = pipe.unet(
            noisy, batch.timesteps, part.states, added_cond_kwargs={"text_embeds": part.pooled, "time_ids": size}
        ).sample
        truth = schedule.get_velocity(part.latents, batch.noise, batch.timesteps)
        torch.testing.assert_close(kit.mistake(pipe)(batch), ((guess - truth) ** 2).mean(), atol=1e-5, rtol=1e-4)


def test_a_lora_learns_and_leaves_the_base_as_it_is(clean, material):
    before = numbers(clean)
    steps = list(kit.learn_lora(clean, material, "one", steps=6, size=4, rate=1e-2))
    assert [step.step for step in steps] == [1, 2, 3, 4, 5, 6]
    after = numbers(clean)
    assert all(torch.equal(before[name], after[name.replace(".base_layer", "")] if name in after else
                           after[name.replace(".weight", ".base_layer.weight").replace(".bias", ".base_layer.bias")])
               for name in before)  # fmt: skip
    assert any(w.abs().sum() > 0 for n, w in clean.unet.named_parameters() if ".lora_B.one" in n)
    assert not any(w.requires_grad for w in clean.unet.parameters())


def test_an_interrupted_lora_is_taken_off_whole(clean, material):
    with pytest.raises(KeyboardInterrupt):
        for progress in kit.learn_lora(clean, material, "stopped", steps=5, size=2):
            if progress.step == 2:
                raise KeyboardInterrupt
    steps = kit.learn_lora(clean, material, "other", steps=5, size=2)
    next(steps)
    steps.close()
    del steps
    assert list(getattr(clean.unet, "peft_config", {})) == []
    assert not any("lora_" in name for name, _ in clean.unet.named_parameters())


def test_a_file_brings_the_same_matrices_and_only_its_base(clean, material, tmp_path):
    list(kit.learn_lora(clean, material, "one", steps=3, size=2, rate=1e-2))
    want = lora.lora_state(clean, "one")
    file = kit.save_lora(clean, "one", tmp_path / "one.safetensors")
    assert list(tmp_path.iterdir()) == [file]
    kit.load_lora(clean, file, "two")
    got = lora.lora_state(clean, "two")
    assert want.keys() == got.keys()
    for key in want:
        torch.testing.assert_close(want[key], got[key], atol=1e-6, rtol=1e-3)  # float16 keeps 11 bits
    other = diffusers.DiffusionPipeline.from_pretrained("assets/models/tinysdxl")
    with torch.no_grad():
        other.unet.conv_in.weight[0, 0, 0, 0] += 1
    with pytest.raises(BadInput, match="trained on the base"):
        kit.load_lora(other, file, "two")


def test_the_fingerprint_is_that_of_the_base_whatever_is_added_or_cast(clean, material):
    before = lora.fingerprint(clean)
    list(kit.learn_lora(clean, material, "one", steps=1, size=2))
    assert lora.fingerprint(clean) == before and len(before) == 64
    half = diffusers.DiffusionPipeline.from_pretrained("assets/models/tinysdxl", dtype=torch.float16)
    assert lora.fingerprint(half) == before


def cut(file):
    file.write_bytes(file.read_bytes()[:-1000])


def scribble(file):
    file.write_bytes(b"no weights")


@pytest.mark.parametrize("spoil", [cut, scribble, lambda file: file.unlink()], ids=["cut", "scribble", "gone"])
def test_a_spoiled_file_is_refused(clean, material, tmp_path, spoil):
    list(kit.learn_lora(clean, material, "one", steps=1, size=2))
    file = kit.save_lora(clean, "one", tmp_path / "one.safetensors")
    spoil(file)
    with pytest.raises(BadInput, match="cannot be read"):
        kit.load_lora(clean, file, "two")
    assert list(clean.unet.peft_config) == ["one"]


@pytest.mark.parametrize(
    ("name", "rows"), [("", 4), ("two words", 4), ("taken", 4), ("train", 4), ("half", 4), ("one", 1), ("none", 0)]
)
def test_bad_names_and_too_few_pictures(clean, material, name, rows):
    list(kit.learn_lora(clean, material, "taken", steps=1, size=2))
    few = kit.Material(*(None if part is None else part[:rows] for part in material))
    with pytest.raises(BadInput):
        next(kit.learn_lora(clean, few, name, steps=1, size=2))
    assert list(clean.unet.peft_config) == ["taken"]


def test_an_untrained_control_changes_nothing_and_then_learns(clean, material, tmp_path):
    torch.manual_seed(0)
    control = kit.new_control(clean)
    batch = next(kit.batches(material, 2, 1))
    with torch.no_grad():
        assert torch.equal(kit.mistake(clean)(batch), kit.mistake(clean, control)(batch))
    before = numbers(clean)
    losses = [step.loss for step in kit.learn_control(clean, control, material, steps=3, size=2)]
    assert len(losses) == 3 and all(np.isfinite(losses))
    assert all(torch.equal(before[name], weight) for name, weight in numbers(clean).items())
    with torch.no_grad():
        assert not torch.equal(kit.mistake(clean)(batch), kit.mistake(clean, control)(batch))
    file = kit.save_control(clean, control, tmp_path / "mine")
    again = kit.load_control(clean, file.parent)
    for name, weight in control.state_dict().items():
        torch.testing.assert_close(again.state_dict()[name], weight, atol=1e-3, rtol=1e-3)  # float16
    cut(file)
    with pytest.raises(BadInput, match="cannot be read"):
        kit.load_control(clean, file.parent)
    with pytest.raises(BadInput, match="from this material"):
        next(kit.learn_control(clean, control, material._replace(hints=None), steps=1))


def test_blank_and_full_hints_are_refused():
    for fill in (False, True):
        with pytest.raises(BadInput, match="drawn shape"):
            hint_of(np.full((128, 128), fill))
    page = np.asarray(hint_of(np.eye(128, dtype=bool)))
    assert page.shape == (128, 128, 3) and set(page.flat) == {0, 255}


def test_the_full_size_goes_the_same_way_at_reduced_width(material):
    """The classes and config of SDXL itself, narrowed: epsilon, float32, gradient checkpointing."""
    from diffusers import UNet2DConditionModel

    config = dict(UNet2DConditionModel.load_config("assets/configs/sdxl/unet"))
    config |= {"block_out_channels": [32, 64, 64], "attention_head_dim": [2, 4, 4], "cross_attention_dim": 192}
    config |= {"transformer_layers_per_block": [1, 1, 1], "projection_class_embeddings_input_dim": 128 + 6 * 256}
    config |= {"in_channels": 16, "out_channels": 16}
    pipe = diffusers.DiffusionPipeline.from_pretrained("assets/models/tinysdxl")
    pipe.unet = UNet2DConditionModel.from_config(config)
    pipe.scheduler = diffusers.EulerDiscreteScheduler(prediction_type="epsilon")
    pipe.unet.enable_gradient_checkpointing()
    pipe.unet.train()
    losses = [step.loss for step in kit.learn_lora(pipe, material, "one", steps=2, size=2)]
    assert np.isfinite(losses).all()
