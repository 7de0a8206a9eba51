"""Where the stages read and write."""

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
RUN = Path(os.environ.get("TINYLORAS_RUN", HERE / "run"))  # the log, sheets: not in git
MODEL = HERE.parents[1] / "models" / "tinyloras"  # what is shipped
BASE = HERE.parents[1] / "models" / "tinysdxl"  # what it was trained on, and works with alone
PROMPTS = HERE.parents[1] / "prompts" / "lora_eval.json"  # frozen before the final training
EVALUATION = MODEL / "eval.json"
