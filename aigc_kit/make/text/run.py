"""Texts: what a language model does in its own way, and one run of it as a generator."""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aigc_kit.core.errors import BadInput, NotOnDisk
from aigc_kit.core.types import Card, Change, FrozenMap, Plan, Step, Take, Words
from aigc_kit.make.meter import Meter
from aigc_kit.make.run import Modality, Work
from aigc_kit.make.text import loading, needs
from aigc_kit.make.text.engines import Engine
from aigc_kit.make.text.engines.base import check_prompt
from aigc_kit.make.text.loop import Progress, tokens
from aigc_kit.make.text.settings import Settings, preset_named
from aigc_kit.memory.plan.unsupported import DRAWN
from aigc_kit.models import cards

BARE_FORM = "五言绝句"
FULL_ONLY_BY_NAME = ("endpoint",)  # never chosen for somebody: it sends the prompt to another machine


def work(plan: Plan, *, using: Engine | None = None) -> Work:
    """Make a text token by token, and return its Take.

    Args:
        plan: of a language model.
        using: an engine that is loaded already; None loads the plan's.

    Yields:
        One Step per token. phase: "prefill" for the first token (its seconds contain the reading of the prompt),
        "token", "beam" or, from a server, "chunk". `preview()` returns a `TokenView` (a `BeamView` for beam search).

    Returns:
        A Take whose data is the new text, without the prompt. When prompt and max_new_tokens exceed the context, the
        text is as long as there is room, and `take.plan.changes` says so. Labels: model, tier, engine, language,
        finish ("eos", "length" or "stop"), tokens (how many; None when a server does not say), ids, mean_logprob
        (natural, per token, under the model; None when unknown), missing_mass (the highest share of probability that
        the engine did not list; 0 with full logits; with top-k the draw misses nothing by it).

    Raises:
        BadInput: the prompt alone fills the context.
    """
    settings, progress, meter = Settings.of(plan.request, plan.card), Progress([], []), Meter(plan)
    kind = settings.engine if using is None else using.kind
    if using is None and not MODALITY.is_loaded(plan):
        meter.import_libraries(kind)
        meter.start("load")
    engine: Engine = using or MODALITY.engine(plan)
    meter.start("prefill")
    last = time.perf_counter()
    if engine.kind == "endpoint":
        previews = engine.stream(plan.request, settings, progress)  # type: ignore[attr-defined]
    else:
        prompt = prompt_ids(engine, plan.request.prompt, settings)
        plan, settings = _cut_to(plan, settings, engine.context, len(prompt))
        previews = _search(engine, prompt, settings, plan.request.seed, progress)
    phase = "chunk" if engine.kind == "endpoint" else "beam" if settings.search == "beam" else "token"
    try:
        for index, preview in enumerate(previews):
            now = time.perf_counter()
            name = "prefill" if index == 0 and phase == "token" else phase
            meter.step()
            yield Step(index, settings.max_new_tokens, name, now - last, preview)
            last = now
    finally:
        previews.close()
        meter.stop()
    return Take("text", progress.text, plan, meter.cost(), _labels(plan, kind, progress))


def files(take: Take) -> dict[str, bytes]:
    """Write the text as UTF-8, exactly as it is: ending of the file's name -> its bytes.

    Raises:
        BadInput: its data is no text.
    """
    if not isinstance(take.data, str):
        raise BadInput(
            asked=f"to save a text of {type(take.data).__name__}",
            found="no text",
            todo="save the data yourself; `record.build` still gives its record",
        )
    return {".txt": take.data.encode("utf-8")}


def language_of(text: str) -> str:
    """ "zh-verse" for a prompt of `verse.prompt_for`, "zh" when a Chinese character is in the text, else "en".

    >>> language_of("<五绝>春晓<诗>"), language_of("春风 and rain"), language_of("rain")
    ('zh-verse', 'zh', 'en')
    """
    if "<诗>" in text:
        return "zh-verse"
    return "zh" if any("\u4e00" <= c <= "\u9fff" or "\u3400" <= c <= "\u4dbf" for c in text) else "en"


def exact_plan(plan: Plan, otherwise: str) -> Plan:
    """Plan for the engine that gives the score of every token, for looking inside.

    Args:
        plan: of the model that speaks; when it has such an engine, the new plan is for the same model and prompt.
        otherwise: English prompt for SmolLM2 when it has none.
    """
    if "transformers" in plan.card.facts.engines:
        return plan_for(plan.request.prompt, card=plan.card.name, engine="transformers")
    return plan_for(otherwise, card="smollm2-135m", engine="transformers")


def fast_engine(plan: Plan) -> str:
    """Name the engine of the plan's model that makes most tokens per second: llama.cpp where it has it."""
    engines = plan.card.facts.engines
    return "llama.cpp" if "llama.cpp" in engines else engines[0]


def speaks(language: str, tier: str | None = None) -> bool:
    """Tell whether `plan_for` would find a model for a language ("zh", "en", "zh-verse") on this machine."""
    from aigc_kit.memory import device

    try:
        return bool(MODALITY.choose("", {"language": language}, tier, device.probe().device))
    except NotOnDisk:
        return False


