"""Writes ``clip_eval.json``, once: ``python -m assets.prompts.make_clip_eval``. Frozen; a test pins it.

Attribute -> 500 pairs of pictures that differ in this attribute alone, with a caption of the first. A row: labels of
the first (places in ``ATTRIBUTES``), the other value, the seed of both renders, the caption.
"""

import json
import random
from pathlib import Path

from aigc_kit.worlds.tinyworld import captions
from aigc_kit.worlds.tinyworld.spec import ATTRIBUTES, Spec

FILE = Path(__file__).with_name("clip_eval.json")
COUNT = 500


def main() -> None:
    """Draw and write the pairs; languages alternate."""
    rng, sets = random.Random(20_261_130), {}
    for name, values in ATTRIBUTES.items():
        rows = []
        for number in range(COUNT):
            spec = Spec.sample(rng)
            other = rng.choice([value for value in values if value != spec.known()[name]])
            said = captions.caption(spec, rng, captions.LANGUAGES[number % 2])
            labels = [ATTRIBUTES[each].index(value) for each, value in spec.known().items()]
            rows.append([labels, other, rng.randrange(2**31), said])
        sets[name] = rows
    text = ",\n".join(
        f' "{name}": [\n' + ",\n".join("  " + json.dumps(row, ensure_ascii=False) for row in rows) + "\n ]"
        for name, rows in sets.items()
    )
    FILE.write_text("{\n" + text + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
