"""`aigc plan MODEL`: how a model would run here, or on a machine with another amount of memory."""

import argparse
import json


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser("plan", help="how a model would run here, and what it would cost")
    parser.add_argument("model", help="name of a card (aigc fetch --list)")
    parser.add_argument("--memory", metavar="SIZE", help="assume this much free memory, such as 4GiB")
    parser.add_argument("--max-new-tokens", type=int, metavar="N", help="length of the text (default: the card's)")
    parser.add_argument("--lang", choices=("en", "zh"), default="en", help="language of the explanation")
    parser.add_argument("--json", action="store_true", help="print the plan as JSON")


def run(args: argparse.Namespace) -> int:
    """Print the plan."""
    from dataclasses import replace

    from aigc_kit import cards, device, units
    from aigc_kit.plan import plan
    from aigc_kit.types import Request, as_json

    card = cards.get(args.model)
    budget = device.probe(bandwidth=True)
    if args.memory:
        size = units.parse_bytes(args.memory)
        budget = replace(budget, free_bytes=size, ram_free_bytes=size, origin="assumed")
    extra = {"max_new_tokens": args.max_new_tokens} if args.max_new_tokens is not None else {}
    made = plan(Request(card.name, prompt="a prompt of usual length, about this long", extra=extra), budget, card)
    print(json.dumps(as_json(made), ensure_ascii=False, indent=1) if args.json else made.explain(args.lang))
    return 0
