"""Predict what the big run needs, before it starts."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aigc_kit.promptlab.tune import nf4
from aigc_kit.promptlab.tune.adapters import RANK, TARGETS, with_lora

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Need:
    """Hold the predicted bytes of a LoRA run.

    Exact for the tensors named; what kernels and the allocator add is not in it.

    Args:
        weights: of the frozen model; lora: A and B with gradients and both moments of Adam, float32.
        saved: activations kept for the way back.
        numbers: that learn; total: of the model.
    """

    weights: int
    lora: int
    saved: int
    numbers: int
    total: int

    @property
    def bytes(self) -> int:
        """Add them up."""
        return self.weights + self.lora + self.saved


def big_run(
    config: Any, *, batch: int, length: int, four_bits: bool, rank: int = RANK, targets: Sequence[str] = TARGETS
) -> Need:
    """Predict a LoRA run's bytes, without any weights.

    The model is built on the meta device, and one step of it is traced: every tensor that the way back keeps is
    counted once.

    Args:
        config: of transformers, of a causal language model.
        batch, length: rows and tokens of a step, computed in bfloat16.
        four_bits: matrices of the blocks in NF4 with float32 scales; else everything in bfloat16.
        rank, targets: of LoRA.
    """
    import torch
    from transformers import AutoModelForCausalLM

    with torch.device("meta"):
        plain = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    blocks = sum(v.numel() for n, v in plain.named_parameters() if v.dim() == 2 and "proj" in n)
    total = sum(value.numel() for value in plain.parameters())
    network = with_lora(plain, rank=rank, targets=targets)
    numbers = sum(value.numel() for value in network.parameters() if value.requires_grad)
    saved = saved_bytes(network, torch.zeros(batch, length, dtype=torch.long, device="meta"))
    weights = int(2 * (total - blocks) + blocks * (nf4.BITS / 8 if four_bits else 2))
    return Need(weights, 16 * numbers, saved, numbers, total)


def saved_bytes(network: Any, ids: "Tensor") -> int:
    """Count the bytes that a training step keeps.

    Args:
        network: a causal language model; on the meta device nothing is computed.
        ids: int64 (N, T).
    """
    import torch

    rows, length = ids.shape
    causal = torch.ones(
        rows, 1, length, length, dtype=torch.bool, device=ids.device
    ).tril()  # else meta is asked for it

    def step() -> None:
        logits = network(input_ids=ids, attention_mask=causal, use_cache=False).logits
        torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1).float(), ids[:, 1:].flatten())

    with _fused():
        return kept_bytes(network, step, [causal])


def kept_bytes(network: Any, step: Callable[[], object], known: "Sequence[Tensor]" = ()) -> int:
    """Count the bytes kept, each storage once.

    Args:
        network: whose own weights do not count.
        step: runs it; known: other tensors that do not count.
    """
    import torch

    own = {value.untyped_storage()._cdata for value in [*network.parameters(), *known]}
    storages: dict[int, Any] = {}

    def keep(value: "Tensor") -> "Tensor":
        storage = value.untyped_storage()
        if storage._cdata not in own:
            storages[storage._cdata] = storage
        return value

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda value: value):
        step()
    return sum(storage.nbytes() for storage in storages.values())


@contextmanager
def _fused() -> Iterator[None]:
    """Keep of attention what fused kernels keep.

    Queries, keys, values, the result, and one float32 a row: nothing of size length x length.
    """
    import torch
    from torch.overrides import TorchFunctionMode

    class Attention(torch.autograd.Function):
        """Stand for the kernel."""

        @staticmethod
        def forward(ctx: Any, query: "Tensor", key: "Tensor", value: "Tensor") -> "Tensor":
            out = query.new_empty(*query.shape[:-1], value.shape[-1])
            ctx.save_for_backward(query, key, value, out, query.new_empty(query.shape[:-1], dtype=torch.float32))
            return out

        @staticmethod
        def backward(ctx: Any, *slopes: "Tensor") -> Any:
            raise NotImplementedError("only the way forward is traced")

    class StandIn(TorchFunctionMode):
        """Take the place of one function."""

        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            if func is torch.nn.functional.scaled_dot_product_attention:
                return Attention.apply(*args[:3])
            return func(*args, **(kwargs or {}))

    with StandIn():
        yield
