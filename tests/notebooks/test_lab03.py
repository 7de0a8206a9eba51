"""Lab 03's own code, taken out of the notebook and held against the front end; its solutions pass its checks."""

import ast

from hypothesis import given
from hypothesis import strategies as st

from aigc_kit.notebooks import cells
from aigc_kit.speech import normalise, syllables
from tests.conftest import require_card

NOTEBOOK = cells.folder() / "03_chattts.ipynb"


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


by_digits, third_tones = functions("by_digits", "third_tones")


@given(st.integers(1000, 2999))
def test_years_by_hand_are_the_front_end_s(year):
    assert by_digits(str(year)) + "年" == normalise(f"{year}年").spoken


@given(st.lists(st.sampled_from("好天来梦"), min_size=2, max_size=2).map("".join))
def test_third_tones_by_hand_are_the_front_end_s(word):
    dictionary = [s.tone for s in syllables(word, sandhi=False)]
    assert third_tones(dictionary) == [s.tone for s in syllables(word)]


def test_the_solutions_pass_every_check(tmp_path):
    require_card("baker")
    from aigc_kit.notebooks import run

    solutions = cells.read(cells.folder() / "solutions" / NOTEBOOK.name)
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
    assert all(f"nb03.{check.name}(" in source for check in checks_of("03"))


def test_the_errata_of_the_lab_are_all_shown():
    source = "\n".join(cell.source for cell in cells.read(NOTEBOOK).cells)
    assert [f"E{n}" for n in range(28, 37) if f"E{n}" not in source] == []
