"""Where the stages read and write."""

from pathlib import Path

OUT = Path(__file__).parent / "out"  # rendered clips, the trained network: not in git
MODEL = Path(__file__).parents[2] / "models" / "clipreader"
EVALUATION = MODEL / "eval.json"
