"""Trace a model or folder at one size."""

import importlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types.atoms import shown
from aigc_kit.memory.footprint.bytes import COMPUTE_DTYPES, STORED, element_bytes, full_name
from aigc_kit.memory.footprint.model_facts import ATTENTION, ModelFacts
from aigc_kit.memory.xray import build, caching, decoder, families, feeds, omissions, phases, quantised
from aigc_kit.memory.xray.decoder import prepare

TARGETS = re.compile(r"\.(to_q|to_k|to_v|to_out\.0)$")


def attach(module: Any, rank: int) -> int:
    """Put low-rank pairs beside the linear layers of attention.

    The result of such a layer is x W + scale * ((x A) B): beside the layer's own output there are alive x A, (x A) B,
    its scaled copy and the sum. A is (in, rank), B is (rank, out), in the dtype of W.

    Args:
        module: the denoiser, changed in place.
        rank: of the pairs.

    Returns:
        Number of parameters added.
    """
    import torch

    class Adapted(torch.nn.Module):
        """Hold a linear layer with its pair."""

        def __init__(self, base: Any) -> None:
            super().__init__()
            options = {"bias": False, "device": base.weight.device, "dtype": base.weight.dtype}
            self.base = base
            self.down = torch.nn.Linear(base.in_features, rank, **options)
            self.up = torch.nn.Linear(rank, base.out_features, **options)

        def forward(self, x: Any, *_: Any) -> Any:
            return self.base(x) + self.up(self.down(x)) * 1.0

    names = [n for n, m in module.named_modules() if isinstance(m, torch.nn.Linear) and TARGETS.search(f".{n}")]
    for name in names:
        parent, _, own = name.rpartition(".")
        holder = module.get_submodule(parent)
        setattr(holder, own, Adapted(getattr(holder, own)))
    pairs = (m for m in module.modules() if isinstance(m, Adapted))
    return sum(m.down.weight.numel() + m.up.weight.numel() for m in pairs)


def trace(
    model: str | Path,
    height: int | None = None,
    width: int | None = None,
    frames: int | None = None,
    batch: int = 1,
    dtype: str = "float16",
    attention: str = "sdpa",
    vae_slicing: bool = False,
    vae_tiling: bool = False,
    lora_rank: int | None = None,
    dtypes: Mapping[str, str] | None = None,
    stored: Mapping[str, str] | None = None,
) -> ModelFacts:
    """Count every phase of a pipeline, on the meta device.

    No weights are read, nothing is computed.

    Args:
        model: a known model ("sdxl", "wan2.1-1.3b", ...), or a folder with model_index.json and */config.json.
        height, width: pixels; frames: of a video; None: those of a usual run.
        batch: outputs made together, >= 1.
        dtype: "float32" | "float16" | "bfloat16" (or fp32, fp16, bf16).
        attention: "sdpa" | "math" | "sliced".
        vae_slicing, vae_tiling: options of the decoder.
        lora_rank: with an adapter of this rank on the denoiser's attention.
        dtypes: part -> dtype, over what the published pipeline does.
        stored: part -> format of its weights: "float8" (fp8), "int8", "int8wo" or "nf4"; layers work as theirs do.

    Raises:
        UnknownName, BadInput: no such model or folder, a config that cannot be read, a value out of range.
        CannotLoad: a part whose class or inputs are not known; the error says which.
    """
    _check(height=height, width=width, frames=frames, batch=batch, lora_rank=lora_rank)
    full = full_name(dtype, COMPUTE_DTYPES)
    if attention not in ATTENTION:
        raise BadInput(asked=f"attention {attention!r}", found="unknown", todo=f"choose one of {list(ATTENTION)}")
    if build.is_speech(model):
        from aigc_kit.memory.xray import chattts_parts

        return chattts_parts.trace(build.find(model), full, attention, batch)
    if build.is_musicgen(model):
        from aigc_kit.memory.xray import musicgen_parts

        return musicgen_parts.trace(build.find(model), full, attention, batch)
    bench = Bench(model, full, attention, lora_rank, dtypes, stored)
    return bench.facts(bench.size(height, width, frames), batch, vae_slicing, vae_tiling)


