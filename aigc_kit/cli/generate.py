"""`aigc generate MODEL PROMPT`: one run of a modality from the command line, with its record."""

import argparse
import sys

from aigc_kit.cli import refuse_options
from aigc_kit.core.types import Step, Take

_OPTIONS = ("temperature", "top_k", "top_p", "max_new_tokens", "engine", "chat", "voice", "controls")


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
    parser.add_argument("--chat", action="store_true", help="use the model's chat template")
    parser.add_argument("--voice", help="of a speech model: one of its voices, or a kept speaker")
    parser.add_argument("--controls", help="of a speech model: tokens such as '[break_4][speed_5]'")
    parser.add_argument("--save", action="store_true", help="write a text and its record to out/ (all else always)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Stream a text to standard output, or write files; what else there is to say goes to standard error."""
    from aigc_kit.keep import record
    from aigc_kit.make.run import of
    from aigc_kit.models import cards

    card = cards.get(args.model)
    modality = of(card.kind, f"aigc generate {args.model}")
    unknown = [name for name in _OPTIONS if name not in modality.options or name in modality.ignored(card)]
    refuse_options(args, unknown, card, f"a {card.kind} model does not listen to it in this command")
    values = {
        name: getattr(args, name) for name in (*modality.options, "seed") if getattr(args, name, None) is not None
    }
    prompt, note = modality.wording(args.prompt, card)
    if note is not None:
        print(note, file=sys.stderr)
    printed = ""

    def show(step: Step) -> None:
        nonlocal printed
        so_far = modality.so_far(step)
        if so_far is None:
            print(f"{step.index + 1}/{step.total}", file=sys.stderr)
            return
        so_far = so_far.rstrip("\ufffd")  # half a character waits for its other bytes
        print(so_far[len(printed) :], end="", flush=True)
        printed = so_far

    take = modality.make(prompt, show, card=args.model, **values)
    written = isinstance(take.data, str)
    if written:
        print(take.data[len(printed) :])
    sidecar = record.save(take) if args.save or not written else None
    if not written and sidecar is not None:
        for file in record.load(sidecar).outputs:
            print(sidecar.parent / file)
    _tell(take, modality.summary(take))
    if written and sidecar is not None:
        print(f"[record: {sidecar}]", file=sys.stderr)
    return 0


def _tell(take: Take, summary: str) -> None:
    """What was changed, lost and measured, and the licence, on standard error."""
    for before, after, why in take.labels.get("changed", ()):
        print(f"[{before} -> {after or '-'}: {why}]", file=sys.stderr)
    for lost, why in take.labels.get("unspoken", ()):
        print(f"[not spoken: {lost}: {why}]", file=sys.stderr)
    for words in take.words:
        print(f"[read: {words.read}]", file=sys.stderr)
    print(f"[{take.plan.card.name}, {take.plan.card.tier}; {summary}]", file=sys.stderr)
    print(f"[{take.plan.card.licence}]", file=sys.stderr)
