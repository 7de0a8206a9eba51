"""Autoencoders of other shapes for the same latents: they fit the pipeline, and their training touches no other."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from assets.train.tinywan import autoencoder, codec, evaluate, export, network, paths, text, tokens, whole  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty run, and nothing committed that it could go on from but the shipped weights."""
    monkeypatch.setattr(paths, "RUN", tmp_path)
    monkeypatch.setattr(paths, "STATE", tmp_path / "state")
    return tmp_path


@pytest.mark.parametrize("shape", list(autoencoder.SHAPES))
@torch.no_grad()
def test_every_shape_takes_the_same_latents(shape):
    model = autoencoder.build(shape).eval()
    video = torch.zeros(1, 3, 5, 32, 48)
    latents = model.encode(video).latent_dist.mode()
    assert latents.shape == (1, codec.CHANNELS, 2, 4, 6)
    assert model.decode(latents).sample.shape == video.shape


@pytest.mark.parametrize("shape", list(autoencoder.SHAPES))
def test_every_shape_keeps_the_pipeline_below_18_megabytes(shape):
    parts = (network.build(), text.build(len(tokens.tokenizer())), autoencoder.build(shape))
    assert 2 * sum(p.numel() for part in parts for p in part.parameters()) <= 18e6


def test_a_pyramid_is_cheaper():
    from torch.utils.flop_counter import FlopCounterMode

    found = {}
    for shape in ("deep", "pyramid"):
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            autoencoder.build(shape).decode(torch.zeros(1, codec.CHANNELS, 3, 8, 8))
        found[shape] = counter.get_total_flops()
    assert 0.25 < found["pyramid"] / found["deep"] < 0.35


@pytest.mark.parametrize("shape", list(autoencoder.SHAPES))
def test_a_clip_decoded_at_once_is_the_one_decoded_group_by_group(shape):
    model, latents = autoencoder.build(shape), torch.randn(2, codec.CHANNELS, 4, 3, 5)
    with torch.no_grad():
        stock, ours = model.decode(latents).sample, whole.decode(model, latents)
    assert stock.std() > 0.01  # there is something to compare
    assert torch.allclose(ours.clamp(-1, 1), stock, atol=1e-4)  # sums in another order, in float32, of values near 1


def test_a_crop_lies_where_something_moves():
    clip = np.full((3, 5, 64, 64, 3), 100, np.uint8)
    clip[:, 2, 48:60, 4:16] = 220
    cut = autoencoder.crop(torch.from_numpy(clip), np.random.default_rng(0), cells=3)
    assert cut.shape == (3, 5, 24, 24, 3)
    assert ((cut[:, 2] == 220).sum((1, 2, 3)) >= 12 * 12 * 3 / 2).all()


def test_minutes_of_trainings_elsewhere_are_added_to_once(folder, monkeypatch):
    lines = [
        '{"half": "decoder", "step": 6, "cpu": 30, "linear": 22, "shape": "deep"}',
        '{"half": "decoder", "step": 9, "cpu": 60, "linear": 22, "shape": "deep"}',
        '{"half": "decoder", "step": 70, "cpu": 500, "linear": 22, "shape": "pyramid"}',
    ]
    (folder / "training.jsonl").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.setattr(paths, "LOG", folder / "training.jsonl")
    before = {"step": 5, "samples": 96, "cpu": 9, "prefers": [], "clips": 250, "decoder_cpu": 40, "encoder_cpu": None}
    once = evaluate.training(before)
    assert once == before | {"decoder_cpu": 100, "decoder_step": 9, "encoder_step": 0}
    assert evaluate.training(once) == once  # the same log again adds nothing


