"""Train versions, judge them, adopt them or go back.

A version is a LoRA of the shipped model. What is trained on never judges: `judge` asks about items of its own.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, CannotLoad, echo, not_written
from aigc_kit.core.statistics import Difference, Share, paired
from aigc_kit.make.train.answering import encode
from aigc_kit.promptlab.tune import Tuning, adapters
from aigc_kit.promptlab.tune.continual import TARGETS

Ask = Callable[[list[str]], list[str]]
Judge = Callable[[Ask], Mapping[str, Sequence[bool]]]
_BATCH, _TOKENS = 64, 8  # prompts at a time; an answer is a label
WORST = -0.1  # what nothing may lose, at the lower end of its interval


@dataclass(frozen=True)
class Round:
    """Hold one round of training.

    Args:
        version: its number.
        rows, replay: that it learned from.
        before, after: name of a group of held-out items -> how many were right.
        change: of the same, paired.
        adopted: whether it is the current version now.
    """

    version: int
    rows: int
    replay: int
    before: Mapping[str, Share]
    after: Mapping[str, Share]
    change: Mapping[str, Difference]
    adopted: bool

    @property
    def why(self) -> str:
        """Say in Chinese what decided."""
        worse = [name for name, change in self.change.items() if change.low < WORST]
        better = [name for name, change in self.change.items() if change.gain > 0 and change.real()]
        if worse:
            return f"{'、'.join(worse)}：不能排除变差 {-WORST:.0%} 以上，不换"
        return f"{'、'.join(better)}有提升，换上" if better else "没有一项有提升，不换"


class Versions:
    """Keep versions of one model in a folder.

    Args:
        folder: made when missing; NNNN.safetensors, and current.json with the order in which they were adopted.
        engine: of transformers, with a chat template; its model stays as it is and is version 0.

    Raises:
        CannotLoad: current.json is cut short or something else. BadInput: the versions are of another model.
    """

    def __init__(self, folder: Path, engine: Any) -> None:
        self.folder, self.engine = Path(folder), engine
        self._network: Any = None
        self._judged: tuple[Judge, int, Mapping[str, Sequence[bool]]] | None = None
        self._adopt(self._history(), write=False)

    @property
    def current(self) -> int:
        """Give the number of the version that answers."""
        return self._order[-1]

    def ask(self, prompts: Sequence[str], network: Any = None) -> list[str]:
        """Answer prompts by the current version, greedily."""
        import torch

        network = network if network is not None else self._network if self._network is not None else self.engine.model
        causal = network.get_base_model() if hasattr(network, "get_base_model") else network
        tokenizer, answers = self.engine.tokenizer, list[str]()
        self.engine.use_threads()
        for start in range(0, len(prompts), _BATCH):
            chats = [self._chat(prompt) for prompt in prompts[start : start + _BATCH]]
            coded = tokenizer(chats, add_special_tokens=False, padding=True, return_tensors="pt", padding_side="left")
            with torch.inference_mode():
                ids = causal.generate(
                    input_ids=coded.input_ids,
                    attention_mask=coded.attention_mask,
                    do_sample=False,
                    max_new_tokens=_TOKENS,
                )
            answers += [self.engine.decode(row).strip() for row in ids[:, coded.input_ids.shape[1] :].tolist()]
        return answers

    def train(
        self,
        rows: Sequence[tuple[str, str]],
        judge: Judge,
        *,
        replay: Sequence[tuple[str, str]] = (),
        steps: int = 40,
        size: int = 8,
        seed: int = 0,
    ) -> Round:
        """Train a version, and adopt it if it is better.

        It begins at the shipped model.

        Args:
            rows: (prompt, right answer), all that was decided so far.
            judge: asks about held-out items, and says for each group of them what was right; it is asked once about
                the current version, whose answers are greedy.
            replay: the same of what shall not be forgotten; half of every batch.
            steps, size, seed: of the training.

        Raises:
            BadInput: fewer rows than a batch has. CannotWrite: no room for the file; the current version stays.
        """
        before = self._marks(judge)
        lessons = encode(self.engine.tokenizer, [(self._chat(prompt), answer) for prompt, answer in rows])
        old = (
            encode(self.engine.tokenizer, [(self._chat(prompt), answer) for prompt, answer in replay])
            if replay
            else None
        )
        tuning = Tuning(self.engine, "lora", lessons, size=size, seed=seed, replay=old, targets=TARGETS)
        for _ in tuning.run(steps):
            pass
        after = judge(lambda prompts: self.ask(prompts, tuning.network))
        change = {name: paired(before[name], after[name]) for name in before}
        adopted = all(each.low >= WORST for each in change.values()) and any(
            each.gain > 0 and each.real() for each in change.values()
        )
        number = max([0, *(int(path.stem) for path in self.folder.glob("[0-9]*.safetensors"))]) + 1
        try:
            adapters.save_adapter(tuning.network, self.folder / f"{number:04}.safetensors")
        except OSError as error:
            raise not_written(Words(f"version {number}", f"第 {number} 版"), error) from error
        if adopted:
            self._adopt([*self._order, number])
        counts = [{name: Share.of(name, marks) for name, marks in some.items()} for some in (before, after)]
        return Round(number, len(rows), len(replay), counts[0], counts[1], change, adopted)

    def roll_back(self) -> int:
        """Go back to the version before, and give its number.

        Raises:
            BadInput: the shipped model answers already.
        """
        if len(self._order) < 2:
            raise BadInput(
                asked=Words("to roll back", "回退一版"),
                found=Words("this is the shipped model", "现在就是出厂的模型"),
                todo=Words("train a version first", "先训练一版"),
            )
        self._adopt(self._order[:-1])
        return self.current

    def _marks(self, judge: Judge) -> Mapping[str, Sequence[bool]]:
        """Judge the current version, once."""
        if self._judged is None or self._judged[:2] != (judge, self.current):
            self._judged = (judge, self.current, judge(self.ask))
        return self._judged[2]

    def _chat(self, prompt: str) -> str:
        return self.engine.chat_text([{"role": "user", "content": prompt}])

    def _history(self) -> list[int]:
        path = self.folder / "current.json"
        if not path.exists():
            return [0]
        try:
            order = json.loads(path.read_text(encoding="utf-8"))["order"]
            if order[0] != 0 or not all(isinstance(number, int) and number >= 0 for number in order):
                raise ValueError(f"order {order}")
        except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
            raise CannotLoad(
                asked=Words(f"the versions in {self.folder.name}", f"{self.folder.name} 里的各版"),
                found=echo(error),
                todo=Words("delete current.json: the shipped model answers again", "删掉 current.json：回到出厂的模型"),
            ) from error
        return order

    def _adopt(self, order: list[int], *, write: bool = True) -> None:
        """Let the last of an order answer."""
        network = None
        if order[-1]:
            network = adapters.with_lora(self.engine.model, "start", targets=TARGETS)
            adapters.load_adapter(network, self.folder / f"{order[-1]:04}.safetensors", "version")
            network.set_adapter("version")
            network = network.eval()
        if write:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                part = self.folder / "current.part"
                part.write_text(json.dumps({"order": order}), encoding="utf-8")
                part.replace(self.folder / "current.json")
            except OSError as error:
                raise not_written(Words("which version answers", "现在用哪一版"), error) from error
        self._order, self._network = order, network
