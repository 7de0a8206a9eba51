"""Where every stage of the training reads and writes."""

from pathlib import Path

HERE = Path(__file__).resolve().parent
RUN = HERE / "run"  # checkpoints, logs: not in git
MODELS = HERE.parents[1] / "models"
MODEL = MODELS / "tinymusicgen"  # what is shipped
READER = MODELS / "soundreader"

CODEC = RUN / "codec.npz"
CODES = RUN / "codes.npz"
DECODER = RUN / "decoder.npz"
CHECKPOINT = RUN / "state.pt"
TRAINING_LOG = RUN / "training.jsonl"
EVALUATION = MODEL / "eval.json"
PROMPTS = HERE.parents[1] / "prompts" / "sound_eval.json"
