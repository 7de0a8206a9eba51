"""The rules about 先猜, each broken by one notebook; and a notebook that nobody answers, run headless."""

import pytest

from aigc_kit.teach.notebooks.execution import execute
from aigc_kit.teach.notebooks.lint import lint
from aigc_kit.teach.notebooks.refresh import fold_answers

from .build import code, display, good, notebook, prose, put, stream

ASK, ANSWER = 'guess = page.predict("谁？", ["甲", "乙"])', '# 先猜再看\nguess.reveal("甲")'
ASKED = display(text__html='<div data-question="a1">', text__plain="")
FORM = display(**{"application/vnd.jupyter.widget-view+json": {"model_id": "0" * 32}, "text/plain": "HBox()"})
ANSWERED = display(text__html='<div data-answer="a1">', text__plain="")


def found(tmp_path, *more):
    """(cell among `more`, line) of what the rules about guesses find; nothing else is wrong."""
    before = len(good().cells) - 1
    for count, cell in enumerate((cell for cell in more if cell.cell_type == "code"), 2):
        cell.execution_count = count
    findings = lint([put(tmp_path / "01_x.ipynb", good(*more))])
    assert {finding.rule for finding in findings} <= {"guess"}, findings
    return [(finding.cell - before, finding.line) for finding in findings]


def asking(source=ASK, outputs=(ASKED, FORM)):
    return code(source, outputs=list(outputs))


def answering(source=ANSWER, outputs=(ANSWERED,)):
    cell = code(source, outputs=list(outputs))
    cell.metadata["jupyter"] = {"source_hidden": True}
    return cell


def test_asked_by_predict_and_answered(tmp_path):
    assert found(tmp_path, prose("**先猜** 谁？"), asking(), code("x = 2"), answering()) == []
    assert found(tmp_path, prose("下一课也是“先猜、再量”，模型先预测时长。")) == []


@pytest.mark.parametrize("words", ["先猜：谁？", "**先预测，再测量。** 谁？", "猜一猜谁？", "写下你的猜测："])
def test_prose_that_asks_needs_predict(tmp_path, words):
    assert found(tmp_path, prose(f"说明。\n\n{words}"), code("x = 2")) == [(1, 3)]
    assert found(tmp_path, code(f"x = 2  # {words}")) == [(1, 1)]


def test_a_question_needs_an_answer_after_it(tmp_path):
    assert found(tmp_path, asking(outputs=())) == [(1, 1)]
    assert found(tmp_path, answering(outputs=()), asking(outputs=())) == [(2, 1)]
    assert found(tmp_path, asking('page.predict("谁？", ["甲", "乙"])', outputs=())) == [(1, 1)]
    many = 'asked = {key: page.predict(key) for key in "ab"}'
    assert (
        found(tmp_path, asking(many, ()), answering("# 先猜再看\nfor key in asked:\n    asked[key].reveal(1)", ()))
        == []
    )


def test_an_answer_lacks_in_the_outputs(tmp_path):
    assert found(tmp_path, asking(), answering(outputs=())) == [(1, None)]


@pytest.mark.parametrize("outputs", [[stream("甲\n")], [display(text__html="<b>甲</b>", text__plain="")]])
def test_nothing_is_shown_before_the_guess(tmp_path, outputs):
    assert found(tmp_path, asking(), code("show()", outputs=outputs), answering()) == [(2, None)]
    assert found(tmp_path, asking(), answering(outputs=[*outputs, ANSWERED])) == [(2, None)]
    assert found(tmp_path, code("show()", outputs=outputs), asking(), answering()) == []
    assert found(tmp_path, asking(), answering(), code("show()", outputs=outputs)) == []


def test_the_code_of_an_answer_is_folded(tmp_path):
    made = notebook(code(ASK), code(ANSWER))
    fold_answers(made)
    assert [cell.metadata.get("jupyter") for cell in made.cells] == [None, {"source_hidden": True}]
    assert found(tmp_path, asking(), code(ANSWER, outputs=[ANSWERED])) == [(2, None)]
    assert found(tmp_path, asking(), answering('guess.reveal("甲")')) == [(2, 1)], "JupyterLab shows the first line"


def test_what_is_asked_was_defined(tmp_path):
    asking_entropy = 'guess = page.predict("熵会升吗？", ["升", "降"])'
    assert found(tmp_path, prose("**熵率**是什么"), asking(asking_entropy), answering()) == []
    assert found(tmp_path, asking(asking_entropy.replace("熵", "意外程度")), answering(), prose("**意外程度**：…")) == [
        (1, 1)
    ]


def test_a_headless_run_goes_through_and_stays_folded(tmp_path):
    made = notebook(
        code("from aigc_kit.teach import page"),
        code(ASK),
        code('# 先猜再看\nguess.reveal("甲", "<甲>", says="就是甲")'),
        code("page.hits()"),
    )
    execution = execute(made, tmp_path, timeout=120)
    assert execution.status == "ok", execution.failure
    answer = execution.notebook.cells[2].outputs[0].data
    assert "<details>" in answer["text/html"] and "就是甲" in answer["text/html"] and "<甲>" in answer["text/plain"]
    assert not list(tmp_path.glob("**/guesses.json"))
    fold_answers(execution.notebook)
    path = put(tmp_path / "21_x.ipynb", execution.notebook)
    assert [str(f) for f in lint([path]) if f.rule != "stale"] == []
