"""Text: one interface over two local engines and any OpenAI-compatible server; sampling by hand; measures.

plan = plan_for("The future of artificial intelligence will", temperature=0.7)
for step in steps(plan): step.preview()   # candidates before and after each filter
take = run(plan)                          # the text, its cost, its labels
"""

from aigc_kit.make.text import measures, sampling
from aigc_kit.make.text.run import (
    MODALITY,
    engine,
    exact_plan,
    fast_engine,
    language_of,
    make,
    plan_for,
    prompt_ids,
    run,
    speaks,
    steps,
)
from aigc_kit.make.text.sampling import Stage, draw, softmax, top_k, top_p, warp
from aigc_kit.make.text.settings import BANDS, PRESETS, Settings
from aigc_kit.make.text.view import BeamView, Candidate, StageView, TokenView

__all__ = [
    "BANDS",
    "MODALITY",
    "PRESETS",
    "BeamView",
    "Candidate",
    "Settings",
    "Stage",
    "StageView",
    "TokenView",
    "draw",
    "engine",
    "exact_plan",
    "fast_engine",
    "language_of",
    "make",
    "measures",
    "plan_for",
    "prompt_ids",
    "run",
    "sampling",
    "softmax",
    "speaks",
    "steps",
    "top_k",
    "top_p",
    "warp",
]
