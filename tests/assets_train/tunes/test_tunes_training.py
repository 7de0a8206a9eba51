"""What the melody model's training weighs, on tunes counted by hand."""

import torch

from assets.train.tunes import train
from assets.train.tunes.vocabulary import ids


def row(text):
    return torch.tensor([[ids()[token] for token in text.split()]])


WISH = "<s> <jue> <2/4> {form} <slow> <wide> <even> <steppe>"
TUNE = "=54 60:8 64:8 | / 62:4 62:4 | / 60:8 65:8 | / 64:8 60:8 | / </s> <pad>"


def test_summits_are_the_highest_notes_of_each_phrase_where_one_was_asked_for():
    names = f"{WISH.format(form='<qczh>')} {TUNE}".split()
    found = train.summits(row(" ".join(names)))[0].tolist()
    assert [name for name, high in zip(names, found, strict=True) if high] == ["64:8", "62:4", "62:4", "65:8", "64:8"]


def test_other_forms_have_no_summit_that_counts():
    for form in ("<AABA>", "<form-any>"):
        assert not train.summits(row(f"{WISH.format(form=form)} {TUNE}")).any()


def test_pitches_are_those_that_tokens_say():
    assert (
        train.pitches()[ids()["60:8"]] == 60 and train.pitches()[ids()["|"]] == 0 and len(train.pitches()) == len(ids())
    )
