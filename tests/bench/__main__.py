"""python -m tests.bench [--write] [--json FILE] [names]"""

import argparse
import json
from pathlib import Path

from tests.bench import (
    command_cases,
    document,
    encode_cases,
    image_cases,
    notebook_cases,
    plan_cases,
    speech_cases,
    sweep_cases,
    text_cases,
    video_cases,
)
from tests.bench.runner import as_json, machine, measure, table

CASES = (
    *(*text_cases.CASES, *encode_cases.CASES, *image_cases.CASES),
    *(*video_cases.CASES, *speech_cases.CASES, *plan_cases.CASES),
    *(*command_cases.CASES, *sweep_cases.CASES, *notebook_cases.CASES),
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"cases or their beginnings; all: {', '.join(c.name for c in CASES)}")
    parser.add_argument("--json", metavar="FILE", help="also write the results there; - for standard output only")
    parser.add_argument("--write", action="store_true", help="also put the results into docs/BENCHMARKS.md")
    args = parser.parse_args()
    chosen = [case for case in CASES if not args.names or any(case.name.startswith(name) for name in args.names)]
    if not chosen:
        parser.error(f"no case begins with {' or '.join(args.names)}")
    results, rows = [], []
    for case in chosen:
        load = document.load_now()
        results.append(measure(case))
        rows.append(document.row(results[-1], load))
        if args.write:  # at once: a bench that is stopped keeps what it has
            document.write(rows, [case.name for case in CASES])
    data = json.dumps(as_json(results), indent=1, ensure_ascii=False)
    if args.json == "-":
        print(data)
        return 0
    print(", ".join(f"{name}: {value}" for name, value in machine().items()), end="\n\n")
    print(table(results))
    if args.json:
        draft = Path(args.json + ".part")
        draft.write_text(data + "\n", encoding="utf-8")
        draft.replace(args.json)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
