"""The network as it is trained: the same function as transformers' LlamaForCausalLM, fused for one CPU core.

Query, key and value are one matrix, gate and up another; attention is two plain matrix products, because the
backward pass of scaled_dot_product_attention is slow on CPU. ``to_transformers`` unfuses the weights.
"""

from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aigc_kit.make.train import muon, next_token


@dataclass(frozen=True)
class Shape:
    """vocabulary tokens; width and heads of the residual stream; inner width of the feed-forward block."""

    vocabulary: int
    width: int = 192
    layers: int = 5
    heads: int = 4
    inner: int = 512
    base: float = 1000.0  # of the rotary angles: texts are at most 80 tokens long
    epsilon: float = 1e-6


def rotary(length: int, head: int, base: float) -> tuple[Tensor, Tensor]:
    """cos and sin, float32 (length, head), halves repeated as in transformers' Llama."""
    inverse = 1.0 / base ** (torch.arange(0, head, 2).float() / head)
    angle = torch.outer(torch.arange(length).float(), inverse).repeat(1, 2)
    return angle.cos(), angle.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """x: (batch, heads, time, head). Source: RoFormer, arXiv 2104.09864, eq. 34, in Llama's half-split layout."""
    low, high = x.chunk(2, -1)
    return x * cos + torch.cat((-high, low), -1) * sin


class Block(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width = shape.width
        self.heads, self.epsilon = shape.heads, shape.epsilon
        self.norm_attention = nn.Parameter(torch.ones(width))
        self.norm_mlp = nn.Parameter(torch.ones(width))
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.gate_up = nn.Linear(width, 2 * shape.inner, bias=False)
        self.down = nn.Linear(shape.inner, width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor) -> Tensor:
        """x: (batch, time, width); mask: (time, time), -inf above the diagonal."""
        batch, time, width = x.shape
        qkv = self.qkv(F.rms_norm(x, (width,), self.norm_attention, self.epsilon))
        q, k, v = qkv.view(batch, time, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        weights = (q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5 + mask).softmax(-1)
        x = x + self.out((weights @ v).transpose(1, 2).reshape(batch, time, width))
        gate, up = self.gate_up(F.rms_norm(x, (width,), self.norm_mlp, self.epsilon)).chunk(2, -1)
        return x + self.down(F.silu(gate) * up)


class Network(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = nn.Parameter(torch.ones(shape.width))
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                nn.init.normal_(module.weight, 0.0, 0.02)
        for block in self.blocks:  # each block starts as the identity
            nn.init.zeros_(block.out.weight)
            nn.init.zeros_(block.down.weight)

    def hidden(self, ids: Tensor) -> Tensor:
        """ids: int64 (batch, time) -> float32 (batch, time, width)."""
        time = ids.shape[1]
        cos, sin = rotary(time, self.shape.width // self.shape.heads, self.shape.base)
        mask = torch.full((time, time), float("-inf")).triu(1)
        x = self.embedding(ids)
        for block in self.blocks:
            x = block(x, cos, sin, mask)
        return F.rms_norm(x, (self.shape.width,), self.norm, self.shape.epsilon)

    def loss(self, ids: Tensor, start: int) -> Tensor:
        """Mean cross-entropy in nats of the tokens from position ``start`` on (what comes before is given)."""
        kept = self.hidden(ids[:, :-1])[:, start - 1 :]
        return next_token(F.linear(kept, self.embedding.weight), ids, start)


def optimisers(network: nn.Module, matrix_lr: float, other_lr: float) -> list[torch.optim.Optimizer]:
    """[Muon for the matrices inside the blocks, AdamW]: together they update every parameter once."""
    pieces = {"qkv": 3, "gate_up": 2}
    matrices, others = [], []
    for name, parameter in network.named_parameters():
        if parameter.ndim == 2 and "embedding" not in name:
            matrices.append((parameter, pieces.get(name.split(".")[-2], 1)))
        else:
            others.append(parameter)
    adam = torch.optim.AdamW(others, lr=other_lr, betas=(0.9, 0.98), weight_decay=0.0, eps=1e-8)
    return [muon(matrices, matrix_lr), adam]


def to_transformers(network: Network, *, copied: bool = True) -> tuple[dict, dict[str, Tensor]]:
    """(LlamaConfig keyword arguments, state dict) of the same function as a LlamaForCausalLM.

    copied: False gives views, through which the network's own numbers can be set.
    """
    shape = network.shape
    config = {
        "vocab_size": shape.vocabulary,
        "hidden_size": shape.width,
        "intermediate_size": shape.inner,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "rms_norm_eps": shape.epsilon,
        "rope_parameters": {"rope_type": "default", "rope_theta": shape.base},
        "max_position_embeddings": 128,
        "tie_word_embeddings": True,
    }
    state = {"model.embed_tokens.weight": network.embedding.weight, "model.norm.weight": network.norm}
    for number, block in enumerate(network.blocks):
        to = f"model.layers.{number}."
        names = ("q_proj", "k_proj", "v_proj")
        state |= {f"{to}self_attn.{n}.weight": w for n, w in zip(names, block.qkv.weight.chunk(3), strict=True)}
        gate, up = block.gate_up.weight.chunk(2)
        state |= {
            f"{to}self_attn.o_proj.weight": block.out.weight,
            f"{to}mlp.gate_proj.weight": gate,
            f"{to}mlp.up_proj.weight": up,
            f"{to}mlp.down_proj.weight": block.down.weight,
            f"{to}input_layernorm.weight": block.norm_attention,
            f"{to}post_attention_layernorm.weight": block.norm_mlp,
        }
    return config, {name: tensor.detach().clone() if copied else tensor.detach() for name, tensor in state.items()}


def as_dict(shape: Shape) -> dict:
    return asdict(shape)
