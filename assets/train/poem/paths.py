"""Where every stage of the training reads and writes."""

from pathlib import Path

HERE = Path(__file__).resolve().parent
RUN = HERE / "run"  # corpus, checkpoints, logs: not in git
MODEL = HERE.parents[1] / "models" / "poem"  # what is shipped

PACKAGE = "chinese-poetry@2.0.1"
PACKAGE_FILE = RUN / "chinese-poetry-2.0.1.tgz"
PACKAGE_SHA256 = "25b549e46919c3a0569db6b68ddc96956b04a484ea4518ad2bbd4f137e307e86"

POEMS = RUN / "poems.tsv"
CORPUS_REPORT = RUN / "corpus.json"
CHECKPOINT = RUN / "state.pt"
TRAINING_LOG = RUN / "training.jsonl"
BASELINE = RUN / "baseline.json"
RHYMES = MODEL / "rhymes.json"
EVALUATION = MODEL / "eval.json"
