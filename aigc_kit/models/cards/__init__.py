"""The model registry: what can be loaded, where its files are, what is known of it. Data only; loads nothing."""

from aigc_kit.core.errors import CannotLoad, UnknownName
from aigc_kit.core.types import Card
from aigc_kit.models.cards.diffusion import DIFFUSION_CARDS, IMAGE_CARDS, VIDEO_CARDS
from aigc_kit.models.cards.listeners import FONT_CARDS, LISTENER_CARDS
from aigc_kit.models.cards.texts import TEXT_CARDS
from aigc_kit.models.cards.voices import CHATTTS_CARDS, VOICE_CARDS

_EVERY = (
    *(*TEXT_CARDS, *IMAGE_CARDS, *VIDEO_CARDS, *DIFFUSION_CARDS),
    *(*CHATTTS_CARDS, *VOICE_CARDS, *LISTENER_CARDS, *FONT_CARDS),
)
ALL: dict[str, Card] = {card.name: card for card in _EVERY}
ALIASES = {"core": ("smollm2-135m", "baker", "font-cjk"), "extra": ("qwen2.5-coder-0.5b",)}

__all__ = ["ALIASES", "ALL", "get", "names", "of_kind"]


def names() -> list[str]:
    """All card names, sorted."""
    return sorted(ALL)


def get(name: str) -> Card:
    """The card of that name.

    Raises:
        UnknownName: there is none; close names are suggested.
        CannotLoad: the card exists only to say why its model cannot be loaded any more.
    """
    card = ALL.get(name) if isinstance(name, str) else None
    if card is None:
        from difflib import get_close_matches

        close = get_close_matches(str(name), ALL, n=2, cutoff=0.5)
        raise UnknownName(
            asked=f"model {name!r}",
            found="no card of that name" + (f"; close: {', '.join(close)}" if close else ""),
            todo=f"choose one of {', '.join(names())} (`aigc fetch --list` describes them)",
        )
    if card.tier == "none":
        raise CannotLoad(asked=f"model {name!r}", found=card.notes[1], todo=card.notes[2])
    return card


def of_kind(kind: str) -> list[Card]:
    """Loadable cards of one modality, in the order in which they are preferred."""
    return [card for card in ALL.values() if card.kind == kind and card.tier != "none"]
