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
MISTAKES = {
    'text.make("春风", card="poem", temperature=-1)': (
        "temperature=-1",
        "超出了范围",
        "改成大于等于 0 的数，例如 0.7；写 0 就总取概率最高的词元",
    ),
    'image.make("一只小猫", card="tinysdxl", scheduler="ddmi")': (
        "scheduler='ddmi'",
        "没有这个名字的调度器；相近的有 ddpm、ddim",
        "改成 'ddpm'，或从 euler、euler-a、ddim、ddpm、dpm++ 里选",
    ),
    'image.make("一只小猫", card="tinysdxl", height=100, width=128)': (
        "height=100",
        "tinysdxl 要 8 的倍数，至少 48",
        "改成 height=96 或 height=104",
    ),
    'speech.make("你好", speed=20)': (
        "speed=20",
        "不是 0 到 9 的整数",
        "speed 从 0 到 9 里选；None 表示由模型自己定",
    ),
    'image.plan_for("", card="tinysdxl")': ("提示词 ''", "里面什么也没有", "至少写一个词"),
}
"""What a learner writes -> the three lines."""


@pytest.fixture(scope="module")
def outputs():
    """What each cell leaves in a headless run, as JupyterLab and Voilà show it."""
    sources = (*CELLS, "from aigc_kit import image, speech, text", *MISTAKES)
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    NotebookClient(book, timeout=300, kernel_name="python3", allow_errors=True).execute()
    return [cell.outputs for cell in book.cells]


def lines(outputs):
    (error,) = [output for output in outputs if output.output_type == "error"]
    return error.ename, "\n".join(error.traceback).splitlines()


def test_the_three_lines_come_first_and_the_learners_line_follows(outputs):
    name, shown = lines(outputs[0])
    assert name == "BadInput"
    assert shown[0] == "要求：提示词里的权重"
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


@pytest.mark.parametrize("number", range(len(MISTAKES)), ids=MISTAKES)
def test_what_learners_do_wrong_is_told_in_chinese(outputs, number):
    _, shown = lines(outputs[len(CELLS) + 1 + number])
    asked, found, todo = list(MISTAKES.values())[number]
    assert shown[:3] == [f"要求：{asked}", f"发现：{found}", f"怎么办：{todo}"]
