"""Ask the same questions in many ways."""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from aigc_kit.promptlab.ask.asking import Asker
from aigc_kit.promptlab.trials import Trial, trial, trial_of
from aigc_kit.worlds.prompt_task import Item, Mark
from aigc_kit.worlds.shop import checkers, labels
from aigc_kit.worlds.shop.prompt_tasks import ShopTask, all_tasks

COUNT = 100  # items of a trial: a share of 90 % is known to about 6 points
SHOTS = (0, 1, 2, 4)
BARE = "判断顾客的意图。"
_ROW = "退款、物流、换货、咨询、投诉、表扬"
WITHIN = f"是{_ROW}中的哪一个？"
WORDINGS: Mapping[str, tuple[str, ...]] = {
    "只问": (
        "判断顾客的意图。",
        "这条消息是什么意图？",
        "说出顾客的诉求。",
        "顾客想要什么？",
        "看看这条消息属于哪一类。",
        "给消息分类。",
        "请帮我看看。",
        "分析顾客的目的。",
    ),
    "限定格式": (
        "判断顾客的意图。只输出标签。",
        "意图是什么？一个词就行。",
        "给消息分类，不要解释。",
        "顾客想要什么？只回答一个词。",
        "说出顾客的诉求。直接给出标签。",
    ),
    "列出标签": (
        WITHIN,
        f"判断顾客的意图，从{_ROW}中选一个。",
        f"类别有{_ROW}。给消息分类。",
        f"在{_ROW}里面挑。",
        f"可选标签：{_ROW}。",
        f"顾客的目的是什么？标签有{_ROW}。",
    ),
    "标签加格式": (
        f"判断顾客的意图，从{_ROW}中选一个。只输出标签。",
        f"只能用{_ROW}中的一个。只写一个词。顾客的目的是什么？",
        f"把消息分到一个类别，类别有{_ROW}。直接给出标签，不要解释。",
        f"标签：{_ROW}。输出一个标签。",
        f"从{_ROW}选。只答标签。",
        f"请认真分析。给消息分类，标签有{_ROW}。不要解释。",
    ),
    "说明含义": (
        "退款是要回货款；物流是问包裹；换货是要换一个；咨询是问商品；投诉是不满意服务；表扬是夸小店。只输出标签。",
        "判断顾客的意图。类别：退款是要回货款；物流是问包裹；换货是要换一个；咨询是问商品；投诉是不满意服务；表扬是夸小店。",
        "给消息分类，类别：退款是要回货款；物流是问包裹；换货是要换一个；咨询是问商品；投诉是不满意服务；表扬是夸小店。不要解释。",
    ),
    "消息在前": ("{text}\n这条消息是什么意图？", f"{{text}}\n从{_ROW}中选一个。只输出标签。"),
}
"""Kind -> thirty instructions for one task, written for this lab before anything was measured."""

ROLES: tuple[str, ...] = (
    "",
    "你是小店的客服。",
    "你是一名细心的客服。",
    "你是世界上最好的分类专家。",
    "你是一只猫。",
    "请认真仔细分析。",
    "这对我很重要。",
    "今天天气很好。",
)
"""Lines put before an instruction; the first is none."""


@cache
def tasks() -> dict[str, ShopTask]:
    """Give the shop's tasks by name."""
    return all_tasks()


@cache
def items(task: str = "intent", count: int = COUNT) -> tuple[Item, ...]:
    """Draw items of kinds that the tiny model never saw."""
    return tuple(tasks()[task].items(count, split="held"))


def examples(count: int, task: str = "intent") -> list[Item]:
    """Take solved items for a prompt, of different answers."""
    pool = tasks()[task].items(60, seed=9)
    first: dict[str, Item] = {}
    for item in pool:
        first.setdefault(item.answer, item)
    return [*first.values(), *(item for item in pool if item not in first.values())][:count]


def by_shots(asker: Asker, instruction: str = BARE, counts: Sequence[int] = SHOTS, count: int = COUNT) -> list[Trial]:
    """Give examples of a task that the model knows."""
    task, some = tasks()["intent"], items(count=count)
    return [trial(f"{n} 个例子", asker, task, some, instruction, examples(n), at=n) for n in counts]


def by_new_labels(asker: Asker, counts: Sequence[int] = SHOTS, count: int = COUNT) -> tuple[list[Trial], list[float]]:
    """Give examples of labels that nothing but them explains.

    Returns:
        a trial for each count, and what a perfect reader of the examples would score.
    """
    trials, best = [], []
    for n in counts:
        samples = [labels.examples(random.Random(f"new {k}"), "held", shots=n, classes=3) for k in range(count)]

        def judge(number: int, answer: str, samples: Sequence = samples) -> Mark:
            return checkers.check(samples[number], answer)

        trials.append(trial_of(f"{n} 个例子", asker, [sample.prompt for sample in samples], judge, at=n))
        best.append(sum(sample.facts["best"] for sample in samples) / count)
    return trials, best


