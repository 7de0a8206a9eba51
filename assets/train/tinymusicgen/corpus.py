"""Captions and codes of every clip of the world, and the note that each frame belongs to."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

import numpy as np
import torch
from torch import Tensor

from aigc_kit.core.bilingual import Words
from aigc_kit.worlds.sounds.sound_world import (
    FRAMES,
    REGISTERS,
    SOUND_CHOICES,
    SOUND_NAMES,
    SPEEDS,
    SoundWish,
    melody,
)

from . import codec, paths

HELD_OUT = 24
LOWEST, SILENCE = min(REGISTERS.values()), 60
"""MIDI pitch that counts as 0, and what counts as the pitch after the last note."""
LEFT_OPEN = 0.1
"""Share of the qualities that a caption leaves out."""


def held_out(whole: list[SoundWish]) -> list[SoundWish]:
    """Wishes that training never sees, though it sees each of their values with others."""
    return Random("held-out sounds").sample(whole, HELD_OUT)


@dataclass(frozen=True)
class Corpus:
    """wishes: (clips,); codes: int64 (clips, 4, 75); pitches, places: int64 (clips, 75) of the note at each frame."""

    wishes: list[SoundWish]
    codes: Tensor
    pitches: Tensor
    places: Tensor


def load() -> Corpus:
    """Read the clips that may be trained on."""
    clips, _ = codec.everything()
    with np.load(paths.CODES) as file:
        codes = torch.from_numpy(file["codes"].astype(np.int64))
    secret = set(held_out(list(dict.fromkeys(wish for wish, _ in clips))))
    kept = [k for k, (wish, _) in enumerate(clips) if wish not in secret]
    pitches, places = zip(*(notes(*clips[k]) for k in kept), strict=True)
    return Corpus([clips[k][0] for k in kept], codes[kept], torch.tensor(pitches), torch.tensor(places))


def notes(wish: SoundWish, tonic: int) -> tuple[list[int], list[int]]:
    """Pitch above the lowest, and frames since its note began, of each frame."""
    length = SPEEDS[str(wish.speed)]
    heights = melody(wish, tonic)
    heights = [height - LOWEST for height in heights] + [SILENCE] * FRAMES
    return [heights[k // length] for k in range(FRAMES)], [k % length for k in range(FRAMES)]


def caption(wish: SoundWish, draw: Random) -> str:
    """Say a wish in either language, in any order, some of it left out."""
    share = 1.0 if draw.random() < 0.03 else 0.0 if draw.random() < 0.5 else 2 * LEFT_OPEN
    wish = replace(wish, **{name: None for name, _ in wish.items() if draw.random() < share})
    language = draw.choice(("zh", "en"))
    words: list[Words] = [SOUND_NAMES[value] for _, value in wish.items()]
    draw.shuffle(words)
    return (" " if language == "en" else draw.choice(("", "，", " "))).join(getattr(w, language) for w in words)


def batches(corpus: Corpus, size: int, seed: int) -> Iterator[tuple[list[str], Tensor]]:
    """Captions, and which clips they are of, without end."""
    draw = Random(seed)
    while True:
        rows = [draw.randrange(len(corpus.wishes)) for _ in range(size)]
        yield [caption(corpus.wishes[row], draw) for row in rows], torch.tensor(rows)


def values(wish: SoundWish) -> list[int]:
    """Each quality as a number, the last one for what is open."""
    said = dict(wish.items())
    return [v.index(said[name]) if name in said else len(v) for name, v in SOUND_CHOICES.items()]
