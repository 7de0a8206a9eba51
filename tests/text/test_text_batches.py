"""Many prompts at once: the same answers and scores as one by one."""

import numpy as np
import pytest
from text_making import BUDGET, TINY, build

from aigc_kit import text
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Request
from aigc_kit.make.modality import finish
from aigc_kit.make.run import resolve
from aigc_kit.make.text import batches, job
from aigc_kit.make.text.engines.hf import TransformersEngine

SHARED = "the river "
PROMPTS = [SHARED + rest for rest in ("again", "moon", "a", "", "wind and snow", "明月何时照我还", "x", "xx", "xxx")]
SEVERAL = [*PROMPTS, *(f"{SHARED}{a}{b}" for a in "abcd" for b in "xyz")]  # more than one chunk
APART = ["again", "moon", "spring wind and snow", "江南岸"]  # nothing in common but the template


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A model without a chat template."""
    return TransformersEngine(TINY, build(tmp_path_factory.mktemp("plain"), chat=False, seed=3), threads=1)


def alone(engine, prompt, length, chat=True):
    request = Request(card=TINY.name, prompt=prompt).change(temperature=0.0, max_new_tokens=length, chat=chat)
    return finish(job.work(resolve(request, BUDGET, TINY), using=engine)).data


@pytest.mark.parametrize("prompts", [SEVERAL, APART, PROMPTS[:1]], ids=["shared", "apart", "one"])
def test_answers_equal_those_of_one_prompt_at_a_time(prompts, tiny):
    assert batches.answers(tiny, prompts, 10) == [alone(tiny, prompt, 10) for prompt in prompts]


def test_a_model_without_a_template_continues(plain):
    prompts = ["river", "river again", "rivet"]
    assert batches.answers(plain, prompts, 8) == [alone(plain, prompt, 8, chat=False) for prompt in prompts]


def test_answers_end_where_the_context_is_full(tiny):
    room = tiny.context - len(tiny.chat([{"role": "user", "content": ""}]))
    prompts = ["x" * (room - left) for left in (1, 2, 5)]
    told = batches.answers(tiny, prompts, 30)
    assert told == [alone(tiny, prompt, 30) for prompt in prompts]
    assert len(told[0]) <= 1


def test_answers_that_end_early_do_not_disturb_the_others(tmp_path):
    ending = TransformersEngine(TINY, build(tmp_path, seed=1, eos=5), threads=1)  # "c" ends a text
    told = batches.answers(ending, SEVERAL, 20)
    assert told == [alone(ending, prompt, 20) for prompt in SEVERAL]
    assert len({len(answer) for answer in told}) > 1


@pytest.mark.parametrize("prompts", [SEVERAL, APART], ids=["shared", "apart"])
def test_scores_equal_the_models_own_log_probabilities(prompts, tiny):
    labels = ["a", "ab", "abc", "moon", "月"]
    scores = batches.label_scores(tiny, prompts, labels)
    assert scores.shape == (len(prompts), len(labels)) and scores.dtype == np.float32
    for prompt, row in zip(prompts, scores, strict=True):
        ids = tiny.chat([{"role": "user", "content": prompt}])
        for label, score in zip(labels, row, strict=True):
            longer = [*ids, *tiny.encode(label)]
            assert score == pytest.approx(tiny.logprobs(longer, len(ids)).sum(), abs=1e-3)
    best = [labels[k] for k in scores.argmax(axis=1)]
    assert batches.classify(tiny, prompts, labels) == best


def test_nothing_asked_nothing_answered(tiny):
    assert batches.answers(tiny, []) == batches.classify(tiny, [], ["a"]) == []
    assert batches.label_scores(tiny, [], ["a", "b"]).shape == (0, 2)


def test_the_threads_of_the_process_stay_as_they_were(tiny):
    import torch

    before = torch.get_num_threads()
    batches.answers(tiny, SEVERAL, 2)
    assert torch.get_num_threads() == before


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda e: batches.label_scores(e, ["x"], []), "no label"),
        (lambda e: batches.label_scores(e, ["x"], ["a", "a"]), "two labels with the same tokens"),
        (lambda e: batches.label_scores(e, ["x"], ["a", ""]), "no token"),
        (lambda e: batches.classify(e, ["x" * 70], ["a", "b"]), "prompt of 72 tokens|prompt of 7"),
        (lambda e: batches.answers(e, ["x", 5]), "not text"),
        (lambda e: batches.answers(e, ["x"], 0), "not an integer >= 1"),
        (lambda e: batches.answers(e, ["x"], True), "not an integer >= 1"),
        (lambda e: batches.answers(None, ["x"]), "an engine of NoneType"),
        (lambda e: batches.label_scores(None, ["x"], ["a"]), "an engine of NoneType"),
    ],
)
def test_bad_input_is_refused(call, words, tiny):
    with pytest.raises(BadInput, match=words):
        call(tiny)


def test_they_are_offered_by_the_modality():
    assert (text.answers, text.classify, text.label_scores) == (
        batches.answers,
        batches.classify,
        batches.label_scores,
    )
