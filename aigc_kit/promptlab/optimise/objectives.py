"""Score prompts on items, higher being better."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import AigcError, BadInput
from aigc_kit.make.text.engines.base import idle_threads
from aigc_kit.make.train.answering import encode, surprise, surprises
from aigc_kit.promptlab.ask.answer_cache import key_of
from aigc_kit.promptlab.optimise.spaces import Prefixes
from aigc_kit.worlds.prompt_task import Item, PromptTask

if TYPE_CHECKING:
    from aigc_kit.promptlab.ask import Asker

LOOK_SECONDS = 10.0  # between two looks at how busy the processors are
Metric = Callable[[Item, str], float]


class Objective(Protocol):
    """Score prompts on items."""

    unit: str

    def scores(self, prompts: Sequence[str], items: Sequence[Item]) -> np.ndarray:
        """Score each prompt on each item, float64 (P, N)."""

    def slopes(self, prompt: str, items: Sequence[Item], space: Prefixes) -> np.ndarray:
        """Estimate what each character would change, (length, alphabet).

        Raises:
            BadInput: answers have no gradient.
        """

    def identity(self) -> str:
        """Hash what decides a score beside prompt and item."""


class Answers:
    """Ask a model and judge its answers.

    Args:
        task: whose items they are.
        asker: prompts -> answers.
        metric: "accuracy", the share of right answers; or (item, answer) -> a number, higher being better.
    """

    def __init__(self, task: PromptTask, asker: "Asker", metric: str | Metric = "accuracy") -> None:
        self._task, self._asker, self._metric = task, asker, metric
        self.unit = "答对的比例" if metric == "accuracy" else getattr(metric, "__name__", "得分")

    def scores(self, prompts: Sequence[str], items: Sequence[Item]) -> np.ndarray:
        """Score each prompt on each item, float64 (P, N).

        Raises:
            BadInput: the metric raises, or gives something else than a finite number.
        """
        texts = [self._task.prompt(prompt, item) for prompt in prompts for item in items]
        answers = iter(self._asker(texts))
        return np.array([[self._judged(item, next(answers)) for item in items] for _ in prompts]).reshape(
            len(prompts), len(items)
        )

    def _judged(self, item: Item, answer: str) -> float:
        if not callable(self._metric):
            return float(self._task.check(item, answer).right)
        try:
            value = float(self._metric(item, answer))
        except AigcError:
            raise
        except Exception as error:
            raise BadInput(
                asked=Words("a score by your metric", "用你的指标打分"),
                found=Words(f"it raised {error!r} at {answer[:40]!r}", f"它在回答 {answer[:40]!r} 上出错：{error!r}"),
                todo=Words("let it return a number for any answer", "让它对任何回答都返回一个数"),
            ) from error
        if not np.isfinite(value):
            raise BadInput(
                asked=Words("a score by your metric", "用你的指标打分"),
                found=Words(f"{value} at {answer[:40]!r}", f"它在回答 {answer[:40]!r} 上给出 {value}"),
                todo=Words("let it return a finite number", "让它返回一个有限的数"),
            )
        return value

    def slopes(self, prompt: str, items: Sequence[Item], space: Prefixes) -> np.ndarray:
        """Refuse: answers have no gradient."""
        raise BadInput(
            asked=Words("a search by gradients", "用梯度搜索"),
            found=Words("right or wrong answers have no gradient", "“答对答错”没有梯度"),
            todo=Words('take metric="likelihood", or another method', '改用 metric="likelihood"，或换一种方法'),
        )

    def identity(self) -> str:
        """Hash what decides a score beside prompt and item."""
        metric = self._metric if isinstance(self._metric, str) else getattr(self._metric, "__qualname__", "metric")
        how = repr(self._asker.how)
        return key_of(task=self._task.name, of=dict(self._asker.backend.identity), how=how, metric=metric)


class Likelihood:
    """Measure how likely the model finds the items' answers.

    Args:
        task: whose items they are.
        engine: of transformers; its weights are frozen.
    """

    unit = "nat/词元，取负数"

    def __init__(self, task: PromptTask, engine: Any) -> None:
        self._task, self._engine = task, engine
        self._threads, self._looked = 1, -LOOK_SECONDS
        self._ids: dict[str, Any] = {}  # of the characters that were encoded
        engine.model.requires_grad_(False)

    def scores(self, prompts: Sequence[str], items: Sequence[Item]) -> np.ndarray:
        """Score each prompt: minus nats per token, float64 (P, N).

        Raises:
            BadInput: it does not fit into the model.
        """
        import torch

        torch.set_num_threads(1)  # the threads are those of the pool

        def one(prompt: str) -> np.ndarray:
            with torch.inference_mode():
                return -surprises(self._engine.model, self._rows(prompt, items)).double().numpy()

        with ThreadPoolExecutor(min(self._idle(), max(len(prompts), 1))) as pool:
            return np.array(list(pool.map(one, prompts))).reshape(len(prompts), len(items))

    def slopes(self, prompt: str, items: Sequence[Item], space: Prefixes) -> np.ndarray:
        """Estimate what each character would change.

        Returns:
            float32 (length, alphabet): the first-order gain of the mean score.
        """
        import torch

        self._engine.use_threads()
        table = self._engine.model.get_input_embeddings().weight
        ids = torch.tensor(self._engine.encode(prompt[: space.length]))
        vectors = table[ids].clone().requires_grad_(True)
        surprise(self._engine.model, self._rows(prompt[space.length :], items), vectors).backward()
        assert vectors.grad is not None
        others = table[self._alphabet(space.alphabet)]
        return -((others @ vectors.grad.T).T - (vectors.detach() * vectors.grad).sum(1, keepdim=True)).numpy()

    def identity(self) -> str:
        """Hash what decides a score beside prompt and item."""
        return key_of(task=self._task.name, model=self._fingerprint, metric="likelihood")

    @cached_property
    def _fingerprint(self) -> str:
        from aigc_kit.promptlab.tune.adapters import fingerprint

        return fingerprint(self._engine.model)

    def _idle(self) -> int:
        """Count idle processors, by a short look now and then."""
        now = time.monotonic()
        if now - self._looked >= LOOK_SECONDS:
            self._threads, self._looked = idle_threads(None), now
        return self._threads

    def _alphabet(self, characters: str) -> Any:
        import torch

        if characters not in self._ids:
            self._ids[characters] = torch.tensor([self._engine.encode(character)[0] for character in characters])
        return self._ids[characters]

    def _rows(self, prompt: str, items: Sequence[Item]) -> Any:
        rows = encode(
            self._engine.tokenizer, [(self._task.prompt(prompt, item), item.answer) for item in items], end=False
        )
        if rows.ids.shape[1] + 16 > self._engine.context:
            raise BadInput(
                asked=Words(f"a prompt of {len(prompt)} characters", f"{len(prompt)} 个字的提示词"),
                found=Words(
                    f"with its answers it is longer than the {self._engine.context} tokens of the model",
                    f"加上回答，比模型能读的 {self._engine.context} 个词元还长",
                ),
                todo=Words("shorten it", "把它改短"),
            )
        return rows


def characters(engine: Any) -> str:
    """List the single Chinese characters of a model's vocabulary."""
    texts = engine.tokenizer.convert_ids_to_tokens(range(engine.vocab_size))
    return "".join(text for text in texts if len(text) == 1 and "\u4e00" <= text <= "\u9fff")
