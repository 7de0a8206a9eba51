"""`aigc generate MODEL PROMPT`: one run of a modality from the command line, with its record."""

import argparse
import sys

from aigc_kit.cli import refuse_options
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Card, Step

BARE_FORM = "五言绝句"

_IDLE = {
    "text": ("voice", "controls"),
    "speech": ("temperature", "top_k", "top_p", "max_new_tokens", "engine", "chat"),
}  # kind -> options that this command does not hand to it


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "generate", help="run a text or speech model once and keep the result with its record"
    )
    parser.add_argument("model", help="name of a card (aigc fetch --list)")
    parser.add_argument("prompt")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--temperature", type=float, metavar="T")
    parser.add_argument("--top-k", type=int, metavar="K")
    parser.add_argument("--top-p", type=float, metavar="P")
    parser.add_argument("--max-new-tokens", type=int, metavar="N")
    parser.add_argument("--engine", metavar="NAME", help="of a text model: transformers or llama.cpp (4-bit weights)")
    parser.add_argument("--chat", action="store_true", help="use the model's chat template")
    parser.add_argument("--voice", help="of a speech model: one of its voices, or a kept speaker")
    parser.add_argument("--controls", help="of a speech model: tokens such as '[break_4][speed_5]'")
    parser.add_argument("--save", action="store_true", help="write the text and its record to out/ (a sound always)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Stream the text to standard output; figures go to standard error."""
    from aigc_kit.keep import record
    from aigc_kit.make import text
    from aigc_kit.models import cards

    card = cards.get(args.model)
    _refuse_pictures(card.name, card.kind)
    refuse_options(args, _IDLE.get(card.kind, ()), card, f"a {card.kind} model does not listen to it in this command")
    if card.kind == "speech":
        return _speak(args)
    asked = ("seed", "temperature", "top_k", "top_p", "max_new_tokens", "engine")
    values = {name: getattr(args, name) for name in asked if getattr(args, name) is not None}
    if args.chat:
        values["chat"] = True
    plan = text.plan_for(_prompt(args.prompt, card), card=args.model, **values)
    printed = ""

    def show(step: Step) -> None:
        nonlocal printed
        so_far = getattr(step.preview(), "so_far", "").rstrip("\ufffd")  # half a character waits for its other bytes
        print(so_far[len(printed) :], end="", flush=True)
        printed = so_far

    take = text.run(plan.request, plan, on_step=show)
    print(take.data[len(printed) :])
    phases = ", ".join(f"{phase.name} {phase.seconds:.2f} s" for phase in take.cost.phases)
    print(f"[{plan.card.name}, {plan.card.tier}; {phases}, measured on {plan.budget.name}]", file=sys.stderr)
    if args.save:
        print(f"[record: {record.save(take)}]", file=sys.stderr)
    return 0


def _prompt(prompt: str, card: Card) -> str:
    """The prompt as the model wants it: the poem model gets a bare title in its own form, and that is said.

    Raises:
        BadInput: a prompt for the poem model that is neither of its form nor a title.
    """
    from aigc_kit.worlds import verse

    note = note_of_language(card, prompt) if prompt.strip() else None
    if note is None:
        return prompt
    if "zh-verse" not in card.constraints["languages"]:
        print(note, file=sys.stderr)
        return prompt
    try:
        made = verse.prompt_for(BARE_FORM, prompt.strip())
    except BadInput as problem:
        raise BadInput(
            asked=f"a poem about {prompt!r}",
            found="neither a prompt of the poem model's form nor a title: " + problem.found,
            todo="give a Chinese title of up to 8 characters, or write '<五绝>春晓<诗>' (verse.prompt_for)",
        ) from None
    print(f"[a title alone: taken as a {BARE_FORM}, prompt {made}]", file=sys.stderr)
    return made


def note_of_language(card: Card, prompt: str) -> str | None:
    """A line that says that the model does not speak the language of a prompt; None where it does."""
    from aigc_kit.make.text import language_of

    language, spoken = language_of(prompt), card.constraints["languages"]
    if language in spoken:
        return None
    return f"[{card.name} speaks {'/'.join(spoken)}, the prompt looks like {language}: expect no sense]"


def _refuse_pictures(name: str, kind: str) -> None:
    """Refuse a model of a kind that is not made here."""
    if kind in ("image", "video"):
        todo = f"in Python: from aigc_kit import {kind}; plan = {kind}.plan_for(prompt, card={name!r}); "
        raise BadInput(
            asked=f"aigc generate {name}",
            found=f"a model of kind {kind}; this command writes texts and sounds",
            todo=todo + f"take = {kind}.run(plan.request, plan); or open lab {'02' if kind == 'image' else '04'}",
        )


def _speak(args: argparse.Namespace) -> int:
    """Write a sound and its record to out/; what was changed in the text goes to standard error."""
    from aigc_kit.keep import record
    from aigc_kit.make import speech

    values = {"seed": args.seed, "controls": args.controls}
    plan = speech.plan_for(args.prompt, card=args.model, voice=args.voice, **values)
    take = speech.run(plan.request, plan, on_step=lambda step: print(f"{step.index + 1}/{step.total}", file=sys.stderr))
    sidecar = record.save(take)
    print(sidecar.with_suffix(".wav"))
    for before, after, why in take.labels["changed"]:
        print(f"[{before} -> {after or '-'}: {why}]", file=sys.stderr)
    for lost, why in take.labels["unspoken"]:
        print(f"[not spoken: {lost}: {why}]", file=sys.stderr)
    work, length = take.measured()["seconds"].value, len(take.data) / speech.RATE
    print(f"[{plan.card.name}, {plan.card.tier}; {length:.2f} s of sound, made in {work:.2f} s]", file=sys.stderr)
    print(f"[{plan.card.licence}]", file=sys.stderr)
    return 0
