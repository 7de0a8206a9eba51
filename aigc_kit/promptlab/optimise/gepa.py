"""Search the same prompt by DSPy's GEPA, locally served.

GEPA's own proposals come from a reflection model that reads a long English report; the tiny chat model cannot. So the
space proposes, as for all other methods, and GEPA decides what to keep: by its minibatches and its Pareto front.
"""

import inspect
import logging
import math
import os
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from typing import Any
from unittest.mock import patch

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import CannotLoad, echo, missing_extra
from aigc_kit.promptlab.ask import Asker
from aigc_kit.promptlab.ask.loopback import serve
from aigc_kit.promptlab.optimise.objectives import Answers
from aigc_kit.promptlab.optimise.optimizer import COURSE, PHRASES, SENTENCES, WORDS, apart, calls_of, task_of
from aigc_kit.promptlab.optimise.runs import Evolution, Step, decision
from aigc_kit.promptlab.optimise.spaces import Space, Wordings, check_slot
from aigc_kit.worlds.prompt_task import Item, PromptTask

MINIBATCH = 3  # items on which GEPA compares a proposal with its parent; its own default
QUIET = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # else its import asks the network for prices
    "NO_PROXY": "127.0.0.1",
    "no_proxy": "127.0.0.1",
}


def evolve_by_gepa(
    prompt: str,
    dataset: Sequence[Item],
    asker: Asker,
    iterations: int = 10,
    *,
    task: PromptTask | str = COURSE,
    test: Sequence[Item] | None = None,
    calls: int | None = None,
    space: Space | None = None,
    seed: int = 0,
) -> Evolution:
    """Search as `PromptOptimizer.evolve` does, by `dspy.GEPA`.

    Agrawal et al. 2025, arXiv:2507.19457; dspy.GEPA with `instruction_proposer`. The asker is served on loopback; DSPy
    asks it there. The items are parted as by `PromptOptimizer`, and the score is the share of right answers. A call is
    again one answer for each development item; GEPA's minibatches count by the item. Kept answers count too.

    Args:
        prompt, dataset, iterations, test, calls: as in `PromptOptimizer.evolve`.
        asker: the model.
        task, space, seed: as in `PromptOptimizer`.

    Returns:
        what the search did, with method "gepa"; its steps are the prompts that GEPA scored on all development items.

    Raises:
        MissingExtra: dspy is not installed. BadInput: as in `PromptOptimizer.evolve`. CannotLoad: the endpoint failed.
    """
    check_slot(prompt)
    start = inspect.cleandoc(prompt)  # as DSPy keeps instructions
    dev, held = apart(dataset, test)
    budget = calls_of(iterations, calls)
    dspy = _dspy()
    the_task = task_of(task)
    tally, failures = Counter[str](), list[Exception]()
    proposals = _Proposals(space or Wordings(start, WORDS, PHRASES, SENTENCES), seed, failures)
    student = _student(dspy, start, tally, failures)
    result = _compiled(dspy, student, proposals, asker, the_task, dev, budget, seed)
    if failures:
        raise CannotLoad(
            asked=Words("to search by GEPA", "用 GEPA 搜索"),
            found=echo(failures[0]),
            todo=Words("raise the asker's budget, or look at its model", "提高 Asker 的 calls，或先单独问它一次看看"),
        )
    steps = _steps(result, proposals.kinds, len(dev))
    best = max(steps, key=lambda step: (step.score, -step.number)).prompt
    objective = Answers(the_task, asker)
    rows = [tuple(row) for row in objective.scores([start, best], held).tolist()]
    keys = tuple(item.key for item in dev), tuple(item.key for item in held)
    decides = decision(
        of=objective.identity(), space=proposals.space.about(), method="gepa", seed=seed, calls=budget, start=start,
        dev=keys[0], test=keys[1],
    )  # fmt: skip
    facts = ("gepa", seed, objective.unit, budget, math.ceil(tally["runs"] / len(dev)), len(dev), steps)
    return Evolution(*facts, *keys, rows[0], rows[1], decides)


