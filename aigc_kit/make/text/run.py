"""One text from one prompt: choose a model, plan, run step by step, measure."""

import os
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

from aigc_kit.core.errors import BadInput, NotOnDisk
from aigc_kit.core.types import Card, Change, FrozenMap, Plan, Request, Step, Take
from aigc_kit.core.types.base import check_prompt as check_prompt_text
from aigc_kit.make.meter import Meter
from aigc_kit.make.text.engines import Engine
from aigc_kit.make.text.engines.base import check_prompt
from aigc_kit.make.text.loop import Progress, tokens
from aigc_kit.make.text.settings import Settings, preset_named
from aigc_kit.memory.plan import check_same
from aigc_kit.models import cards, loaded

FULL_ONLY_BY_NAME = ("endpoint",)  # never chosen for somebody: it sends the prompt to another machine


def plan_for(
    prompt: str, *, card: str | None = None, language: str | None = None, tier: str | None = None, **values: Any
) -> Plan:
    """A plan for a prompt: the model that is here and fits the language, with the given settings.

    Args:
        prompt: text to continue, or a message with chat=True.
        card: name of a model; None chooses one on this machine.
        language: "zh", "en" or "zh-verse" (the poem model's); None looks at the prompt.
        tier: "tiny" or "full"; None takes what AIGC_TIER says, and without it "full" only where there is a GPU.
        values: `preset` ("creative", "code"), `seed`, and fields of `Settings`: temperature, top_k, top_p,
            repetition_penalty, max_new_tokens, search, beams, stop, chat, system, engine.

    Raises:
        BadInput, UnknownName: a value out of range, or a name that does not exist.
        CannotLoad: a card that exists only to say why its model cannot be loaded.
        NotOnDisk: no model for this language is on this machine.
        DoesNotFit: no configuration fits the memory.
    """
    from aigc_kit.memory import device
    from aigc_kit.memory.plan import plan

    check_prompt_text(prompt)
    values = {**preset_named(values.pop("preset", None)), **values}
    budget = device.probe(bandwidth=True)
    chosen = cards.get(card) if card is not None else _choose(language or language_of(prompt), tier, budget.device)
    if chosen.kind != "text":
        texts = ", ".join(one.name for one in cards.of_kind("text"))
        raise BadInput(asked=f"a text by {card!r}", found=f"a {chosen.kind} card", todo=f"choose from {texts}")
    request = Request(card=chosen.name, prompt=prompt).change(**values)
    Settings.of(request, chosen)
    return plan(request, budget, chosen)


def language_of(text: str) -> str:
    """ "zh-verse" for a prompt of `verse.prompt_for`, "zh" when a Chinese character is in the text, else "en".

    >>> language_of("<五绝>春晓<诗>"), language_of("春风 and rain"), language_of("rain")
    ('zh-verse', 'zh', 'en')
    """
    if "<诗>" in text:
        return "zh-verse"
    return "zh" if any("\u4e00" <= c <= "\u9fff" or "\u3400" <= c <= "\u4dbf" for c in text) else "en"


def exact_plan(plan: Plan, otherwise: str) -> Plan:
    """A plan for the engine that gives the score of every token, for looking inside.

    Args:
        plan: of the model that speaks; when it has such an engine, the new plan is for the same model and prompt.
        otherwise: English prompt for SmolLM2 when it has none.
    """
    if "transformers" in plan.card.constraints["engines"]:
        return plan_for(plan.request.prompt, card=plan.card.name, engine="transformers")
    return plan_for(otherwise, card="smollm2-135m", engine="transformers")


def fast_engine(plan: Plan) -> str:
    """The engine of the plan's model that makes most tokens per second (llama.cpp where the model has it)."""
    engines = plan.card.constraints["engines"]
    return "llama.cpp" if "llama.cpp" in engines else engines[0]


def speaks(language: str, tier: str | None = None) -> bool:
    """Whether `plan_for` would find a model for this language ("zh", "en", "zh-verse") on this machine."""
    from aigc_kit.memory import device

    try:
        return bool(_choose(language, tier, device.probe().device))
    except NotOnDisk:
        return False


def steps(request: Request, plan: Plan, engine: Engine | None = None) -> Iterator[Step]:
    """Make the text one token at a time; leaving the loop early frees what the run holds.

    Args:
        request: what was asked; the plan must be made from it.
        plan: from `plan_for` or `aigc_kit.memory.plan.plan`.
        engine: None loads the plan's.

    Yields:
        One Step per token. phase: "prefill" for the first token (its seconds contain the reading of the prompt),
        "token", "beam" or, from a server, "chunk". `preview()` returns a `TokenView` (a `BeamView` for beam search).

    Raises:
        BadInput: the prompt alone fills the context, or the plan belongs to another request.
    """
    return _Run(request, plan, engine).steps()


def run(
    request: Request, plan: Plan, on_step: Callable[[Step], object] | None = None, engine: Engine | None = None
) -> Take:
    """Make the text and measure what it cost. Arguments and errors as in `steps`.

    Returns:
        A Take whose data is the new text, without the prompt. When prompt and max_new_tokens exceed the context, the
        text is as long as there is room, and `take.plan.changes` says so. Labels: model, tier, engine, language,
        finish ("eos", "length" or "stop"), tokens (how many; None when a server does not say), ids, mean_logprob
        (natural, per token, under the model; None when unknown), missing_mass (the highest share of probability that
        the engine did not list; 0 with full logits; with top-k the draw misses nothing by it).
    """
    job = _Run(request, plan, engine)
    with closing(job.steps()) as made:
        for step in made:
            if on_step is not None:
                on_step(step)
    return job.take()


