"""Where every stage of the training reads and writes."""

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
RUN = Path(os.environ.get("TINYCHAT_RUN", HERE / "run"))  # checkpoints and logs: not in git
MODEL = HERE.parents[1] / "models" / "tinychat"  # what is shipped
PROMPTS = HERE.parents[1] / "prompts" / "chat_eval.json"

STATE = RUN / "state.safetensors"
TRAINING_LOG = RUN / "training.jsonl"
EVALUATION = MODEL / "eval.json"
SEEDS = HERE / "seeds.json"  # short trainings with several seeds, gathered
