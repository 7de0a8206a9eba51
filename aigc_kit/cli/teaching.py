"""Add `aigc progress`, `aigc submit` and `aigc grade`."""

import argparse
import sys
from pathlib import Path

from aigc_kit.cli import command


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register the three sub-commands."""
    parser = command(subparsers, "progress", progress, "which exercises were passed on this machine (in Chinese)")
    parser.add_argument("labs", nargs="*", metavar="NN", help="numbers of labs (default: all)")
    description = "Writes one archive with the last answers to the checks, the progress, and the records and works "
    description += (
        "of the output folder. Nothing is sent anywhere. Keys are refused; links and other files are left out."
    )
    parser = command(subparsers, "submit", submit, "pack answers, records and works for the teacher", description)
    parser.add_argument("--name", required=True, help="your name, as the teacher shall read it")
    parser.add_argument("--to", type=Path, default=Path(), metavar="FILE|DIR", help="default: NAME.zip here")
    parser.add_argument("works", nargs="*", type=Path, help="folders with works (default: $AIGC_OUT, else out)")
    description = (
        "Unpacks each archive in the folder and below it (such as the download of a learning platform), checks "
    )
    description += (
        "its answers again, compares its works with their records and submissions with each other, names what "
    )
    description += (
        "it skipped, and writes grades.csv and grades.html (in Chinese). Answers that are functions are not run "
    )
    description += "without --execute."
    parser = command(subparsers, "grade", grade, "check a class's submissions again, and write a table", description)
    parser.add_argument("folder", type=Path, help="the archives that were handed in")
    about = "also run functions, each in a process with limits; no prison: use an account that can lose nothing"
    parser.add_argument("--execute", action="store_true", help=about)
    parser.add_argument("--to", type=Path, metavar="DIR", help="folder of the table (default: the same folder)")
    about = "also write the columns that this platform imports, as grades-NAME.csv"
    parser.add_argument("--columns", choices=("moodle", "canvas", "chaoxing"), help=about)


def progress(args: argparse.Namespace) -> int:
    """Print which exercises were passed."""
    from aigc_kit.teach import checks, labs

    results = checks.progress()
    for lab in [lab for number in args.labs for lab in labs.numbered(number)] or labs.every():
        exercises, tries = checks.checks_of(lab.number), results.get(lab.number, {})
        right = sum(bool(tries.get(exercise.name, {}).get("passed")) for exercise in exercises)
        print(f"第 {lab.number} 课 {lab.title}：通过 {right} / {len(exercises)}")
        for exercise in exercises:
            entry = tries.get(exercise.name)
            mark, state = ("○", "还没做") if entry is None else ("✗", f"试过 {entry['tries']} 次，还没通过")
            if entry and entry["passed"]:
                mark, state = "✓", f"{str(entry['first_passed'])[:10]} 通过，共试 {entry['tries']} 次"
            print(f"  {mark} {exercise.name} {exercise.title}（{state}）")
    print(f"进度只存在这台机器上：{checks.progress_file()}", file=sys.stderr)
    return 0


def submit(args: argparse.Namespace) -> int:
    """Pack, and say what is in it."""
    from aigc_kit.core.units import format_bytes
    from aigc_kit.teach.classroom import pack

    archive = pack(args.name, args.to, args.works or None)
    for name, why in archive.left_out:
        print(f"没有打包：{name}（{why}）", file=sys.stderr)
    size = format_bytes(archive.path.stat().st_size, decimal=True)
    print(f"{archive.path} ({len(archive.files)} files, {size})")
    return 0


def grade(args: argparse.Namespace) -> int:
    """Grade, 1 when a submission could not be read."""
    from aigc_kit.core import limited
    from aigc_kit.teach.classroom import Row, grade, handed_in, table
    from aigc_kit.teach.classroom.platforms import PLATFORMS

    weak = [what for what, who in limited.guards().items() if who != "kernel"] if args.execute else []
    if weak:
        print(f"note: this system's kernel does not limit {', '.join(weak)} of submitted functions", file=sys.stderr)

    def show(done: int, total: int, row: Row) -> None:
        print(f"{done}/{total} {row.file}：{row.problem or f'{row.right} 题对'}", file=sys.stderr)

    rows = grade(args.folder, execute=args.execute, on_row=show)
    _, skipped = handed_in(args.folder)
    for name, why in skipped:
        print(f"跳过 {name}（{why}）", file=sys.stderr)
    for path in table.write(rows, args.to or args.folder, skipped=skipped, platform=args.columns):
        print(path)
    if args.columns:
        print(PLATFORMS[args.columns].about, file=sys.stderr)
    return int(any(row.problem for row in rows))