class Bench:
    """Trace a pipeline at many sizes, shared phases once.

    Args:
        model, dtype, attention, lora_rank, dtypes, stored: as in `trace`.
        done: phases that were run before, shared between benches of one model.
    """

    def __init__(
        self,
        model: str | Path,
        dtype: str,
        attention: str = "sdpa",
        lora_rank: int | None = None,
        dtypes: Mapping[str, str] | None = None,
        stored: Mapping[str, str] | None = None,
        done: dict[tuple[Any, ...], phases.Traced] | None = None,
    ) -> None:
        self.pipeline, self.dtype, self.attention = build.load(model, dtype, dtypes), dtype, attention
        self.denoiser = families.denoiser(self.pipeline)
        self.family = families.of(self.pipeline)
        prepare({name: part.module for name, part in self.pipeline.parts.items()}, attention)
        if lora_rank:
            attach(self.denoiser.module, lora_rank)
        self.lora_rank = lora_rank or 0
        self.parts = tuple(build.facts(part) for part in self.pipeline.parts.values())
        self._store(stored or {})
        self._done = {} if done is None else done

    def _store(self, stored: Mapping[str, str]) -> None:
        """Keep weights in other formats, or raise a BadInput."""
        names = sorted(set(stored) - set(self.pipeline.parts))
        if names:
            found = f"the parts are {sorted(self.pipeline.parts)}"
            raise BadInput(asked=f"formats of {names}", found=found, todo="name one of these")
        kinds = {name: full_name(kind, STORED) for name, kind in stored.items()}
        self.parts = tuple(replace(part, stored=kinds.get(part.name, "")) for part in self.parts)
        for name, kind in kinds.items():
            quantised.store(self.pipeline.parts[name].module, kind)
            self.pipeline.parts[name].packed = True

    def _sizes(self) -> list[int]:
        """List the bytes of all weights."""
        return [size for part in self.pipeline.parts.values() for size in part.sizes()]

    def size(self, height: int | None, width: int | None, frames: int | None) -> tuple[int, int, int]:
        """Fill in height, width and frames, or raise a BadInput."""
        return _size(self.pipeline, self.denoiser, self.family, (height, width, frames))

    def shape(self, size: tuple[int, int, int], batch: int) -> feeds.Shape:
        """Say what all inputs follow from."""
        latent, tokens = _latent(self.pipeline, self.family, size), families.tokens(self.pipeline, self.family)
        dtype = getattr(importlib.import_module("torch"), self.denoiser.dtype)
        return feeds.Shape(batch, latent, tokens, dtype, self.pipeline.index)

    def facts(self, size: tuple[int, int, int], batch: int, slicing: bool = False, tiling: bool = False) -> ModelFacts:
        """Trace one size (height, width, frames), as `size` gives it."""
        shape, attention = self.shape(size, batch), self.attention
        tiling = tiling or any(part.cls == "AutoencoderKLAllegro" for part in self.pipeline.of("decode"))  # only so
        runs = [*self._before(size, batch), self._denoise(shape)]
        width = element_bytes(self.denoiser.dtype)
        for vae in self.pipeline.of("decode"):
            place = (vae.name, vae.dtype, width, shape.latent, batch, attention, slicing, tiling)
            decoding = (vae, self.pipeline, self.family, shape, attention, slicing, tiling)
            runs.append(self._once(place, phases.decode, *decoding))
        runs += [self._look(p, batch) for p in self.pipeline.of("other") if "SafetyChecker" in p.cls]
        facts = tuple(run.facts for run in runs)
        return ModelFacts(
            model=self.pipeline.name,
            pipeline=self.pipeline.cls,
            parts=self.parts,
            phases=facts,
            pools=tuple(caching.pools(self._sizes(), [run.events for run in runs])),
            **dict(zip(("height", "width", "frames"), size, strict=True)),
            batch=batch,
            dtype=self.dtype,
            attention=attention,  # type: ignore[arg-type]
            vae_slicing=slicing,
            vae_tiling=tiling,
            steps=self.family.steps,
            lora_rank=self.lora_rank,
            traced_with=build.versions(),
            untraced=omissions.omitted(self.pipeline, facts),
        )

    def _before(self, size: tuple[int, int, int], batch: int) -> Iterator[phases.Traced]:
        """Run what works before the denoiser."""
        pipeline, attention = self.pipeline, self.attention
        for p in pipeline.of("text"):
            key = (p.name, p.dtype, batch, attention)
            yield self._once(key, phases.text, pipeline, p, self.family, batch, attention)
        for p in pipeline.of("other"):
            if "Vision" in p.cls:
                yield self._look(p, batch)
        for vae in pipeline.of("decode")[:1] if pipeline.cls in families.ENCODED else ():
            place = ("encode", vae.dtype, size, batch, attention)
            yield self._once(place, phases.encode, vae, pipeline, size, batch, attention)

    def _denoise(self, shape: feeds.Shape) -> phases.Traced:
        part = self.denoiser
        width = element_bytes(part.dtype)  # both half precisions make tensors of the same sizes
        key = (part.name, width, shape.latent, shape.batch, self.attention)
        step = self._once(key, phases.denoise, part, self.family, shape, self.attention)
        return replace(step, facts=replace(step.facts, dtype=part.dtype))

    def _look(self, part: build.Part, batch: int) -> phases.Traced:
        return self._once((part.name, part.dtype, batch, self.attention), phases.look, part, batch, self.attention)

    def _once(self, key: tuple[Any, ...], run: Any, *arguments: Any) -> phases.Traced:
        if key not in self._done:
            self._done[key] = run(*arguments)
        return self._done[key]


