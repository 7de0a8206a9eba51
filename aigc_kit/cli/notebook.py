"""Add `aigc notebook`: lint, refresh, stamp, student copies."""

import argparse
import re
import sys
from itertools import chain
from pathlib import Path

from aigc_kit.cli import command
from aigc_kit.core.errors import UnknownName

WHICH = "NOTEBOOK: a lab's number, such as 01 or 02a, or the path of a notebook."


def _path(text: str) -> Path:
    """Find the one notebook of a number or path."""
    return _paths(text, one=True)[0]


def _paths(text: str, one: bool = False) -> list[Path]:
    """Find a lab's notebooks by number, else take the path."""
    from aigc_kit.teach import labs
    from aigc_kit.teach.notebooks import cells

    if not re.fullmatch(r"\d+[a-z]?", text):
        return [Path(text)]
    try:
        wanted = [labs.get(text)] if one else labs.numbered(text)
        return [cells.folder() / lab.notebook for lab in wanted]
    except UnknownName as problem:
        raise argparse.ArgumentTypeError(str(problem)) from None


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register the sub-command and its own sub-commands."""
    parser = command(subparsers, "notebook", run, "lint, refresh and copy notebooks", WHICH)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    lint = actions.add_parser("lint", help="check that notebooks keep the project's rules")
    lint.add_argument("paths", nargs="*", type=_paths, metavar="NOTEBOOK", help="default: all notebooks of the project")
    refresh = actions.add_parser("refresh", help="execute notebooks cleanly and keep the outputs")
    refresh.add_argument("paths", nargs="*", type=_paths, metavar="NOTEBOOK", help="default: those whose cells changed")
    refresh.add_argument("--offline", action="store_true", help="stay off the network")
    refresh.add_argument("--timeout", type=int, default=600, metavar="S", help="seconds one cell may take (600)")
    stamp = actions.add_parser(
        "stamp", help="declare that outputs still belong to changed cells (prose only); attach pictures"
    )
    stamp.add_argument("paths", nargs="+", type=_paths, metavar="NOTEBOOK")
    student = actions.add_parser("student", help="copy a notebook without its solutions")
    student.add_argument("path", type=_path, metavar="NOTEBOOK")
    student.add_argument("dest", type=Path, metavar="DEST", help="file or existing folder")
    student.add_argument("--overwrite", action="store_true", help="replace an existing copy")


def run(args: argparse.Namespace) -> int:
    """Do the action, 1 when the linter found something."""
    return {"lint": _lint, "refresh": _refresh, "stamp": _stamp, "student": _student}[args.action](args)


def _lint(args: argparse.Namespace) -> int:
    from aigc_kit.teach.notebooks.cells import all_paths
    from aigc_kit.teach.notebooks.lint import lint

    paths = [*chain.from_iterable(args.paths)] or all_paths()
    findings = lint(paths)
    for finding in findings:
        print(finding)
    print(f"{len(paths)} notebooks, {len(findings)} findings", file=sys.stderr)
    return 1 if findings else 0


def _refresh(args: argparse.Namespace) -> int:
    from aigc_kit.teach.notebooks.cells import all_paths, is_stale, read
    from aigc_kit.teach.notebooks.refresh import refresh

    paths = [*chain.from_iterable(args.paths)] or [path for path in all_paths() if is_stale(read(path))]
    for path in paths:
        fresh = refresh(path, offline=args.offline, timeout=args.timeout)
        print(f"{path.name}: {'refreshed' if fresh else 'as before'}")
    if not paths:
        print("no notebook is stale")
    return 0


def _stamp(args: argparse.Namespace) -> int:
    from aigc_kit.teach.notebooks.refresh import stamp

    for path in chain.from_iterable(args.paths):
        print(f"{path.name}: {'stamped' if stamp(path) else 'as before'}")
    return 0


def _student(args: argparse.Namespace) -> int:
    from aigc_kit.teach.notebooks.copies import student

    print(student(args.path, args.dest, overwrite=args.overwrite))
    return 0
