"""Where every stage of the training reads and writes."""

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
RUN = Path(os.environ.get("TINYSDXL_RUN", HERE / "run"))  # pictures, checkpoints, logs: not in git
MODEL = HERE.parents[1] / "models" / "tinysdxl"  # what is shipped
STATE = HERE / "state"  # what a later training goes on from, beside the shipped U-Net; float16
PROGRESS = STATE / "state.json"  # how far each training was

PICTURES = RUN / "pictures"  # chunks of rendered pictures
BANK = RUN / "bank"  # the same chunks as latents and text states
DRAFTS = RUN / "drafts"  # what the U-Net makes of the first pictures of each chunk
CODEC = RUN / "codec.safetensors"
TEXT = RUN / "text"
NETWORK = RUN / "network.pt"
DECAYED = RUN / "decayed.pt"  # the branch with falling rate, which is shipped
BEFORE = RUN / "before-polish.pt"
DECODER = RUN / "decoder.pt"
ENCODER = RUN / "encoder.pt"
READER = RUN / "reader.pt"
LOG = RUN / "training.jsonl"
EVALUATION = MODEL / "eval.json"
PROMPTS = HERE.parents[1] / "prompts" / "image_eval.json"