def by_order(asker: Asker, count: int = COUNT) -> list[Trial]:
    """List the same labels in six orders, each first once."""
    names = list(tasks()["intent"].labels)
    trials = []
    for first in range(len(names)):
        row = "、".join([*names[first:], *names[:first]])
        instruction = f"是{row}中的哪一个？"
        trials.append(trial(f"{names[first]}在最前", asker, tasks()["intent"], items(count=count), instruction))
    return trials


def by_wording(asker: Asker, count: int = 60) -> list[Trial]:
    """Ask in thirty wordings, whose kind is `at`."""
    task, some = tasks()["intent"], items(count=count)
    return [
        trial(wording, asker, task, some, wording, at=kind)
        for kind, wordings in WORDINGS.items()
        for wording in wordings
    ]


def by_steps(asker: Asker, count: int = COUNT) -> dict[str, tuple[Trial, Trial]]:
    """Ask for the answer directly, and for steps first.

    Returns:
        name of a task -> (direct, steps), on the same messages.
    """
    pairs = {"算总价": ("total_direct", "total_steps"), "按规则写标签": ("rule", "rule_worked")}
    pairs["意图加情感的规则"] = ("pairs", "pairs_worked")
    answers = {}
    for name, names in pairs.items():
        messages = [item.truth.message for item in items(names[0], count)]
        two = []
        for way, each in zip(("直接回答", "先写步骤"), names, strict=True):
            task = tasks()[each]
            some = [task.item(message, f"{each}-{k}") for k, message in enumerate(messages)]
            two.append(trial(way, asker, task, some, task.instruction, at=name))
        answers[name] = (two[0], two[1])
    return answers


def by_role(asker: Asker, instruction: str = BARE, count: int = COUNT) -> list[Trial]:
    """Put a line before the instruction, none at first."""
    task, some = tasks()["intent"], items(count=count)
    return [trial(role or "（不加）", asker, task, some, role + instruction) for role in ROLES]


def known(asker: Asker, some: Trial, names: Sequence[str]) -> Trial:
    """Judge prompts by the likeliest label, not the text.

    What the model would say, were it only allowed to say a label.
    """
    scores = asker.scores(some.prompts, names)
    answers = [names[best] for best in scores.argmax(axis=1)]
    task, truths = tasks()["intent"], items(count=len(some.prompts))
    marks = tuple(task.check(item, answer) for item, answer in zip(truths, answers, strict=True))
    return Trial(some.name, some.at, some.prompts, tuple(answers), marks)


def decoded(openers: Mapping[str, Callable[[list[str]], list[str]]], count: int = 40) -> list[Trial]:
    """Ask one prompt by several ways of decoding."""
    task, some = tasks()["intent"], items(count=count)
    return [trial(name, asker, task, some, BARE) for name, asker in openers.items()]


def elsewhere(asker: Callable[[list[str]], list[str]], count: int = 20, *, sums: bool = True) -> list[Trial]:
    """Ask any model the same few ways, judged by meaning.

    An intent counts when the answer names this label and no other, a sum when its last number is right.

    Args:
        asker: of the model.
        count: items of each way.
        sums: also ask for sums, directly and by steps.
    """
    task, some, clear = tasks()["intent"], items(count=count), f"判断顾客的意图，从{_ROW}中选一个。只输出标签。"
    ways = {
        "只问": (BARE, 0),
        "列出标签": (clear, 0),
        "猫，列出标签": (f"你是一只猫。{clear}", 0),
        "两个例子": (clear, 2),
    }
    trials = []
    for name, (instruction, n) in ways.items():
        prompts = [task.prompt(instruction, item, examples(n)) for item in some]
        trials.append(trial_of(name, asker, prompts, lambda k, answer: names_label(answer, some[k].answer), at="意图"))
    orders = items("total_direct", count)
    for name, ask in (
        (("直接回答", "直接给出答案。"), ("先写步骤", "请一步一步算，最后写“答案”和数字。")) if sums else ()
    ):
        prompts = [f"算一下顾客一共要付多少元。{ask}\n消息：{item.text}" for item in orders]
        trials.append(trial_of(name, asker, prompts, lambda k, answer: ends_in(answer, orders[k].answer), at="总价"))
    return trials


def names_label(answer: str, label: str) -> Mark:
    """Accept an answer that names one label, the right one."""
    named = {name for name in tasks()["intent"].labels if name in answer}
    return Mark(named == {label}, "" if named == {label} else f"应当只说到“{label}”")


def ends_in(answer: str, number: str) -> Mark:
    """Accept an answer whose last number is right."""
    numbers = re.findall(r"\d+(?:\.\d+)?", answer.replace(",", ""))
    right = bool(numbers) and float(numbers[-1]) == float(number)
    return Mark(right, "" if right else f"最后应当是 {number}")
