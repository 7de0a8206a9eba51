"""Answer prompts and score labels, in batches or singly.

A backend only asks; who counts, keeps and refuses is `asking.Asker`.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Card
from aigc_kit.make import text
from aigc_kit.make.text import batches
from aigc_kit.make.text.settings import MODEL, URL, engine_of
from aigc_kit.models import cards
from aigc_kit.models.fetch.hublock import fill_in

if TYPE_CHECKING:
    from aigc_kit.make.text.engines import Engine

BATCH = 64  # prompts at a time: `make.text.batches` cuts them into chunks, one a thread


@dataclass(frozen=True)
class How:
    """Hold how prompts are answered.

    Args:
        max_new_tokens: the longest answer.
        temperature: 0 takes the most probable token, always the same answer; else `seed` decides.
        seed: of the draws.
        system: what stands before every prompt as the system's message, for models that have one.
        chat: False continues a text instead of answering it.
    """

    max_new_tokens: int = 64
    temperature: float = 0.0
    seed: int = 0
    system: str = ""
    chat: bool = True

    def __post_init__(self) -> None:
        tokens = self.max_new_tokens
        if not isinstance(tokens, int) or isinstance(tokens, bool) or tokens < 1:
            raise BadInput(
                asked=f"max_new_tokens={tokens!r}",
                found=Words("not an integer >= 1", "不是大于等于 1 的整数"),
                todo=Words("give one, such as 64", "给一个这样的数，例如 64"),
            )

    def messages(self, prompt: str) -> list[dict[str, str]]:
        """Write the conversation that a chat model reads."""
        system = [{"role": "system", "content": self.system}] if self.system else []
        return [*system, {"role": "user", "content": prompt}]


@dataclass(frozen=True)
class Reply:
    """Hold one answer: its text, tokens (None unknown) and seconds."""

    text: str
    tokens: int | None
    seconds: float


class Backend(Protocol):
    """Hold what answers.

    Attributes:
        model: its name.
        origin: "live", or "recorded" for what was answered long ago.
        identity: what decides an answer besides prompt and settings: the model's bytes, engine, dtype.
        batch: prompts that are answered at a time.
    """

    model: str
    origin: str
    identity: Mapping[str, Any]
    batch: int

    def answers(self, prompts: Sequence[str], how: How) -> list[Reply]:
        """Answer prompts, in their order."""

    def scores(self, prompts: Sequence[str], labels: Sequence[str], how: How) -> np.ndarray:
        """Give log-probabilities of labels, float64 (prompts, labels).

        Raises:
            BadInput: the engine gives none.
        """


class LocalBackend:
    """Ask a model here, or a server, through `make.text`.

    A model of transformers answers in batches where it takes the most probable token; all others go one by one.
    """

    origin = "live"

    def __init__(self, card: Card, engine: str | None = None, *, chat: bool = True) -> None:
        self._values: dict[str, Any] = {"card": card.name, "chat": chat, **({"engine": engine} if engine else {})}
        plan = text.plan_for("你好", **self._values)
        self.model, self.card = card.name, card
        self._kind = engine_of(plan.request, card)
        self._batched = self._kind == "transformers"
        self.batch = BATCH if self._batched else 1
        files = [[file.path, fill_in(of, file).sha256] for of in card.sources for file in of.files]
        server = [os.environ.get(URL, ""), os.environ.get(MODEL, "")] if self._kind == "endpoint" else []
        dtype = plan.dtypes.get("model", "")
        bytes_of: dict[str, Any] = {"card": card.name, "files": files, "server": server}
        self.identity: Mapping[str, Any] = {**bytes_of, "engine": self._kind, "dtype": dtype}
        self._plan = plan

    @property
    def engine(self) -> "Engine":
        """Load the engine on first use."""
        return text.engine(self._plan)

    def answers(self, prompts: Sequence[str], how: How) -> list[Reply]:
        """Answer prompts, in their order."""
        if not self._batched or how.temperature > 0 or not how.chat:
            return [self._single(prompt, how) for prompt in prompts]
        start = time.perf_counter()
        rows = [self.engine.chat(how.messages(prompt)) for prompt in prompts]
        check_length(self.engine, rows, how.max_new_tokens)
        written = batches.continuations(self.engine, rows, how.max_new_tokens)
        seconds = (time.perf_counter() - start) / len(prompts)
        return [Reply(self.engine.decode(ids).strip(), len(ids), seconds) for ids in written]

    def scores(self, prompts: Sequence[str], labels: Sequence[str], how: How) -> np.ndarray:
        """Give log-probabilities of labels, float64 (prompts, labels)."""
        if self._kind == "endpoint":
            raise _no_scores(self.model, Words("a server gives no scores", "服务器不给分数"))
        encode = self.engine.encode if not self._batched else self._bare
        rows = [self.engine.chat(how.messages(prompt)) for prompt in prompts]
        ends = [encode(label) for label in labels]
        if self._batched:
            check_length(self.engine, rows, max(map(len, ends)))
            return batches.row_scores(self.engine, rows, ends).astype(np.float64)
        return np.array([[self.engine.logprobs([*row, *end], len(row)).sum() for end in ends] for row in rows])

    def _bare(self, label: str) -> list[int]:
        engine: Any = self.engine
        return engine.tokenizer(label, add_special_tokens=False).input_ids

    def _single(self, prompt: str, how: How) -> Reply:
        search = {"temperature": how.temperature} if how.temperature > 0 else {"search": "greedy"}
        system = {"system": how.system} if how.system else {}
        values = {**self._values, **search, **system, "chat": how.chat}
        take = text.make(prompt, seed=how.seed, max_new_tokens=how.max_new_tokens, **values)
        tokens = take.labels.get("ids")
        return Reply(str(take.data).strip(), None if tokens is None else len(tokens), take.cost.seconds)


def check_length(engine: Any, rows: Sequence[Sequence[int]], limit: int) -> None:
    """Refuse rows that leave no room for an answer."""
    longest = max(map(len, rows))
    if longest + limit > engine.context:
        room = engine.context - limit
        raise BadInput(
            asked=Words(
                f"an answer of {limit} tokens to a prompt of {longest}", f"提示词 {longest} 个词元，回答 {limit} 个"
            ),
            found=Words(
                f"{engine.card.name} reads and writes {engine.context} tokens in all",
                f"{engine.card.name} 一共只能读写 {engine.context} 个词元",
            ),
            todo=Words(f"shorten the prompt to {room} tokens, or the answer", f"把提示词缩到 {room} 个词元，或缩短回答")
            if room > 0
            else Words("ask for a shorter answer", "让回答短一些"),
        )


class FunctionBackend:
    """Ask a function, such as a reader of one's own.

    Args:
        function: prompts -> answers, as a `worlds.prompt_task` asks.
        model: its name.
    """

    origin, batch = "live", BATCH

    def __init__(self, function: Callable[[list[str]], list[str]], model: str) -> None:
        self._function, self.model = function, model
        self.identity: Mapping[str, Any] = {"function": model, "of": uuid4().hex}  # no later one has its answers

    def answers(self, prompts: Sequence[str], how: How) -> list[Reply]:
        """Answer prompts, in their order."""
        start = time.perf_counter()
        texts = self._function(list(prompts))
        if len(texts) != len(prompts):
            raise BadInput(
                asked=Words(f"{len(prompts)} answers of {self.model}", f"{self.model} 的 {len(prompts)} 个回答"),
                found=Words(f"{len(texts)} answers", f"给了 {len(texts)} 个"),
                todo=Words("return one answer for each prompt", "每条提示词返回一个回答"),
            )
        seconds = (time.perf_counter() - start) / max(1, len(prompts))
        return [Reply(answer, None, seconds) for answer in texts]

    def scores(self, prompts: Sequence[str], labels: Sequence[str], how: How) -> np.ndarray:
        """Refuse: a function gives texts only."""
        raise _no_scores(self.model, Words("a function gives no scores", "函数不给分数"))


def text_card(name: str) -> Card:
    """Find the card of a language model.

    Raises:
        UnknownName: there is none of that name.
        BadInput: it makes something else than texts.
    """
    card = cards.get(name)
    if card.kind != "text":
        names = [other.name for other in cards.of_kind("text")]
        raise BadInput(
            asked=Words(f"to ask {name!r}", f"向 {name!r} 提问"),
            found=Words(f"a {card.kind} card", f"这是 {card.kind} 的模型，不写文字"),
            todo=Words(f"choose from {', '.join(names)}", f"从 {'、'.join(names)} 里选"),
        )
    return card


def _no_scores(model: str, why: Words) -> BadInput:
    return BadInput(
        asked=Words(f"label scores of {model}", f"{model} 给标签的分数"),
        found=why,
        todo=Words("ask a model on this machine, or compare answers", "问本机上的模型，或直接比较回答"),
    )


def portions(prompts: Sequence[str], size: int) -> Iterator[list[str]]:
    """Cut prompts into batches, those of like length together."""
    ordered = sorted(prompts, key=len)
    yield from (ordered[at : at + size] for at in range(0, len(ordered), size))
