"""What the LoRAs and the reader learn from: renders of seeds that no test uses."""

import random
from typing import NamedTuple

import numpy as np

from aigc_kit.teach.labs.lab06 import looks
from aigc_kit.teach.labs.lab06.reader import STYLE_NAMES, SUBJECT_NAMES
from aigc_kit.worlds import tinyworld
from aigc_kit.worlds.tinyworld import captions
from aigc_kit.worlds.tinyworld.spec import STYLES, SUBJECTS, Spec

NAMES = ("blueprint", "papercut", "rocket")
ROCKET = {"zh": ("火箭", "一枚"), "en": ("rocket", "")}


class Example(NamedTuple):
    """picture: uint8 (128, 128, 3); caption: str; style, subject: of the reader's names."""

    picture: np.ndarray
    caption: str
    style: str
    subject: str


def rocket_caption(spec: Spec, language: str) -> str:
    """A caption of the spec in which a ball is called a rocket."""
    said = captions.canonical(Spec(**{**spec.known(), "subject": "ball"}), language)
    if language == "zh":
        return said.replace("一个", "一枚").replace("圆球", "火箭")
    return said.replace("ball", "rocket")


def example(name: str, rng: random.Random) -> Example:
    """One picture of a LoRA's set. A style is never named in its captions."""
    language, seed = rng.choice(captions.LANGUAGES), rng.randrange(2**31)
    if name == "rocket":
        spec = Spec(style=rng.choice(STYLES[:-1])).fill(rng)
        told = spec.told(rng, 0.8)
        return Example(
            looks.with_subject(looks.rocket(), spec, seed), rocket_caption(told, language), spec.style or "", name
        )
    spec = Spec(style="flat").fill(rng, training=False)
    told = Spec(**{key: value for key, value in spec.told(rng, 0.8).known().items() if key != "style"})
    return Example(looks.in_look(name, spec, seed), captions.caption(told, rng, language), name, spec.subject or "")


def usual(rng: random.Random) -> Example:
    """One picture of the base's own world, for what shall not be forgotten."""
    spec = Spec.sample(rng, training=True)
    language, seed = rng.choice(captions.LANGUAGES), rng.randrange(2**31)
    said = captions.caption(spec.told(rng, 0.8), rng, language)
    return Example(tinyworld.render(spec, looks.SIDE, looks.SIDE, seed), said, spec.style or "", spec.subject or "")


def for_reader(rng: random.Random) -> Example:
    """One picture of any style and subject that the reader shall tell apart."""
    style, subject = rng.choice(STYLE_NAMES), rng.choice(SUBJECT_NAMES)
    spec = Spec(style=style if style in STYLES else "flat", subject=subject if subject in SUBJECTS else "ball").fill(
        rng
    )
    seed = rng.randrange(2**31)
    if subject == "rocket":
        picture = looks.with_subject(looks.rocket(), spec, seed, style if style in looks.LOOKS else None)
        style = style if style in looks.LOOKS or style != "pixel" else "flat"
    elif style in looks.LOOKS:
        picture = looks.in_look(style, spec, seed)
    else:
        picture = tinyworld.render(spec, looks.SIDE, looks.SIDE, seed)
    return Example(picture, "", style, subject)
