"""Where every stage of the training reads and writes."""

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
RUN = Path(os.environ.get("TINYWAN_RUN", HERE / "run"))  # clips, checkpoints, logs: not in git
MODEL = HERE.parents[1] / "models" / "tinywan"  # what is shipped
STATE = HERE / "state"  # what a later training goes on from, beside the shipped weights
PROGRESS = STATE / "state.json"  # how far each training was

CLIPS = RUN / "clips"  # chunks of rendered clips, pixels and latents
CODEC = RUN / "codec.safetensors"
TEXT = RUN / "text"
NETWORK = RUN / "network.pt"
DECAYED = RUN / "decayed.pt"
LOG = RUN / "training.jsonl"
EVALUATION = MODEL / "eval.json"
PROMPTS = HERE.parents[1] / "prompts" / "video_eval.json"
JUDGED = PROMPTS.with_name("video_judged.json")


def trial(shape: str) -> Path:
    """The weights of a shape that is not shipped yet, which its next training goes on from."""
    return STATE / f"autoencoder-{shape}.safetensors"


def autoencoder(shape: str) -> Path:
    """The checkpoint of an autoencoder of this shape."""
    return RUN / f"autoencoder-{shape}.pt"
