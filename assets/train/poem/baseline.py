"""Counts the 5-gram baseline on the training split and scores the test split; writes ``run/baseline.json``."""

import json

import numpy as np

from . import corpus, paths
from .kneser_ney import KneserNey, pack
from .vocabulary import PAD, Encoder

ORDER = 5


def sequences(poems: list[corpus.Poem], encoder: Encoder, rhymed: bool = True) -> list[tuple[list[int], int]]:
    """(ids, start) of each poem; with ``rhymed`` False every rhyme token is ``<不限韵>``."""
    pairs = ((encoder.prompt(poem), encoder.answer(poem, rhymed)) for poem in poems)
    return [(prompt + answer, len(prompt)) for prompt, answer in pairs]


def perplexity(probabilities: np.ndarray) -> float:
    return float(np.exp(-np.log(probabilities).mean()))


def evaluate() -> dict:
    """Perplexities of the test split by orders 5 to 2, with and without the rhyme token; over all and Han tokens."""
    encoder = Encoder()
    size, pad = len(encoder.ids), encoder.ids[PAD]
    han = np.zeros(size, dtype=bool)
    han[[number for token, number in encoder.ids.items() if corpus.HAN_LINE.fullmatch(token)]] = True
    report = {"order": ORDER, "smoothing": "interpolated modified Kneser-Ney"}
    training, test = corpus.load("train"), corpus.load("test")
    for rhymed in (True, False):
        counted = pack(sequences(training, encoder, rhymed), ORDER, size, pad)
        scored = pack(sequences(test, encoder, rhymed), ORDER, size, pad)
        if rhymed:  # both written down in training, as the network sees them: a rhyme, or none
            model = KneserNey(counted, ORDER, size)
            report |= {"training_ngrams": len(counted), "test_tokens": len(scored)}
            report["test_characters"] = int(han[scored % size].sum())
        else:
            model = KneserNey(counted, ORDER, size)
        key = "with_rhyme_token" if rhymed else "without_rhyme_token"
        report[key] = {f"order_{n}": perplexity(model.probabilities(scored, n)) for n in range(2, ORDER + 1)}
        report[key]["characters_only"] = perplexity(model.probabilities(scored)[han[scored % size]])
    paths.BASELINE.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    return report
