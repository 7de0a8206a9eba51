"""Lab 04's own code, taken out of the notebook and held against the library; its solutions pass its checks."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit import paths
from aigc_kit.notebooks import cells

WAITING = cells.folder() / "waiting"  # until its outputs are made with the shipped model
HOME = cells.folder() if (cells.folder() / "04_wan.ipynb").is_file() else WAITING
NOTEBOOK = HOME / "04_wan.ipynb"


def functions(*names):
    """The functions of these names as the notebook's cells define them."""
    found = {}
    for cell in cells.read(NOTEBOOK).cells:
        if cell.cell_type == "code":
            for node in ast.parse(cell.source).body:
                if isinstance(node, ast.FunctionDef) and node.name in names:
                    exec(compile(ast.Module([node], []), str(NOTEBOOK), "exec"), found)
    assert set(names) <= set(found)
    return [found[name] for name in names]


latent_shape, tokens, library, guided = functions("latent_shape", "tokens", "library", "guided")


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
    from aigc_kit.notebooks import run

    solutions = cells.read(HOME / "solutions" / NOTEBOOK.name)
    done = run.execute(solutions, tmp_path, offline=True)
    assert done.status == "ok", done.failure
    results = [
        o.data for cell in done.notebook.cells for o in cell.get("outputs", []) if o.output_type == "execute_result"
    ]
    shown = [data["text/plain"].split("：")[0] for data in results]
    assert shown == [f"✓ 练习 {name} 通过" for name in "abcde"]


def test_the_checks_of_the_notebook_are_those_of_the_lab():
    from aigc_kit.checks import checks_of

    source = "\n".join(cell.source for cell in cells.read(NOTEBOOK).cells if "exercise" in cells.tags(cell))
    assert all(f"nb04.{check.name}(" in source for check in checks_of("04"))


def test_the_errata_of_the_lab_are_all_shown():
    source = "\n".join(cell.source for cell in cells.read(NOTEBOOK).cells)
    assert [f"E{n}" for n in range(44, 55) if f"E{n}" not in source] == []


def test_the_courses_settings_are_the_defaults():
    source = "\n".join(cell.source for cell in cells.read(NOTEBOOK).cells)
    for words in (
        "一只穿着宇航服的柴犬在月球表面跳舞，电影级光照，超现实主义",
        "low quality, watermark, glitch",
        "guidance=6.0, steps=20",
        "height=480, width=832, frames=16",
        "(3.0, 6.0, 9.0)",
        "(8, 16, 24)",
        "城市夜景中的无人机编队表演",
    ):
        assert words in source
