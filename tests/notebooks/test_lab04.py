"""Lab 04's own code, taken out of the notebook and held against the library; its solutions pass its checks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit.core import paths
from aigc_kit.teach.notebooks import cells

from .lab_notebook import functions, passed, source, unused_checks, verdicts

WAITING = cells.folder() / "waiting"  # until its outputs are made with the shipped model
HOME = cells.folder() if (cells.folder() / "04_wan.ipynb").is_file() else WAITING
NOTEBOOK = HOME / "04_wan.ipynb"

latent_shape, tokens, library, guided = functions(NOTEBOOK, {}, "latent_shape", "tokens", "library", "guided")


@given(st.integers(0, 20), st.integers(4, 60), st.integers(4, 60))
def test_latent_shapes_by_hand_are_the_pipelines(k, rows, columns):
    from types import SimpleNamespace

    from diffusers import WanPipeline

    frames, height, width = 4 * k + 1, 16 * rows, 16 * columns
    stand_in = SimpleNamespace(vae_scale_factor_temporal=4, vae_scale_factor_spatial=8)
    made = WanPipeline.prepare_latents(stand_in, 1, 16, height, width, frames, latents=None, device="meta")
    assert tuple(made.shape[1:]) == latent_shape(frames, height, width)
    assert tokens(frames, height, width) == (k + 1) * rows * columns


def test_frames_by_hand_are_what_the_course_got():
    assert [library(asked) for asked in (16, 12, 8, 6)] == [17, 13, 9, 5]  # errata E48, run with the real pipeline


def test_guidance_by_hand_is_the_formula():
    import numpy as np

    class Transformer:
        def __call__(self, x, t, states, return_dict):
            return (x * states,)

    x, t = np.ones(3), np.zeros(1)
    guided.__globals__.update(
        pipe=type("Pipe", (), {"transformer": Transformer()})(),
        cond=3.0,
        uncond=1.0,
    )
    t = type("T", (), {"expand": lambda self, n: n})()
    assert guided(x, t, 6.0).tolist() == [1 + 6 * (3 - 1)] * 3


def test_the_solutions_pass_every_check(tmp_path):
    if not (paths.assets() / "models" / "tinywan" / "model_index.json").is_file():
        pytest.skip("tinywan is not shipped")
    assert verdicts(NOTEBOOK, tmp_path) == passed("abcde")


def test_the_checks_of_the_notebook_are_those_of_the_lab():
    assert unused_checks(NOTEBOOK, "04") == []


def test_the_errata_of_the_lab_are_all_shown():
    said = source(NOTEBOOK)
    assert [f"E{n}" for n in range(44, 55) if f"E{n}" not in said] == []


def test_the_courses_settings_are_the_defaults():
    said = source(NOTEBOOK)
    for words in (
        "一只穿着宇航服的柴犬在月球表面跳舞，电影级光照，超现实主义",
        "low quality, watermark, glitch",
        "frames=16, steps=20",
        "height=480, width=832",
        "(3.0, 6.0, 9.0)",
        "(8, 16, 24)",
        "城市夜景中的无人机编队表演",
    ):
        assert words in said
