"""Try the kit with the newest versions that its ranges allow: `make canary`.

python -m tests.canary [pytest's arguments]    in an environment that was installed without constraints.txt

It prints which packages differ from the tested set, runs the tests, and says what breaks, by kind of error. It is no
part of CI: a package released today must not fail a change made today.
"""

import os
import re
import subprocess
import sys
from collections import Counter
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def pinned(text: str) -> dict[str, str]:
    """Read name -> version of constraints.

    >>> pinned("Torch==2.13.0\\n# a remark\\nnumpy==2.4.6 ; python_version > '3'\\n")
    {'torch': '2.13.0', 'numpy': '2.4.6'}
    """
    pairs = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;]+)", text, re.MULTILINE)
    return {plain(name): version for name, version in pairs}


def plain(name: str) -> str:
    """Write a package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def changes(tested: dict[str, str], installed: dict[str, str]) -> list[tuple[str, str, str]]:
    """List (name, tested, installed) of what differs.

    >>> changes({"a": "1", "b": "2", "c": "3"}, {"a": "1", "b": "2.1", "d": "9"})
    [('b', '2', '2.1')]
    """
    both = sorted(tested.keys() & installed.keys())
    return [(name, tested[name], installed[name]) for name in both if tested[name] != installed[name]]


def failures(report: str) -> Counter[str]:
    """Count failed tests by the error that pytest's summary names.

    >>> failures("FAILED tests/a.py::b - TypeError: f() got x\\nERROR tests/c.py::d - TypeError: other\\n1 passed")
    Counter({'TypeError': 2})
    >>> failures("FAILED tests/a.py::b")  # an assert without words
    Counter({'AssertionError': 1})
    """
    kinds = re.findall(r"^(?:FAILED|ERROR) [^\[\n]+?(?:\[.*?\])?(?: - (?:[\w.]+\.)?(\w+).*)?$", report, re.MULTILINE)
    return Counter(kind or "AssertionError" for kind in kinds)


def main(arguments: list[str]) -> int:
    """Run the tests and print what breaks; pytest's status."""
    installed = {plain(each.name): each.version for each in metadata.distributions()}
    differing = changes(pinned((ROOT / "constraints.txt").read_text(encoding="utf-8")), installed)
    for name, tested, now in differing:
        print(f"{name}: {tested} -> {now}")
    print(f"{len(differing)} packages differ from constraints.txt", flush=True)
    command = [sys.executable, "-m", "pytest", "-q", "--tb=line", "-rfE", *arguments]
    wide = os.environ | {"COLUMNS": "1000"}  # else the summary cuts the names of errors
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=wide)
    print(process.stdout[-20_000:])
    for kind, count in failures(process.stdout).most_common():
        print(f"{kind}: {count} tests")
    print("nothing breaks" if process.returncode == 0 else "see above for what breaks")
    return process.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
