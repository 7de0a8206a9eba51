"""Trace a language model: weights, cache and prompt."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aigc_kit.core.errors import BadInput, CannotLoad
from aigc_kit.core.types.atoms import shown
from aigc_kit.memory.footprint.bytes import COMPUTE_DTYPES, SHORT
from aigc_kit.memory.xray import build
from aigc_kit.memory.xray.stand_ins import standing_in
from aigc_kit.memory.xray.tracer import tracing


@dataclass(frozen=True)
class LanguageFacts:
    """Count a language model at one length, in bytes.

    Args:
        model, cls: its folder and class.
        params: weights, each shared one once.
        kind: a dtype ("bfloat16", ...) or a GGUF type ("Q4_0", ...) of the weights.
        context: tokens of the prompt; batch: prompts.
        weights_bytes: in that kind; of a GGUF type, matrices are stored so and the rest in float32.
        cache_bytes: keys and values of the context, in 16 bits.
        prefill_bytes: most alive while the prompt is read, the cache among it.
        setter: the operation that sets it.
        traced_with: versions of the libraries.
    """

    model: str
    cls: str
    params: int
    kind: str
    context: int
    batch: int
    weights_bytes: int
    cache_bytes: int
    prefill_bytes: int
    setter: str
    traced_with: str

    @property
    def allocated_bytes(self) -> int:
        """Add up weights and the peak of the reading."""
        return self.weights_bytes + self.prefill_bytes


def is_language(model: str | Path) -> bool:
    """Tell whether a folder holds a causal language model's config."""
    path = Path(model).expanduser() / "config.json"
    if not path.is_file() or path.with_name("model_index.json").exists():
        return False
    names = build.read_json(path).get("architectures") or ()
    return any(str(name).endswith("ForCausalLM") for name in names)


def read(folder: str | Path, context: int = 4096, batch: int = 1, kind: str = "bfloat16") -> LanguageFacts:
    """Count a language model that reads a prompt.

    Args:
        folder: with config.json, as transformers saves it.
        context: tokens, >= 1; batch: prompts, >= 1.
        kind: "float32" | "float16" | "bfloat16" (or short), or a GGUF type such as "Q4_0", "Q8_0", "Q6_K".

    Raises:
        BadInput: a value out of range, an unknown kind.
        CannotLoad: a class that transformers does not have, or that cannot be run so.
    """
    import torch

    for name, value in (("context", context), ("batch", batch)):
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise BadInput(asked=f"{name}={shown(value)}", found="not an integer >= 1", todo=f"choose {name} >= 1")
    config = build.read_json(Path(folder).expanduser() / "config.json")
    cls = str((config.get("architectures") or [""])[0])
    name = SHORT.get(kind, kind)
    packed = name not in COMPUTE_DTYPES
    sizes = _gguf_sizes(kind) if packed else None
    module = build.build("model", "transformers", cls, config, "bfloat16" if packed else name)
    with warnings.catch_warnings(), torch.no_grad(), torch.device("meta"), tracing([module]) as trace:
        warnings.simplefilter("ignore")
        with standing_in(trace, "sdpa", context):
            try:
                out = module(torch.empty(batch, context, dtype=torch.int64), use_cache=True, logits_to_keep=1)
            except Exception as error:
                raise CannotLoad(
                    asked=f"to read {context} tokens with {cls}",
                    found=f"{type(error).__name__}: {str(error)[:200]}",
                    todo="choose a causal language model of transformers",
                ) from error
            logits = out.logits.nbytes
            cache = sum(t.nbytes for layer in out.past_key_values.layers for t in (layer.keys, layer.values))
    return LanguageFacts(
        model=Path(folder).name,
        cls=cls,
        params=sum(p.numel() for p in module.parameters()),
        kind=kind.upper() if packed else name,
        context=context,
        batch=batch,
        weights_bytes=sum(_stored(p, sizes) for p in module.parameters()) + sum(b.nbytes for b in module.buffers()),
        cache_bytes=cache,
        prefill_bytes=max(trace.top[0], cache + logits),
        setter=trace.top[1],
        traced_with=build.versions(),
    )


def _gguf_sizes(kind: str) -> tuple[int, int]:
    """Give numbers and bytes of a GGUF block."""
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

    names = {entry.name: entry for entry in GGMLQuantizationType}
    if not isinstance(kind, str) or kind.upper() not in names:
        some = ["bf16", "fp16", "fp32", "Q4_0", "Q4_K", "Q5_K", "Q6_K", "Q8_0"]
        raise BadInput(asked=f"weights in {shown(kind)}", found="unknown", todo=f"choose one of {some}")
    return GGML_QUANT_SIZES[names[kind.upper()]]


def _stored(parameter: Any, sizes: tuple[int, int] | None) -> int:
    if sizes is None:
        return parameter.nbytes
    count, bytes_ = sizes
    return parameter.numel() // count * bytes_ if parameter.dim() > 1 else parameter.numel() * 4
