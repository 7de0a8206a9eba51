"""Writes ``sound_eval.json``, once: ``python -m assets.prompts.make_sound_eval``. Frozen; a test pins it.

200 prompts for the tiny MusicGen, languages alternate: every combination that training never sees, 136 others that say
everything, 40 that leave one to three qualities open. Prompt k is sounded from seed k.
"""

import json
import random
from dataclasses import replace
from pathlib import Path

from aigc_kit.worlds.sounds import sound_caption, wishes
from assets.train.tinymusicgen.corpus import held_out

FILE = Path(__file__).with_name("sound_eval.json")
WHOLE, OPEN = 136, 40


def main() -> None:
    """Write the file."""
    draw = random.Random("frozen prompts for sounds")
    every = list(wishes())
    secret = held_out(every)
    others = [wish for wish in every if wish not in secret]
    chosen = secret + draw.sample(others, WHOLE)
    for wish in draw.sample(others, OPEN):
        names = [name for name, _ in wish.items()]
        dropped = draw.sample(names, draw.choice((1, 2, 3)))
        chosen.append(replace(wish, **dict.fromkeys(dropped)))
    draw.shuffle(chosen)
    rows = []
    for number, wish in enumerate(chosen):
        language = ("zh", "en")[number % 2]
        words = sound_caption(wish, language, draw)
        prompt = words.replace(" ", "，") if language == "zh" else words.replace(" ", ", ")
        rows.append(
            {"prompt": prompt, "language": language, "expected": dict(wish.items()), "held_out": wish in secret}
        )
    lines = ",\n".join("  " + json.dumps(row, ensure_ascii=False) for row in rows)
    FILE.write_text(f'{{\n "sounds": [\n{lines}\n ]\n}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
