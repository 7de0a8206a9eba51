"""Lab 06's own code, taken out of the notebook and held against diffusers; its solutions pass its checks."""

import numpy as np
import pytest

from aigc_kit.teach import lab06
from aigc_kit.teach.notebooks import cells

from .lab_notebook import functions, passed, source, unused_checks, verdicts

torch = pytest.importorskip("torch")
NOTEBOOK = cells.folder() / "06_teach.ipynb"


@pytest.mark.parametrize("timestep", [975, 500, 25, 0])
def test_the_step_by_hand_is_the_schedulers(timestep):
    from diffusers import DDPMScheduler

    schedule = DDPMScheduler(beta_schedule="squaredcos_cap_v2")
    schedule.set_timesteps(40)
    (ddpm,) = functions(NOTEBOOK, {"torch": torch, "abar": schedule.alphas_cumprod}, "ddpm")
    dice = [torch.Generator().manual_seed(5) for _ in range(2)]
    x, guess = torch.randn(2, 12, 8, 8, generator=dice[0]), torch.randn(2, 12, 8, 8, generator=dice[0])
    dice[0].manual_seed(5)
    theirs = schedule.step(guess, timestep, x, generator=dice[1]).prev_sample
    torch.testing.assert_close(ddpm(x, guess, timestep, dice[0]), theirs, atol=1e-4, rtol=1e-4)


def test_the_loop_by_hand_learns():
    torch.manual_seed(0)
    pictures, classes = lab06.corner(16)
    space = {
        "torch": torch,
        "clean": lab06.folded(pictures),
        "labels": torch.from_numpy(classes),
        "net": lab06.mini_unet((8, 16)),
        "abar": torch.linspace(0.99, 0.01, 1000),
    }
    space["adam"] = torch.optim.AdamW(space["net"].parameters(), lr=3e-3)
    fit = functions(NOTEBOOK, space, "draw", "wrong", "fit")[-1]
    losses = []
    fit(120, losses.append)
    assert np.mean(losses[-20:]) < 0.8 * np.mean(losses[:20])  # a fifth is far beyond the jitter of 20 batches


def test_overlap_by_hand_is_iou():
    (overlap,) = functions(NOTEBOOK, {}, "overlap")
    rng = np.random.default_rng(0)
    one, other = rng.random((9, 9)) < 0.5, rng.random((9, 9)) < 0.5
    assert overlap(one, other) == lab06.iou(one, other)


def test_the_solutions_pass_every_check(tmp_path):
    assert verdicts(NOTEBOOK, tmp_path) == passed("abcdef")


def test_the_checks_of_the_notebook_are_those_of_the_lab():
    assert unused_checks(NOTEBOOK, "06") == []


def test_what_the_lab_must_say():
    told = source(NOTEBOOK)
    for words in ("没有在显卡上跑过", "第 12 课", "slow", "LoRA", "ControlNet", "conditioning_scale", "IoU"):
        assert words in told
