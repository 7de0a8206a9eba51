"""Smeared subjects: spoilt where the subject is and nowhere else; the small measures of the trial, by hand."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from assets.train.tinyreader import smears  # noqa: E402


def test_only_the_subject_is_smeared_in_four_ways():
    generator = torch.Generator().manual_seed(1)
    latents = torch.randn(8, 16, 6, 6, generator=generator)
    cells = torch.zeros(8, 1, 6, 6)
    cells[:, :, 2:4, 1:5] = 1
    spoilt = smears.smeared(latents, cells, generator)
    inside = cells.expand_as(latents) > 0
    assert torch.equal(spoilt[~inside], latents[~inside])
    changed = (spoilt - latents).abs().flatten(1).amax(1)
    assert (changed > 0.1).all()


def test_a_row_is_found_that_tells_apart_what_can_be_told_apart():
    features = torch.cartesian_prod(torch.tensor([0.0, 1, 4, 5]), torch.tensor([-5.0, 5]))
    valid = (features[:, 0] > 2).float()
    row, bias = smears.fitted(features, valid, torch.ones(8))
    assert torch.equal(features @ row + bias > 0, valid > 0)
    assert abs(row[1]) < 0.01 * row[0]


def test_the_area_is_the_share_of_pairs_in_order(capsys):
    validity, named = np.array([0.9, 0.4, 0.4, 0.1]), np.array([True, True, False, False])
    assert smears.ranked(validity, named) == (2 + 0.5 + 1) / 4
    smears.told("one", validity, named, np.ones(4, bool))
    assert "area 0.875, agrees 75.0% from" in capsys.readouterr().out
