"""Measures of pictures against pictures whose contents are known: renders of the tiny world, and arithmetic by hand."""

import numpy as np
import pytest
from image_plans import plan_of

from aigc_kit import image
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Cost, Take
from aigc_kit.make.image import measures
from aigc_kit.worlds.tinyworld import Spec, render


def take_of(prompt, pictures):
    return Take("image", np.stack(pictures), plan_of(prompt), Cost(()))


def drawn(seed=0, **attributes):
    return render(Spec(**attributes), seed=seed)


@pytest.fixture
def cats():
    red, blue = ({"subject": "cat", "colour": c, "scene": "sea", "style": "flat"} for c in ("red", "blue"))
    return take_of("a red cat by the sea", [drawn(1, **red), drawn(2, **blue)])


def test_what_a_picture_shows_is_read_from_it(cats):
    right, wrong = measures.shows(cats)
    assert right == {"subject": True, "colour": True, "scene": True}
    assert wrong == {"subject": True, "colour": False, "scene": True}
    assert measures.shows(cats, "a cat at the right")[0].keys() == {"subject", "position"}


def test_adherence_is_a_share_of_what_was_asked_for(cats):
    assert measures.adherence([cats]) == pytest.approx(5 / 6)
    noise = take_of("a red cat", [np.random.default_rng(0).integers(0, 256, (128, 128, 3), dtype=np.uint8)])
    assert measures.adherence([noise]) == 0  # no picture of the world agrees with nothing


def test_a_dial_counts_pictures_that_are_right_as_a_whole(cats):
    (row,) = measures.adherence_by({5: [cats]})
    assert (row.right.held, row.right.count) == (1, 2) and row.attributes == pytest.approx(5 / 6)
    ends = np.isin(cats.data, (0, 255)).mean()
    assert row.clipped == pytest.approx(ends) and row.difference == measures.diversity(cats.data)


def test_a_spoilt_picture_counts_for_nothing(cats):
    spoilt = np.random.default_rng(0).integers(0, 256, (128, 128, 3), dtype=np.uint8)
    take = take_of("a cat", [*cats.data, spoilt])
    assert measures.seen(take, "红色") == [True, False]
    assert measures.seen(take, "a blue cat") == [False, True]
    with pytest.raises(BadInput, match="no word of the tiny world"):
        measures.seen(take, "quantum")


def test_nothing_asked_for_is_refused(cats):
    with pytest.raises(BadInput, match="no word of the tiny world"):
        measures.shows(take_of("quantum entanglement", list(cats.data)))
    with pytest.raises(BadInput, match="no takes"):
        measures.adherence([])


def test_diversity_is_the_mean_over_pairs():
    levels = np.stack([np.full((4, 4, 3), value, np.uint8) for value in (0, 30, 90)])
    assert measures.diversity(levels) == pytest.approx((30 + 90 + 60) / 3)
    assert measures.rms(levels[0], levels[2]) == 90
    with pytest.raises(BadInput, match="two pictures"):
        measures.diversity(levels[:1])


def test_encode_is_the_vaes_own(here):
    import torch

    plan = plan_of()
    vae = image.engine(plan).parts["vae"]
    pictures = np.random.default_rng(0).integers(0, 256, (2, 32, 64, 3), dtype=np.uint8)
    found = image.encode(vae, pictures)
    pixels = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255 * 2 - 1
    with torch.no_grad():
        wanted = vae.encode(pixels).latent_dist.mode() * vae.config.scaling_factor
    assert torch.allclose(found, wanted, atol=1e-5)
    assert found.shape == (2, 4, 4, 8)
