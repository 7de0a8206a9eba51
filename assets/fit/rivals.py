"""What other programs reckon for the same runs: their formulas, written anew, on this kit's counts of weights.

ComfyUI (Comfy-Org/ComfyUI of 2026: comfy/supported_models.py at 01f03bbd, comfy/sd.py at 35ead008, model_base.py): a
step takes `2 x latent area x bytes x .01 MiB x factor`, a factor for each family (SD3's was 1.2 in 0.3.64, of 2025), at
least .8 GiB + 400 MiB, which a text encoder takes too; a decoder takes bytes for each number of the latent's area.
InvokeAI (vae_working_memory.py, 2026): a decoder takes bytes for each pixel, everything else the
`device_working_mem_gb` of 3 GiB. diffusers' ComponentsManager: weights and its margin of 3 GB. They are made for
deciding what to unload, not for telling a peak; that they lie higher can be meant so.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

from aigc_kit.core.units import GB, GIB, MIB
from aigc_kit.memory.footprint import ModelFacts, Overheads, Prediction
from aigc_kit.memory.footprint.fit import Measure
from assets.fit.rows import FIT

COMFY_LEAST = int(0.8 * GIB) + 400 * MIB
INVOKE_WORKING = 3 * GIB
MARGIN = 3 * GB


Decoder = Callable[[int, int], float]
"""(latent frames, latent area) -> numbers that ComfyUI counts for decoding."""


def _still(_: int, area: int) -> float:
    return 2178 * area * 64


@dataclass(frozen=True)
class Family:
    """Numbers of one family.

    Args:
        factor: ComfyUI's `memory_usage_factor`.
        comfy: ComfyUI's numbers of the decoder.
        invoke: InvokeAI's bytes for each pixel and byte of a number that decoding takes; None: no estimate.
        side, time: pixels and frames of one latent.
    """

    factor: float
    comfy: Decoder = _still
    invoke: float | None = 2200
    side: int = 8
    time: int = 1


def _clip(factor: float, comfy: Decoder, side: int = 8, time: int = 4) -> Family:
    return Family(factor, comfy, None, side, time)


_COG = _clip(2.0, lambda frames, area: 2800 * max(2, (frames - 1) * 4 + 1) * area * 64)  # the factor of no own entry
FAMILIES: Mapping[str, Family] = {
    "sdxl": Family(0.8),
    "sd15": Family(1.0),
    "sd3-medium": Family(1.6),
    "flux.1-dev": Family(3.1),
    "flux.2-klein-4b": Family(3.1 * 4 * 3072 / 2604, lambda frames, area: 4 * _still(frames, area), side=16),
    "qwen-image": Family(1.8, lambda frames, area: 2200 * area * 64, 2900),
    "hunyuanvideo": _clip(1.8, lambda frames, area: 2800 * min(8, (frames - 1) * 4 + 1) * area * 64),
    "ltx-video-0.9": _clip(5.5, lambda frames, area: 1200 * frames * area * 512, side=32, time=8),
    "cogvideox-5b": _COG,
    "cogvideox-2b": _COG,
    "cogvideox1.5-5b": _COG,
}


def weights(found: Prediction) -> int:
    """Weights on the card in the phase that has most of them."""
    return max(phase.resident_bytes for phase in found.phases)


def comfyui(facts: ModelFacts, found: Prediction) -> int:
    """Give ComfyUI's sum for the phase that takes most."""
    family = FAMILIES[facts.model]
    area = (facts.height // family.side) * (facts.width // family.side)
    frames = (facts.frames - 1) // family.time + 1
    sums = []
    for phase, facts_of in zip(found.phases, facts.phases, strict=True):
        size = 4 if facts_of.dtype == "float32" else 2
        if phase.name == "decode":
            sums.append(phase.resident_bytes + family.comfy(frames, area) * size)
        elif phase.name == "denoise":
            step = 2 * facts.batch * area * frames * size * 0.01 * family.factor * MIB
            sums.append(phase.resident_bytes + max(step, COMFY_LEAST))
        else:
            sums.append(phase.resident_bytes + COMFY_LEAST)
    return int(max(sums))


def invokeai(facts: ModelFacts, found: Prediction) -> int | None:
    """Give InvokeAI's sum for the phase that takes most; None where it has no estimate for the decoder."""
    family = FAMILIES[facts.model]
    if family.invoke is None:
        return None
    sums = []
    for phase, facts_of in zip(found.phases, facts.phases, strict=True):
        working = float(INVOKE_WORKING)
        if phase.name == "decode":
            single = facts_of.dtype == "float32"
            working = family.invoke * facts.height * facts.width * (4 if single else 2) + 250 * MIB * single
        sums.append(phase.resident_bytes + working)
    return int(max(sums))


def table(found: list[Measure], left: Mapping[tuple[str, str], Overheads]) -> dict[str, list[float]]:
    """Name -> errors on the allocated peaks that it has a formula for, "this kit" among them, each row left out."""
    errors: dict[str, list[float]] = {}
    for measure in found:
        if measure.quantity != "allocated":
            continue
        facts, prediction = FIT[measure.row].facts(), measure.predict(left[measure.row, measure.quantity])
        answers = {
            "this kit": prediction.allocated_bytes,
            "weights alone": weights(prediction),
            "diffusers' ComponentsManager": weights(prediction) + MARGIN,
            "ComfyUI": comfyui(facts, prediction),
            "InvokeAI": invokeai(facts, prediction),
        }
        for name, answer in answers.items():
            if answer is not None:
                errors.setdefault(name, []).append(answer / measure.bytes - 1)
    return errors


def lines(errors: Mapping[str, list[float]]) -> str:
    """The rows of the page's table."""
    text = ""
    for name, own in errors.items():
        sizes, low, high = [abs(e) for e in own], min(own), max(own)
        text += f"| {name} | {len(own)} | {median(sizes):.1%} | {max(sizes):.0%} | {low:+.0%} .. {high:+.0%} |\n"
    return text
