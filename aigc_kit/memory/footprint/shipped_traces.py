"""Read the traces that ship with the kit, without torch."""

import json
from collections.abc import Mapping
from functools import cache as remember
from pathlib import Path
from typing import Any

from aigc_kit.core import paths
from aigc_kit.memory.footprint.bytes import COMPUTE_DTYPES, full_name
from aigc_kit.memory.footprint.model_facts import ModelFacts

_CASE = ("height", "width", "frames", "batch", "dtype", "attention", "vae_slicing", "vae_tiling")


def known() -> tuple[str, ...]:
    """List the models that were traced, sorted."""
    return tuple(sorted(path.stem for path in _folder().glob("*.json")))


def sizes(model: str) -> tuple[tuple[int, int, int], ...]:
    """List (height, width, frames) of a model's traces, largest first."""
    traces = _file(model)
    return tuple(tuple(size) for size in traces["sizes"]) if traces else ()


def usual(model: str) -> Mapping[str, Any] | None:
    """Give usual "height", "width", "frames" and "dtype" of a model."""
    traces = _file(model)
    return traces["usual"] if traces else None


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
    """Read the facts of a traced case, else None.

    Args:
        model: one of `known()`.
        height, width: pixels; frames: 1 for an image; batch: >= 1.
        dtype: "float32" | "float16" | "bfloat16" (or fp32, fp16, bf16).
        attention: "sdpa" | "math" | "sliced".
        vae_slicing, vae_tiling: options of the decoder.

    Raises:
        BadInput: an unknown dtype.
    """
    traces = _file(model)
    if traces is None:
        return None
    values = (height, width, frames, batch, full_name(dtype, COMPUTE_DTYPES), attention, vae_slicing, vae_tiling)
    case = traces["cases"].get(key(*values))
    if case is None:
        return None
    facts = {"model": model, **dict(zip(_CASE, values, strict=True))}
    facts |= {name: traces[name] for name in ("pipeline", "steps", "tokens", "traced_with")}
    phases = [_phase(traces, index) for index in case["phases"]]
    facts |= {"parts": traces["parts"][case["parts"]], "phases": phases, "pools": case.get("pools", ())}
    return ModelFacts.from_json(facts)


def key(*case: Any) -> str:
    """Name a case, its values in the order of `cached`.

    >>> key(512, 512, 1, 1, "float16", "sdpa", False, True)
    '512/512/1/1/float16/sdpa/0/1'
    """
    return "/".join(str(int(value) if isinstance(value, bool) else value) for value in case)


def _phase(traces: Mapping[str, Any], index: int) -> dict[str, Any]:
    phase, setters = traces["phases"][index], traces["setters"]
    points = [{"live": live, "conv": conv, "setter": setters[i]} for live, conv, i in phase["points"]]
    return {**phase, "points": points}


@remember
def _file(model: str) -> Mapping[str, Any] | None:
    return json.loads((_folder() / f"{model}.json").read_text(encoding="utf-8")) if model in known() else None


def _folder() -> Path:
    return paths.assets() / "data" / "xray_cache"
