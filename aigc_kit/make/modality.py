"""Hold how a kind of model makes something.

A modality is a folder of `make/` whose package holds a `Modality` record, and whose module `job` does the work.
`image.make(prompt)` is one call; its two halves are `plan = image.plan_for(prompt)` and `image.run(plan)`, or
`for step in image.steps(plan): step.preview()`.
"""

import os
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, fields, replace
from functools import partial
from importlib import import_module
from typing import Any

from aigc_kit.core.errors import BadInput, CannotLoad, NotOnDisk, unknown_name
from aigc_kit.core.types import Budget, Card, FrozenMap, Plan, Request, Step, Take, Words
from aigc_kit.core.types.atoms import check_prompt, shown
from aigc_kit.core.types.records import refuse
from aigc_kit.models import cards, loaded

Work = Generator[Step, None, Take]
TIERS = ("tiny", "full")
OnStep = Callable[[Step], object]
PACKAGE = __name__.rpartition(".")[0]


@dataclass(frozen=True)
class Modality:
    """Hold what one kind of model does its own way.

    Its module `job` offers `work(plan, **inputs)`, a generator of steps that returns the Take, and `files(take)`, the
    endings of file names -> bytes. It is imported when something is made: planning needs no numpy.

    Args:
        name: of its folder, and of the kind of its cards.
        noun: what it makes, for errors: Words("a picture", "图片").
        model: what makes it: Words("an image model", "图像模型").
        settings: (request, card) -> its settings, checked.
        resolve: (request, budget, card) -> a Plan; nothing open, nothing that does not fit.
        load: plan -> what runs it, with `close()`.
        key: plan -> what tells one loaded model from another; the card's name first.
        inputs: names that `work` takes besides the plan.
        values: (prompt, values, card) -> settings for the request, from what the caller gave.
        suits: (card, prompt=, values=) -> whether a card may be chosen for somebody; None: every one.
        absent: (fitting cards, prompt, values, tier) -> the error where none of them is here.
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
    noun: Words
    model: Words
    settings: Callable[[Request, Card], object]
    resolve: Callable[[Request, Budget, Card], Plan]
    load: Callable[[Plan], Any]
    key: Callable[[Plan], tuple[str, ...]]
    inputs: tuple[str, ...] = ()
    values: Callable[[str, dict[str, Any], Card], dict[str, Any]] = lambda prompt, values, card: values
    suits: Callable[..., bool] | None = None
    absent: Callable[[list[Card], str, Mapping[str, Any], str | None], NotOnDisk] | None = None
    fallbacks: Callable[[Plan], Iterable[Plan]] = lambda plan: ()
    ignored: Callable[[Card], tuple[str, ...]] = lambda card: ()
    prepare: Callable[[Card], bool] = lambda card: False
    wording: Callable[[str, Card], tuple[str, str | None]] = lambda prompt, card: (prompt, None)
    so_far: Callable[[Step], str | None] = lambda step: None
    summary: Callable[[Take], str] = lambda take: take.cost.summary(take.plan.budget.name)
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
        wanted_tier(tier)
        budget = device.probe(bandwidth=self.bandwidth)
        model = cards.get(card) if card is not None else self.choose(prompt, values, tier, budget.device)
        if model.kind != self.name:
            names = [other.name for other in cards.of_kind(self.name)]
            raise BadInput(
                asked=Words(f"{self.noun} by {card!r}", f"用 {card!r} 生成{self.noun.zh}"),
                found=Words(f"a {model.kind} card", f"这张卡的类型是 {model.kind}"),
                todo=Words(f"choose from {', '.join(names)}", f"从 {'、'.join(names)} 里选"),
            )
        request = Request(card=model.name, prompt=prompt).change(**self.values(prompt, values, model))
        self.settings(request, model)
        return self.plan(request, budget, model)

    def plan(self, request: Request, budget: Budget, card: Card) -> Plan:
        """Resolve a request, as `make.run.resolve` does."""
        if card.tier == "none":
            asked = Words(f"model {card.name!r}", f"模型 {card.name!r}")
            raise CannotLoad(asked=asked, found=card.notes[1], todo=card.notes[2])
        values = {field.name: getattr(request, field.name) for field in fields(request)} | dict(request.extra)
        found = Words(f"a {card.kind} model has no such choice", f"{card.kind} 类的模型没有这个选项")
        refuse(values, self.ignored(card), card, found)
        return self.resolve(request, budget, card)

    def choose(self, prompt: str, values: Mapping[str, Any], tier: str | None, device: str) -> Card:
        """Choose the first suitable card whose files are here.

        Raises:
            UnknownName: no such tier.
            NotOnDisk: none is on this machine.
        """
        tier = wanted_tier(tier)
        order = (tier,) if tier else ("full", "tiny") if device == "cuda" else ("tiny",)
        suits = None if self.suits is None else partial(self.suits, prompt=prompt, values=values)
        card, fitting = loaded.first_here(self.name, order, suits)
        if card is not None:
            return card
        if self.absent is not None:
            raise self.absent(fitting, prompt, values, tier)
        names = " | ".join(card.name for card in fitting)
        wish = self.model + (Words(f" in the {tier} tier", f"（{tier} 档）") if tier else "")
        todo = Words("install from a full clone, which ships the tiny models", "从完整的克隆安装，里面带有 tiny 小模型")
        if names:
            todo = Words(f"fetch one: aigc fetch {names}", f"在终端下载一个：aigc fetch {names}")
        raise NotOnDisk(asked=wish, found=Words("none is on this machine", "这台机器上一个也没有"), todo=todo)

    def steps(self, plan: Plan, **inputs: Any) -> Work:
        """Make it step by step, with the inputs it takes.

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

        def attempt(wish: Plan) -> Take:
            return finish(self.work(wish, **inputs), on_step)

        def let_go() -> None:
            loaded.free(plan.card.name)

        try:
            return attempt(plan)
        except (RuntimeError, MemoryError) as error:
            from aigc_kit.memory.offload import failure, is_out_of_memory, rescue

            plans = tuple(self.fallbacks(plan)) if is_out_of_memory(error) else ()
            said = failure(error, [plan], let_go, last=not plans)
        outcome = rescue(attempt, (plan, *plans), let_go=let_go, said=said)
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
            given = plan.card.name if is_plan else shown(plan)
            raise BadInput(
                asked=Words(f"{self.noun} by {given}", f"用 {given} 生成{self.noun.zh}"),
                found=Words(f"the plan of a {plan.card.kind} card", f"这是 {plan.card.kind} 类模型的方案")
                if is_plan
                else Words(f"{type(plan).__name__}, no plan", f"这是 {type(plan).__name__}，不是方案（Plan）"),
                todo=Words(
                    f"plan = {self.name}.plan_for(prompt), then {self.name}.run(plan); or {self.name}.make(prompt)",
                    f"先 plan = {self.name}.plan_for(提示词)，再 {self.name}.run(plan)；或 {self.name}.make(提示词)",
                ),
            )
        others = sorted(set(inputs) - set(self.inputs))
        if others:
            reason = Words("the plan holds all settings", "所有设置都已经在方案里了")
            if self.inputs:
                reason = Words(f"a run takes {', '.join(self.inputs)}", f"运行时只能给 {'、'.join(self.inputs)}")
            places = f"{self.name}.plan_for(...)", f"{self.name}.make(...)"
            todo = Words(f"give settings to {' or '.join(places)}", f"设置要写在 {' 或 '.join(places)} 里")
            asked = Words(f"{self.noun} with {', '.join(others)}", f"用 {'、'.join(others)} 生成{self.noun.zh}")
            raise BadInput(asked=asked, found=reason, todo=todo)


def wanted_tier(tier: str | None) -> str | None:
    """Read the tier that is wanted, or None.

    Raises:
        UnknownName: it is none, with the nearest.
    """
    name, value = ("tier", tier) if tier else ("AIGC_TIER", os.environ.get("AIGC_TIER"))
    if value and value not in TIERS:
        raise unknown_name(f"{name}={shown(value)}", value, TIERS, Words("tier", "档位"))
    return value or None


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
