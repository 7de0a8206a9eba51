"""Ask a model within a budget, every call counted.

A call is one prompt that the model itself reads, to answer it or to score labels. An answer that was kept, or that was
recorded long ago, is none, and says so.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from threading import RLock
from typing import Any, Literal

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, OverBudget
from aigc_kit.core.types.atoms import check_prompt
from aigc_kit.promptlab.ask.answer_cache import AnswerCache, key_of
from aigc_kit.promptlab.ask.backends import Backend, How, portions

Origin = Literal["live", "cached", "recorded"]


@dataclass(frozen=True)
class Answer:
    """Hold one answer, and where it comes from.

    Args:
        text: what the model wrote.
        origin: "live" (asked now), "cached" (asked before, kept), "recorded" (asked long ago on another machine).
        model: its name.
        tokens: of the answer; None unknown.
        seconds: that the model took when it was asked, its share of a batch.
    """

    text: str
    origin: Origin
    model: str
    tokens: int | None
    seconds: float

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Ledger:
    """Count what was asked.

    Args:
        live: calls: prompts that were given to the model, those that failed among them.
        cached, recorded: answers that cost no call.
        failed: calls that ended in an error.
        batches: times that the model was started.
        seconds: that it took in all.
        tokens: that it wrote, as far as is known.
    """

    live: int = 0
    cached: int = 0
    recorded: int = 0
    failed: int = 0
    batches: int = 0
    seconds: float = 0.0
    tokens: int = 0

    def plus(self, **more: float) -> "Ledger":
        """Add counts."""
        return replace(self, **{name: getattr(self, name) + value for name, value in more.items()})


class Asker:
    """Ask one model, as a function from prompts to answers.

    `asker(prompts)` gives texts, as `worlds.prompt_task.measure` wants them; `asker.answers(prompts)` tells where each
    comes from; `asker.ledger` counts. The same prompt is asked once.

    Args:
        backend: what answers.
        calls: most calls in all; None: any number. What would exceed it is refused before anything is asked.
        cache: where answers are kept; None: in memory, for this asker alone.
        how: settings of every answer.
        on_batch: called after each batch with prompts done and to do.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        calls: int | None = None,
        cache: AnswerCache | None = None,
        how: How | None = None,
        on_batch: Callable[[int, int], object] | None = None,
    ) -> None:
        if calls is not None and (not isinstance(calls, int) or isinstance(calls, bool) or calls < 0):
            raise BadInput(
                asked=f"calls={calls!r}",
                found=Words("no number of calls", "这不是次数"),
                todo=Words("give an integer, 0 or more; None is no limit", "给一个不小于 0 的整数；None 是不限"),
            )
        self.backend, self.model, self.calls = backend, backend.model, calls
        self.cache, self.how, self.on_batch = cache or AnswerCache(), how or How(), on_batch
        self.ledger = Ledger()
        self._lock = RLock()

    def __call__(self, prompts: Sequence[str]) -> list[str]:
        """Answer prompts: texts in their order."""
        return [answer.text for answer in self.answers(prompts)]

    @property
    def left(self) -> int | None:
        """Count the calls that are left, None without a limit."""
        return None if self.calls is None else self.calls - self.ledger.live

    def answers(self, prompts: Sequence[str], **changes: Any) -> list[Answer]:
        """Answer prompts, in their order.

        Args:
            prompts: none of them empty.
            changes: of the settings, for these prompts.

        Raises:
            BadInput: an empty prompt, or one that does not fit into the model.
            OverBudget: more calls than are left; none was made.
            NotOnDisk: no such answer was recorded.
        """
        how = replace(self.how, **changes)

        def ask(some: list[str]) -> list[dict[str, Any]]:
            return [asdict(reply) for reply in self.backend.answers(some, how)]

        values, fresh = self._values(prompts, {"how": asdict(how)}, ask)
        answers = []
        for prompt in prompts:
            answers.append(Answer(**values[prompt], origin=self._origin(prompt, fresh), model=self.model))
            fresh.discard(prompt)
        return answers

    def scores(self, prompts: Sequence[str], labels: Sequence[str]) -> np.ndarray:
        """Score labels as answers, without writing one.

        Args:
            prompts: none of them empty.
            labels: two or more, none twice.

        Returns:
            float64 (prompts, labels): natural log-probabilities that the answer begins so.

        Raises:
            BadInput: the engine gives no scores, or the labels are not two different ones.
            OverBudget: more calls than are left; none was made.
        """
        names = list(labels)
        if len(names) < 2 or len(set(names)) < len(names) or not all(isinstance(name, str) and name for name in names):
            raise BadInput(
                asked=Words(f"scores of {names}", f"给标签 {names} 打分"),
                found=Words("no two different labels", "没有两个不同的标签"),
                todo=Words("give two or more", "给两个或更多，互不相同"),
            )

        def ask(some: list[str]) -> list[list[float]]:
            return self.backend.scores(some, names, self.how).tolist()

        values, fresh = self._values(prompts, {"how": asdict(self.how), "labels": names}, ask)
        for prompt in prompts:
            self._origin(prompt, fresh)
            fresh.discard(prompt)
        return np.array([values[prompt] for prompt in prompts], dtype=np.float64).reshape(len(prompts), len(names))

    def _values(
        self, prompts: Sequence[str], decides: dict[str, Any], ask: Callable[[list[str]], list[Any]]
    ) -> tuple[dict[str, Any], set[str]]:
        """Find or make each value, and tell the new."""
        for prompt in prompts:
            check_prompt(prompt)
        with self._lock:
            identity = dict(self.backend.identity)
            keys = {prompt: key_of(of=identity, prompt=prompt, **decides) for prompt in prompts}
            kept = self.cache.find(list(keys.values())) if self.backend.origin == "live" else {}
            values = {prompt: kept[key] for prompt, key in keys.items() if key in kept}
            fresh = [prompt for prompt in keys if prompt not in values]
            if self.backend.origin == "recorded":
                return dict(zip(fresh, ask(fresh), strict=True)), set()
            self._refuse(len(fresh))
            for some in portions(fresh, self.backend.batch):
                replies = self._batch(some, ask)
                values |= replies
                self.cache.keep({keys[prompt]: value for prompt, value in replies.items()})
                if self.on_batch is not None:
                    self.on_batch(sum(prompt in values for prompt in fresh), len(fresh))
            return values, set(fresh)

    def _batch(self, some: list[str], ask: Callable[[list[str]], list[Any]]) -> dict[str, Any]:
        start = time.perf_counter()
        try:
            replies = ask(some)
        except BadInput:  # refused before the model read it: no call
            raise
        except BaseException:
            more = {"live": len(some), "failed": len(some), "batches": 1}
            self.ledger = self.ledger.plus(**more, seconds=time.perf_counter() - start)
            raise
        tokens = sum(reply["tokens"] or 0 for reply in replies if isinstance(reply, dict))
        seconds = time.perf_counter() - start
        self.ledger = self.ledger.plus(live=len(some), batches=1, seconds=seconds, tokens=tokens)
        return dict(zip(some, replies, strict=True))

    def _refuse(self, count: int) -> None:
        if self.left is not None and count > self.left:
            more = self.ledger.live + count
            raise OverBudget(
                asked=Words(f"{count} more calls of {self.model}", f"再问 {self.model} {count} 次"),
                found=Words(
                    f"{self.left} of {self.calls} are left; none of these was made",
                    f"{self.calls} 次里只剩 {self.left} 次；这一批一次也没有问",
                ),
                todo=Words(
                    f"ask at most {self.left} new prompts, or raise the budget: calls={more}",
                    f"最多问 {self.left} 条新的提示词，或提高预算：calls={more}",
                ),
            )

    def _origin(self, prompt: str, fresh: set[str]) -> Origin:
        if self.backend.origin == "recorded":
            self.ledger = self.ledger.plus(recorded=1)
            return "recorded"
        if prompt in fresh:
            return "live"
        self.ledger = self.ledger.plus(cached=1)
        return "cached"
