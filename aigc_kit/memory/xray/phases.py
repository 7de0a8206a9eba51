"""The phases of a pipeline, each run once on the meta device: text encoders, one denoising step, the decoder."""

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
from aigc_kit.memory.xray.tracer import Trace, tracing

Feed = Callable[[], tuple[list[Any], Callable[[], Any]]]


def run(part: Part, attention: str, feed: Feed) -> Trace:
    """Run one call of a part on the meta device.

    Args:
        part: at work.
        attention: as in `attention.prepare`.
        feed: called inside, returns what the pipeline holds meanwhile, and the call itself.

    Raises:
        CannotLoad: the part cannot be run on what it was fed.
    """
    import torch

    with warnings.catch_warnings(), torch.no_grad(), torch.device("meta"), tracing([part.module]) as trace:
        warnings.simplefilter("ignore")
        with standing_in(trace, attention):
            held, call = feed()
            trace.held = trace.live
            try:
                made = call()
            except AigcError:
                raise
            except Exception as error:
                raise families.unfed(part, f"{type(error).__name__}: {str(error)[:200]}") from error
            del made
        del held, call
    return trace


def as_facts(trace: Trace, name: str, part: Part, dtype: str, calls: int, per: Any) -> PhaseFacts:
    """A trace as a record."""
    return PhaseFacts(
        name=name,
        part=part.name,
        dtype=dtype,
        points=trace.hull(),
        held_bytes=trace.held,
        flops=trace.flops,
        traffic_bytes=trace.traffic,
        calls=calls,
        per=per,
        timeline=trace.timeline(),
    )


def text(pipeline: Pipeline, part: Part, family: Family, batch: int, attention: str) -> PhaseFacts:
    """A text encoder at work: the prompts, then the negative ones where there is guidance by two passes."""
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

    trace = run(part, attention, feed)
    return as_facts(trace, part.name, part, part.dtype, 1 if family.guidance == "embedded" else 2, "run")


def denoise(part: Part, family: Family, shape: Shape, attention: str) -> PhaseFacts:
    """One call of the denoiser, with what the pipeline holds meanwhile: embeddings of both prompts, latents."""
    rows = 2 * shape.batch if family.guidance == "batched" else shape.batch

    def feed() -> tuple[list[Any], Callable[[], Any]]:
        fed = family.feed(part, shape, rows)
        return [carried(part, family, shape), fed], lambda: part.module(**fed, return_dict=False)

    trace = run(part, attention, feed)
    return as_facts(trace, "denoise", part, part.dtype, 2 if family.guidance == "separate" else 1, "step")


def carried(part: Part, family: Family, shape: Shape) -> list[Any]:
    """What the pipeline holds beside the arguments of a call: latents, and with two passes the other prompt's
    embeddings and the first pass's result.
    """
    import torch

    latents = shape.new(shape.batch, *shape.latent, dtype=torch.float32 if family.guidance == "separate" else None)
    if family.guidance != "separate":
        return [latents]
    embeddings = family.feed(part, shape, shape.batch)["encoder_hidden_states"]
    return [latents, embeddings, shape.new(shape.batch, *shape.latent)]


def decode(
    part: Part, pipeline: Pipeline, family: Family, shape: Shape, attention: str, slicing: bool, tiling: bool
) -> PhaseFacts:
    """The decoder at work, in float32 where its pipeline turns it to that, with what the pipeline still holds."""
    import torch

    dtype = "float32" if decoder.upcasts(part, pipeline.cls) else part.dtype
    decoder.set_options(part, slicing, tiling)
    inner = families.denoiser(pipeline)

    def feed() -> tuple[list[Any], Callable[[], Any]]:
        held = [carried(inner, family, shape), family.feed(inner, shape, shape.batch)]
        z = decoder.latents(part, shape.batch, shape.latent, getattr(torch, dtype))
        return [held, z], lambda: part.module.decode(z, return_dict=False)

    with _in(part, dtype):
        trace = run(part, attention, feed)
    return as_facts(trace, "decode", part, dtype, 1, "run")


@contextmanager
def _in(part: Part, dtype: str) -> Iterator[None]:
    """The part in another dtype for a while."""
    if dtype == part.dtype:
        yield
        return
    cast(part.module, dtype)
    try:
        yield
    finally:
        cast(part.module, part.dtype)
