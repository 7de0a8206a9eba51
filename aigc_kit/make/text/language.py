"""Which model speaks which language, and how it wants to be spoken to."""

from collections.abc import Mapping
from typing import Any

from aigc_kit.core.errors import BadInput, NotOnDisk
from aigc_kit.core.types import Card, Plan
from aigc_kit.make.run import of
from aigc_kit.make.text.settings import preset_named
from aigc_kit.models import cards

BARE_FORM = "五言绝句"
FULL_ONLY_BY_NAME = ("endpoint",)  # never chosen for somebody: it sends the prompt to another machine


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
        return of("text").plan_for(plan.request.prompt, card=plan.card.name, engine="transformers")
    return of("text").plan_for(otherwise, card="smollm2-135m", engine="transformers")


def fast_engine(plan: Plan) -> str:
    """Name the engine of the plan's model that makes most tokens per second: llama.cpp where it has it."""
    engines = plan.card.facts.engines
    return "llama.cpp" if "llama.cpp" in engines else engines[0]


def speaks(language: str, tier: str | None = None) -> bool:
    """Tell whether `plan_for` would find a model for a language ("zh", "en", "zh-verse") on this machine."""
    from aigc_kit.memory import device

    try:
        return bool(of("text").choose("", {"language": language}, tier, device.probe().device))
    except NotOnDisk:
        return False


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


def values(prompt: str, values: dict[str, Any], card: Card) -> dict[str, Any]:
    """Take the settings, those of a preset beneath them; `language` only chooses a card."""
    named = {name: value for name, value in values.items() if name not in ("preset", "language")}
    return {**preset_named(values.get("preset")), **named}


def suits(card: Card, prompt: str, values: Mapping[str, Any]) -> bool:
    """Tell whether a card speaks the language that is wanted."""
    language = values.get("language") or language_of(prompt)
    return language in card.facts.languages and card.name not in FULL_ONLY_BY_NAME


def absent(fitting: list[Card], prompt: str, values: Mapping[str, Any], tier: str | None) -> NotOnDisk:
    """Say which models speak the language, and which are here."""
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