class _Run:
    """One run: its steps, then its Take."""

    def __init__(self, request: Request, plan: Plan, engine: Engine | None) -> None:
        check_same(request, plan)
        self._plan, self._given = plan, engine
        self._settings = Settings.of(plan.request, plan.card)
        self._progress = Progress([], [])
        self._meter = Meter(plan)
        self._kind = engine.kind if engine is not None else self._settings.engine

    def steps(self) -> Generator[Step, None, None]:
        if self._given is None and not loaded.is_loaded(self._plan):
            self._meter.import_libraries(self._kind)
            self._meter.start("load")
        engine = self._given or loaded.engine(self._plan)
        self._meter.start("prefill")
        last = time.perf_counter()
        previews = self._previews(engine)
        phase = "chunk" if engine.kind == "endpoint" else "beam" if self._settings.search == "beam" else "token"
        try:
            for index, preview in enumerate(previews):
                now = time.perf_counter()
                name = "prefill" if index == 0 and phase == "token" else phase
                self._meter.step()
                yield Step(index, self._settings.max_new_tokens, name, now - last, preview)
                last = now
        finally:
            previews.close()
            self._meter.stop()

    def _previews(self, engine: Engine) -> Any:
        request, settings = self._plan.request, self._settings
        if engine.kind == "endpoint":
            return engine.stream(request, settings, self._progress)  # type: ignore[attr-defined]
        prompt = prompt_ids(engine, request.prompt, settings)
        settings = self._cut_to(engine.context, len(prompt))
        if settings.search == "beam":
            from aigc_kit.make.text.beam import search

            return search(engine, prompt, settings, self._progress)
        return tokens(engine, prompt, settings, request.seed, self._progress)

    def _cut_to(self, context: int, prompt: int) -> Settings:
        """The settings that fit behind the prompt; what is cut goes into the plan, which could not count tokens."""
        room, plan = context - prompt, self._plan
        if self._settings.max_new_tokens > room:
            others = tuple(change for change in plan.changes if change.what != "max_new_tokens")
            before = [change.asked for change in plan.changes if change.what == "max_new_tokens"]
            cut = Change(
                "max_new_tokens",
                before[0] if before else self._settings.max_new_tokens,
                room,
                f"the model sees at most {context} tokens, and {prompt} of them are the prompt's",
                f"模型的上下文最多 {context} 个 token，提示词占了 {prompt} 个",
            )
            self._plan = replace(plan, request=plan.request.change(max_new_tokens=room), changes=(*others, cut))
            self._settings = replace(self._settings, max_new_tokens=room)
        return self._settings

    def take(self) -> Take:
        done, card = self._progress, self._plan.card
        known = done.logprobs
        labels = FrozenMap(
            model=card.name,
            tier=card.tier,
            engine=self._kind,
            language=language_of(self._plan.request.prompt),
            finish=done.finish,
            tokens=done.count if self._kind == "endpoint" else len(done.new),
            ids=tuple(done.new),
            mean_logprob=sum(known) / len(known) if known else None,
            missing_mass=done.missing,
        )
        return Take("text", done.text, self._plan, self._meter.cost(), labels)


def prompt_ids(engine: Engine, prompt: str, settings: Settings) -> list[int]:
    """The prompt as tokens: raw, or in the chat template.

    Raises:
        BadInput: the prompt leaves no room for a new token.
    """
    if settings.chat:
        system = [{"role": "system", "content": settings.system}] if settings.system else []
        ids = engine.chat([*system, {"role": "user", "content": prompt}])
    else:
        ids = engine.encode(prompt)
    check_prompt(ids, engine.vocab_size, engine.context)
    return ids


def _choose(language: str, tier: str | None, device: str) -> Card:
    from aigc_kit.models import fetch

    tier = tier or os.environ.get("AIGC_TIER") or None
    if tier not in (None, "tiny", "full"):
        raise BadInput(asked=f"tier={tier!r}", found="no tier of that name", todo="say 'tiny', 'full' or nothing")
    allowed = {tier} if tier else ({"tiny", "full"} if device == "cuda" else {"tiny"})
    fitting = [
        card
        for card in cards.of_kind("text")
        if language in card.constraints["languages"] and card.tier in allowed and card.name not in FULL_ONLY_BY_NAME
    ]
    for card in fitting:
        if fetch.find(card) is not None:
            return card
    names = [card.name for card in fitting]
    here = [c for c in cards.of_kind("text") if c.name not in FULL_ONLY_BY_NAME and fetch.find(c) is not None]
    present = ", ".join(f"{c.name} ({'/'.join(c.constraints['languages'])})" for c in here) or "no language model"
    fetching = f"fetch one of them: aigc fetch {' | '.join(names)}; or " if names else ""
    raise NotOnDisk(
        asked=f"a model for language {language!r}" + (f" in the {tier} tier" if tier else ""),
        found=f"none is on this machine; it has {present}",
        todo=fetching + "name a card that is here, such as card='poem'",
    )