def test_what_was_seen_in_a_log_that_is_lost_stays(folder, monkeypatch):
    line = '{"step": 7, "samples": 200, "cpu": 12, "prefers": {"motion": 0.9}}'
    (folder / "training.jsonl").write_text(line, encoding="utf-8")
    monkeypatch.setattr(paths, "LOG", folder / "training.jsonl")
    monkeypatch.setattr(paths, "EVALUATION", folder / "eval.json")
    assert evaluate.earlier() is None
    looks = [{"motion": 0.5, "samples": 96}]
    before = {"step": 5, "samples": 96, "cpu": 9, "prefers": looks, "clips": 250, "decoder_cpu": 40, "decoder_step": 3}
    (folder / "eval.json").write_text(json.dumps({"training": before}), encoding="utf-8")
    found = evaluate.training(evaluate.earlier()["training"])
    assert found["prefers"] == [*looks, {"motion": 0.9, "samples": 200}]
    assert [found[name] for name in ("step", "samples", "cpu", "decoder_cpu")] == [7, 200, 12, 40]
    assert evaluate.trained_since(before) and not evaluate.trained_since(found)


def test_a_trial_has_a_checkpoint_of_its_own(folder):
    run = autoencoder.Run("decoder", "pyramid")
    assert run.step == {"decoder": 0, "encoder": 0}
    latents, video = torch.randn(1, codec.CHANNELS, 2, 4, 4), torch.zeros(1, 3, 5, 32, 32)
    autoencoder.loss_of(run.model, "decoder", video, latents).backward()
    run.update(1.0)
    run.save()
    assert [file.name for file in folder.iterdir()] == ["autoencoder-pyramid.pt"]
    again = autoencoder.Run("decoder", "pyramid")
    assert again.step == {"decoder": 1, "encoder": 0}
    for (name, one), (_, other) in zip(run.model.named_parameters(), again.model.named_parameters(), strict=True):
        assert torch.equal(one, other), name
    assert torch.equal(autoencoder.load("pyramid").decoder.conv_in.weight, run.averaged["decoder.conv_in.weight"])


def test_a_trial_that_is_kept_is_gone_on_with_in_a_fresh_clone(folder, monkeypatch):
    paths.STATE.mkdir()
    monkeypatch.setattr(paths, "PROGRESS", paths.STATE / "state.json")
    paths.PROGRESS.write_text('{"autoencoder": {"decoder": 7, "encoder": 3}}', encoding="utf-8")
    run = autoencoder.Run("decoder", "pyramid")
    run.step["decoder"] = 40
    run.averaged = {"decoder.conv_in.weight": torch.full_like(run.model.decoder.conv_in.weight, 0.25)}
    run.save()
    export.write_trial("pyramid")
    assert paths.trial("pyramid").stat().st_size < 6e6
    paths.autoencoder("pyramid").unlink()
    again = autoencoder.Run("decoder", "pyramid")
    assert again.step == {"decoder": 40, "encoder": 0}
    assert (again.model.decoder.conv_in.weight == 0.25).all()
    last = "encoder.conv_out.weight"
    assert torch.allclose(again.model.get_parameter(last), run.model.get_parameter(last), rtol=1e-3, atol=1e-6)
    assert json.loads(paths.PROGRESS.read_text(encoding="utf-8"))["autoencoder"] == {"decoder": 7, "encoder": 3}


def test_the_check_looks_where_something_moves(monkeypatch):
    clip = np.full((2, 5, 16, 16, 3), 100, np.uint8)
    clip[:, 2, 4:8, 4:8] = 220
    monkeypatch.setattr(autoencoder.clips, "pixels", lambda number: clip)
    video = torch.from_numpy(clip).float().permute(0, 4, 1, 2, 3) / 127.5 - 1

    class Wrong:
        """Wrong by 0.2 in the pixels that move, exact elsewhere."""

        def encode(self, pixels):
            return type("Found", (), {"latent_dist": type("Latents", (), {"mean": pixels})})

        def decode(self, _):
            return type("Found", (), {"sample": video + 0.2 * autoencoder.moving(video)})

    linear = type("Linear", (), {"encode": lambda self, x: x, "decode": lambda self, x: x.float() / 127.5 - 0.9})()
    found = autoencoder.check(Wrong(), linear)
    assert found["moving"] == pytest.approx(20.0, abs=0.01)
    assert found["edges"] == pytest.approx(20.0, abs=0.01)
    assert found["decoder"] == pytest.approx(20 + 10 * np.log10(16 * 16 / (4 * 4)), abs=0.01)
    assert found["linear"] == pytest.approx(26.02, abs=0.01)