def _check(**numbers: Any) -> None:
    for name, value in numbers.items():
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
            raise BadInput(asked=f"{name}={shown(value)}", found="not an integer >= 1", todo=f"choose {name} >= 1")


def _size(
    pipeline: build.Pipeline, part: build.Part, family: families.Family, asked: tuple[int | None, ...]
) -> tuple[int, int, int]:
    time, side = _scales(pipeline, family)
    sample = part.config.get("sample_size") or 128
    sample = sample if isinstance(sample, int) else max(sample)
    usual = family.size or (sample * side, sample * side, 1)
    height, width, frames = (a if a is not None else u for a, u in zip(asked, usual, strict=True))
    step = side * family.patch
    for name, value in (("height", height), ("width", width)):
        if value % step:
            raise BadInput(
                asked=f"{name}={value}",
                found=f"{pipeline.cls} makes multiples of {step} (decoder {side} x, patch {family.patch})",
                todo=f"choose {name} {max(step, value // step * step)} or {(value // step + 1) * step}",
            )
    _check_frames(pipeline.cls, family, frames, time)
    return height, width, frames


def _check_frames(cls: str, family: families.Family, frames: int, time: int) -> None:
    first = 1 if family.ahead else 0  # the first frame has a latent of its own
    if family.chunk or ((frames - first) % time == 0 and (time > 1 or frames == 1)):
        return
    nearest = max((frames - first) // time * time + first, time * (1 - first))
    kind = "makes single images" if time == 1 else f"makes {time}k{' + 1' * first} frames"
    hint = f"frames {nearest} or {nearest + time}" if time > 1 else "frames 1"
    raise BadInput(asked=f"frames={frames}", found=f"{cls} {kind}", todo=f"choose {hint}")


def _scales(pipeline: build.Pipeline, family: families.Family) -> tuple[int, int]:
    """Give the frames and pixels a side of one latent."""
    vaes = pipeline.of("decode")
    time, side = decoder.scales(vaes[0]) if vaes else (1, 8)
    return (1 if family.chunk else time), side


def _latent(pipeline: build.Pipeline, family: families.Family, size: tuple[int, int, int]) -> tuple[int, int, int, int]:
    vaes = pipeline.of("decode")
    time, side = _scales(pipeline, family)
    depth = decoder.channels(vaes[0]) if vaes else int(families.denoiser(pipeline).config.get("in_channels", 4))
    frames = (size[2] - 1) // time + 1 if family.ahead else size[2] // time
    return depth, frames, size[0] // side, size[1] // side
