"""Wan's decoder over whole clips at once, as training needs it: what the stock one says frame group by frame group.

The stock decoder walks through the latent frames one by one and keeps what its causal convolutions look back at. With
zeros before the first frame a convolution over all frames says the same, so it takes a third of the time; normalisation
and activation in one pass (`torch.compile`, where there is a compiler) halve the rest.
"""

import shutil
from collections.abc import Callable
from functools import cache, partial

import torch
import torch.nn.functional as F
from diffusers.models.autoencoders.autoencoder_kl_wan import unpatchify
from torch import Tensor, nn

CHANNELS_LAST = torch.channels_last_3d


def plain(x: Tensor, gain: Tensor) -> Tensor:
    """SiLU of x (..., C) over its root mean square, times a gain (C,)."""
    wide = x.float()
    return F.silu(wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + 1e-12) * gain).to(x.dtype)


Activation = Callable[[Tensor, Tensor], Tensor]


@cache
def fused() -> Activation:
    """`plain` in one pass, where there is a compiler; half a minute the first time."""
    return torch.compile(plain, dynamic=True) if shutil.which("g++") else plain


def decode(vae: nn.Module, latents: Tensor, activation: Activation = plain) -> Tensor:
    """Decode float latents (N, C, 1 + k, h, w) to a clip (N, 3, 1 + 4k, 8h, 8w), not clamped."""
    decoder = vae.decoder
    residual = partial(_residual, activation=activation)
    x = _convolve(decoder.conv_in, _convolve(vae.post_quant_conv, latents.contiguous(memory_format=CHANNELS_LAST)))
    x = residual(decoder.mid_block.resnets[0], x)
    for attention, block in zip(decoder.mid_block.attentions, decoder.mid_block.resnets[1:], strict=True):
        x = residual(block, x if attention is None else attention(x))
    for up in decoder.up_blocks:
        for block in up.resnets:
            x = residual(block, x)
        if up.upsamplers is not None:
            x = _enlarge(up.upsamplers[0], x)
    return unpatchify(_convolve(decoder.conv_out, _activate(decoder.norm_out, x, activation)), vae.config.patch_size)


def _activate(norm: nn.Module, x: Tensor, activation: Activation) -> Tensor:
    return activation(x.permute(0, 2, 3, 4, 1), norm.gamma.flatten()).permute(0, 4, 1, 2, 3)


def _convolve(layer: nn.Module, x: Tensor) -> Tensor:
    columns, _, rows, _, before, _ = layer._padding
    past = F.pad(x, (0, 0, 0, 0, before, 0)) if before else x
    return F.conv3d(past, layer.weight, layer.bias, layer.stride, (0, rows, columns))


def _residual(block: nn.Module, x: Tensor, activation: Activation) -> Tensor:
    shortcut = x if isinstance(block.conv_shortcut, nn.Identity) else _convolve(block.conv_shortcut, x)
    inner = _convolve(block.conv1, _activate(block.norm1, x, activation))
    return shortcut + _convolve(block.conv2, _activate(block.norm2, inner, activation))


def _enlarge(up: nn.Module, x: Tensor) -> Tensor:
    """Twice as high and wide; with a convolution in time also twice as many frames, but for the first."""
    if up.mode == "upsample3d":
        later = _convolve(up.time_conv, x[:, :, 1:])
        count, channels, frames, height, width = x[:, :, 1:].shape
        pairs = later.reshape(count, 2, channels, frames, height, width).permute(0, 2, 3, 1, 4, 5)
        x = torch.cat([x[:, :, :1], pairs.reshape(count, channels, 2 * frames, height, width)], 2)
    count, channels, frames, height, width = x.shape
    still = x.transpose(1, 2).reshape(-1, channels, height, width).contiguous(memory_format=torch.channels_last)
    layer = up.resample[1]
    large = F.conv2d(F.interpolate(still, scale_factor=2.0, mode="nearest"), layer.weight, layer.bias, padding=1)
    clip = large.view(count, frames, large.shape[1], 2 * height, 2 * width).transpose(1, 2)
    return clip.contiguous(memory_format=CHANNELS_LAST)
