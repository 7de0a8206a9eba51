"""Hold the facts of a pipeline at one size."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.memory.footprint.bytes import (
    BITSANDBYTES,
    COMPUTE_DTYPES,
    STORED,
    element_bytes,
    full_name,
    stored_bytes,
)

Role = Literal["text", "denoise", "decode", "generate", "other"]
Attention = Literal["sdpa", "math", "sliced"]
ATTENTION = ("sdpa", "math", "sliced")


@dataclass(frozen=True)
class PartFacts:
    """Count the weights of one part of a pipeline.

    Args:
        name: in the pipeline, such as "unet" or "text_encoder_2".
        cls: the class that loads it.
        role: what it does: "text" runs once before, "denoise" every step, "decode" once after, "generate" token by
            token, "other" in no phase.
        params: number of parameters, each shared one once.
        dtype: in which this pipeline loads it ("float32" | "float16" | "bfloat16").
        linear_params, linear_rows: weights of its Linear layers (what int8 and nf4 quantise), and their output rows.
        layer_params: weights of Linear and convolution layers (what layerwise float8 stores in one byte).
        spared_params, spared_rows: of the Linear layers, those that quantisers leave as they are: heads of language
            models, and what `_keep_in_fp32_modules` names.
        upcast_params: of these, what bitsandbytes' loaders keep in float32 (T5's `wo`); torchao's do not.
        float32_params: parameters that its class keeps in float32 whatever the dtype.
        buffer_bytes: of what it holds beside parameters.
        largest_leaf: parameters of the largest module without sub-modules (what sequential offload moves at a time).
        blocks: parameters of each block that group offload moves at a time.
        leaves: number of modules with parameters of their own.
        stored: the format for storage as which it was traced ("int8", ...), its layers' own work among the phases; "":
            it was traced in `dtype`.
    """

    name: str
    cls: str
    role: Role
    params: int
    dtype: str
    linear_params: int = 0
    linear_rows: int = 0
    layer_params: int = 0
    spared_params: int = 0
    spared_rows: int = 0
    upcast_params: int = 0
    float32_params: int = 0
    buffer_bytes: int = 0
    largest_leaf: int = 0
    blocks: tuple[int, ...] = ()
    leaves: int = 0
    stored: str = ""

    @property
    def kept(self) -> str:
        """Name the format of the weights as they were traced."""
        return self.stored or self.dtype

    def bytes(self, dtype: str | None = None, compute: str | None = None) -> int:
        """Count the bytes of weights and buffers.

        Args:
            dtype: the format they are kept in; None: the one this part was traced in. Of those for storage ("float8",
                "int8", "int8wo", "nf4") only weights that the format covers are stored so, the others in `compute`.
            compute: the format of the others; None: the one this part loads in.

        Raises:
            BadInput: an unknown format.
        """
        name = full_name(dtype or self.kept)
        if name in COMPUTE_DTYPES:
            return self.buffer_bytes + self._plain(self.params, name)
        rows = self.linear_rows - self.spared_rows
        count = self.layer_params if name == "float8" else self.linear_params - self.spared_params
        upcast = self.upcast_params if name in BITSANDBYTES else 0
        rest = self._plain(self.params - count, compute or self.dtype, upcast)
        return self.buffer_bytes + stored_bytes(name, count, rows) + rest

    def unpacked_bytes(self, dtype: str | None = None, compute: str | None = None) -> int:
        """Count the bytes of the one layer unpacked from storage.

        0 where the part was traced in that format: there the phases hold it.
        """
        if full_name(dtype or self.kept) not in STORED or full_name(dtype or self.kept) == self.stored:
            return 0
        return self.largest_leaf * element_bytes(compute or self.dtype)

    def moved_bytes(self, mode: str, dtype: str | None = None, compute: str | None = None) -> int:
        """Count weights on the device at a time, when offloaded.

        Args:
            mode: "sequential" (one module without sub-modules) or "group" (what lies outside the blocks, one block at
                work and the next one on its way).
            dtype, compute: as in `bytes`.
        """
        whole = self.bytes(dtype, compute)
        per_parameter = whole / max(self.params, 1)
        if mode == "sequential":
            return min(whole, int(self.largest_leaf * per_parameter))
        outside = self.params - sum(self.blocks)
        widest = max((a + b for a, b in zip(self.blocks, self.blocks[1:], strict=False)), default=sum(self.blocks))
        return min(whole, int((outside + widest) * per_parameter))

    def _plain(self, params: int, dtype: str, upcast: int = 0) -> int:
        kept32 = min(params, max(self.float32_params, upcast))
        return kept32 * 4 + (params - kept32) * element_bytes(dtype)


@dataclass(frozen=True)
class Point:
    """Hold a moment at which a phase can peak.

    Args:
        live: bytes of tensors alive (weights not among them), each rounded up to 512 as the allocator does.
        conv: numbers in input and output of the convolution at work (what its workspace grows with), else 0.
        setter: module path and operation, such as "up_blocks.3.resnets.0.conv1 convolution".
    """

    live: int
    conv: int
    setter: str


@dataclass(frozen=True)
class PhaseFacts:
    """Say what one phase keeps alive, and costs.

    Args:
        name: "text_encoder", "denoise", "decode", ...
        part: the part at work.
        dtype: in which that part computes here; differs from the part's own where the pipeline upcasts for this phase.
        points: moments at which the peak can lie: none is at most as high as another in both `live` and `conv`.
            Descending in `live`.
        held_bytes: of `live`, what the pipeline holds beside the call (prompt embeddings, latents, results).
        flops: floating-point operations of one call (2 per multiply-add).
        traffic_bytes: bytes read and written by the operations of one call, each operation by itself.
        calls: how often it is called, per run or per denoising step or per token.
        per: "run", "step" or "token".
        timeline: live bytes along the call, the highest of each of at most 48 equal stretches.
        pool_bytes: segments that an empty allocator takes for all but weights, by replay; 0: not replayed.
    """

    name: str
    part: str
    dtype: str
    points: tuple[Point, ...]
    held_bytes: int
    flops: int
    traffic_bytes: int
    calls: int = 1
    per: Literal["run", "step", "token"] = "run"
    timeline: tuple[int, ...] = ()
    pool_bytes: int = 0

    @property
    def live_bytes(self) -> int:
        """Give the peak of live tensors, weights and workspace apart."""
        return self.points[0].live

    @property
    def setter(self) -> str:
        """Name the module path and operation that set that peak."""
        return self.points[0].setter


@dataclass(frozen=True)
class ModelFacts:
    """Describe a pipeline at one size, with its options.

    Args:
        model: name of a known model, or of the folder.
        pipeline: class of the pipeline.
        parts, phases: in the order in which they run.
        height, width: pixels; frames: 1 for an image; for speech all three are 0 and `tokens` counts.
        batch: outputs made together.
        dtype: asked for; each part says in which it loads.
        attention: "sdpa" | "math" | "sliced".
        vae_slicing, vae_tiling: options of the decoder.
        steps: denoising steps of a usual run.
        tokens: length for models that generate token by token; else 0.
        lora_rank: of the adapter on the denoiser, 0 without one.
        traced_with: versions of the libraries that were traced, such as "torch 2.13.0, diffusers 0.42.1".
        untraced: parts and inputs that are in no phase, in words; with any, every prediction is a lower bound.
        pools: segments taken for all but weights after each phase, one following the other, by replay; (): not
            replayed.
    """

    model: str
    pipeline: str
    parts: tuple[PartFacts, ...]
    phases: tuple[PhaseFacts, ...]
    height: int
    width: int
    frames: int
    batch: int
    dtype: str
    attention: Attention
    vae_slicing: bool = False
    vae_tiling: bool = False
    steps: int = 1
    tokens: int = 0
    lora_rank: int = 0
    traced_with: str = ""
    untraced: tuple[str, ...] = ()
    pools: tuple[int, ...] = ()

    def part(self, name: str) -> PartFacts:
        """Look up a part, or raise a BadInput."""
        for part in self.parts:
            if part.name == name:
                return part
        names = [part.name for part in self.parts]
        raise BadInput(
            asked=Words(f"part {name!r}", f"部件 {name!r}"),
            found=Words(f"{self.model} has {names}", f"{self.model} 有 {names}"),
            todo=Words("name one of these", "写其中一个"),
        )

    @property
    def params(self) -> int:
        """Count the parameters of all parts."""
        return sum(part.params for part in self.parts)

    @property
    def weights_bytes(self) -> dict[str, int]:
        """Count bytes part by part, in their dtypes."""
        return {part.name: part.bytes() for part in self.parts}

    def with_dtypes(self, dtypes: Mapping[str, str]) -> "ModelFacts":
        """Copy it with weights in other formats, phases stay."""
        for name in dtypes:
            self.part(name)
        parts = (replace(p, dtype=full_name(dtypes.get(p.name, p.dtype), COMPUTE_DTYPES)) for p in self.parts)
        return replace(self, parts=tuple(parts))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "ModelFacts":
        """Rebuild facts of their JSON, or raise a BadInput."""
        try:
            parts = tuple(PartFacts(**{**p, "blocks": tuple(p.get("blocks", ()))}) for p in data["parts"])
            phases = tuple(phase_from_json(phase) for phase in data["phases"])
            strangers = set(data) - {f.name for f in fields(cls)}
            if strangers:
                raise ValueError(f"unknown fields {sorted(strangers)}")
            lists = {name: tuple(data.get(name, ())) for name in ("untraced", "pools")}
            return cls(**{**data, "parts": parts, "phases": phases, **lists})
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadInput(
                asked=Words("the facts of a model", "一个模型的追踪数据"),
                found=Words(f"not such a record: {error}", f"不是这样的记录（原话：{error}）"),
                todo=Words("trace the model again", "重新追踪这个模型"),
            ) from None


def phase_from_json(data: Mapping[str, Any]) -> PhaseFacts:
    """Rebuild a phase of its JSON."""
    points = tuple(Point(**point) for point in data["points"])
    return PhaseFacts(**{**data, "points": points, "timeline": tuple(data.get("timeline", ()))})
