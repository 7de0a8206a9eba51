"""Trace the known models at their usual sizes for `footprint.cached`: python -m assets.fit.traces [MODEL ...]."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from aigc_kit.core import paths
from aigc_kit.core.types import as_json
from aigc_kit.memory.footprint.model_facts import ModelFacts
from aigc_kit.memory.footprint.shipped_traces import key
from aigc_kit.memory.xray.trace import Bench

Size = tuple[int, int, int]
OPTIONS = ((False, False), (True, False), (False, True), (True, True))
TILED = ((False, False), (False, True))
ALL = ("sdpa", "math", "sliced")


@dataclass(frozen=True)
class Grid:
    """What is traced of a model: every size x batch x decoder option, for each (dtype, attentions)."""

    sizes: tuple[Size, ...]
    kinds: tuple[tuple[str, tuple[str, ...]], ...]
    batches: tuple[int, ...] = (1,)
    options: tuple[tuple[bool, bool], ...] = TILED

    def cases(self) -> Iterator[tuple[str, str, Size, int, tuple[bool, bool]]]:
        """(dtype, attention, size, batch, options) of every case."""
        for dtype, attentions in self.kinds:
            yield from product((dtype,), attentions, self.sizes, self.batches, self.options)


def _images(*sides: tuple[int, int]) -> tuple[Size, ...]:
    return tuple((height, width, 1) for height, width in sides)


def _clips(sides: tuple[tuple[int, int], ...], frames: tuple[int, ...]) -> tuple[Size, ...]:
    return tuple((height, width, count) for (height, width), count in product(sides, frames))


_LADDER = ((480, 832), (384, 640), (320, 576), (256, 448))
_BOTH, _HALF = (("float16", ALL), ("float32", ALL)), (("bfloat16", ("sdpa",)),)
_FRAMES = (5, 9, 13, 17, 33, 81)
GRIDS = {
    "sdxl": Grid(_images((512, 512), (768, 768), (1024, 768), (768, 1024), (1024, 1024)), _BOTH, (1, 2, 4), OPTIONS),
    "sd15": Grid(
        _images((512, 512), (768, 512), (512, 768), (768, 768)),
        (("float16", ALL), ("float32", ("sdpa", "math"))),
        (1, 2, 4),
        OPTIONS,
    ),
    "kolors": Grid(
        _images((512, 512), (768, 768), (768, 1024), (1024, 768), (1024, 1024)),
        (("float16", ALL), ("float32", ("sdpa",))),
    ),
    "wan2.1-1.3b": Grid(
        _clips(_LADDER, _FRAMES),
        (("bfloat16", ("sdpa",)), ("float16", ("sdpa",))),
    ),
    "wan2.1-14b": Grid(_clips(((720, 1280), *_LADDER), (5, 17, 33, 81)), _HALF),
    "flux.1-dev": Grid(_images((512, 512), (768, 768), (1024, 1024)), _HALF),
    "sd3-medium": Grid(_images((512, 512), (768, 768), (1024, 1024)), (("float16", ("sdpa",)),)),
    "qwen-image": Grid(_images((512, 512), (768, 768), (1024, 1024), (1280, 1280), (1328, 1328)), _HALF),
    "cogvideox-2b": Grid(_clips(((480, 720),), (9, 25, 49)), (("float16", ("sdpa",)),)),
    "sana-1.6b": Grid(_images((512, 512), (1024, 1024)), _HALF),
}


def collect(model: str, grid: Grid) -> dict[str, Any]:
    """All cases of a model in the form that `footprint.cached` reads: equal phases, parts and setters are kept once."""
    phases: list[Any] = []
    setters: list[str] = []
    parts: dict[str, Any] = {}
    cases: dict[str, Any] = {}
    places: dict[str, int] = {}
    benches: dict[tuple[str, str], Bench] = {}
    done: dict[Any, Any] = {}
    facts: ModelFacts | None = None
    for dtype, attention, size, batch, (slicing, tiling) in grid.cases():
        bench = benches.get((dtype, attention))
        if bench is None:
            benches.clear()
            bench = benches[dtype, attention] = Bench(model, dtype, attention, done=done)
            print(model, dtype, attention, file=sys.stderr, flush=True)
        facts = bench.facts(bench.size(*size), batch, slicing, tiling)
        indices = []
        for phase in facts.phases:
            packed = _pack(as_json(phase), setters)
            text = json.dumps(packed)
            if text not in places:
                places[text] = len(phases)
                phases.append(packed)
            indices.append(places[text])
        parts[dtype] = as_json(facts.parts)
        case = {"parts": dtype, "phases": indices, "pools": facts.pools}
        cases[key(*size, batch, dtype, attention, slicing, tiling)] = case
    assert facts is not None
    sizes = sorted(set(grid.sizes), key=lambda s: (-s[0] * s[1] * s[2], s))
    head = {name: getattr(facts, name) for name in ("pipeline", "steps", "tokens", "traced_with")}
    first = next(iter(benches.values())).size(None, None, None)
    usual = {"height": first[0], "width": first[1], "frames": first[2], "dtype": grid.kinds[0][0]}
    return {
        **head,
        "usual": usual,
        "sizes": sizes,
        "parts": parts,
        "setters": setters,
        "phases": phases,
        "cases": cases,
    }


def _pack(phase: dict[str, Any], setters: list[str]) -> dict[str, Any]:
    points = []
    for point in phase["points"]:
        if point["setter"] not in setters:
            setters.append(point["setter"])
        points.append([point["live"], point["conv"], setters.index(point["setter"])])
    return {**phase, "points": points}


def main(names: list[str]) -> None:
    """Write assets/data/xray_cache/MODEL.json for each name, or for all."""
    for name in names or list(GRIDS):
        found = collect(name, GRIDS[name])
        text = json.dumps(found, separators=(",", ":"))
        path = paths.write_atomically(paths.assets() / "data" / "xray_cache" / f"{name}.json", text + "\n")
        print(f"{path.name}: {len(found['cases'])} cases, {len(found['phases'])} phases, {len(text):,} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
