"""The transformer, stock but for what training needs on a CPU: plain attention, a position probe, one pad slot.

Wan's transformer knows places only by rotary phases, so on pure noise all tokens look alike; a probe that reads each
token's (frame, row, column) from an early block pulls the phases into the features. It is dropped on saving.
"""

import copy
import shutil

import torch
import torch.nn.functional as F
from diffusers.models.transformers.transformer_wan import WanAttnProcessor, WanTransformer3DModel
from torch import Tensor, nn

from . import codec, text

HEADS, HEAD_WIDTH, LAYERS = 9, 32, 5
WIDTH = HEADS * HEAD_WIDTH
PATCH = (1, 2, 2)
PROBED_BLOCK = 1
LARGEST = (5, 4, 7)  # latent frames, token rows, token columns


def build() -> WanTransformer3DModel:
    torch.manual_seed(0)
    model = WanTransformer3DModel(
        patch_size=PATCH, num_attention_heads=HEADS, attention_head_dim=HEAD_WIDTH, in_channels=codec.CHANNELS,
        out_channels=codec.CHANNELS, text_dim=text.WIDTH, freq_dim=128, ffn_dim=4 * WIDTH, num_layers=LAYERS,
        rope_max_seq_len=128,
    )  # fmt: skip
    nn.init.zeros_(model.proj_out.weight)
    nn.init.zeros_(model.proj_out.bias)
    return model


def twin(model: WanTransformer3DModel) -> WanTransformer3DModel:
    """A copy for the running average."""
    return copy.deepcopy(model).requires_grad_(False)


def attend(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None) -> Tensor:
    """Plain softmax attention (N, heads, tokens, width): the fused one's backward is far slower on short sequences."""
    weights = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
    return (weights if bias is None else weights + bias).softmax(-1) @ v


def split(attention, query: Tensor, source: Tensor) -> list[Tensor]:
    parts = (
        attention.norm_q(attention.to_q(query)),
        attention.norm_k(attention.to_k(source)),
        attention.to_v(source),
    )
    return [part.unflatten(2, (attention.heads, -1)).transpose(1, 2) for part in parts]


def rotate(x: Tensor, cosines: Tensor, sines: Tensor) -> Tensor:
    """Rotary phases as diffusers applies them: pairs of neighbouring features."""
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack((a * cosines - b * sines, a * sines + b * cosines), -1).flatten(-2)


class PlainSelf:
    """Self-attention in training."""

    def __call__(self, attn, hidden_states, encoder_hidden_states=None, attention_mask=None, rotary_emb=None):
        q, k, v = split(attn, hidden_states, hidden_states)
        cosines, sines = rotary_emb[0].transpose(1, 2)[..., 0::2], rotary_emb[1].transpose(1, 2)[..., 1::2]
        out = attend(rotate(q, cosines, sines), rotate(k, cosines, sines), v)
        return attn.to_out[0](out.transpose(1, 2).flatten(2))


class PlainCross:
    """Cross-attention in training: the last slot stands for all zero-padded tokens behind the caption.

    The pipeline attends to them all, unmasked; they are identical, so one slot with the logarithm of their number added
    to its score gives exactly the same result.
    """

    def __init__(self) -> None:
        self.padding = torch.zeros(1)

    def __call__(self, attn, hidden_states, encoder_hidden_states=None, attention_mask=None, rotary_emb=None):
        q, k, v = split(attn, hidden_states, encoder_hidden_states)
        bias = torch.zeros(len(self.padding), 1, 1, k.shape[2])
        bias[:, 0, 0, -1] = self.padding
        return attn.to_out[0](attend(q, k, v, bias).transpose(1, 2).flatten(2))


def prepare(model: WanTransformer3DModel) -> PlainCross:
    """Put the training's attention in; the result's ``padding`` is log(number of pads) per sample."""
    cross = PlainCross()
    for block in model.blocks:
        block.attn1.set_processor(PlainSelf())
        block.attn2.set_processor(cross)
    return cross


def compile_blocks(model: WanTransformer3DModel) -> None:
    """Make a step of training half as long, where there is a compiler; half a minute for each new shape."""
    if shutil.which("g++"):
        for block in model.blocks:
            block.forward = torch.compile(block.forward, dynamic=False)


def restore(model: WanTransformer3DModel) -> None:
    """The stock attention again."""
    for block in model.blocks:
        block.attn1.set_processor(WanAttnProcessor())
        block.attn2.set_processor(WanAttnProcessor())


class PositionProbe(nn.Module):
    """Reads frame, row and column of every token from the features of an early block."""

    def __init__(self, model: WanTransformer3DModel) -> None:
        super().__init__()
        self.readers = nn.ModuleList(nn.Linear(WIDTH, size) for size in LARGEST)
        self.features = torch.zeros(0)
        model.blocks[PROBED_BLOCK].register_forward_hook(self._keep)

    def _keep(self, _module, _inputs, output: Tensor) -> None:
        self.features = output

    def loss(self, grid: tuple[int, int, int]) -> Tensor:
        """Cross-entropy, summed over the three coordinates; ``grid``: frames, rows, columns of tokens."""
        axes = torch.meshgrid(*[torch.arange(size) for size in grid], indexing="ij")
        features = F.layer_norm(self.features.float(), (WIDTH,))
        total = torch.zeros(())
        for reader, places in zip(self.readers, axes, strict=True):
            target = places.flatten().expand(len(features), -1)
            total = total + F.cross_entropy(reader(features).transpose(1, 2), target)
        return total
