"""`aigc grade FOLDER`: check a class's submissions again, without running their code."""

import argparse
import sys
from pathlib import Path


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "grade",
        help="check a class's submissions again, and write a table",
        description="Unpacks each archive into a folder of its own, checks its answers again, compares its works with "
        "their records, and writes grades.csv and grades.html. Answers that are functions are not run without "
        "--execute.",
    )
    parser.add_argument("folder", type=Path, help="the archives that were handed in")
    parser.add_argument(
        "--execute",
        action="store_true",
        help="also run functions, each in a process with limits; no prison: use an account that can lose nothing",
    )
    parser.add_argument("--to", type=Path, metavar="DIR", help="folder of the table (default: the same folder)")


def run(args: argparse.Namespace) -> int:
    """Grade; 1 when a submission could not be read."""
    from aigc_kit.teach.classroom import Row, grade, sandbox, table

    if args.execute and not sandbox.network_is_off():
        print("note: this system does not let the network be switched off for submitted functions", file=sys.stderr)

    def show(done: int, total: int, row: Row) -> None:
        print(f"{done}/{total} {row.file}: {row.problem or f'{row.right} right'}", file=sys.stderr)

    rows = grade(args.folder, execute=args.execute, on_row=show)
    for path in table.write(rows, args.to or args.folder):
        print(path)
    return int(any(row.problem for row in rows))
