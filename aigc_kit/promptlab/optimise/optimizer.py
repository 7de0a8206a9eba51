"""Search a prompt within a budget that is counted once.

A call is one prompt scored on all development items; a gradient counts as two, forwards and backwards. Test items are
looked at twice: for the first prompt and for the one that was chosen.
"""

import hashlib
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, unknown_name
from aigc_kit.promptlab.optimise.methods import METHODS, Slope, Wanted
from aigc_kit.promptlab.optimise.objectives import Answers, Likelihood, Metric, Objective
from aigc_kit.promptlab.optimise.runs import Evolution, Kept, Step, decision
from aigc_kit.promptlab.optimise.spaces import Edit, Space, Wordings, check_slot
from aigc_kit.worlds.prompt_task import Item, PromptTask

WIDTH = 4  # calls of an iteration
GRADIENT = 2  # calls
IDLE = 50  # rounds without a new prompt, after which there is nothing left to try
COURSE = "text_classification"  # the course's name for a task: the sentiment of a message

WORDS = (("判断", "分析", "识别", "说出"), ("文本", "消息", "句子", "留言"), ("情感倾向", "情感", "情绪", "态度"))
PHRASES = (("判断以下文本的情感倾向：", "请分析该句子的情绪是正面还是负面：", "这条消息是什么情感？\n消息："),)
SENTENCES = ("只输出标签。", "从正面、中性、负面中选一个。", "先想一想。", "\n标签：")


class PromptOptimizer:
    """Search the prompt of a task.

    Args:
        task: a `PromptTask`, or "text_classification": the sentiment of messages to a small shop.
        model: an `Asker` whose answers are judged, or an engine of transformers for metric="likelihood"; None: the
            tiny chat model.
        space: what may be tried; None: other words, phrases and sentences of the course's prompt.
        method: "random", "climb", "beam", "evolution", "hotflip" or "bandit".
        seed: of the search.
        keep: a file that holds the scores, so that an interrupted search goes on; None keeps them in this object.
        on_step: called with each `Step` as it is known.

    Raises:
        UnknownName: no such method or task.
    """

    def __init__(
        self,
        task: PromptTask | str = COURSE,
        model: Any = None,
        space: Space | None = None,
        *,
        method: str = "evolution",
        seed: int = 0,
        keep: Path | None = None,
        on_step: Callable[[Step], object] | None = None,
    ) -> None:
        if method not in METHODS:
            asked = Words(f"to search by {method!r}", f"用 {method!r} 搜索")
            raise unknown_name(asked, method, METHODS, Words("method", "方法"))
        self.task, self.model, self.space = task_of(task), model, space
        self.method, self.seed, self.keep, self.on_step = method, seed, keep, on_step
        self._memory: dict[str, Kept] = {}

    def evolve(
        self,
        prompt: str,
        dataset: Sequence[Item],
        metric: str | Metric = "accuracy",
        iterations: int = 10,
        *,
        test: Sequence[Item] | None = None,
        calls: int | None = None,
    ) -> Evolution:
        """Search from a prompt, and judge the best.

        Called again with the same arguments it goes on where it was interrupted: what was scored is not scored again,
        and counts as before.

        Args:
            prompt: with {text}; the first call scores it.
            dataset: items of the task, two or more, none twice.
            metric: "accuracy", "likelihood" (nats per token of the items' answers), or (item, answer) -> a number.
            iterations: of `WIDTH` calls each.
            test: items kept away; None takes every other item of the dataset, by a hash of its key.
            calls: the whole budget instead, the start included.

        Raises:
            BadInput: no {text}, too few items or one twice, an item to choose on and to test on, a budget of 0, a
                metric that raises. OverBudget: of the asker.
        """
        check_slot(prompt)
        dev, held = apart(dataset, test)
        budget = calls_of(iterations, calls)
        objective = self._objective(metric)
        space = self.space or Wordings(prompt, WORDS, PHRASES, SENTENCES)
        decides = decision(
            of=objective.identity(), space=space.about(), method=self.method, seed=self.seed, calls=budget,
            start=prompt, dev=[item.key for item in dev], test=[item.key for item in held],
        )  # fmt: skip
        kept = Kept(decides, self.keep) if self.keep else self._memory.setdefault(decides, Kept(decides))
        meter = _Meter(objective, dev, budget, kept, self.on_step)
        _drive(meter, space, prompt, METHODS[self.method], random.Random(f"{self.method} {self.seed}"), objective)
        steps = tuple(meter.steps)
        best = max(steps, key=lambda step: (step.score, -step.number)).prompt
        ends = objective.scores(list(dict.fromkeys((prompt, best))), held)
        rows = tuple(tuple(row) for row in ends.tolist())
        keys = tuple(item.key for item in dev), tuple(item.key for item in held)
        facts = (self.method, self.seed, objective.unit, budget, meter.calls, len(dev), steps)
        return Evolution(*facts, *keys, rows[0], rows[-1], decides)

    def _objective(self, metric: str | Metric) -> Objective:
        if metric == "likelihood":
            if not hasattr(self.model, "tokenizer"):
                raise BadInput(
                    asked=Words("to search by likelihood", "按似然来搜索"),
                    found=Words("a model that gives answers only", "给的模型只会回答，看不到概率"),
                    todo=Words(
                        "give text.engine(text.plan_for(..., engine='transformers')) as model",
                        "model 写 text.engine(text.plan_for(..., engine='transformers'))",
                    ),
                )
            return Likelihood(self.task, self.model)
        if metric != "accuracy" and not callable(metric):
            asked = Words(f"metric={metric!r}", f"metric={metric!r}")
            raise unknown_name(asked, metric, ("accuracy", "likelihood"), Words("metric", "指标"))
        if self.model is None:
            from aigc_kit.promptlab import ask

            self.model = ask.model("tinychat", max_new_tokens=24)
        return Answers(self.task, self.model, metric)


