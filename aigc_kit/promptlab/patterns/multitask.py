"""Choose among three task templates by words and last tasks.

    reader = Reader(requests(random.Random(0), 200))      # learns what requests sound like
    choice = choose(reader.confidence("说出顾客的诉求"), last=["classify", "classify"])
    TASKS[choice.task].fill(context=message)

How sure the words make us is the task's confidence; the last tasks are a prior before it. Where neither decides, no
task is chosen: asking back is no error, a wrong task is one.
"""

import math
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.core.statistics import Share
from aigc_kit.core.types import FrozenMap
from aigc_kit.promptlab.patterns.templates import Slot, Template
from aigc_kit.worlds.shop import instructions
from aigc_kit.worlds.shop.patterns import pick

_CONTEXT = (Slot("context", "要处理的内容", longest=2000),)
TASKS: Mapping[str, Template] = FrozenMap(
    classify=Template("classify", "请对以下内容进行分类：{{ context }}", _CONTEXT, "分类"),
    summarise=Template("summarise", "请总结以下文本：{{ context }}", _CONTEXT, "总结"),
    translate=Template("translate", "请将以下文本翻译成英文：{{ context }}", _CONTEXT, "翻译"),
)
REMEMBERED = 3  # last tasks that count
SURE = 0.6  # below it nothing is chosen
WEIGHT = 4.0  # of one of the last tasks, beside one for every task

_TRANSLATE = (
    [
        "把 这_条|下面 消息 翻译|译 成 英文|英语",
        "翻译 成 英文|英语",
        "这_条 消息 用 英文|英语 怎么 说",
        "给出|写出 英文 翻译",
    ],
    ["请 译 成 英语", "顾客 的_话 英文 怎么 写", "写 一个 英文 版"],
)
_WORDS = FrozenMap(
    classify=instructions.ASK["intent"], summarise=instructions.ASK["summary"], translate=_TRANSLATE
)  # what is seen, what is held out
_VAGUE = ("下一条", "这条呢", "继续", "再来一条", "一样处理", "还有这个")


@dataclass(frozen=True)
class Choice:
    """Hold what was chosen, and why.

    task: of `TASKS`, or None to ask back. confidence: of each task with the last ones counted in, summing to 1.
    """

    task: str | None
    confidence: Mapping[str, float]


class Reader:
    """Tell how sure a request's words make us.

    Naive Bayes over characters and their pairs, every count begun with one.

    Args:
        samples: (request, its task) to learn from.
    """

    def __init__(self, samples: Iterable[tuple[str, str]]) -> None:
        self._counts: dict[str, Counter[str]] = {task: Counter() for task in TASKS}
        for text, task in samples:
            self._counts[task].update(_pieces(text))
        if not any(self._counts.values()):
            raise BadInput(
                asked=Words("a reader of requests", "读懂请求的分类器"),
                found=Words("no samples", "一个样本也没有"),
                todo=Words("give it requests(rng, 200)", "给它 requests(rng, 200)"),
            )
        self._known = set().union(*self._counts.values())

    def confidence(self, text: str) -> dict[str, float]:
        """Share certainty among the tasks, summing to 1.

        Pieces that no sample had say nothing.
        """
        pieces = [piece for piece in _pieces(text) if piece in self._known]
        scores = {}
        for task, counts in self._counts.items():
            total = sum(counts.values()) + len(self._known)
            scores[task] = sum(math.log((counts[piece] + 1) / total) for piece in pieces)
        return _normalised({task: score - max(scores.values()) for task, score in scores.items()})


def choose(confidence: Mapping[str, float], last: Sequence[str] = (), *, weight: float = WEIGHT) -> Choice:
    """Choose a task by its confidence and the last tasks.

    Args:
        confidence: of each of `TASKS`, such as a `Reader` gives.
        last: the tasks before, oldest first; `REMEMBERED` of them count.
        weight: of each of them; 0 takes the words alone.
    """
    counts = Counter(last[-REMEMBERED:])
    prior = {task: math.log(1 + weight * counts[task]) for task in TASKS}
    both = _normalised({task: math.log(max(confidence[task], 1e-12)) + prior[task] for task in TASKS})
    best = max(both, key=lambda task: both[task])
    return Choice(best if both[best] >= SURE else None, both)


def requests(
    rng: random.Random, count: int, *, split: str = "train", stay: float = 1 / 3, vague: float = 0.0
) -> Iterator[tuple[str, str]]:
    """Draw what somebody asks for, one request after another.

    Args:
        rng, count: yields so many.
        split: "train" or "held": which wordings.
        stay: how often the task is that of the request before; else one of the two others.
        vague: how often the words do not say which ("下一条"), never in the first request.

    Yields:
        (request, task)
    """
    task = rng.choice(list(TASKS))
    for number in range(count):
        if number and rng.random() >= stay:
            task = rng.choice([other for other in TASKS if other != task])
        unclear = number > 0 and rng.random() < vague
        yield rng.choice(_VAGUE) if unclear else pick(rng, _WORDS[task], split).replace(" ", ""), task


def errors(
    reader: Reader, sessions: Iterable[Sequence[tuple[str, str]]], *, weight: float = WEIGHT, name: str = ""
) -> tuple[Share, Share]:
    """Count wrong choices, and how often it asked back.

    The last tasks are the true ones: whoever got a wrong template says so.

    Returns:
        shares of wrong choices and of none, each among all requests, both called `name`.
    """
    wrong, silent = [], []
    for session in sessions:
        last: list[str] = []
        for text, task in session:
            choice = choose(reader.confidence(text), last, weight=weight)
            wrong.append(choice.task not in (None, task))
            silent.append(choice.task is None)
            last.append(task)
    return Share.of(name, wrong, "wrong"), Share.of(name, silent, "silent")


def _pieces(text: str) -> list[str]:
    return [*text, *(text[at : at + 2] for at in range(len(text) - 1))]


def _normalised(logs: Mapping[str, float]) -> dict[str, float]:
    peak = max(logs.values())
    weights = {name: math.exp(value - peak) for name, value in logs.items()}
    total = sum(weights.values())
    return {name: value / total for name, value in weights.items()}
