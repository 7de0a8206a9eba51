"""The fixed linear codec: each block of 8 x 8 pixels becomes its first principal components, scaled.

It defines the latents. So the U-Net, the decoder and the encoder of the shipped AutoencoderKL are trained apart, in any
order: the encoder learns to give these latents, the decoder to paint from them.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from . import paths, pictures

CHANNELS = 16
BLOCK = pictures.BLOCK
POWER = 0.35  # a channel's standard deviation is (sd / largest sd) ** POWER * SCALE: fine detail drowns in noise first
SCALE = 1.2


class Codec:
    """weight: float32 (C, 3, 8, 8), bias (C,): of the encoding convolution; inverse: (C, 3, 8, 8); mean: (3, 8, 8)."""

    def __init__(self, tensors: dict[str, Tensor]) -> None:
        self.weight, self.bias = tensors["weight"], tensors["bias"]
        self.inverse, self.mean = tensors["inverse"], tensors["mean"]

    def encode(self, images: Tensor) -> Tensor:
        """float32 (N, 3, H, W) in [-1, 1] -> latents (N, C, H / 8, W / 8)."""
        return F.conv2d(images, self.weight, self.bias, stride=BLOCK)

    def decode(self, latents: Tensor) -> Tensor:
        """Latents -> the nearest pictures that the codec can say, float32, not clipped."""
        rows, columns = latents.shape[2:]
        return F.conv_transpose2d(latents, self.inverse, stride=BLOCK) + self.mean.repeat(1, rows, columns)


def as_images(array: np.ndarray) -> Tensor:
    """uint8 (N, H, W, 3) -> float32 (N, 3, H, W) in [-1, 1]."""
    return torch.from_numpy(np.array(array)).permute(0, 3, 1, 2).float() / 127.5 - 1


def fit(chunk: int = 0) -> Codec:
    """Fit on one chunk of pictures and write the codec."""
    images = as_images(pictures.read(chunk, "images"))
    blocks = images.unfold(2, BLOCK, BLOCK).unfold(3, BLOCK, BLOCK).permute(0, 2, 3, 1, 4, 5)
    blocks = blocks.reshape(-1, 3 * BLOCK * BLOCK)
    mean = blocks.mean(0)
    variance, axes = torch.linalg.eigh(torch.cov(blocks.T))
    deviation = variance.flip(0)[:CHANNELS].sqrt()
    axes = axes.flip(1)[:, :CHANNELS]
    scale = SCALE * (deviation / deviation[0]) ** POWER / deviation
    shape = (CHANNELS, 3, BLOCK, BLOCK)
    tensors = {
        "weight": (axes * scale).T.reshape(shape).contiguous(),
        "bias": -(mean @ (axes * scale)),
        "inverse": (axes / scale).T.reshape(shape).contiguous(),
        "mean": mean.reshape(3, BLOCK, BLOCK).contiguous(),
    }
    from safetensors.torch import save_file

    paths.RUN.mkdir(parents=True, exist_ok=True)
    save_file(tensors, paths.CODEC)
    codec = Codec(tensors)
    decoded = codec.decode(codec.encode(images[:200])).clamp(-1, 1)
    print(f"codec: {psnr(decoded, images[:200]):.2f} dB; deviations", [round(x, 2) for x in deviation.tolist()])
    return codec


def load() -> Codec:
    from safetensors.torch import load_file

    return Codec(load_file(paths.CODEC))


def psnr(a: Tensor, b: Tensor) -> float:
    """Mean over pictures of the peak signal-to-noise ratio, dB; both in [-1, 1]."""
    return (-10 * ((a - b) / 2).square().mean((1, 2, 3)).log10()).mean().item()
