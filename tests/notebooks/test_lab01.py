"""Lab 01's own code, taken out of the notebook and held against transformers; its solutions pass its checks."""

import ast

import nbformat
import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import TopKLogitsWarper, TopPLogitsWarper

from aigc_kit.notebooks import cells
from tests.conftest import require_card

NOTEBOOK = cells.folder() / "01_temperature.ipynb"


def functions(*names):
    """The functions of these names as the notebook's cells define them."""
    found = {"np": np}
    for cell in nbformat.read(NOTEBOOK, 4).cells:
        if cell.cell_type == "code":
            for node in ast.parse(cell.source).body:
                if isinstance(node, ast.FunctionDef) and node.name in names:
                    exec(compile(ast.Module([node], []), str(NOTEBOOK), "exec"), found)
    assert set(names) <= set(found)
    return [found[name] for name in names]


softmax_T, keep_top_k, keep_top_p = functions("softmax_T", "keep_top_k", "keep_top_p")  # noqa: N816

scores = st.lists(st.integers(-300, 300), min_size=2, max_size=60, unique=True).map(
    lambda values: np.array(values, dtype=np.float64) / 10
)


@given(scores, st.sampled_from([0.2, 0.7, 1.0, 1.2, 5.0]))
def test_the_softmax_by_hand_is_torchs(values, heat):
    assert np.allclose(softmax_T(values, heat), torch.softmax(torch.tensor(values) / heat, -1).numpy())


@given(scores, st.integers(1, 60))
def test_top_k_by_hand_is_transformers(values, k):
    k = min(k, len(values))
    theirs = TopKLogitsWarper(k)(None, torch.tensor(values)[None])[0].numpy()
    assert np.array_equal(keep_top_k(values, k), theirs)


@given(scores, st.sampled_from([0.123, 0.5077, 0.9013, 0.99]))
def test_top_p_by_hand_is_transformers(values, p):
    theirs = TopPLogitsWarper(p)(None, torch.tensor(values)[None])[0].numpy()
    mass = np.cumsum(np.sort(softmax_T(values))[::-1])
    if np.abs(mass - p).min() > 1e-9:  # a sum that is p itself may fall on either side
        assert np.array_equal(keep_top_p(values, p), theirs)


def test_the_solutions_pass_every_check(tmp_path):
    require_card("smollm2-135m")
    from aigc_kit.notebooks import run

    solutions = cells.read(cells.folder() / "solutions" / NOTEBOOK.name)
    done = run.execute(solutions, tmp_path, offline=True)
    assert done.status == "ok", done.failure
    shown = [output["text/plain"] for cell in done.notebook.cells for output in _results(cell)]
    assert [words.split("：")[0] for words in shown] == [f"✓ 练习 {name} 通过" for name in "abcde"]


def _results(cell):
    return [output.data for output in cell.get("outputs", []) if output.output_type == "execute_result"]


def test_the_checks_of_the_notebook_are_those_of_the_lab():
    from aigc_kit.checks import checks_of

    source = "\n".join(cell.source for cell in cells.read(NOTEBOOK).cells if "exercise" in cells.tags(cell))
    assert all(f"nb01.{check.name}(" in source for check in checks_of("01"))
