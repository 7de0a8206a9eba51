"""Load a pipeline, placed as a plan says."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from aigc_kit.core.errors import BadInput, CannotLoad
from aigc_kit.core.types import Card, Cost, Phase, Plan, ReadWords, Request, Words
from aigc_kit.make.modality import Modality
from aigc_kit.models import compat, loaded


def key(plan: Plan) -> tuple[str, ...]:
    """Tell one loaded pipeline from another."""
    parts = (plan.dtypes, plan.placement, plan.vae)
    return (plan.card.name, *(repr(sorted(dict(p).items())) for p in parts), plan.attention, plan.budget.device)


def read_pipeline(card: Card, folder: Path, dtypes: Any, **options: Any) -> Any:
    """Read a folder's pipeline, and run none of its code.

    Args:
        card, folder, dtypes: of the plan.
        options: further arguments of `from_pretrained`.

    Raises:
        CannotLoad: diffusers cannot make the card's pipeline of the files.
    """
    cls = _class(card)
    import torch

    dtype = {part: getattr(torch, text) for part, text in dtypes.items() if hasattr(torch, text)}
    options = {"dtype": {**dtype, "default": next(iter(dtype.values()), torch.float32)}, **options}
    variant = card.facts.variant
    _refuse_strange_classes(card, folder)
    try:
        with quiet():
            pipe = cls.from_pretrained(folder, variant=variant, use_safetensors=True, local_files_only=True, **options)
    except (OSError, ValueError, RuntimeError, TypeError, KeyError) as error:
        name = card.parts["pipeline"].rpartition(".")[2]
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        wish = Words(f"{name} of {card.name!r}", f"{card.name!r} 的 {name}")
        todo = Words(
            f"check the files with `aigc fetch --verify {card.name}`, or remove the folder and fetch it again",
            f"在终端运行 `aigc fetch --verify {card.name}` 检查文件，或删掉这个文件夹再下载一次",
        )
        raise CannotLoad(
            asked=wish,
            found=Words(f"{folder} cannot be loaded: {reason}", f"读不了 {folder}（原话：{reason}）"),
            todo=todo,
        ) from error
    pipe.set_progress_bar_config(disable=True)
    return pipe


def _refuse_strange_classes(card: Card, folder: Path) -> None:
    """Refuse a folder that names other libraries: they would run."""
    try:
        index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
        names = {name: value for name, value in index.items() if not name.startswith("_") and isinstance(value, list)}
        strange = [name for name, value in names.items() if not _is_of_the_libraries(value[0])]
        strange += [] if isinstance(index.get("_class_name"), str) else ["_class_name"]
    except (OSError, ValueError, AttributeError, IndexError) as error:
        raise CannotLoad(
            asked=Words(f"the pipeline of {card.name!r}", f"{card.name!r} 的管线"),
            found=Words(
                f"{folder} has no model_index.json that can be read ({type(error).__name__})",
                f"{folder} 里没有读得了的 model_index.json（{type(error).__name__}）",
            ),
            todo=Words(
                f"remove the folder, and fetch it again: aigc fetch {card.name}",
                f"删掉这个文件夹，再在终端下载一次：aigc fetch {card.name}",
            ),
        ) from error
    if strange:
        reason = Words(
            f"model_index.json names code outside diffusers and transformers: {strange[0]} = {index[strange[0]]}",
            f"model_index.json 里有 diffusers 和 transformers 以外的代码：{strange[0]} = {index[strange[0]]}",
        )
        todo = Words(
            "do not trust this folder; code that comes with a model is never run",
            "不要信任这个文件夹；模型自带的代码从不运行",
        )
        raise CannotLoad(
            asked=Words(f"the pipeline of {card.name!r}", f"{card.name!r} 的管线"), found=reason, todo=todo
        )


def _is_of_the_libraries(name: str | None) -> bool:
    """Tell whether a name is of diffusers or transformers."""
    if name in (None, "diffusers", "transformers"):
        return True
    return str(name).isidentifier() and find_spec(f"diffusers.pipelines.{name}") is not None


@contextmanager
def quiet() -> Iterator[None]:
    """Silence diffusers and transformers while they load and cast."""
    from diffusers.utils import logging as of_diffusers
    from transformers.utils import logging as of_transformers

    libraries = (of_diffusers, of_transformers)
    before = [(library.get_verbosity(), library.is_progress_bar_enabled()) for library in libraries]
    for library in libraries:
        library.set_verbosity_error()
        library.disable_progress_bar()
    try:
        yield
    finally:
        for library, (level, bar) in zip(libraries, before, strict=True):
            library.set_verbosity(level)
            if bar:
                library.enable_progress_bar()


def open_timed(modality: Modality, plan: Plan) -> tuple[Any, Cost]:
    """Load a plan's engine, timed where it was not loaded."""
    marks: list[tuple[str, float]] = []

    def before() -> None:
        if "diffusers" not in sys.modules:
            marks.append(("import", time.perf_counter()))
            _class(plan.card)
        marks.append(("load", time.perf_counter()))

    engine = modality.engine(plan, before)
    ends = [*(began for _, began in marks[1:]), time.perf_counter()]
    return engine, Cost(
        tuple(Phase(name, end - began, None, "wall clock") for (name, began), end in zip(marks, ends, strict=False))
    )


