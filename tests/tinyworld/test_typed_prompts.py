"""Prompts as learners type them: how much of what they mean is read, and how much is read into them."""

import hashlib
from pathlib import Path
from typing import NamedTuple

import pytest

from aigc_kit.worlds.tinyworld.clip_vocab import clip_phrase
from aigc_kit.worlds.tinyworld.motion import CLIP_ATTRIBUTES
from aigc_kit.worlds.tinyworld.spec import ATTRIBUTES
from aigc_kit.worlds.tinyworld.vocab import phrase

FOLDER = Path(__file__).parent / "typed"
PINNED = {"frozen": "", "tuning": "", "traps": ""}
READERS = {"picture": (phrase, ATTRIBUTES), "clip": (clip_phrase, CLIP_ATTRIBUTES)}


class Typed(NamedTuple):
    kind: str
    prompt: str
    wanted: dict[str, str]

    def read(self) -> dict[str, str]:
        return READERS[self.kind][0](self.prompt).spec.known()


def typed(name: str) -> list[Typed]:
    lines = (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    rows = (line.split(" |") for line in lines if line and not line.startswith("#"))
    return [Typed(row[0], row[1].strip(), dict(pair.split("=") for pair in "".join(row[2:]).split())) for row in rows]


def score(rows: list[Typed]) -> tuple[int, int, int]:
    """Count attributes that are wanted, of these read right, and read though not meant."""
    wanted = right = extra = 0
    for row in rows:
        read = row.read()
        wanted += len(row.wanted)
        right += sum(read.get(name) == value for name, value in row.wanted.items())
        extra += sum(name not in row.wanted for name in read)
    return wanted, right, extra
