"""Take a prompt to a result, the same way everywhere.

A modality is a folder of `make/` whose package holds a `Modality` record, and whose module `job` does the work; the
folders are found, not listed. `image.make(prompt)` is one call; its two halves are `plan = image.plan_for(prompt)` and
`image.run(plan)`, or `for step in image.steps(plan): step.preview()`.
"""

import os
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from functools import cache, partial
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Any, TypeVar

from aigc_kit.core.errors import BadInput, CannotLoad, NotOnDisk, UnknownName
from aigc_kit.core.types import Budget, Card, Change, FrozenMap, Plan, Request, Step, Take
from aigc_kit.core.types.atoms import check_prompt, shown
from aigc_kit.models import cards, loaded

Work = Generator[Step, None, Take]
OnStep = Callable[[Step], object]
PACKAGE = __name__.rpartition(".")[0]
Settings = TypeVar("Settings")
Resized = tuple[Request, tuple[Change, ...]]


def _phases(take: Take) -> str:
    phases = ", ".join(f"{phase.name} {phase.seconds:.2f} s" for phase in take.cost.phases)
    return f"{phases}, measured on {take.plan.budget.name}"


@dataclass(frozen=True)
class Modality:
    """Hold what one kind of model does its own way.

    Its module `job` offers `work(plan, **inputs)`, a generator of steps that returns the Take, and `files(take)`, the
    endings of file names -> bytes. It is imported when something is made: planning needs no numpy.

    Args:
        name: of its folder, and of the kind of its cards.
        noun: what it makes, for errors: "a picture".
        model: what makes it: "an image model".
        settings: (request, card) -> its settings, checked.
        resolve: (request, budget, card) -> a Plan; nothing open, nothing that does not fit.
        load: plan -> what runs it, with `close()`.
        key: plan -> what tells one loaded model from another; the card's name first.
        inputs: names that `work` takes besides the plan.
        values: (prompt, values, card) -> settings for the request, from what the caller gave.
        suits: (card, prompt=, values=) -> whether a card may be chosen for somebody; None: every one.
        absent: (fitting cards, prompt, values, tier) -> the error where none of them is here.
        resize: (request, card) -> the request in sizes that the model knows, and what was changed.
        fallbacks: plan -> plans to step down to when memory runs out, made only then.
        ignored: card -> options of other modalities that mean nothing here.
        prepare: card -> whether something had to be done once before its first run.
        wording: (prompt, card) -> the prompt in the form that a model wants, and a line that tells a reader of it.
        so_far: step -> the text that can be read by now; None where nothing can.
        summary: take -> what was made and what it cost, in a line.
        options: names of settings that a command line may hand over.
        bandwidth: the budget's bandwidth is needed for predictions.
    """

    name: str
    noun: str
    model: str
    settings: Callable[[Request, Card], object]
    resolve: Callable[[Request, Budget, Card], Plan]
    load: Callable[[Plan], Any]
    key: Callable[[Plan], tuple[str, ...]]
    inputs: tuple[str, ...] = ()
    values: Callable[[str, dict[str, Any], Card], dict[str, Any]] = lambda prompt, values, card: values
    suits: Callable[..., bool] | None = None
    absent: Callable[[list[Card], str, Mapping[str, Any], str | None], NotOnDisk] | None = None
    resize: Callable[[Request, Card], Resized] = lambda request, card: (request, ())
    fallbacks: Callable[[Plan], Iterable[Plan]] = lambda plan: ()
    ignored: Callable[[Card], tuple[str, ...]] = lambda card: ()
    prepare: Callable[[Card], bool] = lambda card: False
    wording: Callable[[str, Card], tuple[str, str | None]] = lambda prompt, card: (prompt, None)
    so_far: Callable[[Step], str | None] = lambda step: None
    summary: Callable[[Take], str] = _phases
    options: tuple[str, ...] = ()
    bandwidth: bool = False

    def work(self, plan: Plan, **inputs: Any) -> Work:
        """Start the generator of a run, unchecked."""
        return self._module().work(plan, **inputs)

    def files(self, take: Take) -> Mapping[str, bytes]:
        """Write what a run made as bytes, by file ending."""
        return self._module().files(take)

    def _module(self) -> Any:
        return import_module(f"{PACKAGE}.{self.name}.job")

    def make(
        self,
        prompt: str,
        on_step: OnStep | None = None,
        *,
        card: str | None = None,
        tier: str | None = None,
        **values: Any,
    ) -> Take:
        """Make it in one call: plan, then run.

        Arguments as in `plan_for`. Inputs of `steps` may stand among the values; `on_step` is called with every Step.
        """
        inputs = {name: values.pop(name) for name in self.inputs if name in values}
        return self.run(self.plan_for(prompt, card=card, tier=tier, **values), on_step, **inputs)

    def plan_for(self, prompt: str, *, card: str | None = None, tier: str | None = None, **values: Any) -> Plan:
        """Plan a prompt for a model that is here.

        Args:
            prompt: not empty.
            card: name of a model; None chooses one on this machine.
            tier: "tiny" or "full"; None takes AIGC_TIER, and without it "full" only where there is a GPU.
            values: fields of a Request and of the modality's `Settings`.

        Raises:
            BadInput, UnknownName: a value out of range, or a name that does not exist.
            NotOnDisk: no such model is on this machine.
            DoesNotFit: no configuration fits the memory.
        """
        from aigc_kit.memory import device

        check_prompt(prompt)
        budget = device.probe(bandwidth=self.bandwidth)
        model = cards.get(card) if card is not None else self.choose(prompt, values, tier, budget.device)
        if model.kind != self.name:
            names = ", ".join(other.name for other in cards.of_kind(self.name))
            raise BadInput(asked=f"{self.noun} by {card!r}", found=f"a {model.kind} card", todo=f"choose from {names}")
        request = Request(card=model.name, prompt=prompt).change(**self.values(prompt, values, model))
        self.settings(request, model)
        request, changes = self.resize(request, model)
        plan = resolve(request, budget, model)
        return replace(plan, changes=(*changes, *plan.changes)) if changes else plan

    def choose(self, prompt: str, values: Mapping[str, Any], tier: str | None, device: str) -> Card:
        """Choose the first suitable card whose files are here.

        Raises:
            BadInput: no such tier.
            NotOnDisk: none is on this machine.
        """
        tier = tier or os.environ.get("AIGC_TIER") or None
        if tier not in (None, "tiny", "full"):
            raise BadInput(asked=f"tier={tier!r}", found="no tier of that name", todo="say 'tiny', 'full' or nothing")
        order = (tier,) if tier else ("full", "tiny") if device == "cuda" else ("tiny",)
        suits = None if self.suits is None else partial(self.suits, prompt=prompt, values=values)
        card, fitting = loaded.first_here(self.name, order, suits)
        if card is not None:
            return card
        if self.absent is not None:
            raise self.absent(fitting, prompt, values, tier)
        names = " | ".join(card.name for card in fitting)
        wish = self.model + (f" in the {tier} tier" if tier else "")
        todo = f"fetch one: aigc fetch {names}" if names else "install from a full clone, which ships the tiny models"
        raise NotOnDisk(asked=wish, found="none is on this machine", todo=todo)

    def steps(self, plan: Plan, **inputs: Any) -> Work:
        """Make it step by step, and free it when left.

        Args:
            plan: from `plan_for`.
            inputs: what the modality takes besides.

        Yields:
            Steps whose `preview()` costs nothing until it is called.

        Raises:
            BadInput: no plan of this modality, or inputs that it does not take.
        """
        self._check(plan, inputs)
        return self.work(plan, **inputs)

    def run(self, plan: Plan, on_step: OnStep | None = None, **inputs: Any) -> Take:
        """Make it, and measure what it costs.

        When memory runs out, what was loaded is freed and the run begins anew by the next plan that needs less, at most
        three times; each time is printed, named in the changes of the Take's plan, and in its label "stepped_down".

        Args:
            plan, inputs: as in `steps`.
            on_step: called with every Step; they are counted anew after a step down.
        """
        self._check(plan, inputs)
        try:
            return finish(self.work(plan, **inputs), on_step)
        except (RuntimeError, MemoryError) as error:
            plans, words = self._below(plan, error)
        return self._step_down(plan, plans, words, on_step, inputs)

    def _below(self, plan: Plan, error: BaseException) -> tuple[tuple[Plan, ...], str]:
        """Find plans below one, and what the library said."""
        from aigc_kit.memory.offload import failure, is_out_of_memory

        plans = tuple(self.fallbacks(plan)) if is_out_of_memory(error) else ()
        return plans, failure(error, [plan], lambda: loaded.free(plan.card.name), last=not plans)

    def _step_down(
        self, plan: Plan, plans: tuple[Plan, ...], said: str, on_step: OnStep | None, inputs: Mapping[str, Any]
    ) -> Take:
        from aigc_kit.memory.offload import rescue

        outcome = rescue(
            lambda tried: finish(self.work(tried, **inputs), on_step),
            (plan, *plans),
            let_go=lambda: loaded.free(plan.card.name),
            said=said,
        )
        falls = tuple(fall.reason.zh for fall in outcome.falls)
        return replace(outcome.result, labels=FrozenMap(outcome.result.labels, stepped_down=falls))

    def engine(self, plan: Plan, before: Callable[[], object] = lambda: None) -> Any:
        """Load what a plan's model runs on, once.

        Args:
            plan: of this modality.
            before: called before it is loaded, where it is not yet.

        Raises:
            NotOnDisk: the model's files are not on this machine.
            CannotLoad: no model can be made of them.
        """
        self._check(plan, {})

        def load() -> Any:
            before()
            return self.load(plan)

        return loaded.keep(self.key(plan), load)

    def is_loaded(self, plan: Plan) -> bool:
        """Tell whether `engine(plan)` would return at once."""
        return loaded.holds(self.key(plan))

    def _check(self, plan: Any, inputs: Mapping[str, Any]) -> None:
        is_plan = isinstance(plan, Plan)
        if not is_plan or plan.card.kind != self.name:
            raise BadInput(
                asked=f"{self.noun} by {plan.card.name if is_plan else shown(plan)}",
                found=f"the plan of a {plan.card.kind} card" if is_plan else f"{type(plan).__name__}, no plan",
                todo=f"plan = {self.name}.plan_for(prompt), then {self.name}.run(plan); or {self.name}.make(prompt)",
            )
        others = sorted(set(inputs) - set(self.inputs))
        if others:
            reason = "the plan holds all settings" if not self.inputs else f"a run takes {', '.join(self.inputs)}"
            todo = f"give settings to {self.name}.plan_for(...) or {self.name}.make(...)"
            raise BadInput(asked=f"{self.noun} with {', '.join(others)}", found=reason, todo=todo)


