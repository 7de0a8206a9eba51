"""Add `aigc site`: the tiny models in a browser."""

import argparse
import sys
from pathlib import Path

from aigc_kit.cli import command


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register the sub-command."""
    description = "Write pages that hold the tiny models and run them in a browser: one file each, nothing to install. "
    description += "Needs pip install 'aigc-kit[site]' and, once, aigc fetch ort-web."
    parser = command(subparsers, "site", run, "the tiny models as pages for a browser, one file each", description)
    parser.add_argument("folder", type=Path, metavar="DIR", help="where the pages go, such as out/site")
    parser.add_argument("--only", nargs="+", default=(), metavar="PAGE", help="some of the pages, such as picture")


def run(args: argparse.Namespace) -> int:
    """Build the pages, and print where they are."""
    from aigc_kit.teach import site

    for path in site.build(args.folder, args.only, lambda words: print(words, file=sys.stderr, flush=True)):
        print(path)
    return 0
