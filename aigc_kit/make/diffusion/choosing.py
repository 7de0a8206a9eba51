"""From a prompt and a few values to a plan: the model that is on this machine, in the tier that was asked."""

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from aigc_kit.core.errors import BadInput, NotOnDisk
from aigc_kit.core.types import Card, Change, Plan, Request
from aigc_kit.core.types.base import check_prompt
from aigc_kit.models import cards

NOUNS = {"image": "a picture", "video": "a clip"}
Scale = Callable[[Request, Card], tuple[Request, tuple[Change, ...]]]


def planned(
    prompt: str,
    kind: str,
    card: str | None,
    tier: str | None,
    values: dict[str, Any],
    check: Callable[[Request], object],
    scaled: Scale,
) -> Plan:
    """A plan for a prompt by a model of one kind.

    Args:
        prompt, card, tier, values: of a modality's `plan_for`.
        kind: "image" or "video".
        check: refuses settings that the modality does not know.
        scaled: the course's sizes for a model that draws smaller ones.

    Raises:
        BadInput, UnknownName, NotOnDisk, DoesNotFit: as `plan_for` says.
    """
    from aigc_kit.memory import device
    from aigc_kit.memory.plan import plan

    check_prompt(prompt)
    budget = device.probe()
    chosen = cards.get(card) if card is not None else choose(kind, tier, budget.device)
    if chosen.kind != kind:
        raise BadInput(
            asked=f"{NOUNS[kind]} by {card!r}", found=f"a {chosen.kind} card", todo=f"choose from {names(kind)}"
        )
    request = Request(card=chosen.name, prompt=prompt).change(**values)
    check(request)
    request, changes = scaled(request, chosen)
    made = plan(request, budget, chosen)
    return replace(made, changes=(*changes, *made.changes))


def choose(kind: str, tier: str | None, device: str) -> Card:
    """The first card of a kind whose files are here.

    Args:
        kind: of cards.
        tier: "tiny" or "full"; None takes what AIGC_TIER says, and without it "full" only where there is a GPU.
        device: "cpu" or "cuda".

    Raises:
        BadInput: no such tier. NotOnDisk: none is on this machine.
    """
    from aigc_kit.models import fetch

    tier = tier or os.environ.get("AIGC_TIER") or None
    if tier not in (None, "tiny", "full"):
        raise BadInput(asked=f"tier={tier!r}", found="no tier of that name", todo="say 'tiny', 'full' or nothing")
    order = (tier,) if tier else ("full", "tiny") if device == "cuda" else ("tiny",)
    fitting = [card for wanted in order for card in cards.of_kind(kind) if card.tier == wanted]
    for card in fitting:
        if fetch.find(card) is not None:
            return card
    found = " | ".join(card.name for card in fitting)
    raise NotOnDisk(
        asked=f"{'an image' if kind == 'image' else f'a {kind}'} model" + (f" in the {tier} tier" if tier else ""),
        found="none is on this machine",
        todo=f"fetch one: aigc fetch {found}" if found else "install from a full clone, which ships the tiny models",
    )


def names(kind: str) -> str:
    """The cards of a kind, for an error."""
    return ", ".join(card.name for card in cards.of_kind(kind))
