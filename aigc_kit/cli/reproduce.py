"""Add `aigc reproduce`: run a record's request again."""

import argparse
from itertools import zip_longest
from pathlib import Path

from aigc_kit.cli import command

ASPECTS = ("request", "device", "versions", "dtypes", "placement", "attention")


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register the sub-command."""
    description = "Runs the request of a record again on this machine, and says file by file whether the bytes are "
    description += "those of then, and what else differs: versions, device, dtypes. Status 1 when a file differs."
    parser = command(subparsers, "reproduce", run, "run a record's request again, and compare the bytes", description)
    parser.add_argument("record", type=Path, metavar="RECORD", help="the .json beside a text, picture, sound or clip")
    parser.add_argument("--to", type=Path, metavar="DIR", help="keep the new result, with its record, in this folder")


def run(args: argparse.Namespace) -> int:
    """Run a record's request again, 1 when a file differs."""
    from aigc_kit.keep import record

    first = record.load(args.record)
    print(f"{args.record.name}: {first.kind} of {first.request['card']}, made {first.created}")
    again = record.reproduce(args.record)
    digests = list(first.outputs.values())
    then, now = again.differs.get("output", (digests, digests))
    names = [*first.outputs, *(f"file {number}" for number in range(len(digests) + 1, len(now) + 1))]
    for name, before, after in zip_longest(names, then, now):
        state = "equal, byte for byte" if before == after else f"differs: sha256 {_short(before)} -> {_short(after)}"
        print(f"{name}: {state}")
    unlike = {name: values for name, values in again.differs.items() if name != "output"}
    equal = [aspect for aspect in ASPECTS if not any(name.split(".")[0] == aspect for name in unlike)]
    print(f"equal: {', '.join(equal) or 'nothing else'}")
    for name, (before, after) in unlike.items():
        print(f"differs: {name}: {before} -> {after}")
    if args.to is not None:
        print(f"kept: {record.save(again.take, args.to)}")
    return 0 if again.same else 1


def _short(digest: str | None) -> str:
    return f"{digest[:12]}..." if digest else "none"
