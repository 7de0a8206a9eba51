"""The AutoencoderKL: its decoder learns to paint from the codec's latents, its encoder to give them."""

import os
import random
import time

import numpy as np
import torch
from torch import Tensor, nn

from aigc_kit.make.train import save_checkpoint
from aigc_kit.make.train.loop import descend, follow
from aigc_kit.worlds.tinyworld.spec import ATTRIBUTES
from assets.train import session

from . import codec, drafts, paths, pictures
from .network import optimisers

SHAPE = {
    "in_channels": 3,
    "out_channels": 3,
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "block_out_channels": (16, 24, 48, 64),
    "layers_per_block": 1,
    "latent_channels": codec.CHANNELS,
    "norm_num_groups": 8,
    "sample_size": 128,
    "mid_block_add_attention": False,
    "scaling_factor": 1.0,
    "force_upcast": False,
}
STYLE = list(ATTRIBUTES).index("style")
LOG_VARIANCE = -12.0  # pinned: regression leaves it untrained; the latents' standard deviation becomes 0.0025
JITTER = 0.15  # largest deviation of noise on the latents while the decoder learns: the U-Net's are never exact
CROP = 64
DRAFT_SHARE = 0.7  # of the decoder's batches, where there are drafts: see drafts.py
DRAFT_CROP, DRAFT_CROPS = 96, 7  # larger and fewer: a face is read from its whole head
SUBJECT_WEIGHT = 1.5  # extra weight of errors in drafts where the subject is
FAVOUR = {"pixel": 2.5, "oil": 1.5, "flat": 2.0, "neon": 1.5}
"""How many times as often as others a style's pictures are painted in training: their edges blur first."""
MATRIX_RATE = 0.01
HOLD_SECONDS, HOLD_SHARE = 110.0, 10
"""Between checkpoints, each with a look at held-out pictures: so many seconds, or so many times what the last one took,
beside other work or on a slow machine."""


def build() -> nn.Module:
    from diffusers import AutoencoderKL

    return AutoencoderKL(**SHAPE).to(memory_format=torch.channels_last)


class Decoder(nn.Module):
    """post_quant_conv and decoder as one function of the latents."""

    def __init__(self) -> None:
        super().__init__()
        vae = build()
        self.first, self.last = vae.post_quant_conv, vae.decoder

    def forward(self, latents: Tensor) -> Tensor:
        return self.last(self.first(latents))


class Encoder(nn.Module):
    """Encoder and quant_conv, means only."""

    def __init__(self) -> None:
        super().__init__()
        vae = build()
        self.first, self.last = vae.encoder, vae.quant_conv

    def forward(self, images: Tensor) -> Tensor:
        return self.last(self.first(images))[:, : codec.CHANNELS]


def painting_loss(painted: Tensor, images: Tensor, weight: Tensor | None = None) -> Tensor:
    """L1 of the pixels and of their differences to the right and below: edges count twice.

    weight: of each pixel's errors, (N, 1, H, W).
    """
    error = painted - images
    if weight is not None:
        error = error * weight
    across = (error[..., 1:] - error[..., :-1]).abs().mean()
    down = (error[..., 1:, :] - error[..., :-1, :]).abs().mean()
    return error.abs().mean() + 0.5 * (across + down)


class Part:
    """Decoder or encoder with optimiser, running average and checkpoint."""

    def __init__(self, name: str, rate: float = 2e-3, average: float = 0.995) -> None:
        torch.manual_seed(1)
        self.name, self.rate, self.average = name, rate, average
        self.file = {"decoder": paths.DECODER, "encoder": paths.ENCODER}[name]
        self.module = (Decoder if name == "decoder" else Encoder)().to(memory_format=torch.channels_last)
        self.mean = [p.detach().clone() for p in self.module.parameters()]
        self.optimisers = optimisers(self.module, MATRIX_RATE, rate)
        self.step, self.cpu = 0, 0.0
        self.linear = codec.load()

    def loss(self, images: Tensor) -> Tensor:
        latents = self.linear.encode(images)
        if self.name == "encoder":
            return (self.module(images) - latents).square().mean()
        noise = JITTER * torch.rand(len(latents), 1, 1, 1) * torch.randn_like(latents)
        return painting_loss(self.module(latents + noise), images)

    def draft_loss(self, images: Tensor, latents: Tensor, area: Tensor) -> Tensor:
        """The decoder's error on what the U-Net made of these pictures, heavier on the subject."""
        return painting_loss(self.module(latents), images, 1 + SUBJECT_WEIGHT * area)

    def update(self, factor: float) -> None:
        factor *= min(1.0, (self.step + 1) / 50)
        descend(self.module.parameters(), self.optimisers, ((MATRIX_RATE,), (self.rate,)), factor)
        self.step += 1
        follow(self.mean, list(self.module.parameters()), self.step, self.average)

    def save(self, target=None) -> None:
        state = {"module": self.module.state_dict(), "mean": self.mean}
        state["optimisers"] = [optimiser.state_dict() for optimiser in self.optimisers]
        save_checkpoint(state | {"step": self.step, "cpu": self.cpu}, target or self.file)

    def resume(self) -> None:
        """Continue from the checkpoint, else from the committed weights, when there are any."""
        if self.file.exists():
            state = torch.load(self.file, weights_only=True)
            self.module.load_state_dict(state["module"])
            for optimiser, saved in zip(self.optimisers, state.get("optimisers", []), strict=False):
                optimiser.load_state_dict(saved)
            self.mean = state["mean"]
        elif (paths.STATE / f"{self.name}.safetensors").exists():
            from . import export

            state = export.read_state(self.name)
            self.module.load_state_dict(state["weights"])
            self.mean = [p.detach().clone() for p in self.module.parameters()]
        else:
            return
        self.step, self.cpu = state["step"], state["cpu"]

    def averaged(self) -> nn.Module:
        """The module with the averaged weights in place: only for use after training."""
        with torch.no_grad():
            for parameter, mean in zip(self.module.parameters(), self.mean, strict=True):
                parameter.copy_(mean)
        return self.module.eval()


