"""An error of the kit in a notebook: its three lines first, the learner's line, and the rest when asked for."""

import nbformat
import pytest
from nbclient import NotebookClient

CELLS = (
    'from aigc_kit import prompts\n\nprompts.parse("a (cat")  # 少了一个括号',
    "%tb",
    'try:\n    prompts.parse("a (cat")\nexcept ValueError as problem:\n    print(str(problem).splitlines()[0])',
    "1 / 0",
)


@pytest.fixture(scope="module")
def outputs():
    """What each cell leaves in a headless run, as JupyterLab and Voilà show it."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    NotebookClient(book, timeout=300, kernel_name="python3", allow_errors=True).execute()
    return [cell.outputs for cell in book.cells]


def lines(outputs):
    (error,) = [output for output in outputs if output.output_type == "error"]
    return error.ename, "\n".join(error.traceback).splitlines()


def test_the_three_lines_come_first_and_the_learners_line_follows(outputs):
    name, shown = lines(outputs[0])
    assert name == "BadInput"
    assert shown[0].startswith("要求：the weights of a prompt")
    heads = [line.partition("：")[0] for line in shown if line.startswith(("要求", "发现", "怎么办", "你的代码"))]
    assert heads == ["要求", "发现", "怎么办", "你的代码，第 3 行"]
    assert 'prompts.parse("a (cat")  # 少了一个括号' in shown[-2]
    assert len(shown) <= 9
    assert not any("grammar.py" in line for line in shown)


def test_the_whole_traceback_comes_at_tb(outputs):
    name, shown = lines(outputs[1])
    assert name == "BadInput"
    assert "grammar.py" in "\n".join(shown) and shown[0].startswith("Traceback")


def test_the_error_itself_is_as_ever(outputs):
    assert outputs[2][0].text == "asked: the weights of a prompt\n"


def test_other_errors_are_shown_as_python_does(outputs):
    name, shown = lines(outputs[3])
    assert name == "ZeroDivisionError" and "要求" not in "\n".join(shown)
