"""The network as it is trained: the poem model's, with a loss weight for each token and a probe that helps copying."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from assets.train.poem.network import Network as Plain
from assets.train.poem.network import Shape, rotary
from assets.train.poem.network import to_transformers as plain_to_transformers

from .tokens import LONGEST

PROBED_BLOCK = 1  # the second: what it leaves in the stream shall tell the two tokens before
PROBED_EVERY = 3  # positions: the probe is a third of the work then
ROUND = 32  # the table has a multiple of so many rows, which is faster; the export cuts it to the vocabulary


def shape(vocabulary: int, width: int = 192, layers: int = 6, inner: int = 512) -> Shape:
    """The shape that is shipped; heads are 32 wide."""
    return Shape(-(-vocabulary // ROUND) * ROUND, width, layers, width // 32, inner, base=10000.0)


class Network(Plain):
    """Adds the probe (training only, never exported) and starts with loud embeddings."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.before = nn.ModuleList(nn.Linear(shape.width, shape.width, bias=False) for _ in range(2))
        for head in self.before:
            nn.init.normal_(head.weight, 0.0, 0.02)
        # The identity of a token must stay loud beside what blocks add, or nothing is copied: rms 1, and small
        # logits through the last gain.
        nn.init.normal_(self.embedding.weight, 0.0, 1.0)
        nn.init.constant_(self.norm, shape.width**-0.5)

    def streams(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """ids: int64 (batch, time) -> (output of the last norm, stream after the probed block)."""
        time = ids.shape[1]
        cos, sin = rotary(time, self.shape.width // self.shape.heads, self.shape.base)
        mask = torch.full((time, time), float("-inf")).triu(1)
        x = early = self.embedding(ids)
        for number, block in enumerate(self.blocks):
            x = block(x, cos, sin, mask)
            if number == PROBED_BLOCK:
                early = x
        return F.rms_norm(x, (self.shape.width,), self.norm, self.shape.epsilon), early

    def loss(self, ids: Tensor, weights: Tensor, probe: float = 0.03) -> Tensor:
        """Sum over tokens of weight x cross-entropy in nats, and ``probe`` x that of the probes.

        ids: int64 (batch, time), 0 is padding; weights: float32 (batch, time), of each token as a target.
        """
        last, early = self.streams(ids[:, :-1])
        logits = F.linear(last, self.embedding.weight)
        nats = F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
        loss = (nats * weights[:, 1:].flatten()).sum()
        table = self.embedding.weight.detach() * self.shape.width**-0.5
        for back, head in enumerate(self.before, 1):
            stream = F.rms_norm(early[:, back::PROBED_EVERY], (self.shape.width,))
            target = ids[:, : -1 - back : PROBED_EVERY].flatten()
            logits = F.linear(head(stream), table).flatten(0, 1)
            nats = F.cross_entropy(logits, target, ignore_index=0, reduction="sum")
            loss = loss + probe * PROBED_EVERY * nats
        return loss


def to_transformers(network: Network, vocabulary: int) -> tuple[dict, dict[str, Tensor]]:
    """(LlamaConfig keyword arguments, state dict) of the same function as a LlamaForCausalLM."""
    config, state = plain_to_transformers(network)
    state["model.embed_tokens.weight"] = state["model.embed_tokens.weight"][:vocabulary].clone()
    return config | {"max_position_embeddings": LONGEST, "vocab_size": vocabulary}, state
