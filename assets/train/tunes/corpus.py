"""Tunes composed for training, as rows of token ids: wish, tune, end; and those held out."""

import random
from dataclasses import dataclass

import numpy as np

from aigc_kit.worlds.tunes.composer import compose
from aigc_kit.worlds.tunes.tune import Tune, tokens_of
from aigc_kit.worlds.tunes.wishes import TuneWish, whole_wish

from . import paths
from .vocabulary import END, PAD, START, ids

TUNES, HELD_OUT, LONGEST = 160_000, 1_000, 160
GIVEN = 8  # the start and the seven tokens of the wish


@dataclass(frozen=True)
class Corpus:
    """rows: int16 (tunes, LONGEST), padded; lengths: int16 (tunes,). The last HELD_OUT rows are never trained on."""

    rows: np.ndarray
    lengths: np.ndarray

    @property
    def trained(self) -> int:
        return len(self.rows) - HELD_OUT


def example(seed: int) -> tuple[TuneWish, Tune]:
    """The tune of this number, always the same."""
    draw = random.Random(f"tune {seed}")
    wish = whole_wish(TuneWish(), draw)
    return wish, compose(wish, draw)


def build() -> int:
    """Compose all tunes; held-out ones that stand among the others note for note are composed anew."""
    table = ids()
    rows = np.full((TUNES + HELD_OUT, LONGEST), table[PAD], np.int16)
    lengths = np.zeros(len(rows), np.int16)
    bodies, seed = set(), 0
    for place in range(len(rows)):
        while True:
            wish, tune = example(seed)
            seed += 1
            tokens = tokens_of(tune)
            if place < TUNES or hash(tuple(tokens[1:])) not in bodies:
                break
        bodies.add(hash(tuple(tokens[1:])))
        row = [table[token] for token in (START, *wish.tokens(), *tokens, END)]
        rows[place, : len(row)], lengths[place] = row, len(row)
    paths.RUN.mkdir(exist_ok=True)
    np.savez_compressed(paths.CORPUS, rows=rows, lengths=lengths)
    return len(bodies)


def load() -> Corpus:
    with np.load(paths.CORPUS) as file:
        return Corpus(file["rows"], file["lengths"])
