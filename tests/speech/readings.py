"""Measure how many written forms and sentences are read right.

`python -m tests.speech.readings` prints right of all, per kind, for both files and for the further cases.
`written*.jsonl` hold a written form and a regular expression of its reading, in which `{A}` is the kit's name of a
letter; `pinyin*.jsonl` a text and targets [word, its occurrence, readings that are right]. `source` names the report
that a case is from (repository and number), "own" is ours.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from aigc_kit.make.speech.frontend import normalise, syllables
from aigc_kit.make.speech.frontend.symbols import NAMES

CASES = Path(__file__).parent / "cases"
FILES = ("written", "written_more", "written_blind", "pinyin", "pinyin_more", "pinyin_blind")
Case = dict[str, Any]


def cases(name: str) -> list[Case]:
    """Read one file of cases."""
    return [json.loads(line) for line in (CASES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def spoken_right(case: Case, spoken: str) -> bool:
    """Tell whether a spoken text is a right reading of a written form."""
    pattern = re.sub(r"\{([A-Z])\}", lambda letter: NAMES[letter[1]], case["reading"])
    return re.fullmatch(pattern, "".join(filter(str.isalnum, spoken))) is not None


def wrong_targets(case: Case) -> Iterator[tuple[str, str]]:
    """List (word, what was said) of the targets that are read wrong."""
    said = {syllable.index: syllable.text for syllable in syllables(case["text"])}
    for word, occurrence, allowed in case["targets"]:
        at = -1
        for _ in range(occurrence):
            at = case["text"].index(word, at + 1)
        reading = " ".join(said.get(i, "?") for i in range(at, at + len(word)))
        if reading not in allowed:
            yield word, reading


def wrong(name: str, read: Callable[[str], str] | None = None) -> list[tuple[Case, str]]:
    """List the cases of a file that are read wrong, with what is said."""
    misses = []
    for case in cases(name):
        if name.startswith("written"):
            spoken = read(case["written"]) if read else normalise(case["written"]).spoken
            if not spoken_right(case, spoken):
                misses.append((case, spoken))
        elif said := list(wrong_targets(case)):
            misses.append((case, "; ".join(f"{word} {reading}" for word, reading in said)))
    return misses


def counts(name: str, read: Callable[[str], str] | None = None) -> dict[str, tuple[int, int]]:
    """Count right and all of a file, per kind."""
    missed = [id_of(case) for case, _ in wrong(name, read)]
    right = defaultdict[str, list[int]](lambda: [0, 0])
    for case in cases(name):
        right[case["kind"]][0] += id_of(case) not in missed
        right[case["kind"]][1] += 1
    return {kind: (good, every) for kind, (good, every) in right.items()}


def id_of(case: Case) -> str:
    return case.get("written") or case["text"]


def main() -> None:
    for name in FILES:
        table = counts(name)
        good, every = (sum(column) for column in zip(*table.values(), strict=True))
        print(f"{name}: {good}/{every} {good / every:.1%}")
        print("  " + ", ".join(f"{kind} {a}/{b}" for kind, (a, b) in table.items()))
        for case, said in wrong(name):
            print(f"    {id_of(case)} -> {said} ({case.get('reading') or case['targets']})")


if __name__ == "__main__":
    main()
