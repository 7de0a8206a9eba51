"""Drafts: what the U-Net makes of known pictures, against closed forms and the pipeline itself."""

import random
import shutil

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from assets.train.tinysdxl import codec, drafts, evaluate, export, network, paths, pictures, sampling, text, vae  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def painter():
    """A painter whose parts a test brings itself."""
    bare = drafts.Painter.__new__(drafts.Painter)
    bare.signal, bare.noise = network.alphas()
    return bare


class NoText:
    def packed(self, texts):
        return torch.zeros(len(texts), 29, 192), torch.zeros(len(texts), 128)


@pytest.mark.parametrize("start", [349, 699, 999])
def test_a_network_that_knows_the_picture_gives_it_back(painter, start):
    latents = torch.randn(2, 16, 4, 4, generator=torch.Generator().manual_seed(1))

    def velocity(noisy, timestep, states, pooled, guidance):
        signal, noise = painter.signal[timestep], painter.noise[timestep]
        return signal * (noisy - signal * latents) / noise - noise * latents

    painter.encoders, painter.velocity = NoText(), velocity
    assert torch.allclose(painter.draft(latents, ["", ""], start, 3.0), latents, atol=1e-4)


def test_from_pure_noise_a_draft_is_what_the_pipeline_makes(painter, monkeypatch):
    diffusers = pytest.importorskip("diffusers")
    if not (paths.MODEL / "model_index.json").exists():
        pytest.skip("nothing is shipped")
    pipe = diffusers.DiffusionPipeline.from_pretrained(paths.MODEL)
    painter.unet, painter.encoders = pipe.unet, text.Text()
    painter.encoders.first, painter.encoders.second = pipe.text_encoder, pipe.text_encoder_2
    prompt = "a red puppy, in the sea, flat style, at night"
    noise = torch.randn((1, 16, 16, 16), generator=torch.Generator().manual_seed(5))
    monkeypatch.setattr(torch, "randn_like", lambda tensor: noise)
    made = painter.draft(torch.zeros(1, 16, 16, 16), [prompt], 999, 3.0)
    wanted = sampling.draw(pipe, [prompt], first_seed=5, latent=True)
    # the pipeline sees 49 padding states where the draft has their mean
    assert (made - wanted).square().mean().sqrt() < 0.1 * wanted.std()


@pytest.fixture
def exact(tmp_path, monkeypatch):
    """Two chunks of pictures whose drafts are their exact latents."""
    monkeypatch.setattr(paths, "PICTURES", tmp_path / "pictures")
    monkeypatch.setattr(paths, "DRAFTS", tmp_path / "drafts")
    monkeypatch.setattr(paths, "CODEC", tmp_path / "codec.safetensors")
    monkeypatch.setattr(paths, "RUN", tmp_path)
    for number in (0, 1):
        pictures.render_chunk(number, 6)
    linear = codec.fit()
    paths.DRAFTS.mkdir()
    for number in (0, 1):
        images = codec.as_images(pictures.read(number, "images"))
        np.save(paths.DRAFTS / f"{number:04d}.npy", linear.encode(images).half().numpy())
    return linear


def test_crops_of_picture_draft_and_mask_lie_on_each_other(exact):
    images, latents, area = drafts.crops(random.Random(2), 5, 64)
    assert images.shape == (5, 3, 64, 64) and latents.shape == (5, 16, 8, 8) and area.shape == (5, 1, 64, 64)
    assert torch.allclose(exact.encode(images), latents, atol=0.01)
    covered = np.stack([pictures.read(1, "cells")[k] for k in range(6)]).astype(np.float32) / 255
    cells = area[:, 0, ::8, ::8].numpy()
    windows = np.lib.stride_tricks.sliding_window_view(covered, (8, 8), (1, 2)).reshape(-1, 8, 8)
    assert all((windows == cell).all((1, 2)).any() for cell in cells)
    assert torch.equal(area[:, :, 3::8, 5::8], area[:, :, ::8, ::8])


def test_styles_that_are_favoured_are_drawn_more_often(exact):
    styles = pictures.read(1, "labels")[:, vae.STYLE]
    names = [vae.ATTRIBUTES["style"][style] for style in styles]
    alone = names[0]
    images, _, _ = drafts.crops(random.Random(3), 40, 128, {alone: 1e9})
    wanted = codec.as_images(pictures.read(1, "images")[[name == alone for name in names]])
    assert all((wanted == image).all((1, 2, 3)).any() for image in images)


def test_the_first_chunk_is_kept_for_measuring(exact):
    (paths.DRAFTS / "0001.npy").unlink()
    with pytest.raises(IndexError):
        drafts.crops(random.Random(0), 1, 64)


