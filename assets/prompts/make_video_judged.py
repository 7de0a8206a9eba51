"""Writes ``video_judged.json``, once: ``python -m assets.prompts.make_video_judged``. The file is frozen.

What eyes judge: the prompts of ``video_eval.json`` that `SHOWN` holds, then 50 more of it: each subject in each of its
motions, every fourth leaves some attributes out, languages alternate.
"""

import json
import random
from pathlib import Path

from aigc_kit.worlds.tinyworld.captions import clip_caption
from aigc_kit.worlds.tinyworld.motion import NAMED, ClipSpec

from . import frozen
from .make_video_eval import FILE as EVALUATION

FILE = Path(__file__).with_name("video_judged.json")
WITH_FACES = {"puppy": ("grow", "bounce"), "cat": ("grow",), "fish": ("grow",)}
SHOWN = {subject: motions for subject, motions in NAMED.items() if subject not in WITH_FACES} | WITH_FACES
"""What was hoped for before eyes had looked: what is promised today, a puppy that bounces and a cat that grows."""
COUNT = 50


def generated() -> list[dict]:
    """The prompts, in the order of the file."""
    known = json.loads(EVALUATION.read_text(encoding="utf-8"))["generated"]
    kept = [row for row in known if row["expected"]["motion"] in SHOWN[row["expected"]["subject"]]]
    rng = random.Random(2031)
    pairs = [(subject, motion) for subject, motions in SHOWN.items() for motion in motions]
    chosen = rng.sample(pairs, len(pairs)) + rng.choices(pairs, k=COUNT)
    specs = [ClipSpec(subject=subject, motion=motion).fill(rng) for subject, motion in chosen[:COUNT]]
    return kept + frozen.prompts(specs, clip_caption, rng)


if __name__ == "__main__":
    frozen.write(FILE, generated(), [])
