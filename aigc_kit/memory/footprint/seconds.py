"""Estimate the time of a run on GPUs with sheets."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from aigc_kit.core import paths
from aigc_kit.core.errors import BadInput, UnknownName, echo, unknown_name
from aigc_kit.core.types import Card, Figure, Request, Words
from aigc_kit.core.types.atoms import shown
from aigc_kit.core.units import GB, GIB
from aigc_kit.memory.footprint.model_facts import ModelFacts, PhaseFacts
from aigc_kit.memory.footprint.predict import spread

# Bytes per second of weights brought module by module, each waited for: published rows S3 and S6 (25 steps of SDXL,
# batch 4, float16, A100) take 11.4 and 67.0 s, and a step moves the 5.13 GB of the UNet
SEQUENTIAL_RATE = 2.3e9
PACE_ERROR = 0.8  # of seconds on another processor than the card's, or on one that others use too


@dataclass(frozen=True)
class Gpu:
    """Describe a card by its data sheet.

    Args:
        name: as used in calls.
        memory_bytes: of the card.
        flops: dtype -> peak dense operations per second ("float32" without TF32).
        bandwidth: of its memory, bytes per second.
        link: from the host, bytes per second (PCIe, one direction).
        source: of these figures.
    """

    name: str
    memory_bytes: int
    flops: Mapping[str, float]
    bandwidth: float
    link: float
    source: Words


def _gpu(name: str, gib: float, half: float, single: float, gb_s: float, pcie: float, *, bf16: bool = True) -> Gpu:
    flops = {"float32": single * 1e12, "float16": half * 1e12, **({"bfloat16": half * 1e12} if bf16 else {})}
    source = Words(f"NVIDIA data sheet of the {name}", f"NVIDIA {name} 数据手册")
    return Gpu(name, int(gib * GIB), flops, gb_s * GB, pcie * GB, source)


_CARDS = (
    _gpu("A100-40G", 40, 312, 19.5, 1555, 32),
    _gpu("A100-80G", 80, 312, 19.5, 2039, 32),
    _gpu("H100", 80, 989, 67, 3350, 64),
    _gpu("H800", 80, 989, 67, 3350, 64),
    _gpu("H20", 96, 148, 44, 4000, 64),
    _gpu("RTX4090", 24, 165, 82.6, 1008, 32),
    _gpu("RTX3090", 24, 71, 35.6, 936, 32),
    _gpu("RTX3060", 12, 51, 12.7, 360, 32),
    _gpu("T4", 16, 65, 8.1, 320, 16, bf16=False),
    _gpu("V100-32G", 32, 125, 15.7, 900, 16, bf16=False),
)
GPUS: Mapping[str, Gpu] = MappingProxyType({card.name: card for card in _CARDS})
_MAKERS = re.compile(r"nvidia|geforce|tesla|pcie|sxm\d*|hbm\d*e?")
_MEMORY = re.compile(r"\b(\d+) ?gi?b?\b")


def gpus_named(name: str) -> list[Gpu]:
    """List the cards in GPUS that a name means.

    >>> [gpu.name for gpu in gpus_named("NVIDIA GeForce RTX 4090")], [gpu.name for gpu in gpus_named("a100")]
    (['RTX4090'], ['A100-40G', 'A100-80G'])
    >>> gpus_named("RTX 3060 Ti"), gpus_named("NVIDIA GeForce RTX 4090 Laptop GPU")
    ([], [])
    """
    model, gib = _read_name(name)
    return [gpu for gpu in GPUS.values() if _read_name(gpu.name)[0] == model and gib in (None, _gib(gpu))]


def gpu_named(name: str, memory: int | None = None) -> Gpu:
    """Find the card in GPUS that a name means.

    Args:
        name: as in GPUS, or as a driver says it ("NVIDIA GeForce RTX 4090").
        memory: bytes, which tells cards of one name apart.

    Raises:
        UnknownName: none, or several; the nearest are named.
    """
    named = gpus_named(name) if isinstance(name, str) else []
    if len(named) > 1 and memory is not None:
        named = [gpu for gpu in named if 0.8 < memory / gpu.memory_bytes < 1.2] or named
    if len(named) == 1:
        return named[0]
    if named:
        names = [gpu.name for gpu in named]
        found = Words(
            f"{len(names)} cards of that name: {', '.join(names)}",
            f"有 {len(names)} 块显卡叫这个名字：{'、'.join(names)}",
        )
        raise UnknownName(
            asked=Words(f"GPU {shown(name)}", f"显卡 {shown(name)}"),
            found=found,
            todo=Words(f"choose {names[0]!r} or {names[1]!r}", f"写 {names[0]!r} 或 {names[1]!r}"),
        )
    plain = _MAKERS.sub("", str(name).lower())
    more = Words("; or give its memory alone: vram='8GiB'", "；或只写显存大小：vram='8GiB'")
    raise unknown_name(
        Words(f"GPU {shown(name)}", f"显卡 {shown(name)}"),
        plain,
        GPUS,
        Words("card with known figures", "有公开数据的显卡"),
        more,
    )


def _read_name(name: str) -> tuple[str, int | None]:
    """Split a card's name into its model and its GiB."""
    plain = _MAKERS.sub(" ", re.sub(r"[-_/]", " ", name.lower()))
    size = _MEMORY.search(plain)
    return re.sub(r"[^a-z0-9]", "", _MEMORY.sub(" ", plain)), int(size[1]) if size else None


