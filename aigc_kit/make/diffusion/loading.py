"""Plan of a diffusion model -> a loaded pipeline, placed as the plan says."""

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
from aigc_kit.core.types import Card, Cost, Phase, Plan, ReadWords
from aigc_kit.make.run import Modality
from aigc_kit.models import compat, loaded


def key(plan: Plan) -> tuple[str, ...]:
    """What tells one loaded pipeline from another: card, folder, dtypes, placement, attention, decoder options."""
    parts = (plan.dtypes, plan.placement, plan.vae)
    return (plan.card.name, *(repr(sorted(dict(p).items())) for p in parts), plan.attention, plan.budget.device)


def read_pipeline(card: Card, folder: Path, dtypes: Any, **options: Any) -> Any:
    """The pipeline of a folder, on the CPU, in the plan's dtypes: safetensors only, no code of the folder is run.

    Args:
        card, folder, dtypes: of the plan.
        options: further arguments of `from_pretrained`.

    Raises:
        CannotLoad: diffusers cannot make the card's pipeline of the files.
    """
    compat.bypass_broken_torchaudio()
    import torch

    library, _, name = card.parts["pipeline"].rpartition(".")
    with quiet():
        cls = getattr(import_module(library), name)
    dtype = {part: getattr(torch, wanted) for part, wanted in dtypes.items() if hasattr(torch, wanted)}
    options = {"dtype": {**dtype, "default": next(iter(dtype.values()), torch.float32)}, **options}
    variant = card.facts.variant
    _refuse_strange_classes(card, folder)
    try:
        with quiet():
            pipe = cls.from_pretrained(folder, variant=variant, use_safetensors=True, local_files_only=True, **options)
    except (OSError, ValueError, RuntimeError, TypeError, KeyError) as error:
        said = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise CannotLoad(
            asked=f"{name} of {card.name!r}",
            found=f"{folder} cannot be loaded: {said}",
            todo=f"check the files with `aigc fetch --verify {card.name}`, or remove the folder and fetch it again",
        ) from error
    pipe.set_progress_bar_config(disable=True)
    return pipe


def _refuse_strange_classes(card: Card, folder: Path) -> None:
    """A folder may name classes of diffusers and transformers only: naming another module would import it.

    Raises:
        CannotLoad: it names another one, or its model_index.json cannot be read.
    """
    try:
        index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
        names = {name: value for name, value in index.items() if not name.startswith("_") and isinstance(value, list)}
        strange = [name for name, value in names.items() if not _is_of_the_libraries(value[0])]
        strange += [] if isinstance(index.get("_class_name"), str) else ["_class_name"]
    except (OSError, ValueError, AttributeError, IndexError) as error:
        raise CannotLoad(
            asked=f"the pipeline of {card.name!r}",
            found=f"{folder} has no model_index.json that can be read ({type(error).__name__})",
            todo=f"remove the folder, and fetch it again: aigc fetch {card.name}",
        ) from error
    if strange:
        raise CannotLoad(
            asked=f"the pipeline of {card.name!r}",
            found=f"model_index.json names code outside diffusers and transformers: {strange[0]} = {index[strange[0]]}",
            todo="do not trust this folder; code that comes with a model is never run",
        )


def _is_of_the_libraries(name: str | None) -> bool:
    """Whether a library's name is diffusers, transformers, or a pipeline of diffusers that has classes of its own."""
    if name in (None, "diffusers", "transformers"):
        return True
    return str(name).isidentifier() and find_spec(f"diffusers.pipelines.{name}") is not None


@contextmanager
def quiet() -> Iterator[None]:
    """Without the progress bars and hints that diffusers and transformers print while they load and cast."""
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
    """Load a plan's engine: the engine, and the phases "import" and "load" where it was not loaded before."""
    marks: list[tuple[str, float]] = []

    def before() -> None:
        if "diffusers" not in sys.modules:
            marks.append(("import", time.perf_counter()))
            _import(plan.card)
        marks.append(("load", time.perf_counter()))

    engine = modality.engine(plan, before)
    ends = [*(began for _, began in marks[1:]), time.perf_counter()]
    return engine, Cost(
        tuple(Phase(name, end - began, None, "wall clock") for (name, began), end in zip(marks, ends, strict=False))
    )


