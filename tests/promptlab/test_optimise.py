"""Searches spend what they may and no more, and say "no gain" where there is none."""

import itertools
import json
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc_kit import text
from aigc_kit.core.errors import BadInput, CannotLoad, OverBudget, UnknownName
from aigc_kit.promptlab.ask.asking import Asker
from aigc_kit.promptlab.ask.backends import FunctionBackend
from aigc_kit.promptlab.optimise import (
    METHODS,
    Evolution,
    Likelihood,
    Prefixes,
    PromptOptimizer,
    Rewritten,
    Wordings,
    against,
    against_start,
    characters,
    evolutions,
)
from aigc_kit.promptlab.optimise.optimizer import WIDTH
from aigc_kit.worlds.old_verse import OldVerse
from aigc_kit.worlds.prompt_task import TEXT, Item, Mark, share

START = "判断以下文本的情感倾向：{text}"
ASKING = [name for name in METHODS if name != "hotflip"]


class Counting:
    """A task whose answers are numbers: right from a limit on."""

    name, about, metric, labels, instruction = "counting", "数", "比例", (), "{text}"

    def items(self, count, *, split="train", seed=0):
        return [Item(f"{split}-{n}", f"{split}{n}", "1", n) for n in range(count)]

    def prompt(self, instruction, item, shots=()):
        return instruction.replace(TEXT, item.text)

    def check(self, item, answer):
        return Mark(len(answer) >= item.truth % 7)

    def score(self, marks):
        return share(marks)


def asker(function=lambda prompts: ["1" * prompt.count("标签") for prompt in prompts], **options):
    return Asker(FunctionBackend(function, "reader"), **options)


def items(count=12, split="train"):
    return Counting().items(count, split=split)


def evolve(method="evolution", seed=0, model=None, keep=None, **options):
    optimiser = PromptOptimizer(Counting(), model or asker(), method=method, seed=seed, keep=keep)
    return optimiser.evolve(START, items(), **{"calls": 20, **options})


# ---- the budget -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ASKING)
@pytest.mark.parametrize("calls", [2, 3, 9, 20])
def test_no_method_spends_more_than_its_calls(method, calls):
    read = []

    def model(prompts):
        read.extend(prompts)
        return ["1"] * len(prompts)

    run = evolve(method, model=asker(model), calls=calls)
    assert run.calls <= run.budget == calls and len(run.steps) == run.calls
    prompts = {step.prompt for step in run.steps}
    assert len(prompts) == run.calls, "the same prompt is scored once"
    assert len(read) == len(set(read)) <= run.items * calls + 6 * 2, "6 test items, for the start and for the best"


def test_iterations_are_calls():
    assert evolve("random", calls=None, iterations=3).budget == 1 + 3 * WIDTH


def test_the_askers_own_budget_holds_too():
    with pytest.raises(OverBudget):
        evolve(model=asker(calls=20))


def test_equal_budgets_are_asked_for():
    with pytest.raises(BadInput, match="other budgets"):
        against([evolve(calls=8)], [evolve("random", calls=9)])
    with pytest.raises(BadInput, match="other items"):
        against([evolve()], [evolve("random", test=items(4, "held"))])


# ---- what is found --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ASKING)
def test_the_best_prompt_was_scored_and_climbs(method):
    run = evolve(method)
    best = max(step.score for step in run.steps)
    assert run.best.score == best >= run.steps[0].score and run.prompt in {step.prompt for step in run.steps}
    values = [value for _, value in run.curve()]
    assert values == sorted(values) and values[-1] == best
    known = {run.steps[0].prompt}
    for step in run.steps[1:]:
        assert set(step.parents) <= known, "a tree: parents were scored before"
        known.add(step.prompt)


def test_a_task_on_which_nothing_helps_says_no_gain():
    flat = asker(lambda prompts: ["1"] * len(prompts))
    runs = [evolve(seed=seed, model=flat) for seed in range(3)]
    gain = against_start(runs)
    assert (gain.mean, gain.low, gain.high) == (0, 0, 0) and gain.verdict.en == "no gain" and "没有提升" in gain.words


