"""Run each phase of a pipeline once on meta."""

import warnings
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from aigc_kit.core.errors import AigcError
from aigc_kit.memory.footprint.model_facts import PhaseFacts
from aigc_kit.memory.xray import caching, decoder, families
from aigc_kit.memory.xray.build import Part, Pipeline, cast
from aigc_kit.memory.xray.families import Family
from aigc_kit.memory.xray.feeds import Shape, padded
from aigc_kit.memory.xray.stand_ins import standing_in
from aigc_kit.memory.xray.tracer import tracing

Feed = Callable[[], tuple[list[Any], Callable[[], Any]]]


@dataclass(frozen=True)
class Traced:
    """Hold facts of a phase, and its events.

    Args:
        facts: of one call.
        sizes, names: of `caching.Event`, in order.
    """

    facts: PhaseFacts
    sizes: "array[int]"
    names: "array[int]"

    @property
    def events(self) -> list[tuple[int, int]]:
        """Pair sizes with names."""
        return list(zip(self.sizes, self.names, strict=True))


def run(
    part: Part,
    attention: str,
    feed: Feed,
    name: str,
    calls: int = 1,
    per: Any = "run",
    dtype: str | None = None,
    tokens: int = 0,
) -> Traced:
    """Run one call of a part on the meta device.

    Args:
        part: at work.
        attention: as in `decoder.prepare`.
        feed: called inside, returns what the pipeline holds meanwhile, and the call itself.
        name, calls, per: of the phase.
        dtype: in which the part computes; None: its own.
        tokens: length of the prompt, which masks are asked for.

    Raises:
        CannotLoad: the part cannot be run on what it was fed.
    """
    import torch

    with warnings.catch_warnings(), torch.no_grad(), torch.device("meta"), tracing([part.module]) as trace:
        warnings.simplefilter("ignore")
        with standing_in(trace, attention, tokens):
            inputs, call = None, None
            try:
                inputs, call = feed()
                trace.held = trace.live
                result = call()
            except AigcError:
                raise
            except Exception as error:
                raise families.unfed(part, f"{type(error).__name__}: {str(error)[:200]}") from error
            del result
        del inputs, call
    facts = PhaseFacts(
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
    traced = Traced(facts, *(array("q", column) for column in zip(*trace.events, strict=True)))
    return replace(traced, facts=replace(facts, pool_bytes=caching.pools(part.sizes(), [trace.events])[0]))


# they hand on every layer's states: pipelines take an inner one
_ALL_LAYERS = ("LlamaModel", "LlamaForCausalLM", "Qwen3", "Mistral3", "Qwen2_5_VL", "Gemma3", "Glm")


def text(pipeline: Pipeline, part: Part, family: Family, batch: int, attention: str) -> Traced:
    """Run a text encoder: prompts, then negative ones if guided."""
    import torch

    config = part.config.get("text_config") or part.config
    clip, glm = part.cls.startswith("CLIP"), part.cls == "ChatGLMModel"
    own = int(config.get("max_position_embeddings", 77)) if clip else family.tokens
    tokens = families.CHATGLM_TOKENS if glm else family.lengths.get(part.cls, own)
    layers = len(pipeline.of("text")) > 1 and family.guidance == "batched"  # two encoders joined at an inner layer

    def feed() -> tuple[list[Any], Callable[[], Any]]:
        ids = torch.empty(batch, tokens, dtype=torch.int64)
        more: dict[str, Any] = {}
        if glm:  # its mask depends on the words; here it is given, of the size that it has
            more["full_attention_mask"] = torch.empty(batch, 1, tokens, tokens, dtype=torch.bool)
            more |= {"position_ids": torch.empty(batch, tokens, dtype=torch.int64), "output_hidden_states": True}
        elif not clip and family.masked:
            more["attention_mask"] = torch.empty(batch, tokens, dtype=torch.int64)
        if (clip and layers) or part.cls.startswith(_ALL_LAYERS):
            more["output_hidden_states"] = True
        return [ids, more], lambda: part.module(ids, **more)

    return run(part, attention, feed, part.name, calls=1 if family.guidance == "embedded" else 2)


def look(part: Part, batch: int, attention: str) -> Traced:
    """Run an encoder or a checker of pictures."""
    import torch

    config = part.config.get("vision_config") or part.config
    side = int(config.get("image_size", 224))
    module = part.module.vision_model if "SafetyChecker" in part.cls else part.module

    def feed() -> tuple[list[Any], Callable[[], Any]]:
        pixels = torch.empty(batch, 3, side, side, dtype=getattr(torch, part.dtype))
        return [pixels], lambda: module(pixels, output_hidden_states=True)

    return run(part, attention, feed, part.name)


def encode(part: Part, pipeline: Pipeline, size: tuple[int, int, int], batch: int, attention: str) -> Traced:
    """Run the encoder on a picture or clip."""
    import torch

    height, width, frames = size
    upcast = part.dtype == "float16" and part.config.get("force_upcast")
    dtype = "float32" if upcast else part.dtype
    whole = families.ENCODED[pipeline.cls] == "clip"

    def feed() -> tuple[list[Any], Callable[[], Any]]:
        flat = decoder.flat(part)
        shape = (batch, 3, height, width) if flat else (batch, 3, frames if whole else 1, height, width)
        pixels = torch.empty(shape, dtype=getattr(torch, dtype))
        return [pixels], lambda: part.module.encode(pixels)

    with _in(part, dtype):
        return run(part, attention, feed, "encode", dtype=dtype)


def denoise(part: Part, family: Family, shape: Shape, attention: str) -> Traced:
    """Run the denoiser once, beside what the pipeline holds."""
    rows = 2 * shape.batch if family.guidance == "batched" else shape.batch

    def feed() -> tuple[list[Any], Callable[[], Any]]:
        fed = family.feed(part, shape, rows)
        return [carried(part, family, shape), fed], lambda: part.module(**fed, return_dict=False)

    calls = 2 if family.guidance == "separate" else 1
    return run(part, attention, feed, "denoise", calls=calls, per="step", tokens=shape.tokens)


def carried(part: Part, family: Family, shape: Shape) -> list[Any]:
    """Make latents and embeddings that a pipeline holds beside calls."""
    import torch

    depth, frames, height, width = shape.latent
    size = (shape.batch, depth, padded(part, frames), height, width)
    latents = shape.new(*size, dtype=torch.float32 if family.guidance == "separate" else None)
    if family.guidance != "separate":
        return [latents]
    fed = family.feed(part, shape, shape.batch)
    return [latents, fed.get("encoder_hidden_states", fed.get("cap_feats")), shape.new(*size)]


def decode(
    part: Part, pipeline: Pipeline, family: Family, shape: Shape, attention: str, slicing: bool, tiling: bool
) -> Traced:
    """Run the decoder, in float32 where its pipeline does."""
    import torch

    dtype = "float32" if decoder.upcasts(part, pipeline.cls) else part.dtype
    decoder.set_options(part, slicing, tiling)
    inner = families.denoiser(pipeline)

    def feed() -> tuple[list[Any], Callable[[], Any]]:
        rest = [carried(inner, family, shape), family.feed(inner, shape, shape.batch)]
        z = decoder.latents(part, shape.batch, shape.latent, getattr(torch, dtype))
        return [rest, z], decoder.call(part, z, family.chunk)

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
