"""Find the modality of a plan, and run it."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Any

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Budget, Card, Plan, Request, Take, Words
from aigc_kit.make.modality import PACKAGE, Modality, OnStep


@cache
def modalities() -> Mapping[str, Modality]:
    """Find the folders of `make/` that hold a `MODALITY`."""
    folders = sorted(module.name for module in iter_modules(import_module(PACKAGE).__path__) if module.ispkg)
    return {name: modality for name in folders if (modality := _in_folder(name))}


_MODEL = Words("a model", "一个模型")


def of(kind: str, wanted: Words = _MODEL) -> Modality:
    """Look up the modality of a kind of cards.

    Raises:
        BadInput: there is none: such cards are no models that make something.
    """
    modality = _in_folder(kind) if find_spec(f"{PACKAGE}.{kind}") else None
    if modality is None:
        todo = Words(f"use a card of kind {' or '.join(modalities())}", f"用 {' 或 '.join(modalities())} 类的模型卡")
        raise BadInput(
            asked=wanted,
            found=Words(f"{kind} models have no planner in this version", f"这个版本不会为 {kind} 类的模型做方案"),
            todo=todo,
        )
    return modality


def _in_folder(name: str) -> Modality | None:
    return getattr(import_module(f"{PACKAGE}.{name}"), "MODALITY", None)


def resolve(request: Request, budget: Budget, card: Card) -> Plan:
    """Resolve a request for one card and one machine.

    Returns:
        A Plan whose request has no open field that the card needs.

    Raises:
        BadInput: the request asks for what the card cannot do, or has an option that means nothing for it.
        CannotLoad: the card exists only to say why its model cannot be loaded any more.
        DoesNotFit: no configuration of this card fits the budget; the error names the smallest change that would.
    """
    if request.card != card.name:
        reason = Words(f"the card of {card.name!r}", f"给的是 {card.name!r} 的卡")
        raise BadInput(
            asked=Words(f"a plan of {request.card!r}", f"为 {request.card!r} 做方案"),
            found=reason,
            todo=Words("pass the card that was asked", "给出请求里写的那张卡"),
        )
    return of(card.kind, Words(f"a plan for {card.name!r}", f"为 {card.name!r} 做方案")).plan(request, budget, card)


def run(plan: Plan, on_step: OnStep | None = None, **inputs: Any) -> Take:
    """Run a plan of any modality, as `Modality.run` does."""
    return of(plan.card.kind).run(plan, on_step, **inputs)


def engine(plan: Plan) -> Any:
    """Load what a plan runs on: see `Modality.engine`."""
    if not isinstance(plan, Plan):
        todo = Words(
            "plan first, as in text.engine(text.plan_for('春风', card='poem'))",
            "先做方案，例如 text.engine(text.plan_for('春风', card='poem'))",
        )
        raise BadInput(
            asked=Words(f"the model of {plan!r:.60}, loaded", f"{plan!r:.60} 的模型，要求载入"),
            found=Words(f"{type(plan).__name__}, no plan", f"这是 {type(plan).__name__}，不是方案（Plan）"),
            todo=todo,
        )
    return of(
        plan.card.kind, Words(f"the model of {plan.card.name!r}, loaded", f"载入 {plan.card.name!r} 的模型")
    ).engine(plan)
