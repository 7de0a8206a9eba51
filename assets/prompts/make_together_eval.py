"""Writes ``together_eval.json``, once: ``python -m assets.prompts.make_together_eval``. It is frozen; a test pins it.

Fifty prompts of which text, picture, music and clip each can say something: 40 of what clips show, 10 that name a style
and a place besides, which clips cannot. Languages alternate; every fourth leaves something out.
"""

import json
import random
from pathlib import Path

from aigc_kit.works.together.sayable import facts_of
from aigc_kit.worlds.tinyworld.captions import caption, clip_caption
from aigc_kit.worlds.tinyworld.motion import CLIP_ATTRIBUTES, ClipSpec, nameable
from aigc_kit.worlds.tinyworld.spec import POSITIONS, STYLES, Spec

from . import frozen

FILE = Path(__file__).with_name("together_eval.json")
CLIPS, PICTURES = 40, 10


def rows() -> list[dict]:
    """Draw fifty prompts whose facts the parser reads as they are meant."""
    rng = random.Random("one prompt, four media")
    found: dict[str, dict] = {}
    while len(found) < CLIPS + PICTURES:
        number = len(found)
        motion = CLIP_ATTRIBUTES["motion"][number % 8]
        subjects = [name for name in CLIP_ATTRIBUTES["subject"] if nameable(name, motion)]
        spec = ClipSpec(subject=rng.choice(subjects), motion=motion).fill(rng)
        language = ("zh", "en")[number % 2]
        if number < CLIPS:
            told = spec.told(rng, keep=0.6) if number % 4 == 3 else spec
            wish, prompt = told.known(), clip_caption(told, rng, language)
        else:
            values = {name: value for name, value in spec.known().items() if name != "motion"}
            picture = Spec(**values, style=rng.choice(STYLES), position=rng.choice(POSITIONS))
            wish, prompt = picture.known(), caption(picture, rng, language)
        if dict(facts_of(prompt).values) == wish and "light" in wish:
            found.setdefault(prompt, {"prompt": prompt, "language": language, "expected": wish})
    return list(found.values())


if __name__ == "__main__":
    frozen.write(FILE, rows(), [])
    print(json.loads(FILE.read_text(encoding="utf-8"))["generated"][:3])
