"""Trace one training step on the meta device."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from aigc_kit.core.errors import AigcError, BadInput, CannotLoad
from aigc_kit.core.types.atoms import shown
from aigc_kit.memory.footprint.bytes import COMPUTE_DTYPES, full_name
from aigc_kit.memory.footprint.step_needs import METHODS, OPTIMIZERS, TrainingFacts
from aigc_kit.memory.xray import build, caching, tracer
from aigc_kit.memory.xray.autocast import casting
from aigc_kit.memory.xray.stand_ins import standing_in
from aigc_kit.memory.xray.trace import Bench

TARGETS = ("to_q", "to_k", "to_v", "to_out.0")
BLOCK, SMALLEST = 256, 4096  # of 8-bit states (bitsandbytes): numbers with one scale; smaller tensors stay in float32


def train(
    model: str | Path,
    method: str = "lora",
    rank: int = 8,
    height: int | None = None,
    width: int | None = None,
    frames: int | None = None,
    batch: int = 1,
    dtype: str = "bfloat16",
    trained: str = "float32",
    checkpointing: bool = False,
    optimizer: str = "adamw",
    keep: tuple[str, ...] = (),
    mixed: bool = True,
    device: str = "cuda",
) -> TrainingFacts:
    """Count a training step of a pipeline's denoiser.

    Args:
        model: a known model, or a folder of configs.
        method: "lora" or "full"; rank: of the pairs on attention's four layers.
        height, width, frames: pixels; None: those of a usual run. batch: samples of a step, >= 1.
        dtype: of frozen weights, and in which layers compute.
        trained: dtype of the trained weights, their gradients and states.
        checkpointing: gradient checkpointing of every block.
        optimizer: one of OPTIMIZERS.
        keep: other parts that stay on the card (latents and prompts are prepared before, unless kept).
        mixed: whether layers cast automatically (torch.autocast), as accelerate lets them; norms then give float32.
        device: whose automatic casts and optimiser are followed: "cuda", or "cpu" to compare with a real step.

    Raises:
        UnknownName, BadInput: no such model or folder, a value out of range.
        CannotLoad: a part whose class or inputs are not known, or that cannot be checkpointed.
    """
    _check(method, rank, batch, optimizer)
    full, own = full_name(dtype, COMPUTE_DTYPES), full_name(trained, COMPUTE_DTYPES)
    bench = Bench(model, full if method == "lora" else own)
    part = bench.denoiser
    size = bench.size(height, width, frames)
    module = part.module
    module.train().requires_grad_(method == "full")
    if method == "lora":
        _add_pairs(module, rank, own)
    step = _Step(bench, size, batch, full, mixed and full != "float32", device)
    if checkpointing:
        _checkpoint(part, step)
    step.run(optimizer)
    return TrainingFacts(
        model=bench.pipeline.name,
        part=part.name,
        method=method,
        rank=rank if method == "lora" else 0,
        optimizer=optimizer,
        checkpointing=checkpointing,
        dtype=full,
        trained_dtype=own,
        height=size[0],
        width=size[1],
        frames=size[2],
        batch=batch,
        kept_bytes={name: _part_of(bench, name).bytes() for name in keep},
        traced_with=build.versions(),
        **step.counts(),
    )


def _check(method: str, rank: int, batch: int, optimizer: str) -> None:
    for name, value, names in (("method", method, METHODS), ("optimizer", optimizer, OPTIMIZERS)):
        if value not in names:
            raise BadInput(asked=f"{name} {shown(value)}", found="unknown", todo=f"choose one of {list(names)}")
    for name, number in (("rank", rank), ("batch", batch)):
        if not isinstance(number, int) or isinstance(number, bool) or number < 1:
            raise BadInput(asked=f"{name}={shown(number)}", found="not an integer >= 1", todo=f"choose {name} >= 1")


def _part_of(bench: Bench, name: str) -> Any:
    for part in bench.parts:
        if part.name == name and name != bench.denoiser.name:
            return part
    names = [part.name for part in bench.parts if part.name != bench.denoiser.name]
    raise BadInput(asked=f"part {name!r} kept on the card", found=f"the others are {names}", todo="name one of these")


def _add_pairs(module: Any, rank: int, dtype: str) -> None:
    """Put low-rank pairs beside attention's layers, by peft."""
    import torch
    from peft import LoraConfig, inject_adapter_in_model

    config = LoraConfig(r=rank, lora_alpha=rank, target_modules=list(TARGETS), init_lora_weights=False)
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            inject_adapter_in_model(config, module)
        except ValueError as error:
            raise CannotLoad(
                asked=f"low-rank pairs on {type(module).__name__}",
                found=str(error)[:200],
                todo=f"choose a denoiser whose attention has the layers {list(TARGETS)}, or --train full",
            ) from None
    for parameter in module.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.to(getattr(torch, dtype))


def _checkpoint(part: build.Part, step: "_Step") -> None:
    """Turn gradient checkpointing on.

    Random states are not saved: there are none on the meta device. `backward` leaves modes of functions, so what runs
    again enters them again.
    """
    import torch

    module = part.module
    if not getattr(module, "_supports_gradient_checkpointing", False):
        raise CannotLoad(
            asked=f"gradient checkpointing of {part.cls}",
            found="this class cannot do that",
            todo="leave --checkpointing out",
        )
    call = partial(torch.utils.checkpoint.checkpoint, use_reentrant=False, preserve_rng_state=False)
    call = partial(call, context_fn=lambda: (nullcontext(), step.modes()))
    module.enable_gradient_checkpointing(call)