def _gib(gpu: Gpu) -> int:
    return round(gpu.memory_bytes / GIB)


def seconds(
    facts: ModelFacts, gpu: Gpu | str, steps: int | None = None, placement: str | Mapping[str, str] = "resident"
) -> Figure | None:
    """Estimate how long a run would take.

    Each call takes the longer of operations over (peak x efficiency) and bytes over bandwidth; weights that are moved
    take their bytes over the link, and module by module SEQUENTIAL_RATE. The efficiency is that of published runs in
    half precision, its spread is the error; a decoder that works in float32 within such a run is counted at the plain
    peak of float32, and as wrong by its whole length.

    Args:
        facts: of the pipeline at one size.
        gpu: a card, or the name of one in GPUS.
        steps: denoising steps; None: those of a usual run.
        placement: as in `predict`.

    Returns:
        Seconds as a predicted Figure; None where the steps or tokens are in float32, where the card has
        no published peak for a dtype that is used, or where a phase runs on the CPU.

    Raises:
        BadInput: an unknown card, placement or number of steps.
    """
    card = gpu_named(gpu) if isinstance(gpu, str) else gpu
    spent = rough_seconds(facts, card, steps, placement)
    if spent is None or works_in_float32(facts):
        return None
    total, single = sum(spent), sum(s for s, phase in zip(spent, facts.phases, strict=True) if phase.dtype == "float32")
    rule = efficiency()
    error = float(rule["error"])
    error += (1 - error) * single / total if total else 0.0
    return Figure(total, "s", "predicted", Words.join(card.source, Words.of(rule["source"])), error=error)


def works_in_float32(facts: ModelFacts) -> bool:
    """Tell whether steps or tokens compute in float32, unpublished."""
    return any(phase.dtype == "float32" and phase.per != "run" for phase in facts.phases)


def rough_seconds(
    facts: ModelFacts, gpu: Gpu | str, steps: int | None = None, placement: str | Mapping[str, str] = "resident"
) -> list[float] | None:
    """Estimate each phase by the rule of `seconds`.

    Also where that is too uncertain to show, for ordering ways; else as `seconds`.
    """
    card = gpu_named(gpu) if isinstance(gpu, str) else gpu
    if steps is not None and (not isinstance(steps, int) or steps < 1):
        raise BadInput(
            asked=f"steps={steps!r}",
            found=Words("not an integer >= 1", "不是大于等于 1 的整数"),
            todo=Words("choose 1 or more steps", "改成 1 步或更多"),
        )
    modes, spent = spread(facts, placement), []
    for phase in facts.phases:
        peak = card.flops.get(phase.dtype)
        if peak is None or modes[phase.part] == "cpu":
            return None
        times = {"run": 1, "step": steps or facts.steps, "token": facts.tokens}[phase.per]
        spent.append(phase.calls * times * _call(facts, phase, card, peak, modes[phase.part]))
        if modes[phase.part] == "model":
            spent[-1] += facts.part(phase.part).bytes() / card.link
    return spent


@cache
def efficiency() -> Mapping[str, Any]:
    """Read which share of their peak half-precision runs reach."""
    path = paths.assets() / "data" / "overheads.json"
    try:
        return MappingProxyType(json.loads(path.read_text(encoding="utf-8"))["efficiency"])
    except (OSError, ValueError, KeyError) as error:
        raise BadInput(
            asked=Words("the efficiency of GPUs", "显卡的效率数据"),
            found=echo(error),
            todo=Words("run: python -m assets.fit", "运行 python -m assets.fit"),
        ) from None


def _call(facts: ModelFacts, phase: PhaseFacts, card: Gpu, peak: float, mode: str) -> float:
    share = 1.0 if phase.dtype == "float32" else float(efficiency()["half"])
    working = phase.flops / (peak * share)
    if phase.per == "token":  # one row at a time: the weights are what is read
        working = max(working, facts.part(phase.part).bytes() / card.bandwidth)
    rate = min(card.link, SEQUENTIAL_RATE) if mode == "sequential" else card.link
    moving = facts.part(phase.part).bytes() / rate if mode in {"sequential", "group"} else 0.0
    return max(working, moving) if mode == "group" else working + moving


def by_pace(request: Request, card: Card) -> Figure | None:
    """Predict the seconds of a small model on idle cores."""
    if card.facts.pace is None:
        return None
    step, in_step, decoded = card.facts.pace
    sides = 2 if float(request.guidance or 0) > 1 else 1  # with guidance each step is done for two prompts
    volume = (request.height or 0) * (request.width or 0) * (request.frames or 1) * request.batch
    steps, each = request.steps or 1, step + in_step * volume * sides / 2
    rule = Words(
        f"{steps} steps x {each * 1e3:.0f} ms + {decoded * volume * 1e3:.0f} ms of decoding, as seen on two idle cores "
        "of another machine; more where other programs run",
        f"{steps} 步 × {each * 1e3:.0f} ms + 解码 {decoded * volume * 1e3:.0f} ms，在另一台机器的两个空闲的核上见到的；"
        "别的程序也在用处理器时会更久",
    )
    return Figure(steps * each + decoded * volume, "s", "predicted", rule, error=PACE_ERROR)
