"""Add `aigc handout`: slides and a printed handout of labs."""

import argparse
from pathlib import Path

from aigc_kit.cli import command


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register the sub-command."""
    description = (
        "Write slides (16:9) and a handout for paper (A4) of labs, from the outputs that their notebooks have. "
    )
    description += "A Chromium, Chrome or Edge of this machine prints them as PDF; without one the pages are written."
    parser = command(subparsers, "handout", run, "slides and a printed handout of a lab", description)
    parser.add_argument("numbers", nargs="+", metavar="NN", help="labs, such as 01")
    parser.add_argument("--only", choices=("slides", "paper"), help="one of the two (default: both)")
    parser.add_argument("--notes", action="store_true", help="what the speaker says, under each slide")
    parser.add_argument("--html", action="store_true", help="write the pages alone, print no PDF")
    parser.add_argument(
        "--out", type=Path, default=Path("out/handouts"), metavar="DIR", help="folder (default: out/handouts)"
    )


def run(args: argparse.Namespace) -> int:
    """Write what was asked for, and say where it is."""
    from aigc_kit.media import chromium
    from aigc_kit.teach import labs
    from aigc_kit.teach.notebooks import handout

    lessons = [labs.get(number) for number in args.numbers]
    program = None if args.html else chromium.find()
    for lab in lessons:
        for form in (args.only,) if args.only else handout.FORMS:
            result = handout.write(lab, form, args.out, notes=args.notes, program=program)
            print(result.pdf or result.page)
            if result.pdf is None and not args.html:
                print(handout.how_to_print(result))
    return 0
