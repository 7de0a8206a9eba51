"""Writes ``lora_eval.json``, once: ``python -m assets.prompts.make_lora_eval``. Frozen; a test pins it.

style: 60 prompts that name no style, each subject five times. rocket: 60 that ask for a rocket, which the base does not
know. usual: 60 of the world's own prompts, for what is forgotten. Languages alternate; prompt k starts from seed k.
"""

import json
import random
from pathlib import Path

from aigc_kit.worlds.tinyworld import caption
from aigc_kit.worlds.tinyworld.spec import STYLES, SUBJECTS, Spec
from assets.train.tinyloras.pictures import rocket_caption

FILE = Path(__file__).with_name("lora_eval.json")
COUNT = 60


def main() -> None:
    """Draw and write the set."""
    rng = random.Random(20_261_129)
    sets: dict[str, list[dict]] = {"style": [], "rocket": [], "usual": []}
    for number in range(COUNT):
        subject, language = SUBJECTS[number % len(SUBJECTS)], ("zh", "en")[number // len(SUBJECTS) % 2]
        full = Spec(subject=subject).fill(rng, training=True)
        unsaid = Spec(
            **{name: value for name, value in full.known().items() if name not in ("style", "size", "position")}
        )
        spec = unsaid.told(rng, 0.8)
        sets["style"].append({"prompt": caption(spec, rng, language), "expected": spec.known()})
        other = Spec(style=rng.choice(STYLES[:-1])).fill(rng).told(rng, 0.7)
        expected = {name: value for name, value in other.known().items() if name != "subject"}
        sets["rocket"].append({"prompt": rocket_caption(other, language), "expected": expected})
        usual = Spec(subject=subject).fill(rng, training=True).told(rng, 0.8)
        sets["usual"].append({"prompt": caption(usual, rng, language), "expected": usual.known()})
    text = ",\n".join(
        f' "{name}": [\n' + ",\n".join("  " + json.dumps(row, ensure_ascii=False) for row in rows) + "\n ]"
        for name, rows in sets.items()
    )
    FILE.write_text("{\n" + text + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