def labels_of(placed: Any, plan: Plan, words: tuple[ReadWords, ...], reserved_bytes: int | None) -> dict[str, Any]:
    """Labels that takes of all pipelines have: model, tier, origin, licence, scheduler, size, notes, reserved bytes."""
    notes = [note for one in words for note in one.notes]
    if len(words) > 1 and float(plan.request.guidance or 0) <= 1:
        notes.append("guidance <= 1 时没有引导，负面提示词不起作用")
    labels: dict[str, Any] = {
        "model": plan.card.name,
        "tier": plan.card.tier,
        "origin": "AI 生成",
        "licence": plan.card.licence,
        "scheduler": type(placed.pipe.scheduler).__name__,
        "size": (plan.request.height, plan.request.width),
        "notes": tuple(notes),
    }
    if reserved_bytes:
        labels["reserved_bytes"] = reserved_bytes
    return labels


def _import(card: Card) -> None:
    compat.bypass_broken_torchaudio()
    library, _, name = card.parts["pipeline"].rpartition(".")
    with quiet():
        getattr(import_module(library), name)  # a lazy name: this loads torch


class PipelineEngine:
    """One loaded pipeline; `placed_for` puts its parts where a plan wants them.

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
        """Load the pipeline; errors as in `read_pipeline`."""
        return cls(read_pipeline(plan.card, loaded.on_disk(plan.card), plan.dtypes, **options), plan)

    @property
    def closed(self) -> bool:
        """Its parts were let go of."""
        return self.pipe is None

    @property
    def parts(self) -> dict[str, Any]:
        """Name -> part, wherever a plan put it."""
        return dict(self._parts)

    @property
    def placed(self) -> Any:
        """The view that was made last (`aigc_kit.memory.offload.Placed`); None before the first."""
        return self._placed

    def placed_for(self, plan: Plan, *, follow: bool, mode: str = "", scheduler: str | None = None) -> Any:
        """The pipeline placed as the plan says, with a fresh scheduler.

        Args:
            plan: with the same key as the one that loaded it.
            follow: follow live tensors on a CPU.
            mode: way of working; "" is the loaded pipeline itself.
            scheduler: class of diffusers; None is the model's own.

        Returns:
            `aigc_kit.memory.offload.Placed`.

        Raises:
            BadInput: the engine was freed.
        """
        from aigc_kit.memory.offload import place

        if self.closed:
            raise BadInput(
                asked=f"{self.plan.card.name} once more",
                found="its model was freed",
                todo="run it again: it is loaded anew",
            )
        wanted = (mode, follow)
        if self._now != wanted:
            self._now = None
            pipe = self.pipe_for(mode)
            for name, part in self._parts.items():
                setattr(pipe, name, part)  # a plan may keep text encoders aside
            self._placed = place(pipe, self.plan_that_works(plan), follow=follow)
            self._now = wanted
        pipe = self._placed.pipe
        pipe.scheduler = self._fresh_scheduler(scheduler)
        pipe.set_progress_bar_config(disable=True)
        return self._placed

    def pipe_for(self, mode: str) -> Any:
        """The pipeline of a way of working; a subclass may have several."""
        return self.pipe

    def plan_that_works(self, plan: Plan) -> Plan:
        """The plan as it is applied; a subclass may have to change a dtype."""
        return plan

    def _fresh_scheduler(self, name: str | None) -> Any:
        """A scheduler without the state of an earlier run."""
        import diffusers

        cls = type(self._scheduler) if name is None else getattr(diffusers, name)
        made = cls.from_config(self._scheduler.config)
        if getattr(made.config, "clip_sample", False):  # the default of DDIM and DDPM is for pixels in [-1, 1]
            made.register_to_config(clip_sample=False)
        return made

    def close(self) -> None:
        """Let go of the parts."""
        if self._placed is not None:
            self._placed.close()
        self.pipe = self._placed = self._now = None
        self._parts = {}
