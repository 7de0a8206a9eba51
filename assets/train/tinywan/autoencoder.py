"""Wan's autoencoder, stock classes: the decoder learns to invert the linear latents, the encoder to compute them."""

import time

import numpy as np
import torch
from diffusers import AutoencoderKLWan
from torch import Tensor

from aigc_kit.make.train import muon, save_checkpoint
from aigc_kit.make.train.loop import descend
from assets.train import session

from . import clips, codec, paths, whole
from .bank import rows_of

SHAPES = {
    "pyramid": {"base_dim": 12, "decoder_base_dim": 18, "dim_mult": [1, 2, 3], "num_res_blocks": 1},
    "deep": {"base_dim": 16, "decoder_base_dim": 48, "dim_mult": [1, 1, 1], "num_res_blocks": 1},
}
"""Of the same latents: "deep" is as wide at the latents, where four frames hang on each cell, as at the pixels;
"pyramid" is wider there and narrow at the pixels: 0.3 times the operations. It was never trained."""
SHIPPED = "deep"
MOVING_WEIGHT = 4.0  # extra weight of the decoder's errors where something moves
TURNS = 4.0  # a turn, where the latents tell least of each frame, is drawn this many times as often as another motion
SHAKE = 0.1  # most noise on the decoder's latents, whose own spreads are 0.3 to 3: more of it drowns the fine ones
CROP = 6  # cells of 8 x 8 pixels: the side of what a batch of the decoder shows, taken where most moves
WHOLE = 0.25  # share of the batches, half as large, that show whole clips: what the first frame tells is carried on
HOLD_SECONDS, HOLD_SHARE = 110.0, 10  # between checkpoints: seconds, or times what the last look took
AVERAGE = 0.995  # per step, of the weights that are shipped
LOGVAR = -6.0  # the encoder's variance is pinned, so that its samples are its means within float16


def build(shape: str = SHIPPED) -> AutoencoderKLWan:
    """Patches of 2 x 2 pixels, then two halvings in space and in time: 8 x 8 x 4 in all."""
    torch.manual_seed(0)
    return AutoencoderKLWan(
        **SHAPES[shape], temperal_downsample=[True, True], z_dim=codec.CHANNELS, patch_size=2,
        in_channels=12, out_channels=12,
        latents_mean=[0.0] * codec.CHANNELS, latents_std=[1.0] * codec.CHANNELS,
    )  # fmt: skip


def parts(model: AutoencoderKLWan, half: str) -> list[tuple[str, torch.nn.Parameter]]:
    """Named parameters of "decoder" or "encoder", each with its 1 x 1 x 1 convolution at the latents."""
    ours = ("decoder", "post_quant") if half == "decoder" else ("encoder", "quant")
    return [(name, p) for name, p in model.named_parameters() if name.startswith(ours)]


def edges(video: Tensor) -> Tensor:
    """1 near a clear edge, else 0: (N, 1, T, H, W). Lines are few pixels and what an eye looks at."""
    rise = torch.zeros_like(video[:, :1])
    rise[..., 1:] += video.diff(dim=-1).abs().amax(1, keepdim=True)
    rise[..., 1:, :] += video.diff(dim=-2).abs().amax(1, keepdim=True)
    return (torch.nn.functional.max_pool3d(rise, (1, 3, 3), 1, (0, 1, 1)) > 0.1).float()


def moving(video: Tensor) -> Tensor:
    """1 where a pixel changes within the clip, else 0: (N, 1, 1, H, W). Backgrounds stand still and are many."""
    return (video.diff(dim=2).abs().amax((1, 2), keepdim=True) > 0.1).float()


def loss_of(
    model: AutoencoderKLWan, half: str, video: Tensor, latents: Tensor, activation: whole.Activation = whole.plain
) -> Tensor:
    """Decoder: squared and absolute error, heavier at edges and where something moves, from latents a little noisy.
    Encoder: error of latents.
    """
    if half == "encoder":
        found = model.encode(video).latent_dist
        return (found.mean - latents).square().mean() + 0.01 * (found.logvar - LOGVAR).square().mean()
    shaken = latents + SHAKE * torch.rand(len(latents), 1, 1, 1, 1) * torch.randn_like(latents)
    error = whole.decode(model, shaken, activation).float() - video
    weight = (1 + 3 * edges(video)) * (1 + MOVING_WEIGHT * moving(video))
    return ((error.square() + 0.1 * error.abs()) * weight).mean()


class Run:
    """One half's training."""

    def __init__(self, half: str, shape: str = SHIPPED) -> None:
        self.half, self.shape, self.model = half, shape, build(shape)
        self.step = {"decoder": 0, "encoder": 0}
        self.averaged: dict[str, Tensor] = {}
        if state := self.stored():
            self.model.load_state_dict(state["model"])
            self.step, self.averaged = state["step"], state["averaged"]
        named = parts(self.model, half)
        matrices = [p for _, p in named if p.ndim >= 4 and p.shape[0] > 1 and p[0].numel() > 1]
        ids = {id(p) for p in matrices}
        adam = torch.optim.AdamW([p for _, p in named if id(p) not in ids], lr=0.0, betas=(0.9, 0.95), weight_decay=0)
        matrix = muon(matrices, 0.0, momentum=0.9, decay=0.02, half=session.half_is_fast())
        self.optimisers, self.rates = [matrix, adam], ((0.012,), (0.002,))

    def stored(self) -> dict | None:
        """The checkpoint, else committed weights: of a trial of this shape, or shipped."""
        if (file := paths.autoencoder(self.shape)).exists():
            return torch.load(file, weights_only=True)
        from . import export

        if self.shape != SHIPPED and paths.trial(self.shape).exists():
            return export.read_trial(self.shape)
        return export.read_autoencoder() if self.shape == SHIPPED and paths.PROGRESS.exists() else None

    def update(self, factor: float) -> None:
        named = parts(self.model, self.half)
        descend([p for _, p in named], self.optimisers, self.rates, factor)
        self.step[self.half] += 1
        weight = 1 - min(AVERAGE, (1 + self.step[self.half]) / (10 + self.step[self.half]))
        with torch.no_grad():
            for name, p in named:
                self.averaged.setdefault(name, p.detach().clone()).lerp_(p, weight)

    def save(self) -> None:
        state = {"model": self.model.state_dict(), "averaged": self.averaged, "step": self.step}
        save_checkpoint(state, paths.autoencoder(self.shape))


