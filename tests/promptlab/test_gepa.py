"""The same search by DSPy's GEPA, where it is installed; a clear refusal where it is not."""

import sys

import pytest

from aigc_kit.core.errors import BadInput, CannotLoad, MissingExtra
from aigc_kit.promptlab import ask
from aigc_kit.promptlab.ask.asking import Asker
from aigc_kit.promptlab.ask.backends import FunctionBackend
from aigc_kit.promptlab.optimise import PromptOptimizer, against, evolve_by_gepa
from aigc_kit.worlds.shop.prompt_tasks import all_tasks

START = "判断以下文本的情感倾向：{text}"


def items(task="sentiment", count=24):
    return list({item.text: item for item in all_tasks()[task].items(count, split="held")}.values())


def asker(function=lambda prompts: [""] * len(prompts), **options):
    return Asker(FunctionBackend(function, "reader"), **options)


def test_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "dspy", None)
    with pytest.raises(MissingExtra, match=r"(?s)'dspy' is not installed.*pip install 'aigc-kit\[dspy\]'") as caught:
        evolve_by_gepa(START, items(), asker())
    assert "没有安装软件包 'dspy'" in "".join(caught.value.in_chinese())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"prompt": "判断情感"}, "exactly once"),
        ({"dataset": []}, "0 and 0"),
        ({"calls": 1}, "not an integer >= 2"),
        ({"iterations": 0}, "not an integer >= 1"),
    ],
    ids=range(4),
)
def test_bad_input_is_refused_before_anything_is_imported(monkeypatch, change, words):
    monkeypatch.setitem(sys.modules, "dspy", None)
    with pytest.raises(BadInput, match=words):
        evolve_by_gepa(**{"prompt": START, "dataset": items(), "asker": asker(), **change})


def dspy_here():
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("dspy")


@pytest.mark.filterwarnings("ignore")
def test_it_searches_the_same_items_within_the_same_budget():
    dspy_here()
    live = []

    def model(prompts):
        live.extend(prompts)
        right = [next(item.answer for item in items() if item.text in prompt) for prompt in prompts]
        return [answer if "标签" in prompt else "中性" for answer, prompt in zip(right, prompts, strict=True)]

    reader = asker(model)
    run = evolve_by_gepa(START, items(), reader, calls=12)
    mine = PromptOptimizer("text_classification", asker(model), method="random").evolve(START, items(), calls=12)
    assert (run.method, run.budget, run.dev, run.test) == ("gepa", mine.budget, mine.dev, mine.test)
    assert run.calls <= 12 and run.steps[0].prompt == START and run.steps[0].score == mine.steps[0].score
    assert run.start_scores == mine.start_scores and len(run.steps) > 1
    task, by_key = all_tasks()["sentiment"], {item.key: item for item in items()}
    for step in run.steps:  # what GEPA says it scored is what the task's judge says of the model's own answers
        dev = [by_key[key] for key in run.dev]
        truth = [task.check(item, model([task.prompt(step.prompt, item)])[0]).right for item in dev]
        assert step.score == pytest.approx(sum(truth) / len(truth))
    assert against([run], [mine]).calls == 12
    assert evolve_by_gepa(START, items(), reader, calls=12) == run, "one seed, one search"


@pytest.mark.filterwarnings("ignore")
def test_it_runs_the_shops_intents_on_the_tiny_model():
    dspy_here()
    task = all_tasks()["intent"]
    tiny = ask.model("tinychat", max_new_tokens=10)
    run = evolve_by_gepa("判断顾客的意图：{text}", items("intent", 16), tiny, calls=6, task=task)
    assert run.calls <= 6 and len(run.start_scores) == len(run.test) and tiny.ledger.failed == 0


@pytest.mark.filterwarnings("ignore")
def test_empty_answers_are_wrong_and_no_failure(capsys):
    dspy_here()
    run = evolve_by_gepa(START, items(), asker(), calls=4)
    assert run.prompt == START and set(run.start_scores) == {0.0} and run.calls <= 4
    assert capsys.readouterr() == ("", "")


@pytest.mark.filterwarnings("ignore")
def test_an_endpoint_that_fails_is_no_score_of_zero():
    dspy_here()
    with pytest.raises(CannotLoad, match="of 3 are left"):
        evolve_by_gepa(START, items(), asker(calls=3), calls=12)
