"""Plan -> what runs it: an engine or a pipeline. A loaded model stays in memory until `free()` is called."""

from importlib import import_module
from pathlib import Path
from threading import RLock
from typing import Any

from aigc_kit.core.errors import BadInput, NotOnDisk
from aigc_kit.core.types import Card, Plan
from aigc_kit.models.compat import set_allocator

# Each module offers key(plan) -> tuple of str, first of them the card's name, and make(plan) -> an object with close()
_MAKERS = {
    "text": "aigc_kit.make.text.loading",
    "speech": "aigc_kit.make.speech.loading",
    "image": "aigc_kit.make.image.loading",
    "video": "aigc_kit.make.video.loading",
}

_loaded: dict[tuple[str, ...], Any] = {}
_lock = RLock()


def engine(plan: Plan) -> Any:
    """What a plan's model runs on (text: an `Engine`); loaded on first use, the same object afterwards.

    One is kept per card and per what distinguishes it in memory (dtype, device and kind, say); models of other cards
    are kept as well until `free`.

    Raises:
        BadInput: nothing can be loaded for cards of this kind.
        NotOnDisk: the model's files are not on this machine.
        CannotLoad: the files are there, but no model can be made of them.
    """
    maker = _maker(plan)
    key = maker.key(plan)
    with _lock:
        if key not in _loaded:
            set_allocator()
            _loaded[key] = maker.make(plan)
        return _loaded[key]


def is_loaded(plan: Plan) -> bool:
    """Whether `engine(plan)` would return at once."""
    return _maker(plan).key(plan) in _loaded


def prepare(card: Card) -> bool:
    """Do beforehand what the first run of a model would have to do once, such as unpacking 4-bit weights.

    Returns:
        Whether there was something to do.

    Raises:
        NotOnDisk, CannotLoad, NoSpace: as in `engine`.
    """
    prepare_card = getattr(import_module(_MAKERS[card.kind]), "prepare", None) if card.kind in _MAKERS else None
    return bool(prepare_card and prepare_card(card))


def free(card: str | None = None) -> list[str]:
    """Free what was loaded for one card, or for all of them. Returns the names of the cards that were freed."""
    with _lock:
        keys = [key for key in _loaded if card in (None, key[0])]
        for key in keys:
            _loaded.pop(key).close()
    return [key[0] for key in keys]


def on_disk(card: Card, what: str = "model") -> Path:
    """The folder of a card's files; `what` of it is wanted, for the error.

    Raises:
        NotOnDisk: they are not on this machine.
    """
    from aigc_kit.models import fetch

    found = fetch.find(card)
    if found is None:
        raise NotOnDisk(
            asked=f"the {what} {card.name!r}",
            found="its files are not on this machine",
            todo=f"fetch it once with `aigc fetch {card.name}`",
        )
    return found


def _maker(plan: Plan) -> Any:
    if not isinstance(plan, Plan):
        raise BadInput(
            asked=f"the model of {plan!r:.60}, loaded",
            found=f"{type(plan).__name__}, no plan",
            todo="plan first, as in load.engine(text.plan_for('春风', card='poem'))",
        )
    if plan.card.kind not in _MAKERS:
        raise BadInput(
            asked=f"the model of {plan.card.name!r}, loaded",
            found=f"a {plan.card.kind} card",
            todo=f"use a card of kind {' or '.join(_MAKERS)}",
        )
    return import_module(_MAKERS[plan.card.kind])
