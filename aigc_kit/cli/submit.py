"""`aigc submit`: pack answers, records and works for the teacher."""

import argparse
import sys
from pathlib import Path


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "submit",
        help="pack answers, records and works for the teacher",
        description="Writes one archive with the last answers to the checks, the progress, and the records and works "
        "of the output folder. Nothing is sent anywhere. Keys are refused; links and other files are left out.",
    )
    parser.add_argument("--name", required=True, help="your name, as the teacher shall read it")
    parser.add_argument("--to", type=Path, default=Path(), metavar="FILE|DIR", help="default: NAME.zip here")
    parser.add_argument("works", nargs="*", type=Path, help="folders with works (default: $AIGC_OUT, else out)")


def run(args: argparse.Namespace) -> int:
    """Pack, and say what is in it."""
    from aigc_kit.core.units import format_bytes
    from aigc_kit.teach.classroom import pack

    packed = pack(args.name, args.to, args.works or None)
    for name, why in packed.left_out:
        print(f"left out: {name} ({why})", file=sys.stderr)
    size = format_bytes(packed.path.stat().st_size, decimal=True)
    print(f"{packed.path} ({len(packed.files)} files, {size})")
    return 0
