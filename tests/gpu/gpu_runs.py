"""Real pipelines without their weights: built from the configs, filled with zeros, run by a plan, measured.

Memory and time of a run do not depend on the values of its weights, so nothing has to be fetched for them.
"""

import platform
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from inspect import signature

from aigc_kit import footprint, offload
from aigc_kit.core.types import Figure, FrozenMap, Plan, Take
from aigc_kit.core.units import GIB
from aigc_kit.memory.offload import modes
from aigc_kit.memory.offload.rescue import summary
from aigc_kit.memory.xray import build


@dataclass(frozen=True)
class Outcome:
    """What one run gave: phase -> (predicted, measured) allocated bytes, and both reserved peaks."""

    plan: Plan
    phases: dict[str, tuple[int, int]]
    reserved: tuple[int, int | None]
    take: Take

    @property
    def ratio(self) -> float:
        """Measured / predicted of the highest allocated peak."""
        predicted, measured = (max(pair[i] for pair in self.phases.values()) for i in (0, 1))
        return measured / predicted

    def line(self) -> str:
        """A row for docs/VERIFIED.md."""
        made, today = self.plan, datetime.now(UTC).date()
        packages = ", ".join(f"{name} {version(name)}" for name in ("torch", "diffusers"))
        peaks = [max(pair[i] for pair in self.phases.values()) / GIB for i in (0, 1)]
        return (
            f"| {summary(made)}, {next(iter(made.dtypes.values()))} of {made.card.name}, weights of zeros "
            f"| run on {made.budget.name} ({today}, Python {platform.python_version()}, {packages}) "
            f"| peak predicted {peaks[0]:.2f} GiB, measured {peaks[1]:.2f} GiB, ratio {self.ratio:.3f} |"
        )


def pipeline(model, dtypes):
    """The model's diffusers pipeline from its configs, every weight zero, on the CPU; without tokenizers."""
    import diffusers
    import torch

    found = build.load(model, next(iter(dtypes.values())), dict(dtypes))
    parts = {name: part.module.to_empty(device="cpu").eval() for name, part in found.parts.items()}
    with torch.no_grad():
        for part in parts.values():
            for tensor in (*part.parameters(), *part.buffers()):
                tensor.zero_()
    cls = getattr(diffusers, found.cls)
    scheduler = diffusers.UniPCMultistepScheduler() if "transformer" in parts else diffusers.EulerDiscreteScheduler()
    names = set(signature(cls.__init__).parameters)
    absent = {"tokenizer", "tokenizer_2", "safety_checker", "feature_extractor", "image_encoder", "transformer_2"}
    rest = dict.fromkeys(absent & names)
    options = dict.fromkeys({"add_watermarker", "requires_safety_checker"} & names, False)
    pipe = cls(**parts, scheduler=scheduler, **rest, **options)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def run(made: Plan, facts=None, device=None, steps=2, model=None, overheads=None) -> Outcome:
    """Run a plan's pipeline with weights of zeros, and lay what it took beside what was predicted."""
    import torch

    facts = facts or _facts(made)
    pipe = pipeline(model or made.card.name, made.dtypes)
    placed = offload.place(pipe, made, device)
    request = made.request
    places = {name: "cuda" if place == "cpu" == made.budget.device else place for name, place in made.placement.items()}
    prediction = footprint.predict(facts, places, overheads, dict(made.dtypes))
    call = {
        "height": request.height,
        "width": request.width,
        "num_inference_steps": steps,
        "guidance_scale": 5.0,
        "output_type": "np",
        **_embeddings(pipe, placed, made),
    }
    if request.frames:
        call["num_frames"] = request.frames
    with placed.ledger.run(), torch.no_grad():
        _encode(placed)
        placed.pipe(**call)
    measured = {}
    for spell in placed.ledger.spells:
        if spell.calls:
            measured[spell.name] = max(measured.get(spell.name, 0), spell.peak_bytes)
    phases = {p.name: (p.allocated_bytes, measured[p.name]) for p in prediction.phases if p.name in measured}
    reserved = placed.ledger.reserved_bytes
    figures = {
        "peak": Figure(prediction.allocated_bytes, "B", "predicted", prediction.source, error=prediction.error),
        "reserved": Figure(prediction.reserved_bytes, "B", "predicted", prediction.source, error=prediction.error),
    }
    plan = replace(made, prediction=FrozenMap(figures))
    take = Take(made.card.kind, None, plan, placed.ledger.cost(), {"reserved_bytes": reserved, "weights": "zeros"})
    placed.close()
    return Outcome(plan, phases, (prediction.reserved_bytes, reserved), take)


def _facts(made):

    found = made.need
    assert found is not None and found.traced, "choose a size that was traced"
    return found.facts


def _encode(placed):
    """Each text encoder once with a negative prompt, on made-up tokens: the phases that embeddings would leave out."""
    import torch

    for name in ("text_encoder", "text_encoder_2"):
        encoder = getattr(placed.pipe, name, None) or placed.aside.get(name)
        if encoder is not None:
            length = 512 if "UMT5" in type(encoder).__name__ else 77
            device = placed.device if name not in placed.aside else "cpu"
            ids = torch.zeros(1, min(length, _longest(encoder)), dtype=torch.long, device=device)
            encoder(ids, output_hidden_states=True)
            encoder(ids, output_hidden_states=True)


def _longest(encoder):
    return getattr(encoder.config, "max_position_embeddings", None) or 512


def _embeddings(pipe, placed, made):
    import torch

    dtype = modes.torch_dtype(modes.work_dtype(made))

    def zeros(*shape):
        return torch.zeros(*shape, dtype=dtype, device=placed.device)

    if hasattr(pipe, "transformer"):
        width = pipe.transformer.config.text_dim
        return {name: zeros(1, 512, width) for name in ("prompt_embeds", "negative_prompt_embeds")}
    width = pipe.unet.config.cross_attention_dim
    made_ones = {name: zeros(1, 77, width) for name in ("prompt_embeds", "negative_prompt_embeds")}
    if "pooled_prompt_embeds" in signature(type(pipe).__call__).parameters:
        encoder = pipe.text_encoder_2 or placed.aside["text_encoder_2"]
        pooled = encoder.config.projection_dim
        made_ones |= {n: zeros(1, pooled) for n in ("pooled_prompt_embeds", "negative_pooled_prompt_embeds")}
    return made_ones
