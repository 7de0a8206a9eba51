"""Writes ``tune_eval.json``, once: ``python -m assets.prompts.make_tune_eval``. Frozen; a test pins it.

320 prompts for the melody model, languages alternate. Mode, metre and form are always said, the other qualities in
seven cases of ten. Prompt k starts from seed k.
"""

import json
import random
from pathlib import Path

from aigc_kit.worlds.tunes import CHOICES, TuneWish, caption, whole_wish

FILE = Path(__file__).with_name("tune_eval.json")
COUNT = 320
ALWAYS = ("mode", "metre", "form")


def main() -> None:
    """Write the file."""
    draw = random.Random("frozen prompts for tunes")
    rows = []
    for number in range(COUNT):
        whole = dict(whole_wish(TuneWish(), draw).items())
        told = {name: whole[name] for name in CHOICES if name in ALWAYS or draw.random() < 0.7}
        language = ("zh", "en")[number % 2]
        rows.append({"prompt": caption(TuneWish(**told), language, draw), "language": language, "expected": told})
    lines = ",\n".join("  " + json.dumps(row, ensure_ascii=False) for row in rows)
    FILE.write_text(f'{{\n "tunes": [\n{lines}\n ]\n}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