class _Step:
    """Run both passes and the optimiser once.

    Attributes:
        points: of both passes; gradients, states, update: bytes, as in `TrainingFacts`.
    """

    def __init__(
        self, bench: Bench, size: tuple[int, int, int], batch: int, dtype: str, mixed: bool, device: str
    ) -> None:
        self.bench, self.size, self.batch, self.device = bench, size, batch, device
        self.dtype, self.mixed = dtype, mixed
        self.points: tuple[Any, ...] = ()
        self.gradients = self.states = self.update = self.tokens = self.held = self.pool = self.first_pool = 0
        self.trace: Any = None

    def run(self, optimizer: str) -> None:
        """Trace a step, or raise a CannotLoad."""
        import torch

        part = self.bench.denoiser
        trained = [p for p in part.module.parameters() if p.requires_grad]
        with warnings.catch_warnings(), torch.device("meta"):
            warnings.simplefilter("ignore")
            try:
                with tracer.tracing([part.module]) as trace:
                    self._passes(trace)
            except AigcError:
                raise
            except Exception as error:
                raise CannotLoad(
                    asked=f"a training step of {part.name!r} ({part.cls})",
                    found=f"{type(error).__name__}: {str(error)[:200]}",
                    todo="choose a pipeline of a known family (docs/XRAY.md lists them)",
                ) from error
        self.points = trace.hull()
        self.gradients = _rounded(p.grad for p in trained if p.grad is not None)
        first, later = self._optimise(trained, optimizer)
        pool, own = caching.Allocator(), caching.Allocator()
        own.replay(trace.events, caching.WORKSPACE)
        own.replay(first, caching.WORKSPACE)
        self.first_pool = own.most
        for _ in range(2):
            gradients = pool.replay(trace.events, caching.WORKSPACE)
            for block in (*pool.replay(later, caching.WORKSPACE), *gradients):
                pool.give(block)
        self.pool = pool.most

    def counts(self) -> dict[str, Any]:
        """Give what was counted, by the names of `TrainingFacts`."""
        module = self.bench.denoiser.module
        weights = [(p.numel(), p.nbytes, p.requires_grad) for p in module.parameters()]
        buffers = sum(b.nbytes for b in module.buffers())
        return {
            "frozen_bytes": buffers + sum(size for _, size, on in weights if not on),
            "trained_params": sum(count for count, _, on in weights if on),
            "trained_bytes": sum(size for _, size, on in weights if on),
            "gradient_bytes": self.gradients,
            "state_bytes": self.states,
            "update_bytes": self.update,
            "points": self.points,
            "held_bytes": self.held,
            "pool_bytes": self.pool,
            "first_pool_bytes": self.first_pool,
        }

    @contextmanager
    def modes(self) -> Iterator[Any]:
        """Stand in for attention, and cast."""
        import torch

        with standing_in(self.trace, "sdpa", self.tokens, self.device):
            if not self.mixed:
                yield lambda: None
                return
            with casting(getattr(torch, self.dtype), self.device) as drop:
                yield drop

    def _passes(self, trace: Any) -> None:
        import torch

        bench = self.bench
        shape = replace(bench.shape(self.size, self.batch), dtype=getattr(torch, self.dtype))
        self.trace, self.tokens = trace, shape.tokens
        with self.modes() as drop:
            fed = bench.family.feed(bench.denoiser, shape, self.batch)
            self.held = trace.live
            made = bench.denoiser.module(**fed, return_dict=False)[0]
            drop()
            made = torch.stack(list(made)) if isinstance(made, list) else made
            target = torch.empty_like(made)
            torch.nn.functional.mse_loss(made.float(), target.float()).backward()

    def _optimise(self, trained: list[Any], optimizer: str) -> tuple[list[caching.Event], list[caching.Event]]:
        """Step twice, and give the events of each."""
        import torch

        if optimizer == "adamw8bit":
            tensors = eight_bit_tensors([p.numel() for p in trained])
            self.states = sum(tensors)
            return [(size, name) for name, size in enumerate(tensors)], []
        kinds: dict[str, Any] = {
            "adamw": partial(torch.optim.AdamW, foreach=self.device == "cuda"),
            "sgd": partial(torch.optim.SGD, lr=1e-3, foreach=self.device == "cuda"),
            "adafactor": partial(_adafactor(), lr=1e-3, relative_step=False, scale_parameter=False),
        }
        rule = kinds[optimizer](trained)
        there = [*trained, *(p.grad for p in trained if p.grad is not None)]
        with tracer.tracing([], others=there) as making:
            rule.step()  # its counters of steps are on the CPU
        first = list(making.events)  # what ends later is not of this step
        held = [t for s in rule.state.values() for t in s.values() if isinstance(t, torch.Tensor)]
        self.states = _rounded(t for t in held if t.device.type == "meta")
        with tracer.tracing([], others=[*held, *there]) as trace:
            rule.step()
        self.update = trace.top[0]
        return first, list(trace.events)


def _adafactor() -> Any:
    from transformers.optimization import Adafactor

    return Adafactor


def _rounded(tensors: Any) -> int:
    return sum(-(-t.nbytes // tracer.GRANULE) * tracer.GRANULE for t in tensors)


def eight_bit_tensors(sizes: list[int]) -> list[int]:
    """Count the bytes of bitsandbytes' 8-bit states.

    Of AdamW, two states: one byte a number and a float32 scale per 256 each; tensors under 4096 numbers in float32.

    Args:
        sizes: numbers of each trained tensor.

    Returns:
        Bytes of each tensor of states.
    """
    packed = ((n, n, 4 * -(-n // BLOCK), 4 * -(-n // BLOCK)) if n >= SMALLEST else (4 * n, 4 * n) for n in sizes)
    return [size for state in packed for size in state]
