"""`aigc prefetch DIR`: models and wheels into one folder, for a classroom without a network."""

import argparse
import sys
from pathlib import Path


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "prefetch",
        help="models and wheels into one folder, for a classroom without a network",
        description="Fill a folder (a stick, a share). With it: make labs OFFLINE=DIR, or aigc fetch core --from DIR.",
    )
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument(
        "--models", nargs="+", default=["core"], metavar="NAME", help="models or groups (default: core)"
    )
    parser.add_argument(
        "--wheels", action="store_true", help="also the wheels of make labs, for this system and Python"
    )


def run(args: argparse.Namespace) -> int:
    """Fill the folder."""
    from aigc_kit.cli.fetch import Bar
    from aigc_kit.core.units import format_bytes
    from aigc_kit.models import cards
    from aigc_kit.teach.classroom import prefetch

    names = dict.fromkeys(member for name in args.models for member in cards.ALIASES.get(name, (name,)))
    chosen = [cards.get(name) for name in names]
    bar = Bar("prefetch")
    try:
        for place in prefetch.models(chosen, args.folder, bar):
            print(place)
    finally:
        bar.close()
    if args.wheels:
        print(f"{len(prefetch.wheels(args.folder))} wheels in {args.folder / 'wheels'}")
    sums = prefetch.write_sums(args.folder)
    size = sum(path.stat().st_size for path in args.folder.rglob("*") if path.is_file())
    print(f"{args.folder}: {format_bytes(size, decimal=True)}; check a copy with: sha256sum -c {sums.name}")
    print(f"then, in a clone without a network: make labs OFFLINE={args.folder.absolute()}", file=sys.stderr)
    return 0
