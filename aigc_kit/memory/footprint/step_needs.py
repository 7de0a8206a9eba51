"""Predict what one training step needs on a GPU."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aigc_kit.core.types import Words
from aigc_kit.memory.footprint.model_facts import Point
from aigc_kit.memory.footprint.overheads import Overheads, load_overheads

METHODS = ("lora", "full")
OPTIMIZERS = ("adamw", "adamw8bit", "adafactor", "sgd")


@dataclass(frozen=True)
class TrainingFacts:
    """Count one training step of a denoiser, all in bytes.

    Args:
        model, part: what is trained.
        method: "lora" (pairs of low rank beside frozen weights) or "full".
        rank: of the pairs, 0 without.
        optimizer: "adamw" | "adamw8bit" | "adafactor" | "sgd".
        checkpointing: whether inner results are made again in the backward pass.
        dtype: in which layers compute; trained_dtype: of the trained weights, their gradients and states.
        height, width, frames: of one sample, in pixels; batch: samples of a step.
        frozen_bytes: weights of the part that are not trained.
        trained_params, trained_bytes: weights that are.
        gradient_bytes: of all gradients, at the end of the backward pass.
        state_bytes: of the optimiser, kept between steps.
        update_bytes: most that the optimiser makes beside them while it steps.
        points: moments of forward and backward pass at which the peak can lie, gradients among what is alive.
        held_bytes: of these, inputs that were there before.
        pool_bytes: segments that the allocator takes for all but weights and states, by replay.
        first_pool_bytes: for all but weights in a first step, which makes the states in what its passes left.
        kept_bytes: part -> weights of other parts that stay on the card (text encoders, decoder).
        traced_with: versions of the libraries that were traced.
    """

    model: str
    part: str
    method: str
    rank: int
    optimizer: str
    checkpointing: bool
    dtype: str
    trained_dtype: str
    height: int
    width: int
    frames: int
    batch: int
    frozen_bytes: int
    trained_params: int
    trained_bytes: int
    gradient_bytes: int
    state_bytes: int
    update_bytes: int
    points: tuple[Point, ...]
    held_bytes: int
    pool_bytes: int
    first_pool_bytes: int
    kept_bytes: Mapping[str, int]
    traced_with: str


@dataclass(frozen=True)
class TrainingNeed:
    """Say what a training run needs, in bytes.

    Args:
        weights_bytes: frozen, trained, and of other parts that stay.
        gradient_bytes, state_bytes: as traced.
        activation_bytes: what forward and backward keep alive at the peak beside gradients, workspace among it.
        allocated_bytes: the highest moment of a step: what torch.cuda.max_memory_allocated would show.
        reserved_bytes: what the allocator would have taken from the driver.
        device_bytes: with the CUDA context, on an otherwise empty card.
        setter: the operation that sets the peak, or "optimizer".
        source: on what the overheads were fitted.
    """

    weights_bytes: int
    gradient_bytes: int
    state_bytes: int
    activation_bytes: int
    allocated_bytes: int
    reserved_bytes: int
    device_bytes: int
    setter: str
    source: Words


def predict_training(facts: TrainingFacts, overheads: Overheads | None = None, first: bool = False) -> TrainingNeed:
    """Predict the peak of a training step.

    The first step makes the states, when its passes are over; from the second on they stay on the card.

    Args:
        facts: as traced.
        overheads: None: those that ship with the kit.
        first: a run that ends after its first step.
    """
    extra = overheads or load_overheads()
    top = max(facts.points, key=lambda point: point.live + extra.workspace * point.conv)
    passes = top.live + int(extra.workspace * top.conv)
    update = facts.gradient_bytes + facts.update_bytes
    weights = facts.frozen_bytes + facts.trained_bytes + sum(facts.kept_bytes.values())
    early = facts.state_bytes if first else 0  # not yet there in the passes
    rest = max(passes - early, update)
    allocated = weights + facts.state_bytes + rest + extra.base
    segments = facts.first_pool_bytes if first else facts.pool_bytes + facts.state_bytes
    reserved = max(allocated, weights + segments)
    return TrainingNeed(
        weights_bytes=weights,
        gradient_bytes=facts.gradient_bytes,
        state_bytes=facts.state_bytes,
        activation_bytes=max(0, rest - facts.gradient_bytes),
        allocated_bytes=allocated,
        reserved_bytes=reserved,
        device_bytes=reserved + extra.context,
        setter=top.setter if passes - early >= update else "optimizer",
        source=Words.of(extra.source),
    )


def as_parts(need: TrainingNeed) -> dict[str, Any]:
    """Give the peak's four parts, as stacked."""
    return {
        "weights": need.weights_bytes,
        "gradients": need.gradient_bytes,
        "states": need.state_bytes,
        "activations": need.activation_bytes,
    }
