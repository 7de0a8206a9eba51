"""Sum marks, and lay them beside measured hints."""

from dataclasses import asdict
from typing import Any

from aigc_kit.works import measured
from aigc_kit.works.rubric import CRITERIA, MOST_POINTS, Hint
from aigc_kit.works.work import Work


def hints(work: Work) -> dict[str, Hint]:
    """Measure the lines of a work that can be measured."""
    measures = (measured.of_text, measured.of_image, measured.of_audio, measured.between, measured.of_whole)
    return {name: hint for measure in measures for name, hint in measure(work).items()}


def table(work: Work) -> list[dict[str, Any]]:
    """Lay out all lines with hint, points or None, note."""
    hints_by_line, rows = hints(work), []
    for line in CRITERIA:
        hint, mark = hints_by_line.get(line.name, Hint("")), work.marks.get(line.name, {})
        row = {**asdict(line), "hint": hint.words, "usual": hint.usual}
        rows.append({**row, "points": mark.get("points"), "note": mark.get("note", "")})
    return rows


def total(work: Work) -> tuple[int, int]:
    """Add the points of marked lines, and the most possible.

    >>> work = Work("洞"); work.mark("text.right", 4); total(work)
    (4, 5)
    """
    return sum(mark["points"] for mark in work.marks.values()), MOST_POINTS * len(work.marks)
