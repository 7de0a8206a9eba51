"""Where the training of the small CLIP reads and writes."""

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
RUN = Path(os.environ.get("MINICLIP_RUN", HERE / "run"))  # checkpoint and log: not in git
MODELS = HERE.parents[1] / "models"
MODEL = MODELS / "miniclip"  # what is shipped
FIRST = MODELS / "miniclip_v1"  # the first edition, from which the second starts
PAIRS = HERE.parents[1] / "prompts" / "clip_eval.json"

CHECKPOINT = RUN / "clip.pt"
LOG = RUN / "training.jsonl"
EVALUATION = MODEL / "eval.json"