@cache
def modalities() -> Mapping[str, Modality]:
    """Find the folders of `make/` that hold a `MODALITY`."""
    folders = sorted(module.name for module in iter_modules(import_module(PACKAGE).__path__) if module.ispkg)
    return {name: modality for name in folders if (modality := _in_folder(name))}


def of(kind: str, wanted: str = "a model") -> Modality:
    """Look up the modality of a kind of cards.

    Raises:
        BadInput: there is none: such cards are no models that make something.
    """
    modality = _in_folder(kind) if find_spec(f"{PACKAGE}.{kind}") else None
    if modality is None:
        todo = f"use a card of kind {' or '.join(modalities())}"
        raise BadInput(asked=wanted, found=f"{kind} models have no planner in this version", todo=todo)
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
        reason = f"the card of {card.name!r}"
        raise BadInput(asked=f"a plan of {request.card!r}", found=reason, todo="pass the card that was asked")
    if card.tier == "none":
        raise CannotLoad(asked=f"model {card.name!r}", found=card.notes[1], todo=card.notes[2])
    modality = of(card.kind, f"a plan for {card.name!r}")
    values = {field.name: getattr(request, field.name) for field in fields(request)} | dict(request.extra)
    refuse(values, modality.ignored(card), card, f"a {card.kind} model has no such choice")
    return modality.resolve(request, budget, card)


