"""Plan -> engine. A loaded model stays in memory until `free()` is called."""

import os
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

from aigc_kit.errors import BadInput, NotOnDisk
from aigc_kit.types import Card, Plan

if TYPE_CHECKING:
    from aigc_kit.text.engines import Engine

_loaded: dict[tuple[str, ...], Any] = {}
_lock = RLock()


def engine(plan: Plan) -> "Engine":
    """The engine that a text plan names; loaded on first use, the same object afterwards.

    One engine is kept per card, dtype, device and kind (of a server: per address and model, as the environment names
    them now); models of other cards are kept as well until `free`.

    Raises:
        BadInput: the plan is not one of a text model.
        NotOnDisk: the model's files are not on this machine.
        CannotLoad: the files are there, but no model can be made of them.
    """
    key = _key(plan)
    with _lock:
        if key not in _loaded:
            _loaded[key] = _make(plan)
        return _loaded[key]


def is_loaded(plan: Plan) -> bool:
    """Whether `engine(plan)` would return at once."""
    return _key(plan) in _loaded


def prepare(card: Card) -> bool:
    """Do beforehand what the first run of a text model would have to do once: unpack 4-bit weights for transformers.

    Returns:
        Whether there was something to unpack.

    Raises:
        NotOnDisk, CannotLoad, NoSpace: as in `engine`.
    """
    if card.kind != "text" or "transformers" not in card.constraints.get("engines", ()):
        return False
    from aigc_kit.text.engines.convert import converted, is_converted

    found = on_disk(card)
    if (found / "config.json").is_file() or is_converted(card, _gguf_file(card, found)):
        return False
    converted(card, _gguf_file(card, found))
    return True


def free(card: str | None = None) -> list[str]:
    """Free the engines of one card, or all of them. Returns the names of the cards that were freed."""
    with _lock:
        keys = [key for key in _loaded if card in (None, key[0])]
        for key in keys:
            _loaded.pop(key).close()
    return [key[0] for key in keys]


def _key(plan: Plan) -> tuple[str, ...]:
    if plan.card.kind != "text":
        raise BadInput(
            asked=f"a text engine for {plan.card.name!r}", found=f"a {plan.card.kind} card", todo="use a text card"
        )
    kind = str(plan.request.extra.get("engine") or plan.card.defaults["engine"])
    server: tuple[str, ...] = ()
    if kind == "endpoint":
        from aigc_kit.text.engines.endpoint import MODEL, URL

        server = (os.environ.get(URL, ""), os.environ.get(MODEL, ""))
    return (plan.card.name, kind, plan.dtypes["model"], plan.placement["model"], plan.attention, *server)


def _make(plan: Plan) -> "Engine":
    _, kind, dtype, device, attention, *_ = _key(plan)
    if kind == "endpoint":
        from aigc_kit.text.engines.endpoint import EndpointEngine

        return EndpointEngine(plan.card)
    found, threads = on_disk(plan.card), plan.budget.capabilities.get("threads")
    if kind == "llama.cpp":
        from aigc_kit.text.engines.gguf import LlamaCppEngine

        return LlamaCppEngine(plan.card, _gguf_file(plan.card, found), threads=threads)
    from aigc_kit.text.engines.convert import converted
    from aigc_kit.text.engines.hf import TransformersEngine

    folder = found if (found / "config.json").is_file() else converted(plan.card, _gguf_file(plan.card, found))
    return TransformersEngine(plan.card, folder, dtype=dtype, device=device, attention=attention, threads=threads)


def on_disk(card: Card, what: str = "model") -> Path:
    """The folder of a card's files; `what` of it is wanted, for the error.

    Raises:
        NotOnDisk: they are not on this machine.
    """
    from aigc_kit import fetch

    found = fetch.find(card)
    if found is None:
        raise NotOnDisk(
            asked=f"the {what} {card.name!r}",
            found="its files are not on this machine",
            todo=f"fetch it once with `aigc fetch {card.name}`",
        )
    return found


def _gguf_file(card: Card, found: Path) -> Path:
    files = [found] if found.is_file() else sorted(found.glob("*.gguf"))
    if not files:
        raise NotOnDisk(
            asked=f"the model file of {card.name!r}",
            found=f"no .gguf file in {found}",
            todo=f"fetch it once with `aigc fetch {card.name}`",
        )
    return files[0]
