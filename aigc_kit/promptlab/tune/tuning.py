"""Tune one model in four ways, each step by step.

poet = text.engine(text.plan_for("春", card="poem", engine="transformers"))
tuning = Tuning(poet, "lora", rows)
for progress in tuning.run(60):         # (step, loss, seconds): plot it, save, or stop, and run on later
    ...
tuning.surprises(held)                  # nats per token, of stanzas that it never saw
tuning.save("lora.safetensors")         # weights, optimiser, step: `resume` goes on as if nothing had happened

The engine's own model is never touched: each tuning works on a copy.
"""

import copy
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, CannotLoad, unknown_name
from aigc_kit.make.train import Progress, Training, train
from aigc_kit.make.train.answering import Rows, answer_batches, surprise, surprises
from aigc_kit.promptlab.tune import adapters, soft

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Way:
    """Describe a way to tune, and Adam's rate."""

    name: Words
    soft: bool
    lora: bool
    rate: float


WAYS: Mapping[str, Way] = {
    "soft": Way(Words("soft prompt", "软提示"), True, False, 3e-2),
    "lora": Way(Words("LoRA", "LoRA 矩阵"), False, True, 5e-3),
    "both": Way(Words("LoRA and soft prompt", "LoRA 加软提示"), True, True, 5e-3),
    "full": Way(Words("all weights", "全部权重"), False, False, 1e-3),
}