def test_noise_alone_is_no_gain():
    """A model that answers by a coin: the best of many on a few items is luck, and the test items say so."""

    def coin(prompts):
        return ["1" * random.Random(prompt).randrange(7) for prompt in prompts]

    wide = [
        PromptOptimizer(Counting(), asker(coin), seed=seed).evolve(START, items(12), test=items(60, "held"), calls=40)
        for seed in range(4)
    ]
    chosen = np.mean([run.best.score - run.steps[0].score for run in wide])
    assert chosen > 0.1 and against_start(wide).verdict.en == "no gain"


def test_a_real_gain_is_told():
    runs = [evolve("climb", seed, test=items(40, "held"), calls=30) for seed in range(3)]
    gain = against_start(runs)
    assert gain.verdict.en == "gain" and gain.low > 0 and "有提升" in gain.words and gain.seeds == 3


def test_the_same_seed_is_the_same_search():
    one, same, other = (evolve(seed=seed) for seed in (1, 1, 2))
    assert one.steps == same.steps and one.steps != other.steps


# ---- kept, interrupted, resumed -------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ASKING)
def test_an_interrupted_search_goes_on_as_if_nothing_had_happened(method, tmp_path):
    class Stop(KeyboardInterrupt):
        pass

    whole, path, left = evolve(method, model=Fixed()), tmp_path / "run.json", itertools.count()

    def stop(step):
        if next(left) == 11:
            raise Stop

    broken = PromptOptimizer(Counting(), Fixed(), method=method, keep=path, on_step=stop)
    with pytest.raises(Stop):
        broken.evolve(START, items(), calls=20)
    scored = len(json.loads(path.read_text())["scores"])
    second = Fixed()
    run = evolve(method, model=second, keep=path)
    assert replace(run, decides="") == replace(whole, decides="")
    assert second.ledger.live < whole.calls * run.items, "what was scored is not asked again"
    assert scored >= 8


class Fixed(Asker):
    """A reader whose answers are the same in every session."""

    def __init__(self, **options):
        backend = FunctionBackend(lambda prompts: ["1" * prompt.count("标签") for prompt in prompts], "reader")
        backend.identity = {"function": "reader"}
        super().__init__(backend, **options)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"format": 1}', '{"format": 2, "scores": {}}'], ids=range(6))
def test_a_kept_file_that_is_damaged_is_told(tmp_path, content):
    path = tmp_path / "run.json"
    path.write_text(content)
    with pytest.raises(CannotLoad, match="another file"):
        evolve(keep=path)
    assert path.read_text() == content, "it stays as it is"


def test_a_kept_file_of_another_search_is_refused(tmp_path):
    path = tmp_path / "run.json"
    evolve(model=Fixed(), keep=path)
    with pytest.raises(BadInput, match="another search"):
        evolve(model=Fixed(), keep=path, seed=1)
    evolve(model=Fixed(), keep=tmp_path / "other.json", seed=1)  # as it advises


def test_a_run_is_read_back_as_it_was_written(tmp_path):
    run = evolve()
    assert Evolution.load(run.save(tmp_path / "run.json")) == run
    (tmp_path / "run.json").write_text('{"steps": []}')
    with pytest.raises(CannotLoad):
        Evolution.load(tmp_path / "run.json")


# ---- bad input ------------------------------------------------------------------------------------------------------


