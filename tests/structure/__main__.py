"""Print the floor plan: `python -m tests.structure [--json] [--static]`.

rooms: top-level folders and modules of the package. public names: the entries of every `__all__`, and of a file without
one what it defines at its top without an underscore. circles: groups of files that import each other, imports inside
functions and modules named in strings counted, those for type checkers not. participles: of the functions that bind a
local name, the share in which one is a bare participle (made, found, asked, changed, ...). docstring words: of the
first line, modules, classes and functions. Ways: a second `make` and `record.save` in one process, tiny tier, offline,
all threads: the files whose functions are called, and how often the next call is in another room than the one before;
calls into core (errors, labs, paths, redact, types, units) change no room, though their files count.
"""

import argparse
import json
import os
import sys
from contextlib import redirect_stdout
from statistics import median, quantiles
from typing import Any

from tests.structure import house, way


def plan() -> dict[str, Any]:
    """Count what the source alone shows."""
    trees = {path: house.parsed(path) for path in house.files()}
    functions = [one for tree in trees.values() for one in house.functions(tree)]
    lengths = [one.end_lineno - one.lineno + 1 for one in functions if one.end_lineno]
    bound = [local for one in functions if (local := house.local_names(one))]
    words = [len(line.split()) for tree in trees.values() for _, line in house.first_lines(tree)]
    circles, names = house.file_circles(), house.repeated_names()
    return {
        "rooms": len({house.room(path) for path in trees} - {"__init__", "__main__"}),
        "files": len(trees),
        "lines": sum(path.read_text(encoding="utf-8").count("\n") for path in trees),
        "public names": sum(len(house.public_names(path)) for path in trees),
        "circles": len(circles),
        "files in circles": sum(map(len, circles)),
        "names that repeat": len(names),
        "files with such a name": sum(names.values()),
        "functions": len(functions),
        "participles, % of functions with locals": round(100 * sum(map(_participle, bound)) / len(bound), 1),
        "docstring words, median": median(words),
        "docstrings over ten words": sum(count > 10 for count in words),
        "function lines, median": median(lengths),
        "function lines, 90th percentile": round(quantiles(lengths, n=10)[-1], 1),
        "repeated": names,
        "in circles": circles,
    }


def _participle(names: set[str]) -> bool:
    return any(map(house.is_participle, names))


def table(counts: dict[str, Any], ways: dict[str, dict[str, int]]) -> str:
    """Write counts and ways as one Markdown table, names below."""
    rows = [(name, str(value)) for name, value in counts.items() if not isinstance(value, dict | list)]
    for kind, one in ways.items():
        rows.append((f"one warm {kind}: files / changes of room", f"{one['files']} / {one['changes']}"))
        rows.append((f"one warm {kind}: changes of folder", str(one["folder_changes"])))
    wide = max(len(name) for name, _ in rows)
    lines = [f"| {'what':{wide}} | {'count':>8} |", f"|{'-' * (wide + 2)}|{'-' * 9}:|"]
    lines += [f"| {name:{wide}} | {value:>8} |" for name, value in rows]
    lines += ["", "names that repeat: " + ", ".join(f"{name} x{count}" for name, count in counts["repeated"].items())]
    lines += [f"circle of {len(circle)}: {', '.join(circle)}" for circle in counts["in circles"]]
    return "\n".join(lines)


def main() -> int:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.structure", description=__doc__)
    parser.add_argument("--json", action="store_true", help="all numbers and names as JSON")
    parser.add_argument("--static", action="store_true", help="leave the ways out: nothing is run")
    args = parser.parse_args()
    os.environ.update(AIGC_OFFLINE="1", AIGC_PROGRESS="0", AIGC_TIER="tiny")
    counts = plan()
    with redirect_stdout(sys.stderr):  # what a run tells its user is no part of the table
        ways = {} if args.static else {kind: way.way(kind) for kind in way.ASKED}
    print(json.dumps({**counts, "ways": ways}, indent=1) if args.json else table(counts, ways))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
