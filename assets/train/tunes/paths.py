"""Where every stage of the training reads and writes."""

from pathlib import Path

HERE = Path(__file__).resolve().parent
RUN = HERE / "run"  # corpus, checkpoints, logs: not in git
MODEL = HERE.parents[1] / "models" / "tunes"  # what is shipped

CORPUS = RUN / "corpus.npz"
CHECKPOINT = RUN / "state.pt"
TRAINING_LOG = RUN / "training.jsonl"
EVALUATION = MODEL / "eval.json"
PROMPTS = HERE.parents[1] / "prompts" / "tune_eval.json"
