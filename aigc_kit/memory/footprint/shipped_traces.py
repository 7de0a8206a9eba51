"""Traces that ship with the kit: facts of the known models at the usual sizes, read without torch."""

import json
from collections.abc import Mapping
from functools import cache as remember
from typing import Any

from aigc_kit.core import paths
from aigc_kit.memory.footprint.bytes import COMPUTE_DTYPES, full_name
from aigc_kit.memory.footprint.model_facts import ModelFacts


def known() -> tuple[str, ...]:
    """Names of the models that were traced, sorted."""
    return tuple(sorted(path.stem for path in _folder().glob("*.json")))


def sizes(model: str) -> tuple[tuple[int, int, int], ...]:
    """(height, width, frames) of every trace of a model, largest pixels x frames first; empty for an unknown model."""
    found = _file(model)
    return tuple(tuple(size) for size in found["sizes"]) if found else ()


def usual(model: str) -> Mapping[str, Any] | None:
    """What a model is usually run at: {"height", "width", "frames", "dtype"}; None for one that was not traced."""
    found = _file(model)
    return found["usual"] if found else None


def cached(
    model: str,
    height: int,
    width: int,
    frames: int = 1,
    batch: int = 1,
    dtype: str = "float16",
    attention: str = "sdpa",
    vae_slicing: bool = False,
    vae_tiling: bool = False,
) -> ModelFacts | None:
    """The facts as they were traced when the kit was made; None when this case was not.

    Args:
        model: one of `known()`.
        height, width: pixels; frames: 1 for an image; batch: >= 1.
        dtype: "float32" | "float16" | "bfloat16" (or fp32, fp16, bf16).
        attention: "sdpa" | "math" | "sliced".
        vae_slicing, vae_tiling: options of the decoder.

    Raises:
        BadInput: an unknown dtype.
    """
    found = _file(model)
    if found is None:
        return None
    name = full_name(dtype, COMPUTE_DTYPES)
    case = found["cases"].get(key(height, width, frames, batch, name, attention, vae_slicing, vae_tiling))
    if case is None:
        return None
    return ModelFacts.from_json(
        {
            "model": model,
            "pipeline": found["pipeline"],
            "parts": found["parts"][case["parts"]],
            "phases": [_phase(found, index) for index in case["phases"]],
            "height": height,
            "width": width,
            "frames": frames,
            "batch": batch,
            "dtype": name,
            "attention": attention,
            "vae_slicing": vae_slicing,
            "vae_tiling": vae_tiling,
            "steps": found["steps"],
            "tokens": found["tokens"],
            "traced_with": found["traced_with"],
        }
    )


def key(
    height: int, width: int, frames: int, batch: int, dtype: str, attention: str, slicing: bool, tiling: bool
) -> str:
    """The name of a case in a file of traces."""
    return "/".join(str(v) for v in (height, width, frames, batch, dtype, attention, int(slicing), int(tiling)))


def _phase(found: Mapping[str, Any], index: int) -> dict[str, Any]:
    phase = dict(found["phases"][index])
    phase["points"] = [{"live": live, "conv": conv, "setter": found["setters"][i]} for live, conv, i in phase["points"]]
    return phase


@remember
def _file(model: str) -> Mapping[str, Any] | None:
    path = _folder() / f"{model}.json"
    if model not in known():
        return None
    return json.loads(path.read_text(encoding="utf-8"))


def _folder():
    return paths.assets() / "data" / "xray_cache"
