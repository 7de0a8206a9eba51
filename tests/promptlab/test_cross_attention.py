"""Keys and values kept between steps: the same picture to the bit, operations counted by another counter."""

import numpy as np
import pytest

from aigc_kit.core import paths
from aigc_kit.core.errors import AigcError
from aigc_kit.make import image
from aigc_kit.promptlab.caches import cross_attention

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def plan():
    return image.plan_for("一只红色的小猫", steps=3, seed=1)


def test_a_picture_is_the_same_to_the_bit_and_texts_are_read_once(plan):
    unet = image.engine(plan).view(plan).pipe.unet
    before = list(unet.state_dict())
    plain = image.run(plan).data
    with cross_attention.kept(unet) as tally:
        kept = image.run(plan).data
        other = image.run(image.plan_for("一只蓝色的小狗", steps=3, seed=1)).data
    assert np.array_equal(plain, kept) and not np.array_equal(kept, other)
    layers = len(cross_attention._projections(unet))
    assert (tally.computed, tally.reused) == (2 * layers, 4 * layers)
    assert list(unet.state_dict()) == before and np.array_equal(image.run(plan).data, plain)


def test_an_error_inside_leaves_the_network_as_it_was(plan):
    unet = image.engine(plan).view(plan).pipe.unet
    with pytest.raises(KeyError), cross_attention.kept(unet):
        raise KeyError
    assert all(isinstance(getattr(where, name), torch.nn.Linear) for where, name in cross_attention._projections(unet))


def test_operations_are_those_that_torch_counts(plan):
    from torch.utils.flop_counter import FlopCounterMode

    unet = image.engine(plan).view(plan).pipe.unet
    where = [getattr(attention, name) for attention, name in cross_attention._projections(unet)]
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        for layer in where:
            layer(torch.zeros(1, 77, layer.in_features))
    assert cross_attention.operations(unet) == counter.get_total_flops()


def test_the_share_of_known_models():
    """E92: .37 % of a step of SD 1.5 at its usual size, .78 % of SDXL's."""
    assert cross_attention.share("sd15") == pytest.approx(0.0037, abs=0.0001)
    with pytest.raises(AigcError):
        cross_attention.share("none")


def test_the_share_of_a_folder_is_traced_now(plan):
    """The small one, against torch's counter on a real step."""
    from torch.utils.flop_counter import FlopCounterMode

    folder = paths.assets() / "models" / "tinysdxl"
    unet = image.engine(plan).view(plan).pipe.unet
    counter = FlopCounterMode(display=False)
    added = {"text_embeds": torch.zeros(2, 128), "time_ids": torch.zeros(2, 6)}
    with counter, torch.no_grad():
        unet(
            torch.zeros(2, unet.config.in_channels, unet.config.sample_size, unet.config.sample_size),
            1,
            torch.zeros(2, 77, 192),
            added_cond_kwargs=added,
        )
    truth = 2 * cross_attention.operations(unet) / counter.get_total_flops()
    assert cross_attention.share(folder, 128, 128, "float32") == pytest.approx(truth, rel=0.05)
