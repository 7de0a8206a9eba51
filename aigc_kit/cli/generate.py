"""Run a model once: `aigc generate MODEL PROMPT`."""

import argparse
import sys
from collections.abc import Iterator

from aigc_kit.cli import refuse_options
from aigc_kit.core.types import Step, Take, Words

_OPTIONS = ("temperature", "top_k", "top_p", "max_new_tokens", "engine", "chat", "voice", "controls", "bpm")
_OF_MUSIC = ("instrument", "harmony", "control")


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser("generate", help="run a model once and keep the result with its record")
    parser.add_argument("model", help="name of a card (aigc fetch --list)")
    parser.add_argument("prompt")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--temperature", type=float, metavar="T")
    parser.add_argument("--top-k", type=int, metavar="K")
    parser.add_argument("--top-p", type=float, metavar="P")
    parser.add_argument("--max-new-tokens", type=int, metavar="N")
    parser.add_argument("--engine", metavar="NAME", help="of a text model: transformers or llama.cpp (4-bit weights)")
    template = "use the model's chat template, or not; else as its card says"
    parser.add_argument("--chat", action=argparse.BooleanOptionalAction, help=template)
    parser.add_argument("--voice", help="of a speech model: one of its voices, or a kept speaker")
    parser.add_argument("--controls", help="of a speech model: tokens such as '[break_4][speed_5]'")
    parser.add_argument("--bpm", type=float, help="of a music model: quarter notes a minute")
    parser.add_argument("--instrument", help="of a music model that writes notes: what plays them")
    parser.add_argument("--harmony", help="of a music model that writes notes: what goes with the melody")
    parser.add_argument("--control", help="of a music model that writes notes: ask, constrain or both")
    parser.add_argument("--save", action="store_true", help="write a text and its record to out/ (all else always)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Stream a text, or write files, and tell the rest."""
    from aigc_kit.keep import record
    from aigc_kit.make.run import of
    from aigc_kit.models import cards

    card = cards.get(args.model)
    modality = of(card.kind, Words.of(f"aigc generate {args.model}"))
    unknown = [
        name for name in (*_OPTIONS, *_OF_MUSIC) if name not in modality.options or name in modality.ignored(card)
    ]
    why = Words(
        f"a {card.kind} model does not listen to it in this command", f"{card.kind} 类的模型在这个命令里不理会它"
    )
    refuse_options(args, unknown, card, why)
    values = {name: getattr(args, name, None) for name in (*modality.options, "seed")}
    prompt, note = modality.wording(args.prompt, card)
    if note is not None:
        print(note, file=sys.stderr)
    output = ""

    def show(step: Step) -> None:
        nonlocal output
        so_far = modality.so_far(step)
        if so_far is None:
            print(f"{step.index + 1}/{step.total}", file=sys.stderr)
            return
        so_far = so_far.rstrip("\ufffd")  # half a character waits for its other bytes
        print(so_far[len(output) :], end="", flush=True)
        output = so_far

    take = modality.make(prompt, show, card=args.model, **{n: v for n, v in values.items() if v is not None})
    is_text = isinstance(take.data, str)
    if is_text:
        print(take.data[len(output) :])
    sidecar = record.save(take) if args.save or not is_text else None
    lines = list(_remarks(take, modality.summary(take)))
    if is_text and sidecar is not None:
        lines.append(f"record: {sidecar}")
    elif sidecar is not None:
        for file in record.load(sidecar).outputs:
            print(sidecar.parent / file)
    for line in lines:
        print(f"[{line}]", file=sys.stderr)
    return 0


def _remarks(take: Take, summary: str) -> Iterator[str]:
    """Say what was changed, lost and measured, and the licence."""
    for before, after, why in take.labels.get("changed", ()):
        yield f"{before} -> {after or '-'}: {why}"
    for text, why in take.labels.get("unspoken", ()):
        yield f"not spoken: {text}: {why}"
    for words in take.words:
        yield f"read: {words.read}"
    yield f"{take.plan.card.name}, {take.plan.card.tier}; {summary}"
    yield f"{take.plan.card.licence}"