def labels_of(placed: Any, plan: Plan, words: tuple[ReadWords, ...], reserved_bytes: int | None) -> dict[str, Any]:
    """Collect the labels that takes of all pipelines have."""
    notes = [note for text in words for note in text.notes]
    guidance, side = float(plan.request.guidance or 0), negative_side(placed.pipe, plan.request, plan.card, words)
    if len(words) > 1 and side == "unused":
        notes.append("guidance <= 1 时没有引导，负面提示词不起作用")
    elif len(words) > 1 and side != "text":
        notes.append(f"负面一侧用的是{'全零' if side == 'zeros' else '空文本的编码'}")
    if guidance < 1:
        notes.append(f"guidance {guidance:g} 和 1 相同：库只在大于 1 时做引导")
    card, size, scheduler = plan.card, (plan.request.height, plan.request.width), type(placed.pipe.scheduler).__name__
    labels: dict[str, Any] = {"model": card.name, "tier": card.tier, "origin": "AI 生成", "licence": card.licence}
    labels |= {"scheduler": scheduler, "size": size, "negative": side, "notes": tuple(notes)}
    return {**labels, "reserved_bytes": reserved_bytes} if reserved_bytes else labels


def negative_side(pipe: Any, request: Request, card: Card, words: tuple[ReadWords, ...]) -> str:
    """Name what stands on the negative side of guidance.

    Returns:
        "unused" (guidance up to 1), "text" (the negative prompt), "empty text" (the encoders' reading of nothing), or
        "zeros" (SDXL without a negative prompt, or with one of which a closed world knows no word).
    """
    if float(request.guidance or 0) <= 1:
        return "unused"
    if len(words) > 1 and words[1].read.strip():
        return "text"
    asked_for_empty = request.negative is not None and not request.negative.strip()
    zeros = getattr(pipe.config, "force_zeros_for_empty_prompt", False) and card.facts.empty_negative is None
    return "zeros" if zeros and not asked_for_empty else "empty text"


def _class(card: Card) -> Any:
    compat.bypass_broken_torchaudio()
    library, _, name = card.parts["pipeline"].rpartition(".")
    with quiet():
        return getattr(import_module(library), name)  # a lazy name: this loads torch


class PipelineEngine:
    """Hold one loaded pipeline, placed as plans want it.

    Args:
        pipe: pipeline of diffusers, on the CPU.
        plan: that it was loaded for.
    """

    def __init__(self, pipe: Any, plan: Plan) -> None:
        self.pipe, self.plan = pipe, plan
        self._scheduler, self._parts = pipe.scheduler, dict(pipe.components)
        self._now: tuple[Any, ...] | None = None
        self._placed: Any = None

    @classmethod
    def load(cls, plan: Plan, **options: Any) -> Any:
        """Load the pipeline, with the errors of `read_pipeline`."""
        return cls(read_pipeline(plan.card, loaded.on_disk(plan.card), plan.dtypes, **options), plan)

    @property
    def parts(self) -> dict[str, Any]:
        """List name -> part, wherever a plan put it."""
        return dict(self._parts)

    def view(self, plan: Plan, mode: str = "", scheduler: str | None = None, *, follow: bool = False) -> Any:
        """Place the pipeline with a fresh scheduler.

        Args:
            plan: with the same key as the one that loaded it.
            mode: way of working, "img2img" or "inpaint"; "" is the loaded pipeline itself.
            scheduler: class of diffusers; None is the model's own.
            follow: follow live tensors on a CPU.

        Returns:
            `aigc_kit.memory.offload.Placed`.

        Raises:
            BadInput: a mode that this pipeline does not have, or the engine was freed.
        """
        from aigc_kit.memory.offload import place

        if self.pipe is None:
            wish = Words(f"{self.plan.card.name} once more", f"再用一次 {self.plan.card.name}")
            raise BadInput(
                asked=wish,
                found=Words("its model was freed", "它的模型已经从内存里释放了"),
                todo=Words("run it again: it is loaded anew", "再运行一次：模型会重新载入"),
            )
        now = (mode, follow)
        if self._now != now:
            self._now = None
            pipe = self.pipe_for(mode)
            for name, part in self._parts.items():
                setattr(pipe, name, part)  # a plan may keep text encoders aside
            self._placed = place(pipe, self.plan_that_works(plan), follow=follow)
            self._now = now
        pipe = self._placed.pipe
        pipe.scheduler = self._fresh_scheduler(scheduler)
        pipe.set_progress_bar_config(disable=True)
        return self._placed

    def pipe_for(self, mode: str) -> Any:
        """Give the pipeline of a way of working."""
        return self.pipe

    def plan_that_works(self, plan: Plan) -> Plan:
        """Give the plan as it is applied."""
        return plan

    def _fresh_scheduler(self, name: str | None) -> Any:
        """Make a scheduler without the state of earlier runs."""
        import diffusers

        cls = type(self._scheduler) if name is None else getattr(diffusers, name)
        scheduler = cls.from_config(self._scheduler.config)
        if getattr(scheduler.config, "clip_sample", False):  # the default of DDIM and DDPM is for pixels in [-1, 1]
            scheduler.register_to_config(clip_sample=False)
        return scheduler

    def close(self) -> None:
        """Let go of the parts."""
        if self._placed is not None:
            self._placed.close()
        self.pipe = self._placed = self._now = None
        self._parts = {}
