"""Writes ``video_judged.json``, once: ``python -m assets.prompts.make_video_judged``. The file is frozen.

What eyes judge: the prompts of ``video_eval.json`` that `SHOWN` holds, then 50 more of it: each subject in each of its
motions, every fourth leaves some attributes out, languages alternate. Then 87 of all other subjects and motions, each
three times or four.
"""

import json
import random
from pathlib import Path

from aigc_kit.worlds.tinyworld.captions import clip_caption
from aigc_kit.worlds.tinyworld.motion import MOTIONS, MOVING, ClipSpec, go_together

from . import frozen
from .make_video_eval import FILE as EVALUATION

FILE = Path(__file__).with_name("video_judged.json")
WAYS = ("left", "right", "up", "down", "grow", "bounce")
SHOWN = {
    "donut": (*WAYS, "turn", "morph"),
    "cup": (*WAYS, "morph"),
    **dict.fromkeys(("heart", "star", "ball", "square"), WAYS),
    "flower": WAYS[:-1],
    "puppy": ("grow", "bounce"),
    "cat": ("grow",),
    "fish": ("grow",),
}
"""What was hoped for before eyes had looked at the first weights."""
COUNT, OTHERS = 50, 87


def generated() -> list[dict]:
    """The prompts, in the order of the file."""
    known = json.loads(EVALUATION.read_text(encoding="utf-8"))["generated"]
    kept = [row for row in known if row["expected"]["motion"] in SHOWN[row["expected"]["subject"]]]
    rng = random.Random(2031)
    pairs = [(subject, motion) for subject, motions in SHOWN.items() for motion in motions]
    chosen = rng.sample(pairs, len(pairs)) + rng.choices(pairs, k=COUNT)
    specs = [ClipSpec(subject=subject, motion=motion).fill(rng) for subject, motion in chosen[:COUNT]]
    return kept + frozen.prompts(specs, clip_caption, rng) + others()


def others() -> list[dict]:
    """Prompts of what `SHOWN` leaves out."""
    rng = random.Random(2032)
    pairs = [
        (subject, motion)
        for subject in MOVING
        for motion in MOTIONS
        if go_together(subject, motion) and motion not in SHOWN[subject]
    ]
    chosen = (pairs * (OTHERS // len(pairs)) + rng.sample(pairs, len(pairs)))[:OTHERS]
    specs = [ClipSpec(subject=subject, motion=motion).fill(rng) for subject, motion in rng.sample(chosen, OTHERS)]
    return frozen.prompts(specs, clip_caption, rng)


if __name__ == "__main__":
    frozen.write(FILE, generated(), [])