def prompt_ids(engine: Engine, prompt: str, settings: Settings) -> list[int]:
    """Turn a prompt into tokens: raw, or in the chat template.

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


def wording(prompt: str, card: Card) -> tuple[str, str | None]:
    """Word a prompt as the model wants it: the poem model gets a bare title in its own form, and that is said.

    Raises:
        BadInput: a prompt for the poem model that is neither of its form nor a title.
    """
    from aigc_kit.worlds import verse

    note = note_of_language(card, prompt) if prompt.strip() else None
    if note is None or "zh-verse" not in card.facts.languages:
        return prompt, note
    try:
        title = verse.prompt_for(BARE_FORM, prompt.strip())
    except BadInput as problem:
        raise BadInput(
            asked=f"a poem about {prompt!r}",
            found="neither a prompt of the poem model's form nor a title: " + problem.found,
            todo="give a Chinese title of up to 8 characters, or write '<五绝>春晓<诗>' (verse.prompt_for)",
        ) from None
    return title, f"[a title alone: taken as a {BARE_FORM}, prompt {title}]"


def note_of_language(card: Card, prompt: str) -> str | None:
    """Say that the model does not speak the language of a prompt; None where it does."""
    language, spoken = language_of(prompt), card.facts.languages
    if language in spoken:
        return None
    return f"[{card.name} speaks {'/'.join(spoken)}, the prompt looks like {language}: expect no sense]"


def _search(engine: Engine, prompt: list[int], settings: Settings, seed: int, progress: Progress) -> Any:
    if settings.search == "beam":
        from aigc_kit.make.text.beam import search

        return search(engine, prompt, settings, progress)
    return tokens(engine, prompt, settings, seed, progress)


def _cut_to(plan: Plan, settings: Settings, context: int, prompt: int) -> tuple[Plan, Settings]:
    """What fits behind the prompt; what is cut goes into the plan, which could not count tokens."""
    room = context - prompt
    if settings.max_new_tokens <= room:
        return plan, settings
    others = tuple(change for change in plan.changes if change.what != "max_new_tokens")
    before = [change.asked for change in plan.changes if change.what == "max_new_tokens"]
    why = Words(
        f"the model sees at most {context} tokens, and {prompt} of them are the prompt's",
        f"模型的上下文最多 {context} 个 token，提示词占了 {prompt} 个",
    )
    cut = Change("max_new_tokens", before[0] if before else settings.max_new_tokens, room, why)
    plan = replace(plan, request=plan.request.change(max_new_tokens=room), changes=(*others, cut))
    return plan, replace(settings, max_new_tokens=room)


def _labels(plan: Plan, kind: str, progress: Progress) -> FrozenMap:
    known = progress.logprobs
    return FrozenMap(
        model=plan.card.name,
        tier=plan.card.tier,
        engine=kind,
        language=language_of(plan.request.prompt),
        finish=progress.finish,
        tokens=progress.count if kind == "endpoint" else len(progress.new),
        ids=tuple(progress.new),
        mean_logprob=sum(known) / len(known) if known else None,
        missing_mass=progress.missing,
    )


def _values(prompt: str, values: dict[str, Any], card: Card) -> dict[str, Any]:
    """Settings, with those of a preset beneath; `language` only chooses a card."""
    named = {name: value for name, value in values.items() if name not in ("preset", "language")}
    return {**preset_named(values.get("preset")), **named}


def _suits(card: Card, prompt: str, values: Mapping[str, Any]) -> bool:
    language = values.get("language") or language_of(prompt)
    return language in card.facts.languages and card.name not in FULL_ONLY_BY_NAME


def _absent(fitting: list[Card], prompt: str, values: Mapping[str, Any], tier: str | None) -> NotOnDisk:
    from aigc_kit.models import fetch

    names = [card.name for card in fitting]
    here = [c for c in cards.of_kind("text") if c.name not in FULL_ONLY_BY_NAME and fetch.find(c) is not None]
    present = ", ".join(f"{c.name} ({'/'.join(c.facts.languages)})" for c in here) or "no language model"
    fetching = f"fetch one of them: aigc fetch {' | '.join(names)}; or " if names else ""
    language = values.get("language") or language_of(prompt)
    return NotOnDisk(
        asked=f"a model for language {language!r}" + (f" in the {tier} tier" if tier else ""),
        found=f"none is on this machine; it has {present}",
        todo=fetching + "name a card that is here, such as card='poem'",
    )


MODALITY = Modality(
    name="text",
    noun="a text",
    model="a language model",
    settings=Settings.of,
    resolve=needs.resolve,
    work=work,
    load=loading.load,
    key=loading.key,
    files=files,
    inputs=("using",),
    values=_values,
    suits=_suits,
    absent=_absent,
    ignored=lambda card: DRAWN,
    prepare=loading.prepare,
    wording=wording,
    so_far=lambda step: getattr(step.preview(), "so_far", ""),
    options=("temperature", "top_k", "top_p", "max_new_tokens", "engine", "chat"),
    bandwidth=True,
)
make, plan_for, steps, run, engine = (
    MODALITY.make,
    MODALITY.plan_for,
    MODALITY.steps,
    MODALITY.run,
    MODALITY.engine,
)