def _compiled(
    dspy: Any, student: Any, proposals: "_Proposals", asker: Asker, task: PromptTask, dev: list[Item], budget: int,
    seed: int,
) -> Any:  # fmt: skip
    """Let GEPA search, its model served on loopback."""
    few, items = min(MINIBATCH, len(dev)), _examples(dspy, dev)
    with serve(asker) as address, _quiet():
        lm = dspy.LM(
            f"openai/{address.model}", api_base=address.url, api_key="none", cache=False, num_retries=0,
            temperature=asker.how.temperature, max_tokens=asker.how.max_new_tokens,
        )  # fmt: skip
        gepa = dspy.GEPA(
            _metric(dspy, task), instruction_proposer=proposals, track_stats=True, use_merge=False,
            reflection_minibatch_size=few, num_threads=1, seed=seed,
            max_metric_calls=max(1, (budget - 1) * len(dev) - 2 * few + 1),  # its last round may end above
        )  # fmt: skip
        with dspy.context(lm=lm, adapter=_adapter(dspy, task, dev)):
            return gepa.compile(student, trainset=items, valset=items).detailed_results


class _Proposals:
    """Propose edits of the space, as GEPA asks for them."""

    def __init__(self, space: Space, seed: int, failures: list[Exception]) -> None:
        self.space, self.kinds, self._failures = space, dict[str, str](), failures
        self._rng = random.Random(f"gepa {seed}")

    def __call__(
        self, candidate: dict[str, str], reflective_dataset: Any, components_to_update: list[str]
    ) -> dict[str, str]:
        try:
            edits = {name: self.space.edit(candidate[name], self._rng) for name in components_to_update}
        except Exception as error:  # GEPA would go on without a proposal
            self._failures.append(error)
            raise
        self.kinds |= {inspect.cleandoc(edit.prompt): edit.kind for edit in edits.values()}
        return {name: edit.prompt for name, edit in edits.items()}


def _dspy() -> Any:
    try:
        with _quiet():
            import dspy
    except ImportError:
        raise missing_extra("dspy", "dspy", Words("to search by GEPA", "用 GEPA 搜索")) from None
    return dspy


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep DSPy off the network, past proxies and silent."""
    logger = logging.getLogger("dspy")
    level = logger.level
    with patch.dict(os.environ, QUIET), redirect_stderr(StringIO()), redirect_stdout(StringIO()):
        logger.setLevel(logging.CRITICAL)
        try:
            yield
        finally:
            logger.setLevel(level)


def _student(dspy: Any, prompt: str, tally: Counter[str], failures: list[Exception]) -> Any:
    """Make the program that GEPA edits."""

    class Student(dspy.Module):
        def __init__(self) -> None:
            super().__init__()
            self.say = dspy.Predict(dspy.Signature("text -> answer", prompt))

        def forward(self, text: str) -> Any:
            if failures:
                raise failures[0]
            tally["runs"] += 1
            try:
                return self.say(text=text)
            except Exception as error:  # GEPA would score it 0, and go on
                failures.append(error)
                raise

    return Student()


def _adapter(dspy: Any, task: PromptTask, items: Sequence[Item]) -> Any:
    """Write prompts as the task does, which models know."""
    by_text = {item.text: item for item in items}

    class AsTheTask(dspy.Adapter):
        def __call__(self, lm: Any, lm_kwargs: Any, signature: Any, demos: Any, inputs: Any) -> list[dict[str, str]]:
            prompt = task.prompt(signature.instructions, by_text[inputs["text"]])
            (said,) = lm(messages=[{"role": "user", "content": prompt}], **lm_kwargs)
            return [{"answer": (said["text"] if isinstance(said, dict) else said) or ""}]  # empty is an answer too

    return AsTheTask()


def _metric(dspy: Any, task: PromptTask) -> Any:
    def metric(gold: Any, pred: Any, trace: Any = None, pred_name: Any = None, pred_trace: Any = None) -> Any:
        mark = task.check(gold.item, pred.answer)
        return dspy.Prediction(score=float(mark.right), feedback=mark.why)

    return metric


def _examples(dspy: Any, items: Sequence[Item]) -> list[Any]:
    return [dspy.Example(text=item.text, item=item).with_inputs("text") for item in items]


def _steps(result: Any, kinds: dict[str, str], items: int) -> tuple[Step, ...]:
    """Read the prompts that GEPA scored on every item."""
    prompts = [candidate.say.signature.instructions for candidate in result.candidates]
    return tuple(
        Step(
            number,
            max(1, math.ceil(result.discovery_eval_counts[number] / items)) if number else 1,
            kinds[prompt] if number else "start",
            tuple(prompts[parent] for parent in result.parents[number] if parent is not None),
            prompt,
            float(result.val_aggregate_scores[number]),
        )
        for number, prompt in enumerate(prompts)
    )
