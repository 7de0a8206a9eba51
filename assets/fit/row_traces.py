"""Trace the runs of published rows once: python -m assets.fit.row_traces [NAME ...] [OLD=FOLDER].

Their facts are kept in assets/data/row_traces.json, with the versions that they were traced with. The decoder of
CogVideoX kept more alive in later libraries; that of the rows of 2024 is traced in diffusers 0.30.3, unpacked into
FOLDER (pip install --no-deps --target FOLDER diffusers==0.30.3).
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from aigc_kit.core import paths
from aigc_kit.core.types import as_json
from aigc_kit.memory.footprint import ModelFacts
from aigc_kit.memory.footprint.model_facts import phase_from_json
from assets.fit import recipes

Size = tuple[int, int, int]


@dataclass(frozen=True)
class Case:
    """One run to trace; `old`: whether its decoder is that of diffusers 0.30.3."""

    model: str
    size: Size
    dtype: str = "bfloat16"
    batch: int = 1
    stored: Mapping[str, str] = field(default_factory=dict)
    tiling: bool = False
    old: bool = False


_SQUARE, _COG, _CLIP = (1024, 1024, 1), (480, 720, 49), (512, 768, 121)


CASES = {
    "flux": Case("flux.1-dev", _SQUARE),
    "flux of 8": Case("flux.1-dev", _SQUARE, batch=8),
    "flux int8wo": Case("flux.1-dev", _SQUARE, stored={"transformer": "int8wo", "text_encoder_2": "int8wo"}),
    "cogvideox-5b": Case("cogvideox-5b", _COG, old=True),
    "cogvideox-2b": Case("cogvideox-2b", _COG, old=True),
    "cogvideox1.5": Case("cogvideox1.5-5b", _CLIP),
    "hunyuanvideo": Case("hunyuanvideo", _CLIP),
    "hunyuanvideo int8": Case("hunyuanvideo", _CLIP, stored={"transformer": "int8"}, tiling=True),
    "ltx-video": Case("ltx-video-0.9", _CLIP),
    "sd3": Case("sd3-medium", _SQUARE, "float16"),
    "pixart-sigma": Case("pixart-sigma", _SQUARE, "float16"),
    "klein": Case("flux.2-klein-4b", (2048, 2048, 1)),
    "animatediff": Case("animatediff-sd15", (512, 512, 16), "float16"),
    "ti2v": Case("wan2.2-ti2v-5b", (704, 1280, 121)),
    "sdxl": Case("sdxl", _SQUARE, "float32"),
    "sd15": Case("sd15", (512, 512, 1), "float32"),
    **{f"qwen-image {side}": Case("qwen-image", (side, side, 1)) for side in (512, 768, 1024, 1280)},
}


def file() -> Path:
    """Where the facts are kept."""
    return paths.assets() / "data" / "row_traces.json"


@cache
def kept() -> dict[str, ModelFacts]:
    """Name -> facts, as they were traced last."""
    records = json.loads(file().read_text(encoding="utf-8"))
    return {name: ModelFacts.from_json(record) for name, record in records.items()}


def trace(case: Case, home: Path, old: str) -> ModelFacts:
    """Trace one case; `old`: the folder of the old library."""
    from aigc_kit.memory.xray.trace import Bench

    folder = recipes.folder(case.model, home) if case.model in recipes.RECIPES else case.model
    bench = Bench(folder, case.dtype, stored=case.stored)
    facts = bench.facts(bench.size(*case.size), case.batch, False, case.tiling)
    phases, pools = [replace(phase, timeline=()) for phase in facts.phases], facts.pools
    if case.old:  # the decoder takes far more than what earlier phases left
        phases[-1] = phase_from_json(_elsewhere(bench.shape(case.size, case.batch).latent, case.dtype, old))
        pools = (*pools[:-1], max(pools[-2], phases[-1].pool_bytes))
    return replace(facts, phases=tuple(phases), pools=pools)


def _elsewhere(latent: tuple[int, ...], dtype: str, old: str) -> dict[str, Any]:
    """Trace the decoder in a process with the old library."""
    if not old:
        raise SystemExit("give OLD=FOLDER, with diffusers 0.30.3 unpacked in it")
    call = [sys.executable, "-m", "assets.fit.row_traces", "decode", old, dtype, *map(str, latent)]
    done = subprocess.run(call, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def _decode(old: str, dtype: str, *latent: str) -> None:
    """Print the facts of the old library's decoder."""
    sys.path.insert(0, old)
    import torch
    from diffusers.models.autoencoders.autoencoder_kl_cogvideox import AutoencoderKLCogVideoX

    from aigc_kit.memory.xray import phases
    from aigc_kit.memory.xray.build import Part

    with torch.device("meta"):
        module = AutoencoderKLCogVideoX().to(getattr(torch, dtype)).eval()

    def feed() -> tuple[list[Any], Any]:
        z = torch.empty(1, *map(int, latent), dtype=getattr(torch, dtype))
        return [z], lambda: module.decode(z, return_dict=False)

    facts = phases.run(Part("vae", module, {}, "decode", dtype), "sdpa", feed, "decode").facts
    print(json.dumps(as_json(replace(facts, timeline=()))))


def main(arguments: list[str]) -> None:
    """Trace the named cases, or those that are not kept yet."""
    old = next((a.removeprefix("OLD=") for a in arguments if a.startswith("OLD=")), "")
    names = [a for a in arguments if not a.startswith("OLD=")]
    records = json.loads(file().read_text(encoding="utf-8")) if file().exists() else {}
    for name in names or [name for name in CASES if name not in records]:
        with tempfile.TemporaryDirectory() as home:
            records[name] = as_json(trace(CASES[name], Path(home), old))
        print(name, flush=True)
        lines = ",\n".join(
            f"{json.dumps(n)}:{json.dumps(records[n], separators=(',', ':'))}" for n in CASES if n in records
        )
        paths.write_atomically(file(), "{\n" + lines + "\n}\n")


if __name__ == "__main__":
    _decode(*sys.argv[2:]) if sys.argv[1:2] == ["decode"] else main(sys.argv[1:])
