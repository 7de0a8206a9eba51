"""(Request, Budget, Card) -> Plan: a pure function. The planner decides and says why; the caller obeys.

One module per kind of card; each offers `plan(request, budget, card) -> Plan` and is imported when it is first needed.
"""

from importlib import import_module

from aigc_kit.core.errors import BadInput, CannotLoad
from aigc_kit.core.types import Budget, Card, Plan, Request
from aigc_kit.memory.plan import unsupported
from aigc_kit.memory.plan.ladders import MARGIN

_PLANNERS = {
    "text": "aigc_kit.make.text.needs",
    "speech": "aigc_kit.make.speech.needs",
    "image": "aigc_kit.make.diffusion.needs",
    "video": "aigc_kit.make.diffusion.needs",
}

__all__ = ["MARGIN", "check_same", "plan"]


def plan(request: Request, budget: Budget, card: Card) -> Plan:
    """Resolve a request for one card and one machine.

    Returns:
        A Plan whose request has no open field that the card needs.

    Raises:
        BadInput: the request asks for what the card cannot do, or has an option that means nothing for it.
        CannotLoad: the card exists only to say why its model cannot be loaded any more.
        DoesNotFit: no configuration of this card fits the budget; the error names the smallest change that would.
    """
    if request.card != card.name:
        raise BadInput(
            asked=f"a plan of {request.card!r}", found=f"the card of {card.name!r}", todo="pass the card that was asked"
        )
    if card.tier == "none":
        raise CannotLoad(asked=f"model {card.name!r}", found=card.notes[1], todo=card.notes[2])
    planner = _PLANNERS.get(card.kind)
    if planner is None:
        raise BadInput(
            asked=f"a plan for {card.name!r}",
            found=f"{card.kind} models have no planner in this version",
            todo=f"use a card of kind {' or '.join(_PLANNERS)}",
        )
    unsupported.check(request, card)
    made: Plan = import_module(planner).plan(request, budget, card)
    return made


def check_same(request: Request, made: Plan) -> None:
    """Refuse a plan that was made from another request. What the request leaves open, the plan may fill.

    Raises:
        BadInput: it was, or these are no request and no plan.
    """
    if not isinstance(request, Request) or not isinstance(made, Plan):
        raise BadInput(
            asked=f"a run of {type(request).__name__} and {type(made).__name__}",
            found="a run takes a Request and the Plan that was made from it",
            todo="plan = text.plan_for(prompt), then text.run(plan.request, plan); the same for image, video, speech",
        )
    planned, changed = made.request, {change.what for change in made.changes}
    names = ("card", "prompt", "negative", "seed", "batch", "steps", "guidance", "height", "width", "frames", "fps")
    differing = []
    for name in names:
        asked = getattr(request, name)
        if asked is not None and asked != getattr(planned, name) and name not in changed:
            differing.append(name)
    extra = planned.extra
    differing += [n for n, v in request.extra.items() if v is not None and extra.get(n) != v and n not in changed]
    if differing:
        raise BadInput(
            asked=f"a run with its own {', '.join(differing)}",
            found="the plan was made from another request",
            todo=f"plan the new request first: aigc_kit.{made.card.kind}.plan_for(...)",
        )