def refuse(
    given: Mapping[str, Any],
    names: Iterable[str],
    card: Card,
    found: str,
    written: Callable[[str, Any], str] = lambda name, value: f"{name}={shown(value)}",
) -> None:
    """Refuse the first of these options that was given.

    Args:
        given: option -> value; None is not given.
        names: of options that mean nothing for the card.
        card, found: for the error.
        written: how an option with its value is written where it was given.

    Raises:
        BadInput: one was given.
    """
    for name in names:
        value = given.get(name)
        if value is not None:
            raise BadInput(asked=f"{written(name, value)} for {card.name}", found=found, todo="leave it out")


def run(plan: Plan, on_step: OnStep | None = None, **inputs: Any) -> Take:
    """Run a plan of any modality, as `Modality.run` does."""
    return of(plan.card.kind).run(plan, on_step, **inputs)


def engine(plan: Plan) -> Any:
    """Load what a plan runs on: see `Modality.engine`."""
    if not isinstance(plan, Plan):
        todo = "plan first, as in text.engine(text.plan_for('春风', card='poem'))"
        raise BadInput(asked=f"the model of {plan!r:.60}, loaded", found=f"{type(plan).__name__}, no plan", todo=todo)
    return of(plan.card.kind, f"the model of {plan.card.name!r}, loaded").engine(plan)


def finish(work: Work, on_step: OnStep | None = None) -> Take:
    """Exhaust the steps of a run, and return its Take."""
    with closing(work):
        while True:
            try:
                step = next(work)
            except StopIteration as end:
                return end.value
            if on_step is not None:
                on_step(step)


def settings_from(
    cls: type[Settings], request: Request, card: Card | None, noun: str, elsewhere: tuple[str, ...] = ()
) -> Settings:
    """Read settings: a request's `extra`, the card's, the class's.

    Args:
        cls: a dataclass whose fields are the settings; it checks its values.
        request: what was asked; None in it leaves a default.
        card: whose defaults count; None: none do.
        noun: such as "a picture", for the error.
        elsewhere: names in `extra` that a planner reads.

    Raises:
        UnknownName: a setting that does not exist.
        BadInput: a value out of range.
    """
    names = [field.name for field in fields(cls)]  # type: ignore[arg-type]
    every = [*names, *elsewhere]
    for name, value in request.extra.items():
        if name not in every:
            others = [field.name for field in fields(Request) if field.name not in ("card", "prompt", "extra")]
            close = get_close_matches(name, [*every, *others], n=1)
            reason = "no setting of that name" + (f"; close: {close[0]}" if close else "")
            todo = f"choose from {', '.join(every)}, or a field of the request (seed, ...)"
            raise UnknownName(asked=f"the setting {name}={shown(value)} of {noun}", found=reason, todo=todo)
    usual = {} if card is None else card.defaults
    values = {**usual, **{name: value for name, value in request.extra.items() if value is not None}}
    return cls(**{name: value for name, value in values.items() if name in names})
