"""What a pipeline needs, as facts and arithmetic: no torch, no weights, no GPU.

    ModelFacts --predict(placement, overheads)--> Prediction        seconds(facts, gpu) --> Figure

The facts of a pipeline (exact weight bytes, live bytes of every phase, operations) come from `xray.trace`, which needs
torch, or from the traces that ship with the kit (`cached`), which need nothing.
"""

from aigc_kit.memory.footprint.bytes import COMPUTE_DTYPES, DTYPES, element_bytes
from aigc_kit.memory.footprint.model_facts import ModelFacts, PartFacts, PhaseFacts, Point
from aigc_kit.memory.footprint.overheads import Overheads, load_overheads
from aigc_kit.memory.footprint.predict import PLACEMENTS, PhasePrediction, Prediction, predict
from aigc_kit.memory.footprint.seconds import GPUS, Gpu, rough_seconds, seconds, works_in_float32
from aigc_kit.memory.footprint.shipped_traces import cached, known, sizes, usual

__all__ = [
    "COMPUTE_DTYPES",
    "DTYPES",
    "GPUS",
    "PLACEMENTS",
    "Gpu",
    "ModelFacts",
    "Overheads",
    "PartFacts",
    "PhaseFacts",
    "PhasePrediction",
    "Point",
    "Prediction",
    "cached",
    "element_bytes",
    "known",
    "load_overheads",
    "predict",
    "rough_seconds",
    "seconds",
    "sizes",
    "usual",
    "works_in_float32",
]
