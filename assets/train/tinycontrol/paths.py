"""Where the stages read and write."""

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
RUN = Path(os.environ.get("TINYCONTROL_RUN", HERE / "run"))  # pictures, checkpoints, the log: not in git
MODEL = HERE.parents[1] / "models" / "tinycontrol"  # what is shipped
BASE = HERE.parents[1] / "models" / "tinysdxl"  # what it was trained on, and works with alone
MASKS = HERE.parents[1] / "prompts" / "control_eval.json"  # frozen before the final training
CHECKPOINT = RUN / "control.pt"
LOG = RUN / "training.jsonl"
EVALUATION = MODEL / "eval.json"