def raising(item, answer):
    raise KeyError(answer)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"metric": raising}, "it raised KeyError"),
        ({"metric": lambda item, answer: float("nan")}, "finite"),
        ({"metric": lambda item, answer: "good"}, "it raised ValueError"),
        ({"metric": "f1"}, "metric of that name"),
        ({"metric": "likelihood"}, "answers only"),
        ({"iterations": 0, "calls": None}, "iterations=0"),
        ({"calls": 0}, "calls=0"),
        ({"calls": 1}, "beside the start"),
        ({"calls": True}, "calls=True"),
        ({"calls": 2.5}, "calls=2.5"),
        ({"test": items()}, "twice"),
        ({"test": [replace(items()[3], key="renamed"), *items(3, "held")]}, "twice"),
        ({"test": items(1, "held")}, "12 and 1"),
        ({"test": []}, "12 and 0"),
    ],
    ids=lambda value: "" if isinstance(value, str) else "-".join(value),
)
def test_bad_input_is_refused_before_it_is_paid_for(change, words):
    model = asker()
    with pytest.raises(BadInput, match=words):
        evolve(model=model, **change)
    assert model.ledger.live <= 6 if "metric" in change else not model.ledger.live


@pytest.mark.parametrize("prompt", ["", "判断情感", "{text}{text}", 5, None], ids=range(5))
def test_a_prompt_without_one_place_for_the_text_is_refused(prompt):
    with pytest.raises(BadInput, match="exactly once"):
        PromptOptimizer(Counting(), asker()).evolve(prompt, items())


@pytest.mark.parametrize("dataset", [[], items(1), items(3), items() + items()[:1], ["a", "b", "c", "d"]], ids=range(5))
def test_data_sets_that_tell_nothing_are_refused(dataset):
    with pytest.raises(BadInput):
        PromptOptimizer(Counting(), asker()).evolve(START, dataset)


def test_unknown_methods_and_tasks_are_refused():
    with pytest.raises(UnknownName, match="evolution"):
        PromptOptimizer(Counting(), asker(), method="evolve")
    with pytest.raises(UnknownName, match="text_classification"):
        PromptOptimizer("classification")


def test_answers_have_no_gradient():
    with pytest.raises(BadInput, match="no gradient"):
        PromptOptimizer(Counting(), asker(), Prefixes(START, 2, "甲乙"), method="hotflip").evolve(
            START, items(), calls=9
        )


# ---- spaces ---------------------------------------------------------------------------------------------------------

SPACES = [
    Prefixes("<五绝>{text}<诗>", 5, "甲乙丙丁戊"),
    Prefixes("{text}", 1, "甲乙"),
    Wordings(
        START, (("判断", "分析"), ("文本", "消息", "句子")), ((START[:-6], "看："),), ("只输出标签。", "想一想。")
    ),
]


@settings(max_examples=80)
@given(st.integers(0, 10**6), st.sampled_from(range(3)))
def test_what_a_space_makes_it_holds(seed, number):
    space, rng = SPACES[number], random.Random(seed)
    one, other = space.draw(rng), space.draw(rng)
    for kind in (None, *space.kinds):
        edit = space.edit(one, rng, kind)
        assert space.holds(edit.prompt) and edit.parents == (one,) and (kind is None or edit.kind == kind)
    assert space.holds(one) and space.holds(space.cross(one, other, rng))


def test_typed_edits_change_what_they_are_called():
    space, rng = SPACES[0], random.Random(0)
    for _ in range(50):
        prompt = space.draw(rng)
        word, phrase = (space.edit(prompt, rng, kind).prompt for kind in ("word", "phrase"))
        assert sum(a != b for a, b in zip(word, prompt, strict=True)) <= 1 and sorted(phrase) == sorted(prompt)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Prefixes("no slot", 2, "甲乙"),
        lambda: Prefixes("{text}", 0, "甲乙"),
        lambda: Prefixes("{text}", 2, "甲"),
        lambda: Prefixes("{text}", 2, "甲甲"),
        lambda: Prefixes("{text}", 2, "甲乙", (1.0,)),
        lambda: Wordings("{text}"),
        lambda: Wordings("no slot", sentences=("a",)),
    ],
    ids=range(7),
)
def test_spaces_without_choice_are_refused(make):
    with pytest.raises(BadInput):
        make()


