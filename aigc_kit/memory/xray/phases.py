"""Run each phase of a pipeline once on meta."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from aigc_kit.core.errors import AigcError
from aigc_kit.memory.footprint.model_facts import PhaseFacts
from aigc_kit.memory.xray import decoder, families
from aigc_kit.memory.xray.build import Part, Pipeline, cast
from aigc_kit.memory.xray.decoder import standing_in
from aigc_kit.memory.xray.families import Family, Shape
from aigc_kit.memory.xray.tracer import tracing

Feed = Callable[[], tuple[list[Any], Callable[[], Any]]]


def run(
    part: Part, attention: str, feed: Feed, name: str, calls: int = 1, per: Any = "run", dtype: str | None = None
) -> PhaseFacts:
    """Run one call of a part on the meta device.

    Args:
        part: at work.
        attention: as in `decoder.prepare`.
        feed: called inside, returns what the pipeline holds meanwhile, and the call itself.
        name, calls, per: of the phase.
        dtype: in which the part computes; None: its own.

    Raises:
        CannotLoad: the part cannot be run on what it was fed.
    """
    import torch

    with warnings.catch_warnings(), torch.no_grad(), torch.device("meta"), tracing([part.module]) as trace:
        warnings.simplefilter("ignore")
        with standing_in(trace, attention):
            inputs, call = feed()
            trace.held = trace.live
            try:
                result = call()
            except AigcError:
                raise
            except Exception as error:
                raise families.unfed(part, f"{type(error).__name__}: {str(error)[:200]}") from error
            del result
        del inputs, call
    return PhaseFacts(
        name=name,
        part=part.name,
        dtype=dtype or part.dtype,
        points=trace.hull(),
        held_bytes=trace.held,
        flops=trace.flops,
        traffic_bytes=trace.traffic,
        calls=calls,
        per=per,
        timeline=trace.timeline(),
    )


def text(pipeline: Pipeline, part: Part, family: Family, batch: int, attention: str) -> PhaseFacts:
    """Run a text encoder: prompts, then negative ones if guided."""
    import torch

    config = part.config.get("text_config") or part.config
    clip, glm = part.cls.startswith("CLIP"), part.cls == "ChatGLMModel"
    own = int(config.get("max_position_embeddings", 77)) if clip else family.tokens
    tokens = families.CHATGLM_TOKENS if glm else own
    layers = len(pipeline.of("text")) > 1 and family.guidance == "batched"  # two encoders joined at an inner layer

    def feed() -> tuple[list[Any], Callable[[], Any]]:
        ids = torch.empty(batch, tokens, dtype=torch.int64)
        more: dict[str, Any] = {}
        if glm:  # its mask depends on the words; here it is given, of the size that it has
            more["full_attention_mask"] = torch.empty(batch, 1, tokens, tokens, dtype=torch.bool)
            more |= {"position_ids": torch.empty(batch, tokens, dtype=torch.int64), "output_hidden_states": True}
        elif not clip and family.masked:
            more["attention_mask"] = torch.empty(batch, tokens, dtype=torch.int64)
        elif clip and layers:
            more["output_hidden_states"] = True
        return [ids, more], lambda: part.module(ids, **more)

    return run(part, attention, feed, part.name, calls=1 if family.guidance == "embedded" else 2)


def denoise(part: Part, family: Family, shape: Shape, attention: str) -> PhaseFacts:
    """Run the denoiser once, beside what the pipeline holds."""
    rows = 2 * shape.batch if family.guidance == "batched" else shape.batch

    def feed() -> tuple[list[Any], Callable[[], Any]]:
        fed = family.feed(part, shape, rows)
        return [carried(part, family, shape), fed], lambda: part.module(**fed, return_dict=False)

    return run(part, attention, feed, "denoise", calls=2 if family.guidance == "separate" else 1, per="step")


def carried(part: Part, family: Family, shape: Shape) -> list[Any]:
    """Make latents and embeddings that a pipeline holds beside calls."""
    import torch

    latents = shape.new(shape.batch, *shape.latent, dtype=torch.float32 if family.guidance == "separate" else None)
    if family.guidance != "separate":
        return [latents]
    embeddings = family.feed(part, shape, shape.batch)["encoder_hidden_states"]
    return [latents, embeddings, shape.new(shape.batch, *shape.latent)]


def decode(
    part: Part, pipeline: Pipeline, family: Family, shape: Shape, attention: str, slicing: bool, tiling: bool
) -> PhaseFacts:
    """Run the decoder, in float32 where its pipeline does."""
    import torch

    dtype = "float32" if decoder.upcasts(part, pipeline.cls) else part.dtype
    decoder.set_options(part, slicing, tiling)
    inner = families.denoiser(pipeline)

    def feed() -> tuple[list[Any], Callable[[], Any]]:
        rest = [carried(inner, family, shape), family.feed(inner, shape, shape.batch)]
        z = decoder.latents(part, shape.batch, shape.latent, getattr(torch, dtype))
        return [rest, z], lambda: part.module.decode(z, return_dict=False)

    with _in(part, dtype):
        return run(part, attention, feed, "decode", dtype=dtype)


@contextmanager
def _in(part: Part, dtype: str) -> Iterator[None]:
    """Cast a part to another dtype for a while."""
    try:
        yield cast(part.module, dtype) if dtype != part.dtype else None
    finally:
        if dtype != part.dtype:
            cast(part.module, part.dtype)
