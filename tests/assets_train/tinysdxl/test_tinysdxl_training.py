"""The code that trains the tiny SDXL, against other libraries and closed forms. Nothing is trained here."""

import math
import random

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("diffusers")

from aigc_kit.worlds.tinyworld import captions  # noqa: E402
from aigc_kit.worlds.tinyworld.render import render  # noqa: E402
from aigc_kit.worlds.tinyworld.spec import ATTRIBUTES, Spec  # noqa: E402
from aigc_kit.worlds.tinyworld.words import every_word  # noqa: E402
from assets.train import measures  # noqa: E402
from assets.train.tinysdxl import (  # noqa: E402
    bank,
    blend,
    codec,
    diffusion,
    evaluate,
    network,
    paths,
    pictures,
    restore,
    text,
    tokens,
    vae,
)

pytestmark = pytest.mark.usefixtures("one_thread")
KEEP = text.KEPT


@pytest.fixture(scope="module")
def tokenizer():
    return tokens.tokenizers()[0]


# --- words


def longest_first(caption):
    """Words of a caption by longest match: what the tokenizer should find."""
    words, found, at = sorted(every_word(), key=len, reverse=True), [], 0
    while at < len(caption):
        word = next((w for w in words if caption.startswith(w, at)), None)
        if word is None:
            assert caption[at] == " ", caption[at:]
        else:
            found.append(word)
        at += len(word) if word else 1
    return found


@pytest.mark.parametrize("language", ["zh", "en"])
def test_each_word_of_a_caption_is_one_token(tokenizer, language):
    rng = random.Random(language)
    for _ in range(400):
        caption = captions.caption(Spec.sample(rng).told(rng), rng, language)
        ids = tokenizer(caption).input_ids
        words = [tokenizer.decode([k]).strip() for k in ids[1:-1]]
        if language == "zh":
            assert words == longest_first(caption)
        else:
            assert "".join(words) == caption.replace(" ", "")
        assert len(ids) <= KEEP


def test_unknown_text_survives_the_tokenizer(tokenizer):
    for word in ("polar bear", "白熊", "🐻"):
        assert tokenizer.decode(tokenizer(word).input_ids, skip_special_tokens=True).strip() == word


def test_the_end_is_found_where_it_is():
    """A wrong eos_token_id would pool at position 0 or at the largest id: transformers treats 2 as a special case."""
    torch.manual_seed(0)
    encoders = text.Text().eval()
    with torch.no_grad():
        _, pooled, ends = encoders(["一只红色的小狗", "a large blue heart, in the city, at night"])
        two = encoders.ids(["一只红色的小狗", "a large blue heart, in the city, at night"])[1]
        states = encoders.second(two, output_hidden_states=True).last_hidden_state
        own = encoders.second.text_projection(states[torch.arange(2), ends])
    assert torch.allclose(own, pooled, atol=1e-6)
    assert ends.tolist() == [
        len(i.input_ids) - 1
        for i in map(encoders.tokenizers[0], ("一只红色的小狗", "a large blue heart, in the city, at night"))
    ]


def test_labels_of_captions_are_those_of_their_specs():
    texts, labels = text.sample(random.Random(3), 200)
    assert len(texts) == len(labels) == 200
    for caption, row in zip(texts, labels.tolist(), strict=True):
        assert ("红色" in caption or "red" in caption.split() or "red" in caption.replace(",", " ").split()) == (
            row[1] == 0
        )


# --- latents


