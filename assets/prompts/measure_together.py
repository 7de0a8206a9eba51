"""Runs the fifty frozen prompts through text, picture, music and clip: ``python -m assets.prompts.measure_together``.

Three draws each, so that first and best of three can be compared; a reader that did not choose, the small CLIP, judges
the pictures again. Writes ``assets/data/together.json`` a row at a time, and goes on where it stopped.
"""

import json
import platform
from datetime import UTC, datetime

import numpy as np

from aigc_kit.core import paths
from aigc_kit.works.together.content import MOST_DRAWS
from aigc_kit.works.together.makers import MAKERS
from aigc_kit.works.together.sayable import facts_of
from aigc_kit.worlds.tinyworld import clip
from aigc_kit.worlds.tinyworld.captions import canonical
from aigc_kit.worlds.tinyworld.spec import Spec

from .make_together_eval import FILE

MEDIA = ("image", "audio", "text", "video")


def draws(prompt: str, seed: int) -> dict:
    """Draw each medium until its reader finds all, three times at most."""
    facts = facts_of(prompt)
    row: dict = {"prompt": prompt, "facts": dict(facts.values), "media": {}}
    for medium in MEDIA:
        some = []
        for draw in range(MOST_DRAWS):
            piece = MAKERS[medium](facts, seed + draw)
            reading = piece.reading
            each = {"read": {name: reading.values.get(name) for name in facts.values}}
            each["against"] = {name: list(reading.against[name]) for name in facts.values if reading.against.get(name)}
            if medium == "image":
                own = {name: value for name, value in facts.values.items() if name != "motion"}
                cosine = clip.similarity([np.asarray(piece.content)], [canonical(Spec(**own), "en")])
                each["clip"] = round(float(cosine[0, 0]), 4)
            if medium == "text":
                each["text"] = piece.content
            some.append(each)
            if sum(reading.right(n, v) for n, v in facts.of(medium).items()) == len(facts.of(medium)):
                break
        row["media"][medium] = some
    return row


def main() -> None:
    """Measure what is missing, and write after each prompt."""
    file = paths.assets() / "data" / "together.json"
    prompts = [row["prompt"] for row in json.loads(FILE.read_text(encoding="utf-8"))["generated"]]
    data = {"machine": platform.machine(), "at": datetime.now(UTC).date().isoformat(), "rows": []}
    if file.is_file():
        data = json.loads(file.read_text(encoding="utf-8"))
    for number, prompt in enumerate(prompts):
        if number >= len(data["rows"]):
            data["rows"].append(draws(prompt, 100 * number))
            lines = ",\n".join("  " + json.dumps(row, ensure_ascii=False) for row in data["rows"])
            head = f' "machine": "{data["machine"]}",\n "at": "{data["at"]}",\n'
            paths.write_atomically(file, f'{{\n{head} "rows": [\n{lines}\n ]\n}}\n')
            print(number, flush=True)


if __name__ == "__main__":
    main()