def crops(rng: random.Random, count: int = 16, side: int = CROP) -> Tensor:
    """Random squares on the grid of latent cells, float32 (count, 3, side, side)."""
    numbers = [n for n in pictures.ready() if n > 0]
    number = rng.choice(numbers)
    images, styles = pictures.read(number, "images"), pictures.read(number, "labels")[:, STYLE]
    weights = np.array([FAVOUR.get(style, 1.0) for style in ATTRIBUTES["style"]])[styles]
    rows, columns = images.shape[1] // 8, images.shape[2] // 8
    out = []
    for row in rng.choices(range(len(images)), weights.tolist(), k=count):
        y, x = (8 * rng.randint(0, n - side // 8) for n in (rows, columns))
        out.append(images[row, y : y + side, x : x + side])
    return codec.as_images(np.stack(out)).contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def measure(part: Part, count: int = 48, drafted: bool = False) -> float:
    """Decoder: dB on held-out pictures; encoder: dB of the codec's pictures from its latents.

    drafted: the decoder paints from what the U-Net made of these pictures.
    """
    images = codec.as_images(pictures.read(0, "images")[:count])
    exact = torch.from_numpy(np.array(drafts.read(0)[:count])).float() if drafted else part.linear.encode(images)
    live = [p.detach().clone() for p in part.module.parameters()]
    module = part.averaged()
    said = module(exact if part.name == "decoder" else images)
    for parameter, own in zip(part.module.parameters(), live, strict=True):
        parameter.copy_(own)
    part.module.train()
    if part.name == "decoder":
        return codec.psnr(said.clamp(-1, 1), images)
    return codec.psnr(part.linear.decode(said), part.linear.decode(exact))


def train(name: str, wall: float, decay: float = 0.0) -> float:
    """Train one part for ``wall`` seconds, over the last share ``decay`` with a falling rate; returns its dB."""
    torch.set_num_threads(1)
    part, rng = Part(name), random.Random()
    part.resume()
    (paths.RUN / f"pid-{name}").write_text(str(os.getpid()))
    branch = part.file.with_name(f"{name}-decayed.pt") if decay else None
    began = saved = time.monotonic()
    cpu, losses, hold = time.process_time(), [], HOLD_SECONDS
    while (now := time.monotonic()) - began < wall:
        left = 1 - (now - began) / wall
        if name == "decoder" and drafts.ready() and rng.random() < DRAFT_SHARE:
            loss = part.draft_loss(*drafts.crops(rng, DRAFT_CROPS, DRAFT_CROP, FAVOUR))
        else:
            loss = part.loss(crops(rng))
        loss.backward()
        part.update(min(1.0, left / decay) if decay else 1.0)
        losses.append(loss.item())
        if now - saved > hold:
            part.cpu += time.process_time() - cpu
            cpu = time.process_time()
            part.save(branch)
            note(part, losses)
            saved, losses = time.monotonic(), []
            hold = max(HOLD_SECONDS, HOLD_SHARE * (saved - now))
    part.cpu += time.process_time() - cpu
    part.save(branch)
    return note(part, losses)


def note(part: Part, losses: list[float]) -> float:
    value = measure(part)
    mean = sum(losses) / max(1, len(losses))
    line = {part.name: round(value, 2), "step": part.step, "cpu": round(part.cpu), "loss": round(mean, 5)}
    if part.name == "decoder" and 0 in drafts.ready():
        line["drafts"] = round(measure(part, drafted=True), 2)
    session.note(paths.LOG, line)
    return value