def test_errors_on_the_subject_weigh_more():
    images, painted = torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 8)
    painted[..., 4:] = 0.5
    area = torch.zeros(1, 1, 8, 8)
    plain = vae.painting_loss(painted, images)
    assert vae.painting_loss(painted, images, 1 + area) == plain
    area[..., 4:] = 1
    assert vae.painting_loss(painted, images, 1 + area).item() == pytest.approx(2 * plain.item())


class Clock:
    """A second passes with each look at it."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        self.now += 1
        return self.now

    def process_time(self):
        return self.now


@pytest.fixture
def training(tmp_path, monkeypatch, exact):
    """A decoder that trains on nothing; (clock, notes): when it was noted, and which files were there."""
    clock, notes = Clock(), []
    monkeypatch.setattr(vae.Part, "loss", lambda part, images: torch.zeros((), requires_grad=True))
    monkeypatch.setattr(vae.Part, "update", lambda part, factor: None)
    monkeypatch.setattr(paths, "DECODER", tmp_path / "decoder.pt")
    monkeypatch.setattr(vae, "time", clock)
    monkeypatch.setattr(vae, "crops", lambda rng: None)
    monkeypatch.setattr(drafts, "ready", list)

    def note(part, losses):
        notes.append((clock.now, {file.name for file in tmp_path.glob("decoder*.pt")}))
        clock.now += 50
        return 0.0

    monkeypatch.setattr(vae, "note", note)
    return clock, notes


def test_a_falling_branch_is_saved_on_its_way(training, monkeypatch):
    monkeypatch.setattr(vae, "HOLD_SECONDS", 2.0)
    vae.train("decoder", 8.0, decay=0.5)
    (_, files), *_ = training[1]
    assert files == {"decoder-decayed.pt"}


def test_looks_take_a_tenth_of_the_time_at_most(training, monkeypatch):
    monkeypatch.setattr(vae, "HOLD_SECONDS", 3.0)
    vae.train("decoder", 600.0)
    (first, _), (second, _), (last, _) = training[1]
    assert first <= 6
    assert second - first > vae.HOLD_SHARE * 50
    assert last >= 600


# --- a decoder is shipped alone


def test_a_decoder_is_shipped_alone(tmp_path, monkeypatch, exact):
    from safetensors.torch import load_file

    if not (paths.MODEL / "vae").exists():
        pytest.skip("nothing is shipped")
    shutil.copytree(paths.MODEL / "vae", tmp_path / "model" / "vae")
    monkeypatch.setattr(paths, "DECODER", tmp_path / "decoder.pt")
    part = vae.Part("decoder")
    part.mean = [torch.full_like(p, 0.25) for p in part.module.parameters()]
    part.save(tmp_path / "decoder-decayed.pt")
    before, config = (tmp_path / "model" / "vae").glob("*"), (tmp_path / "model" / "vae" / "config.json").read_text()
    files = {file.name for file in before}
    export.export_decoder(tmp_path / "model", 0.25)
    assert {file.name for file in (tmp_path / "model" / "vae").glob("*")} == files
    assert (tmp_path / "model" / "vae" / "config.json").read_text() == config
    old, new = (
        load_file(folder / "vae" / "diffusion_pytorch_model.safetensors")
        for folder in (paths.MODEL, tmp_path / "model")
    )
    assert set(old) == set(new)
    for name, tensor in new.items():
        assert tensor.dtype == torch.float16
        ours = name.startswith(("decoder.", "post_quant_conv."))
        mixed = (0.25 * 0.25 + 0.75 * old[name].float()).half()
        assert torch.allclose(tensor.float(), (mixed if ours else old[name]).float(), rtol=2e-3, atol=1e-6), name
        assert ours or torch.equal(tensor, old[name])


def test_what_the_log_no_longer_tells_is_kept(tmp_path, monkeypatch):
    before = {
        "step": 9,
        "samples": 300,
        "cpu": 60,
        "prefers": [{"colour": [0.9], "samples": 100}, {"colour": [1.0], "samples": 300}],
        "decoder_cpu": 5,
        "pictures": 116_000,
    }
    log = tmp_path / "training.jsonl"
    monkeypatch.setattr(paths, "LOG", log)
    monkeypatch.setattr(paths, "PICTURES", tmp_path / "none")
    log.write_text('{"decoder": 31.0, "step": 7, "cpu": 8}\n')
    assert evaluate.training(before) == before | {"decoder_cpu": 8}
    with log.open("a") as file:
        file.write('{"step": 11, "samples": 250, "cpu": 70, "prefers": {"colour": [0.95]}}\n')
    found = evaluate.training(before)
    assert [look["samples"] for look in found["prefers"]] == [100, 250]
    assert (found["step"], found["samples"], found["decoder_cpu"]) == (11, 250, 8)
