"""Where the training of the small CLIP reads and writes. Its pictures are those of the tiny SDXL, rendered ahead."""

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
RUN = Path(os.environ.get("MINICLIP_RUN", HERE / "run"))  # checkpoint and log: not in git
MODEL = HERE.parents[1] / "models" / "miniclip"  # what is shipped

CHECKPOINT = RUN / "clip.pt"
LOG = RUN / "training.jsonl"
EVALUATION = MODEL / "eval.json"