def load(shape: str = SHIPPED) -> AutoencoderKLWan:
    """The averaged weights of both halves; those that are shipped where none were trained here."""
    from . import export

    file, model = paths.autoencoder(shape), build(shape)
    trained = file.exists() or shape != SHIPPED
    state = torch.load(file, weights_only=True) if trained else export.read_autoencoder()
    model.load_state_dict(state["model"])
    model.load_state_dict(state["averaged"], strict=False)
    return model.eval().requires_grad_(False)


def batch(rng: np.random.Generator, count: int, frames: int = 9) -> Tensor:
    """uint8 (count, frames, H, W, 3): nine neighbouring frames beginning at 0, 4 or 8, of one chunk; many turn."""
    number = int(rng.choice([n for n in clips.ready() if 0 < n < clips.PIXEL_CHUNKS]))
    source = clips.pixels(number)
    start = 4 * int(rng.integers(0, (clips.FRAMES - frames) // 4 + 1))
    share = np.ones(len(source))
    share[rows_of(clips.read(number, "labels"), "turn")] = TURNS
    chosen = rng.choice(len(source), count, p=share / share.sum())
    return torch.from_numpy(np.stack([source[i, start : start + frames] for i in chosen]))


def crop(videos: Tensor, rng: np.random.Generator, cells: int = CROP) -> Tensor:
    """Of each clip a square where much moves: uint8 (N, T, H, W, 3) -> (N, T, 8 * cells, 8 * cells, 3)."""
    side, out = codec.BLOCK * cells, []
    for video in videos.numpy():
        moves = np.ptp(video.astype(np.int16), axis=0).max(-1) > 24
        sums = np.pad(moves.cumsum(0).cumsum(1), ((1, 0), (1, 0)))[:: codec.BLOCK, :: codec.BLOCK]
        inside = sums[cells:, cells:] - sums[:-cells, cells:] - sums[cells:, :-cells] + sums[:-cells, :-cells]
        chance = (1 + inside) * rng.uniform(0.5, 1, inside.shape)
        top, left = (codec.BLOCK * int(k) for k in np.unravel_index(chance.argmax(), chance.shape))
        out.append(torch.from_numpy(video[:, top : top + side, left : left + side]))
    return torch.stack(out)


@torch.no_grad()
def check(model: AutoencoderKLWan, linear: codec.Codec, count: int = 12) -> dict[str, float]:
    """PSNR in dB on held-back clips of 17 frames: linear codec, decoder from its latents, encoder and decoder; "moving"
    and "edges": the decoder's where something moves, and at clear edges there.
    """
    held = torch.from_numpy(np.asarray(clips.pixels(0)[:count]))
    truth = held.float() / 127.5 - 1
    latents, video = linear.encode(held), truth.permute(0, 4, 1, 2, 3)
    both, made = model.decode(model.encode(video).latent_dist.mean).sample, model.decode(latents).sample
    where = moving(video).expand(-1, 3, video.shape[2], -1, -1) > 0
    sharp = where & (edges(video).expand_as(video) > 0)
    return {
        "linear": round(codec.psnr(linear.decode(latents), truth), 2),
        "decoder": round(codec.psnr(made, video), 2),
        "both": round(codec.psnr(both, video), 2),
        "moving": round(codec.psnr(made[where], video[where]), 2),
        "edges": round(codec.psnr(made[sharp], video[sharp]), 2),
    }


def train(half: str, wall: float, decay: float = 0.3, size: int = 16, shape: str = SHIPPED) -> None:
    """Train "decoder" or "encoder" for ``wall`` seconds; the rate falls over the last ``decay`` of it; saved often."""
    torch.set_num_threads(1)
    run, linear, rng = Run(half, shape), codec.load(), np.random.default_rng()
    began = saved = time.monotonic()
    cpu, hold = time.process_time(), HOLD_SECONDS
    while (now := time.monotonic()) - began < wall:
        left = 1 - (now - began) / wall
        given = batch(rng, size // 2, clips.FRAMES) if rng.random() < WHOLE else crop(batch(rng, size), rng)
        video = (given.float() / 127.5 - 1).permute(0, 4, 1, 2, 3).contiguous()
        latents = linear.encode(given)
        with session.half():
            loss = loss_of(run.model, half, video, latents, whole.fused())
        loss.backward()
        run.update(min(1.0, (run.step[half] + 1) / 30, left / decay if decay else 1.0))
        if now - saved > hold:
            run.save()
            line = {
                "half": half,
                "step": run.step[half],
                "cpu": round(time.process_time() - cpu),
                **check(load(shape), linear),
            }
            session.note(paths.LOG, line | {"shape": shape})
            saved = time.monotonic()
            hold = max(HOLD_SECONDS, HOLD_SHARE * (saved - now))
    run.save()