class Tuning:
    """Hold a tuning and how far it is.

    Args:
        engine: of transformers; its model is copied.
        way: "soft", "lora", "both" or "full".
        rows: of `make.train.answering.encode`.
        size: rows of a batch.
        seed: of the batches and of LoRA's A.
        rate: of Adam; None: the way's own.
        start: float32 (K, width), a soft prompt's vectors; None: those of `soft.START`.
        replay: rows of what shall not be forgotten; half of every batch comes from them.
        settings: rank and targets of LoRA, as in `adapters.with_lora`.

    Raises:
        UnknownName: no such way. BadInput: fewer rows than a batch has, or what `with_lora` refuses.
    """

    def __init__(
        self,
        engine: Any,
        way: str,
        rows: Rows,
        *,
        size: int = 8,
        seed: int = 0,
        rate: float | None = None,
        start: "Tensor | None" = None,
        replay: Rows | None = None,
        **settings: Any,
    ) -> None:
        import torch

        if way not in WAYS:
            raise unknown_name(Words(f"to tune by {way!r}", f"用 {way!r} 微调"), way, WAYS, Words("way", "方法"))
        next(answer_batches(rows, size, seed=seed, steps=1))  # refuses too large a batch before anything is copied
        self.engine, self.way, self.rows, self.size, self.seed = engine, way, rows, size, seed
        self.replay = replay
        chosen = WAYS[way]
        if chosen.lora:
            self.network = adapters.with_lora(engine.model, seed=seed, **settings)
        else:
            self.network = copy.deepcopy(engine.model).requires_grad_(way == "full")
        first = soft.starting_vectors(engine) if start is None else start.detach().clone()
        self.soft = torch.nn.Parameter(first) if chosen.soft else None
        self.base = adapters.fingerprint(engine.model)
        self._training = Training(
            self.network, [torch.optim.Adam(list(self.learning().values()), lr=rate or chosen.rate)], clip=None
        )
        self.losses: list[float] = []

    def learning(self) -> "dict[str, Tensor]":
        """Name what learns."""
        own = {name: value for name, value in self.network.named_parameters() if value.requires_grad}
        return own if self.soft is None else {"soft": self.soft, **own}

    @property
    def count(self) -> int:
        """Count the numbers that learn."""
        return sum(value.numel() for value in self.learning().values())

    @property
    def step(self) -> int:
        """Count the steps made."""
        return self._training.step

    def run(self, steps: int) -> Iterator[Progress]:
        """Make so many further steps.

        Stopped between two steps it can be run on: a step's batch depends on its number alone.

        Raises:
            BadInput: no step.
        """
        if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
            raise BadInput(
                asked=Words(f"{steps!r} steps", f"训练 {steps!r} 步"),
                found=Words("not an integer >= 1", "不是大于等于 1 的整数"),
                todo=Words("give one, such as 60", "给一个，例如 60"),
            )
        self.engine.use_threads()
        for progress in train(self._training, self._draw(self.step + steps), self._mistakes):
            self.losses.append(progress.loss)
            yield progress

    def _draw(self, steps: int) -> Iterator[tuple[Rows, ...]]:
        """Draw batches, half of each old under replay."""
        old = self.size // 2 if self.replay is not None else 0
        parts = [(self.rows, self.size - old), *([(self.replay, old)] if self.replay is not None else [])]
        draws = [answer_batches(rows, size, seed=self.seed, steps=steps, start=self.step) for rows, size in parts]
        return zip(*draws, strict=True)

    def _mistakes(self, batch: "tuple[Rows, ...]") -> "Iterator[Tensor]":
        return (surprise(self.network, rows, self.soft) for rows in batch)

    def surprises(self, rows: Rows) -> np.ndarray:
        """Measure answers: nats per token, float64 (N,)."""
        import torch

        self.engine.use_threads()
        with torch.inference_mode():
            return surprises(self.network, rows, self.soft).double().numpy()

    def write(self, prompts: Sequence[str], **settings: Any) -> list[str]:
        """Continue prompts, settings as in `soft.continued`."""
        return soft.continued(self.engine, self.network, prompts, self.soft, **settings)

    def save(self, path: Path | str) -> Path:
        """Write all that `resume` needs, as one safetensors file."""
        from safetensors.torch import save_file

        state = {f"weight/{name}": value.detach().contiguous() for name, value in self.learning().items()}
        for name, value in self.learning().items():
            for key, memory in self._training.optimisers[0].state.get(value, {}).items():
                state[f"{key}/{name}"] = memory.detach().contiguous()
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        save_file(state, part, {**self._notes(), "step": str(self.step), "losses": json.dumps(self.losses)})
        return part.replace(path)

    def resume(self, path: Path | str) -> None:
        """Go on from a file of `save`.

        Raises:
            BadInput: it is of another model, way, data or seed. CannotLoad: it is missing, cut short or something else.
        """
        import torch

        state, notes = adapters.read_tensors(path)
        own = self._notes()
        if "way" not in notes:
            raise CannotLoad(
                asked=Words(f"to go on from {Path(path).name}", f"从 {Path(path).name} 接着训练"),
                found=Words("no file of a tuning", "不是微调存下的文件"),
                todo=Words("name a file that Tuning.save wrote", "写 Tuning.save 存下的文件"),
            )
        if notes.get(adapters.BASE) != own[adapters.BASE]:
            raise adapters.foreign(path, notes.get(adapters.BASE, "?"), own[adapters.BASE])
        if other := [name for name in own if notes.get(name) != own[name]]:
            raise BadInput(
                asked=Words(f"to go on from {Path(path).name}", f"从 {Path(path).name} 接着训练"),
                found=Words(f"another {', '.join(other)}", f"它的 {'、'.join(other)} 和现在的不同"),
                todo=Words("give way, data, seed and size of that run", "way、数据、seed、size 都用当时的"),
            )
        optimiser = self._training.optimisers[0]
        with torch.no_grad():
            for name, value in self.learning().items():
                value.copy_(state[f"weight/{name}"])
                kept = {key.partition("/")[0]: tensor for key, tensor in state.items() if key.partition("/")[2] == name}
                optimiser.state[value] = {key: tensor for key, tensor in kept.items() if key != "weight"}
        self._training.step, self.losses = int(notes["step"]), json.loads(notes["losses"])

    def _notes(self) -> dict[str, str]:
        data = hashlib.sha256(self.rows.ids.numpy().tobytes() + self.rows.labels.numpy().tobytes()).hexdigest()[:16]
        names = hashlib.sha256(json.dumps([[n, *v.shape] for n, v in self.learning().items()]).encode()).hexdigest()
        return {
            "way": self.way,
            adapters.BASE: self.base,
            "data": data,
            "seed": str(self.seed),
            "size": str(self.size),
            "shapes": names[:16],
        }
