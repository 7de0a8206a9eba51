"""The grammar leaves exactly what keeps a bar whole, whatever scores a model gives."""

import pytest
import torch

from aigc_kit.make.music.bar_grammar import BarGrammar
from aigc_kit.worlds.tunes import hear, tune_of
from aigc_kit.worlds.tunes.tune import note_tokens
from aigc_kit.worlds.tunes.wishes import wish_tokens

NAMES = ["<pad>", "<s>", "</s>", *wish_tokens(), *note_tokens()]
IDS = {name: number for number, name in enumerate(NAMES)}
GIVEN = [1] + [IDS["<mode-any>"]] * 7


@pytest.mark.parametrize(("metre", "length"), [("2/4", 8), ("3/4", 12), ("4/4", 16), ("6/8", 12)])
def test_noise_under_the_grammar_has_every_bar_right(metre, length):
    grammar = BarGrammar(NAMES, [length], len(GIVEN), 2)
    generator = torch.Generator().manual_seed(length)
    ids = [*GIVEN, IDS["=92"]]
    for _ in range(200):
        scores = torch.randn(1, len(NAMES), generator=generator) * 3
        token = int(grammar(torch.tensor([ids]), scores).argmax())
        if token == 2:
            break
        ids.append(token)
    tune = tune_of([NAMES[token] for token in ids[8:]])
    whole = tune.bars[:-1] if token != 2 else tune.bars
    assert whole
    assert all(sum(note.length for note in bar) == length for bar in whole)
    assert hear(tune, metre).bars_right >= len(whole) / len(tune.bars)


def test_cases_by_hand():
    grammar = BarGrammar(NAMES, [8], len(GIVEN), 2)

    def allowed(*written):
        ids = torch.tensor([[*GIVEN, *(IDS[token] for token in written)]])
        scores = grammar(ids, torch.zeros(1, len(NAMES)))[0]
        return {NAMES[k] for k in torch.isfinite(scores).nonzero()[:, 0].tolist()}

    assert allowed("=92", "60:8") == {"|", "/"}
    assert {token.split(":")[1] for token in allowed("=92", "60:6")} == {"1", "2"}
    assert "</s>" in allowed("=92", "60:8", "|")
    assert "</s>" not in allowed("=92", "60:4")
    assert "|" not in allowed("=92", "60:8", "|")


def test_rows_have_metres_of_their_own():
    grammar = BarGrammar(NAMES, [8, 16], len(GIVEN), 2)
    ids = torch.tensor([[*GIVEN, IDS["=92"], IDS["60:8"]]] * 2)
    full, half = grammar(ids, torch.zeros(2, len(NAMES)))
    assert torch.isfinite(full).sum() == 2
    assert torch.isfinite(half[IDS["62:8"]])
