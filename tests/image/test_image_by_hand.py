"""The denoising loop by hand, as a learner writes it: equal to the kit's call; and AND, which no single call can do."""

import numpy as np
import pytest
from image_plans import plan_of

from aigc_kit import image
from aigc_kit.make.image.pixels import decode
from aigc_kit.worlds.prompts import parse, plain
from tests.closeness import same_pixels


@pytest.fixture
def pipe(here):
    plan = plan_of()
    return image.engine(plan).view(plan).pipe


def by_hand(pipe, prompt, *, negative="", steps=3, guidance=5.0, seed=0):
    """Noise -> picture. Each condition between ANDs has a prediction of its own; their pulls are added by weight."""
    import torch

    conditions = parse(prompt).conditions
    texts = [negative, *(plain(condition) for condition in conditions)]
    encoded = [pipe.encode_prompt(text, do_classifier_free_guidance=False) for text in texts]
    states, pooled = torch.cat([e[0] for e in encoded]), torch.cat([e[2] for e in encoded])
    sizes = torch.tensor([[64.0, 64, 0, 0, 64, 64]]).repeat(len(texts), 1)
    pipe.scheduler.set_timesteps(steps)
    x = torch.randn((1, 4, 8, 8), generator=torch.Generator("cpu").manual_seed(seed))
    x = x * pipe.scheduler.init_noise_sigma
    for t in pipe.scheduler.timesteps:
        seen = pipe.scheduler.scale_model_input(x, t).repeat(len(texts), 1, 1, 1)
        with torch.no_grad():
            added = {"text_embeds": pooled, "time_ids": sizes}
            empty, *wanted = pipe.unet(seen, t, encoder_hidden_states=states, added_cond_kwargs=added).sample.chunk(
                len(texts)
            )
        pull = sum(condition.weight * (one - empty) for condition, one in zip(conditions, wanted, strict=True))
        x = pipe.scheduler.step(empty + guidance * pull, t, x).prev_sample
    return decode(pipe.vae, x)


def test_the_loop_by_hand_is_the_kits_call(pipe):
    plan = plan_of("a red cat", negative="blurry", steps=3, seed=4)
    assert same_pixels(by_hand(pipe, "a red cat", negative="blurry", seed=4), image.run(plan).data)


def test_two_halves_of_one_condition_are_the_condition(pipe):
    whole = by_hand(pipe, "a red cat")
    halves = by_hand(pipe, "a red cat :0.5 AND a red cat :0.5")
    assert np.abs(whole.astype(int) - halves).max() <= 1


def test_and_is_not_a_comma(pipe):
    apart, joined = by_hand(pipe, "a cat AND a dog"), by_hand(pipe, "a cat, a dog")
    assert np.abs(apart.astype(int) - joined).max() > 1
    off = by_hand(pipe, "a cat AND a dog :0")
    assert np.abs(off.astype(int) - by_hand(pipe, "a cat")).max() <= 1
