"""`aigc progress`: which exercises were passed on this machine."""

import argparse
import sys


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser("progress", help="which exercises were passed on this machine (in Chinese)")
    parser.add_argument("labs", nargs="*", metavar="NN", help="numbers of labs (default: all)")


def run(args: argparse.Namespace) -> int:
    """Print it."""
    from aigc_kit.teach import checks, labs

    known = checks.progress()
    for lab in [labs.get(number) for number in args.labs] or labs.every():
        ones, noted = checks.checks_of(lab.number), known.get(lab.number, {})
        passed = sum(bool(noted.get(one.name, {}).get("passed")) for one in ones)
        print(f"第 {lab.number} 课 {lab.title}：通过 {passed} / {len(ones)}")
        for one in ones:
            entry = noted.get(one.name)
            mark, state = ("○", "还没做") if entry is None else ("✗", f"试过 {entry['tries']} 次，还没通过")
            if entry and entry["passed"]:
                mark, state = "✓", f"{str(entry['first_passed'])[:10]} 通过，共试 {entry['tries']} 次"
            print(f"  {mark} {one.name} {one.title}（{state}）")
    print(f"进度只存在这台机器上：{checks.progress_file()}", file=sys.stderr)
    return 0
