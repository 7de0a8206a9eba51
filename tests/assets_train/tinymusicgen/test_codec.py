"""The codec is a real EncodecModel whose output is what the formulas say."""

import numpy as np
import pytest
import torch

from aigc_kit.worlds.sounds import SoundWish, render
from aigc_kit.worlds.sounds.sound_world import HOP
from assets.train.tinymusicgen import codec, decoder, paths

WISHES = [
    SoundWish("flute", "fast", "high", "arch", "minor"),
    SoundWish("bell", "slow", "low", "rising", "major"),
    SoundWish("guitar", "medium", "middle", "falling", "minor"),
    SoundWish("organ", "slow", "low", "repeated"),
]


@pytest.fixture(scope="module")
def waves():
    return np.stack([render(wish, tonic) for tonic, wish in enumerate(WISHES)])


@pytest.fixture(scope="module", autouse=True)
def small(tmp_path_factory, waves):
    """Axes, books and a decoder of these few clips."""
    folder = tmp_path_factory.mktemp("codec")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "RUN", folder)
        patch.setattr(paths, "CODEC", folder / "codec.npz")
        patch.setattr(paths, "DECODER", folder / "decoder.npz")
        patch.setattr(codec, "SIZE", 32)
        patch.setattr(codec, "everything", lambda: (list(enumerate(WISHES)), waves))
        codec.fit(clips=len(WISHES))
        yield


@pytest.fixture(scope="module")
def model(small):
    return codec.build(learned=False)


def added(frames):
    """(B, T, 1280) -> (B, T * 640), frames overlapping by half."""
    out = np.zeros((len(frames), (frames.shape[1] + 1) * HOP), np.float32)
    for k in range(frames.shape[1]):
        out[:, k * HOP : (k + 2) * HOP] += frames[:, k]
    return out[:, HOP // 2 : -HOP // 2]


def test_the_transform_adds_up_to_the_signal():
    basis = codec.transform(64)
    wave = np.random.default_rng(0).normal(size=64 * 20)
    out = np.zeros(64 * 20)
    for start in range(0, 64 * 19, 64):
        out[start : start + 128] += basis @ (basis.T @ wave[start : start + 128])
    assert np.allclose(out[64:-64], wave[64:-64], atol=1e-4)  # the basis is float32


def test_its_encoder_is_the_transform(model, waves):
    with np.load(paths.CODEC) as file, torch.inference_mode():
        wanted = codec.frames(waves) @ codec.transform() @ file["axes"]
        found = model.encoder(torch.from_numpy(waves)[:, None]).numpy().transpose(0, 2, 1)
    assert np.allclose(found, wanted, atol=0.02)  # ELU bends what is below zero by 2**-13 of its square


def test_a_round_trip_is_the_sum_of_the_books(model, waves):
    with torch.inference_mode():
        inside = model.encode(torch.from_numpy(waves)[:, None])
        out = model.decode(inside.audio_codes, inside.audio_scales).audio_values[:, 0].numpy()
    codes = inside.audio_codes[0].numpy()
    assert codes.shape == (len(WISHES), 4, 75) and out.shape == waves.shape
    with np.load(paths.CODEC) as file:
        chosen = sum(book[codes[:, k]] for k, book in enumerate(file["books"])) @ file["axes"].T
    assert np.allclose(out, added(chosen @ codec.transform().T), atol=2e-3)
    assert ((out - waves) ** 2).sum() < 0.6 * (waves**2).sum()


def test_the_learned_decoder_is_the_regression(waves):
    torch.manual_seed(0)
    net = decoder.Regression()
    axes = np.linalg.qr(np.random.default_rng(0).normal(size=(HOP, codec.WIDTH)))[0].astype(np.float32)
    np.savez(paths.DECODER, axes=axes, **{name: value.numpy() for name, value in net.state_dict().items()})
    model = codec.build()
    codes = torch.randint(0, codec.SIZE, (2, 4, 75))
    with np.load(paths.CODEC) as file, torch.inference_mode():
        z = torch.from_numpy(sum(book[codes[:, k].numpy()] for k, book in enumerate(file["books"])))
        wanted = added(net(z).numpy() @ axes.T @ codec.transform().T)
        found = model.decode(codes[None], [None]).audio_values[:, 0].numpy()
    assert np.allclose(found, wanted, atol=5e-3) and np.abs(wanted).max() > 0.1


def test_rows_of_zeros_stay_finite(model):
    assert all(torch.isfinite(weights).all() for weights in model.state_dict().values())
    assert torch.isfinite(model.half().float().encoder(torch.zeros(1, 1, 1280))).all()
