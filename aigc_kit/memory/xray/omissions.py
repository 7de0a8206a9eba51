"""Name what a trace leaves out."""

import ast
from collections.abc import Sequence
from inspect import Parameter, signature

from aigc_kit.memory.footprint.model_facts import PhaseFacts
from aigc_kit.memory.xray import build, decoder, families
from aigc_kit.memory.xray.build import Pipeline

_BESIDE = {
    "QwenImageEditPipeline": "the picture's tokens in the text encoder",
    "ConsisIDPipeline": "the networks that find and describe the face, which are no parts of the pipeline",
    "HiDreamImagePipeline": "an uneven choice of experts: equal shares are assumed",
}
_WORDS = ("image", "video", "audio", "mask", "pose", "face", "camera", "style", "adapter", "control", "reference")
_NO_INPUT = ("num_", "output", "_per_", "guidance", "_scale", "size", "return", "ids", "kwargs", "mask_token")


def omitted(pipeline: Pipeline, phases: Sequence[PhaseFacts]) -> tuple[str, ...]:
    """List parts and inputs that are in no phase.

    Args:
        pipeline: that was traced.
        phases: that were run.

    Returns:
        What is missing, in words; empty where the trace is of the whole published run.
    """
    part = families.denoiser(pipeline)
    worked = {phase.part for phase in phases}
    twins = {p.name for p in pipeline.of("denoise")[1:] if p.cls == part.cls}  # of Wan2.2: like the first
    missing = [f"part {p.name} ({p.cls})" for p in pipeline.parts.values() if p.name not in worked | twins]
    if part.cls not in families.FAMILIES:
        missing += [f"input {name} of {part.cls}" for name in _optional(part)]
    return (*missing, *beside(pipeline.cls, part.cls))


def beside(pipeline: str, denoiser: str) -> list[str]:
    """List what a pipeline does beyond its family's phases.

    Args:
        pipeline: its class; denoiser: the class of what denoises.
    """
    known = families.FAMILIES.get(denoiser)
    if known is not None and pipeline in (*known.pipelines, *_BESIDE, *families.ENCODED):
        return [_BESIDE[pipeline]] if pipeline in _BESIDE else []
    return [
        *(f"input {name} of {pipeline}" for name in inputs(pipeline)),
        f"what {pipeline} does beside the phases of its family",
    ]


def inputs(pipeline: str) -> list[str]:
    """Name pictures and sounds that a pipeline takes."""
    source = decoder.source(pipeline)
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)] if source else []
    names = next(([a.arg for a in node.args.args] for node in calls if node.name == "__call__"), [])
    return [n for n in names if any(w in n for w in _WORDS) and not any(w in n for w in _NO_INPUT)]


def _optional(part: build.Part) -> list[str]:
    """Name optional inputs of an unknown denoiser."""
    fed = {"sample", "hidden_states", "timestep", "encoder_hidden_states", "return_dict"}
    empty = Parameter.empty
    names = signature(part.module.forward).parameters.items()
    return [n for n, p in names if p.default is not empty and n not in fed and "kwargs" not in n]
