"""Keep what is loaded, once a key, until `free()`."""

from collections.abc import Callable, Sequence
from pathlib import Path
from threading import RLock
from typing import Any

from aigc_kit.core.errors import NotOnDisk
from aigc_kit.core.types import Card, Words
from aigc_kit.models.compat import set_allocator

_loaded: dict[tuple[str, ...], Any] = {}
_lock = RLock()


def keep(key: tuple[str, ...], make: Callable[[], Any]) -> Any:
    """Return what a key keeps, made on first use.

    Args:
        key: what tells one loaded model from another (card, dtype, device, ...); the card's name first.
        make: returns an object with `close()`, which lets go of what it holds.

    Raises:
        What `make` raises; nothing is kept then.
    """
    with _lock:
        if key not in _loaded:
            set_allocator()
            _loaded[key] = make()
        return _loaded[key]


def holds(key: tuple[str, ...]) -> bool:
    """Tell whether something is kept under a key."""
    return key in _loaded


def free(card: str | None = None) -> list[str]:
    """Free a card's models, or all, and list their names."""
    with _lock:
        keys = [key for key in _loaded if card in (None, key[0])]
        for key in keys:
            _loaded.pop(key).close()
    return [key[0] for key in keys]


_MODEL = Words("model", "模型")


def on_disk(card: Card, what: Words = _MODEL) -> Path:
    """Find the folder of a card's files (a `what`).

    Raises:
        NotOnDisk: they are not on this machine.
    """
    from aigc_kit.models import fetch

    folder = fetch.find(card)
    if folder is None:
        todo = Words(f"fetch it once with `aigc fetch {card.name}`", f"在终端下载一次：`aigc fetch {card.name}`")
        raise NotOnDisk(
            asked=Words(f"the {what} {card.name!r}", f"{what.zh} {card.name!r}"),
            found=Words("its files are not on this machine", "它的文件不在这台机器上"),
            todo=todo,
        )
    return folder


def first_here(
    kind: str, tiers: Sequence[str], suits: Callable[[Card], bool] | None = None
) -> tuple[Card | None, list[Card]]:
    """Find the first card of a kind on this machine.

    Args:
        kind: of the cards.
        tiers: the preferred one first.
        suits: whether a card may be chosen; None: every one.

    Returns:
        The card, or None; and all cards that would do.
    """
    from aigc_kit.models import cards, fetch

    every = [card for tier in tiers for card in cards.of_kind(kind) if card.tier == tier]
    fitting = [card for card in every if suits is None or suits(card)]
    return next((card for card in fitting if fetch.find(card) is not None), None), fitting