def test_a_model_proposes_and_bad_proposals_are_left_out():
    grammar, rng = SPACES[2], random.Random(0)
    good, bad = (
        Rewritten(grammar, asker(lambda prompts, to=to: [to] * len(prompts)), share=1) for to in ("看{text}", "看")
    )
    assert good.edit(START, rng).kind == "model" and good.edit(START, rng).prompt == "看{text}"
    assert bad.edit(START, rng).kind in grammar.kinds and "model" in bad.kinds
    run = PromptOptimizer(Counting(), asker(), good, method="climb").evolve(START, items(), calls=6)
    assert any(step.kind == "model" for step in run.steps)


# ---- the poem model -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def poet():
    return text.engine(text.plan_for("春", card="poem", engine="transformers"))


def test_scores_are_those_of_the_alignment_lab(poet):
    from aigc_kit.promptlab.alignment import likelihood

    task = OldVerse(lines=2)
    some = task.items(3)
    prompts = ["<五绝>{text}<诗>", "风雅颂<五绝>{text}<诗>"]
    scores = Likelihood(task, poet).scores(prompts, some)
    for row, prompt in zip(scores, prompts, strict=True):
        for score, item in zip(row, some, strict=True):
            truth = likelihood.response(poet, task.prompt(prompt, item), item.answer).per_token
            assert -score == pytest.approx(truth, rel=1e-4)


def test_slopes_are_those_of_small_steps(poet):
    """Against the difference quotient along the way from one embedding to another; float32: 5 %."""
    import torch

    from aigc_kit.make.train.answering import encode, surprise

    task, template = OldVerse(lines=2), "<五绝>{text}<诗>"
    some, space = task.items(4), Prefixes(template, 2, characters(poet)[:40])
    head = space.alphabet[:2]
    slopes = Likelihood(task, poet).slopes(head + template, some, space)
    table = poet.model.get_input_embeddings().weight.double()
    rows = encode(poet.tokenizer, [(task.prompt(template, item), item.answer) for item in some], end=False)
    ids = torch.tensor([poet.encode(character)[0] for character in space.alphabet])
    network = poet.model.double()
    try:
        start = table[ids[:2]]
        for place, other in ((0, 5), (1, 17), (0, 33)):
            along = torch.zeros_like(start)
            along[place] = table[ids[other]] - start[place]
            with torch.inference_mode():
                ends = [float(surprise(network, rows, start + step * along)) for step in (-1e-3, 1e-3)]
            assert slopes[place, other] == pytest.approx(-(ends[1] - ends[0]) / 2e-3, rel=0.05, abs=1e-3)
    finally:
        network.float()


def test_a_gradient_counts_as_two_calls(poet):
    task = OldVerse(lines=2)
    search = PromptOptimizer(task, poet, Prefixes("<五绝>{text}<诗>", 3, characters(poet)), method="hotflip")
    run = search.evolve("<五绝>{text}<诗>", task.items(3), "likelihood", test=task.items(3, split="held"), calls=14)
    gradients = (run.calls - len(run.steps)) // 2
    assert gradients >= 1 and run.calls == len(run.steps) + 2 * gradients <= 14
    assert {step.kind for step in run.steps[2:]} == {"gradient"}


def test_a_prompt_that_does_not_fit_is_refused(poet):
    task = OldVerse()
    with pytest.raises(BadInput, match="shorten"):
        Likelihood(task, poet).scores(["春" * 120 + "{text}"], task.items(2))


def test_many_searches_run_on_any_executor_and_are_kept(tmp_path):
    options = {"calls": 4, "length": 2, "dev": 3, "test": 3, "folder": tmp_path}
    with ThreadPoolExecutor(1) as pool:
        runs = evolutions(["random", "climb"], [0, 1], pool, **options)
    again = evolutions(["random", "climb"], [0, 1], **options)
    assert again == runs and [run.seed for run in runs["climb"]] == [0, 1]
    alone = evolutions(["climb"], [1], **{**options, "folder": tmp_path / "alone"})
    assert alone["climb"][0] == runs["climb"][1]
    with pytest.raises(BadInput, match="calls=1"):
        evolutions(["climb"], [1], **{**options, "calls": 1})
