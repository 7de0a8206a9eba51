"""Answer requests together that come close together.

A model reads 32 prompts in little more time than one. The first request of a batch waits a little for others: a lone
one is slower for it, a crowd much faster.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types.atoms import check_prompt, plain, shown


@dataclass(frozen=True)
class Latency:
    """Hold how long requests waited, float64 (N,) seconds each.

    Args:
        name: of the way.
        seconds: from arrival to answer.
        batches: size of every batch.
    """

    name: str
    seconds: np.ndarray
    batches: tuple[int, ...]

    def at(self, percent: float) -> float:
        """Give the seconds in which so many percent were served."""
        return float(np.percentile(self.seconds, percent))


class Batcher:
    """Collect requests, and ask for them in batches.

    Use it as `async with`; leaving it answers what waits. The model is called in a thread, one batch at a time, so that
    requests come in meanwhile. An error of a batch goes to each request in it, and to no other.

    Args:
        ask: prompts -> answers, one for each, such as an `Asker`.
        most: prompts of a batch, >= 1; 1 asks one by one.
        wait: seconds that the first of a batch waits for others, >= 0.
    """

    def __init__(self, ask: Callable[[list[str]], Sequence[Any]], most: int = 32, wait: float = 0.01) -> None:
        number, pause = plain(most), plain(wait)
        fine = isinstance(number, int) and not isinstance(number, bool) and number >= 1
        if not fine or not isinstance(pause, (int, float)) or not 0 <= pause < float("inf"):
            raise BadInput(
                asked=f"most={shown(most)}, wait={shown(wait)}",
                found=Words("no size of a batch, or no seconds", "不是一批的大小，或者不是秒数"),
                todo=Words("give such as most=32, wait=0.01", "例如 most=32, wait=0.01"),
            )
        self.ask_all, self.most, self.wait = ask, number, pause
        self.batches: list[int] = []
        self.seconds: list[float] = []
        self._queue: asyncio.Queue[tuple[str, asyncio.Future[Any], float] | None] = asyncio.Queue()
        self._worker: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Batcher":
        self._worker = asyncio.create_task(self._serve())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._worker is not None
        await self._queue.put(None)
        await self._worker
        self._worker = None

    async def ask(self, prompt: str) -> Any:
        """Wait for the answer to one prompt.

        Raises:
            BadInput: an empty prompt, or a desk that is not open.
        """
        check_prompt(prompt)
        if self._worker is None or self._worker.done():
            raise BadInput(
                asked=Words("an answer", "一个回答"),
                found=Words("the desk is closed", "窗口没有开"),
                todo=Words("ask within: async with Batcher(...) as desk", "先打开窗口：async-with 块里面才能问"),
            )
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        await self._queue.put((prompt, future, perf_counter()))
        return await future

    def latency(self, name: str) -> Latency:
        """Give how long the answered requests waited."""
        return Latency(name, np.array(self.seconds), tuple(self.batches))

    async def _serve(self) -> None:
        open_ = True
        while open_:
            first = await self._queue.get()
            if first is None:
                return
            batch, end = [first], perf_counter() + self.wait
            while len(batch) < self.most:
                try:
                    left = max(0.0, end - perf_counter())
                    more = self._queue.get_nowait() if not self._queue.empty() else await self._next(left)
                except TimeoutError:
                    break
                if more is None:
                    open_ = False
                    break
                batch.append(more)
            await self._answer([row for row in batch if not row[1].cancelled()])

    async def _next(self, left: float) -> tuple[str, asyncio.Future[Any], float] | None:
        if left <= 0:
            raise TimeoutError
        return await asyncio.wait_for(self._queue.get(), left)

    async def _answer(self, batch: list[tuple[str, asyncio.Future[Any], float]]) -> None:
        if not batch:
            return
        try:
            answers = list(await asyncio.to_thread(self.ask_all, [prompt for prompt, *_ in batch]))
            if len(answers) != len(batch):
                raise BadInput(
                    asked=Words(f"{len(batch)} answers", f"{len(batch)} 个回答"),
                    found=Words(f"{len(answers)} came back", f"只回来 {len(answers)} 个"),
                    todo=Words("return one answer for each prompt", "每条提示词返回一个回答"),
                )
        except Exception as error:
            for _, future, _ in batch:
                if not future.done():
                    future.set_exception(error)
            return
        now = perf_counter()
        self.batches.append(len(batch))
        for (_, future, start), answer in zip(batch, answers, strict=True):
            if not future.done():
                self.seconds.append(now - start)
                future.set_result(answer)


async def poisson(desk: Batcher, prompts: Sequence[str], rate: float, seed: int = 0) -> list[Any]:
    """Send requests at random times, and give their answers.

    Args:
        desk: open.
        prompts: one request each, in this order.
        rate: requests a second on average, > 0.
        seed: of the times.
    """
    if not rate > 0:
        raise BadInput(
            asked=f"rate={shown(rate)}",
            found=Words("no requests at all", "这样一个请求也没有"),
            todo=Words("give a positive number, such as rate=10", "给一个正数，例如 rate=10"),
        )
    times = np.random.default_rng(seed).exponential(1 / rate, len(prompts)).cumsum()
    start = perf_counter()

    async def send(prompt: str, at: float) -> Any:
        await asyncio.sleep(max(0.0, at - (perf_counter() - start)))
        return await desk.ask(prompt)

    return list(await asyncio.gather(*(send(*pair) for pair in zip(prompts, times.tolist(), strict=True))))
