"""``python -m assets.train.judge sheets|check|verdict --kind clips``: see the README beside this file."""

import argparse
import json
from pathlib import Path

from aigc_kit.worlds.tinyworld import checker

from . import agreement, items, labels, sheets

COUNTS = (300, 30, 30)  # generated (at most as many as there are frozen prompts), renders, failures


def main() -> None:
    stages = {"sheets": make_sheets, "check": check_labels, "verdict": write_verdict}
    parser = argparse.ArgumentParser(prog="python -m assets.train.judge", description=__doc__)
    parser.add_argument("stage", choices=stages)
    parser.add_argument("--kind", choices=items.KINDS, required=True)
    parser.add_argument("--counts", type=int, nargs=3, default=COUNTS, metavar=items.SOURCES)
    arguments = parser.parse_args()
    stages[arguments.stage](arguments.kind, tuple(arguments.counts))


def make_sheets(kind: str, counts: tuple[int, int, int]) -> None:
    """Make the items, their key and their sheets."""
    folder = items.RUN / kind
    found = items.make(kind, counts, items.MODELS / items.KINDS[kind].folder)
    items.write(folder, found)
    for file in sheets.write(folder, found):
        print(file, flush=True)
    print(f"look at the sheets, not at key.json; one line for each item into {labels.file_of(kind, 'YOU')}", flush=True)


def judges(kind: str) -> tuple[list[items.Item], list[labels.Labels]]:
    """The items of a kind and everybody's labels, complete and of these items."""
    found = items.read(items.RUN / kind)
    return found, labels.read(kind, items.KINDS[kind].subjects, [item.name for item in found])


def check_labels(kind: str, _: tuple[int, int, int]) -> None:
    """Say who has labelled everything; stop at the first line that cannot be read."""
    found, everybody = judges(kind)
    for each in everybody:
        print(f"{each.reader}: {len(each.of)} of {len(found)} labelled", flush=True)


def write_verdict(kind: str, _: tuple[int, int, int]) -> None:
    """Compare judges with each other and with the reader; only labels that are committed count."""
    found, everybody = judges(kind)
    files = [labels.file_of(kind, each.reader) for each in everybody]
    if not files or (late := labels.uncommitted(files)):
        names = ", ".join(file.name for file in late) if files else f"no labels of {kind}"
        raise SystemExit(f"asked for a verdict, found labels that are not committed: {names}; commit them first")
    pixels = [item.pixels for item in found]
    readings = checker.read(pixels) if kind == "pictures" else checker.read_clips(pixels)
    least = checker.VALID_FROM if kind == "pictures" else checker.CLIPS_VALID_FROM
    verdict = agreement.report(found, everybody, readings, least, items.sizes(kind))
    verdict["weights"] = items.digest_of(items.MODELS / items.KINDS[kind].folder)
    target: Path = labels.LABELS / f"{kind}-verdict.json"
    target.write_text(json.dumps(verdict, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(verdict, indent=1), flush=True)


if __name__ == "__main__":
    main()