class _Meter:
    """Score prompts, each once, and count calls."""

    def __init__(
        self,
        objective: Objective,
        items: Sequence[Item],
        budget: int,
        kept: Kept,
        on_step: Callable[[Step], object] | None,
    ) -> None:
        self._objective, self._items, self._kept, self._tell = objective, items, kept, on_step
        self.budget, self.calls = budget, 0
        self.steps: list[Step] = []
        self._scores: dict[str, float] = {}

    @property
    def left(self) -> int:
        return self.budget - self.calls

    def spend(self, calls: int) -> None:
        self.calls += calls

    def scores(self, edits: Sequence[Edit]) -> list[float] | None:
        """Score prompts; None where the budget ends before the last."""
        fresh = {edit.prompt: edit for edit in reversed(edits) if edit.prompt not in self._scores}
        some = list(reversed(fresh.values()))[: self.left]
        missing = [edit.prompt for edit in some if edit.prompt not in self._kept.scores]
        if missing:
            for prompt, row in zip(missing, self._objective.scores(missing, self._items), strict=True):
                self._kept.add(prompt, row)
            self._kept.write()
        for edit in some:
            self.spend(1)
            self._scores[edit.prompt] = float(np.mean(self._kept.scores[edit.prompt]))
            step = Step(len(self.steps), self.calls, edit.kind, edit.parents, edit.prompt, self._scores[edit.prompt])
            self.steps.append(step)
            if self._tell is not None:
                self._tell(step)
        if len(some) < len(fresh):
            return None
        return [self._scores[edit.prompt] for edit in edits]


def _drive(
    meter: _Meter, space: Space, start: str, method: Callable[..., Any], rng: random.Random, objective: Objective
) -> None:
    """Serve a method until the budget is spent."""
    first = meter.scores([Edit("start", (), start)])
    assert first is not None
    search = method(space, start, first[0], rng)
    wanted: Wanted = next(search)
    idle = 0
    while meter.left > 0 and idle < IDLE:
        spent = meter.calls
        answer: Any
        if isinstance(wanted, Slope):
            if meter.left < GRADIENT:
                break
            meter.spend(GRADIENT)
            answer = objective.slopes(wanted.prompt, meter._items, space)  # type: ignore[arg-type]
        else:
            answer = meter.scores(wanted)
            if answer is None:
                break
        idle = idle + 1 if meter.calls == spent else 0
        wanted = search.send(answer)
    search.close()


def task_of(task: PromptTask | str) -> PromptTask:
    """Find the task that a name of the course means."""
    if not isinstance(task, str):
        return task
    from aigc_kit.worlds.shop.prompt_tasks import all_tasks

    if task != COURSE:
        raise unknown_name(Words(f"task {task!r}", f"任务 {task!r}"), task, (COURSE,), Words("task", "任务"))
    return all_tasks()["sentiment"]


def apart(dataset: Sequence[Item], test: Sequence[Item] | None) -> tuple[list[Item], list[Item]]:
    """Part items to choose on from items to test on."""
    items = list(dataset)
    if not all(isinstance(item, Item) for item in [*items, *(test or ())]):
        raise BadInput(
            asked=Words("a data set", "数据集"),
            found=Words("something else than items of a task", "里面有不是题目（Item）的东西"),
            todo=Words("give task.items(40, split='held')", "给 task.items(40, split='held')"),
        )
    if test is None:
        ordered = sorted(items, key=lambda item: hashlib.sha256(item.key.encode()).hexdigest())
        dev, held = ordered[::2], ordered[1::2]
    else:
        dev, held = items, list(test)
    every = [(item.text, item.answer) for item in [*dev, *held]]
    if len(dev) < 2 or len(held) < 2:
        raise BadInput(
            asked=Words("items to choose on and to test on", "用来挑选和用来检验的题目"),
            found=Words(f"{len(dev)} and {len(held)}", f"只有 {len(dev)} 题和 {len(held)} 题"),
            todo=Words("give two of each at least; forty tell more", "各给至少两题；四十题更说明问题"),
        )
    if len(set(every)) < len(every):
        raise BadInput(
            asked=Words("items to choose on and to test on", "用来挑选和用来检验的题目"),
            found=Words(
                f"{len(every) - len(set(every))} of them stand there twice",
                f"有 {len(every) - len(set(every))} 题出现了两次：挑选时见过的题，检验时就不算数了",
            ),
            todo=Words("give each item once, on one side only", "每题只放一次，只放在一边"),
        )
    return dev, held


def calls_of(iterations: int, calls: int | None) -> int:
    """Count the calls of a search."""
    name, value, least = ("iterations", iterations, 1) if calls is None else ("calls", calls, 2)
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise BadInput(
            asked=f"{name}={value!r}",
            found=Words(
                f"not an integer >= {least}: nothing could be tried beside the start",
                f"不是大于等于 {least} 的整数：除了起点，什么也试不了",
            ),
            todo=Words(f"give {least} or more", f"给 {least} 或更大的整数"),
        )
    return 1 + iterations * WIDTH if calls is None else calls
