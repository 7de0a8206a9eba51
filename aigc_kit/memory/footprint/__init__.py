"""Reckon what a pipeline needs: no torch, weights or GPU.

    ModelFacts --predict(placement, overheads)--> Prediction        seconds(facts, gpu) --> Figure

The facts of a pipeline (exact weight bytes, live bytes of every phase, operations) come from `xray.trace`, which needs
torch, or from the traces that ship with the kit (`cached`), which need nothing.
"""

from aigc_kit.memory.footprint.bytes import COMPUTE_DTYPES, DTYPES, element_bytes
from aigc_kit.memory.footprint.model_facts import ModelFacts, PartFacts, PhaseFacts, Point
from aigc_kit.memory.footprint.overheads import Overheads, load_overheads
from aigc_kit.memory.footprint.predict import PLACEMENTS, PhasePrediction, Prediction, predict, spread
from aigc_kit.memory.footprint.seconds import GPUS, Gpu, gpu_named, gpus_named, rough_seconds, seconds, works_in_float32
from aigc_kit.memory.footprint.shipped_traces import cached, known, sizes, usual