@pytest.fixture
def linear(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RUN", tmp_path)
    monkeypatch.setattr(paths, "PICTURES", tmp_path / "pictures")
    monkeypatch.setattr(paths, "CODEC", tmp_path / "codec.safetensors")
    pictures.render_chunk(0, 12)
    return codec.fit()


def test_the_codec_is_a_projection(linear):
    images = codec.as_images(pictures.read(0, "images"))
    once = linear.decode(linear.encode(images))
    assert torch.allclose(linear.encode(once), linear.encode(images), atol=1e-3)
    assert torch.allclose(linear.decode(linear.encode(once)), once, atol=1e-3)
    rng = np.random.default_rng(0)
    other = linear.decode(linear.encode(images) + torch.from_numpy(rng.normal(0, 0.1, (12, 16, 16, 16))).float())
    assert (once - images).square().mean() < (other - images).square().mean()


def test_the_codec_agrees_with_numpys_components(linear):
    images = codec.as_images(pictures.read(0, "images"))
    blocks = images.numpy().reshape(12, 3, 16, 8, 16, 8).transpose(0, 2, 4, 1, 3, 5).reshape(-1, 192)
    centred = blocks - blocks.mean(0)
    _, _, axes = np.linalg.svd(centred.astype(np.float64), full_matrices=False)
    kept = centred @ axes[:16].T @ axes[:16] + blocks.mean(0)
    own = linear.decode(linear.encode(images)).numpy()
    own = own.reshape(12, 3, 16, 8, 16, 8).transpose(0, 2, 4, 1, 3, 5).reshape(-1, 192)
    assert np.abs(own - kept).max() < 5e-3


def test_chunks_say_the_same_when_read_back(linear):
    specs = [pictures.from_labels(row.tolist()) for row in pictures.read(0, "labels")]
    assert [pictures.labels(spec) for spec in specs] == pictures.read(0, "labels").tolist()
    assert not any(spec.held_out() for spec in specs)
    assert pictures.labels(Spec(colour="red")) == [-1, 0, -1, -1, -1, -1, -1]
    assert pictures.ready() == [0] and len(pictures.read_captions(0)) == 12


def test_cells_are_the_shares_of_the_mask():
    mask = np.zeros((16, 24), bool)
    mask[:8, :8], mask[8:, 8:12] = True, True
    assert pictures.cells(mask).tolist() == [[255, 0, 0], [0, 128, 0]]


def test_the_encoders_mean_is_pinned_to_little_noise():
    model = vae.build()
    with torch.no_grad():
        model.quant_conv.weight[16:], model.quant_conv.bias[16:] = 0.0, vae.LOG_VARIANCE
        found = model.encode(torch.zeros(1, 3, 32, 32)).latent_dist
    assert found.std.max().item() == pytest.approx(math.exp(vae.LOG_VARIANCE / 2), rel=1e-4)


# --- the U-Net


def test_velocity_is_that_of_diffusers():
    from diffusers import DDPMScheduler

    signal, noise_share = network.alphas()
    scheduler = DDPMScheduler(
        beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012, rescale_betas_zero_snr=True
    )
    torch.manual_seed(0)
    clean, noise, steps = torch.randn(4, 16, 4, 4), torch.randn(4, 16, 4, 4), torch.tensor([0, 300, 700, 999])
    a, b = signal[steps].view(-1, 1, 1, 1), noise_share[steps].view(-1, 1, 1, 1)
    assert torch.allclose(a * noise - b * clean, scheduler.get_velocity(clean, noise, steps), atol=1e-6)
    assert torch.allclose(a * clean + b * noise, scheduler.add_noise(clean, noise, steps), atol=1e-6)
    assert signal[999] == 0  # zero terminal signal-to-noise ratio


def random_unet():
    """Weights at zero would hide what the text does."""
    torch.manual_seed(0)
    unet = network.build()
    with torch.no_grad():
        for parameter in unet.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    return unet.eval()


def test_one_packed_state_stands_for_all_the_padding():
    """29 states under the mask give what diffusers gives for 77 states with equal padding, without a mask."""
    unet = random_unet()
    latents, steps, pooled = torch.randn(2, 16, 16, 16), torch.tensor([999, 400]), torch.randn(2, text.PROJECTION)
    said, padding = torch.randn(2, KEEP, 192), torch.randn(2, 1, 192)
    size = torch.tensor([[128.0, 128, 0, 0, 128, 128]] * 2)
    with torch.no_grad():
        packed = network.predict(unet, latents, steps, torch.cat([said, padding], 1), pooled)
        whole = unet(
            latents,
            steps,
            torch.cat([said, padding.expand(2, tokens.LENGTH - KEEP, 192)], 1),
            added_cond_kwargs={"text_embeds": pooled, "time_ids": size},
        ).sample
    assert torch.allclose(packed, whole, atol=2e-3 * whole.abs().max().item())


def test_the_untrained_network_says_zero():
    with torch.no_grad():
        said = network.predict(
            network.build(), torch.randn(1, 16, 12, 16), torch.tensor([5]), torch.randn(1, 29, 192), torch.randn(1, 128)
        )
    assert said.shape == (1, 16, 12, 16) and not said.any()


class FewPictures:
    """What a run needs of a bank."""

    def __init__(self):
        self.encoder = text.Text().eval()

    def batch(self, cells):
        torch.manual_seed(3)
        shape = (8, 16, 8, 8)
        return bank.Batch(
            torch.randn(shape), torch.randn(8, 29, 192), torch.randn(8, 128), torch.full((8, 8, 8), cells)
        )


def test_a_run_goes_on_where_it_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "NETWORK", tmp_path / "network.pt")
    run = diffusion.Run(diffusion.Settings(), FewPictures())
    for cells in (0.0, 0.5):
        run.loss(run.bank.batch(cells)).backward()
        run.update(1.0)
    run.samples = 16
    run.save()
    other = diffusion.Run(diffusion.Settings(), run.bank)
    assert other.resume(paths.NETWORK) and (other.step, other.samples) == (2, 16)
    for one in (run, other):  # the third step needs the optimisers' memory too
        torch.manual_seed(9)
        one.loss(one.bank.batch(1.0)).backward()
        one.update(0.5)
    for ours, theirs in zip(run.averaged.parameters(), other.averaged.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    assert not torch.equal(run.unet.conv_out.weight, run.averaged.conv_out.weight)


def test_an_untrained_network_has_the_loss_of_its_target():
    """It says zero, so the loss is the mean square of v: 1 for latents and noise of variance 1."""
    run = diffusion.Run(diffusion.Settings(), FewPictures())
    for cells in (0.0, 1.0):
        assert run.loss(run.bank.batch(cells)).item() == pytest.approx(1.0, abs=0.1)


def test_every_parameter_is_updated_once():
    unet = network.build()
    muon, adam = network.optimisers(unet, 0.02, 0.002)
    both = [id(p) for one in (muon, adam) for p in one.param_groups[0]["params"]]
    assert sorted(both) == sorted(id(p) for p in unet.parameters())
    assert sum(p.numel() for p in muon.param_groups[0]["params"]) > 0.8 * sum(p.numel() for p in unet.parameters())


# --- measures


@pytest.mark.parametrize(
    ("right", "count", "low", "high"),
    [(0, 10, 0.0, 27.75), (10, 10, 72.25, 100.0), (81, 263, 25.53, 36.62)],  # the last is Newcombe's own example
)
def test_wilson_intervals(right, count, low, high):
    found = measures.wilson(right, count)
    assert found["low"] == pytest.approx(low, abs=0.02) and found["high"] == pytest.approx(high, abs=0.02)


def test_the_nearest_picture_to_a_render_is_itself(linear):
    pictures.render_chunk(1, 8)
    images = np.array(pictures.read(1, "images"))
    found = evaluate.nearest(images[[2, 5]])
    assert [(one["chunk"], one["row"]) for one in found] == [(1, 2), (1, 5)]
    assert max(one["distance"] for one in found) == 0


# --- the committed state


def test_training_can_go_on_from_what_is_committed(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RUN", tmp_path)
    for name in ("CODEC", "NETWORK", "DECODER", "ENCODER"):
        monkeypatch.setattr(paths, name, tmp_path / getattr(paths, name).name)
    monkeypatch.setattr(paths, "TEXT", tmp_path / "text")
    restore.restore()
    run = diffusion.Run(diffusion.Settings(), FewPictures())
    assert run.resume(paths.NETWORK) and run.samples > 0
    loaded = text.load()
    texts, labels = text.sample(random.Random(1), 60)
    pooled = loaded(texts)[1]
    colours = labels[:, 1]
    nearest = (pooled @ pooled.T - 1e9 * torch.eye(len(texts))).argmax(1)
    assert (colours[nearest] == colours).float().mean() > 0.5  # 1 in 9 by chance
    images = codec.as_images(np.stack([render(Spec(), seed=k) for k in range(4)]))
    latents = codec.load().encode(images)
    for name, given, wanted in (("decoder", latents, images), ("encoder", images, latents)):
        part = vae.Part(name)
        part.resume()
        with torch.no_grad():
            error = (part.averaged()(given) - wanted).square().mean() / wanted.var()
        assert error.item() < 0.05, name


def test_short_captions_say_the_subject_and_at_most_two_other_things_that_are_true():
    rng = random.Random(5)
    for _ in range(200):
        spec = Spec.sample(rng)
        short = pictures.shortly(spec, rng)
        assert short.subject == spec.subject and len(short.known()) <= 3
        assert short.known().items() <= spec.known().items()


def test_shortening_renews_that_share_of_the_text_and_nothing_else():
    class Encoder:
        """States that tell the caption's length: no weights needed."""

        def packed(self, texts):
            counts = torch.tensor([float(len(words)) for words in texts])
            return counts.view(-1, 1, 1).expand(-1, 29, 192), counts.view(-1, 1).expand(-1, 128)

    rng = random.Random(6)
    rows = torch.tensor([pictures.labels(Spec.sample(rng)) for _ in range(120)], dtype=torch.int8)
    made = bank.Bank.__new__(bank.Bank)
    latents, cells = torch.zeros(120, 4, 2, 2), torch.zeros(120, 2, 2)
    made.encoder = Encoder()
    made.chunks = {1: bank.Chunk(latents, torch.zeros(120, 29, 192).half(), torch.zeros(120, 128).half(), cells, rows)}
    made.shorten(0.25, rng)
    renewed = made.chunks[1].states.flatten(1).any(1)
    assert renewed.sum() == 30 and torch.equal(renewed, made.chunks[1].pooled.any(1))
    assert (made.chunks[1].pooled[renewed] >= 2).all()


def test_the_decoder_paints_the_hard_styles_more_often(monkeypatch):
    rng = random.Random(8)
    rows = np.array([pictures.labels(Spec.sample(rng)) for _ in range(240)], np.int8)
    pixel = rows[:, vae.STYLE] == ATTRIBUTES["style"].index("pixel")
    images = np.where(pixel, 255, 0).astype(np.uint8)[:, None, None, None].repeat(64, 1).repeat(64, 2).repeat(3, 3)
    monkeypatch.setattr(pictures, "ready", lambda: [0, 1])
    monkeypatch.setattr(pictures, "read", lambda number, name: {"images": images, "labels": rows}[name])

    def share(favour):
        monkeypatch.setattr(vae, "FAVOUR", favour)
        return (vae.crops(random.Random(1), 4000, 8)[:, 0, 0, 0] > 0).float().mean().item()

    plain = pixel.mean()
    assert share({}) == pytest.approx(plain, abs=0.03)
    assert share({"pixel": 3.0}) == pytest.approx(3 * plain / (3 * plain + 1 - plain), abs=0.03)


def test_blending_averages_before_and_after_and_is_done_once(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "DECAYED", tmp_path / "decayed.pt")
    monkeypatch.setattr(paths, "BEFORE", tmp_path / "before.pt")
    torch.save({"averaged": {"w": torch.tensor([1.0, 2.0])}, "samples": 5}, paths.DECAYED)
    blend.keep()
    torch.save({"averaged": {"w": torch.tensor([3.0, 6.0])}, "samples": 9}, paths.DECAYED)
    blend.blend(0.25)
    made = torch.load(paths.DECAYED, weights_only=True)
    assert made["samples"] == 9 and made["averaged"]["w"].tolist() == [1.5, 3.0]
    with pytest.raises(FileNotFoundError):
        blend.blend()
