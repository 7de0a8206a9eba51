"""Writes ``control_eval.json`` and ``control_masks.png``, once: ``python -m assets.prompts.make_control_eval``.

240 masks, 128 x 128, 20 in a row: 15 of each of the world's 12 subjects, every second one as the world places it, the
others turned, stretched and anywhere; then 60 smooth shapes that no subject has. Every mask has a prompt that says
subject (not for the 60), colour, "plain background", "day" and "flat illustration", neither size nor place: there the
subject can be found by its colours alone. Colours are the world's without white. Frozen; a test pins both files.
"""

import json
import random
from pathlib import Path

import numpy as np
from PIL import Image

from aigc_kit.worlds import tinyworld
from aigc_kit.worlds.tinyworld.spec import COLOURS, SUBJECTS, Spec
from assets.train.tinycontrol import hints

FILE = Path(__file__).with_name("control_eval.json")
SHEET = FILE.with_name("control_masks.png")
EACH, SHAPES, COLUMNS = 15, 60, 20


def main() -> None:
    """Draw and write the set."""
    rng = random.Random(20_261_129)
    masks, rows = [], []
    for number in range(EACH * len(SUBJECTS) + SHAPES):
        subject = SUBJECTS[number % len(SUBJECTS)] if number < EACH * len(SUBJECTS) else None
        colour, language = rng.choice(COLOURS[:-1]), ("zh", "en")[number // len(SUBJECTS) % 2]
        spec = Spec(subject=subject, colour=colour, scene="plain", style="flat", light="day")
        if subject is None:
            kind, mask = "shape", hints.blob(rng)
        else:
            full = spec.fill(rng)
            kind = ("usual", "free")[number // len(SUBJECTS) % 2]
            free = hints.actor(full, rng) if kind == "free" else tinyworld.place(full, hints.SIDE, hints.SIDE, rng)
            mask = tinyworld.paint(full, free, hints.SIDE, hints.SIDE, rng)[1]
        masks.append(mask)
        rows.append({"prompt": tinyworld.canonical(spec, language), "kind": kind, "expected": spec.known()})
    lines = [np.concatenate(masks[k : k + COLUMNS], 1) for k in range(0, len(masks), COLUMNS)]
    Image.fromarray(np.concatenate(lines)).save(SHEET, optimize=True)
    text = ",\n".join(" " + json.dumps(row, ensure_ascii=False) for row in rows)
    FILE.write_text(f"[\n{text}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
