"""Sum marks, and lay them beside measured hints."""

from collections.abc import Mapping
from typing import Any

from aigc_kit.works import measured
from aigc_kit.works.rubric import CRITERIA, MOST_POINTS, Hint
from aigc_kit.works.work import Work


def hints(work: Work) -> dict[str, Hint]:
    """Measure the lines of a work that can be measured."""
    hints_by_line: dict[str, Hint] = {}
    for measure in (measured.of_text, measured.of_image, measured.of_audio, measured.between, measured.of_whole):
        hints_by_line |= measure(work)
    return hints_by_line


def table(work: Work) -> list[dict[str, Any]]:
    """Lay out all lines with hint, points or None, note."""
    hints_by_line = hints(work)
    rows: list[dict[str, Any]] = []
    for each in CRITERIA:
        mark: Mapping[str, Any] = work.marks.get(each.name, {})
        hint = hints_by_line.get(each.name)
        rows.append(
            {
                "name": each.name,
                "level": each.level,
                "group": each.group,
                "title": each.title,
                "question": each.question,
                "hint": hint.words if hint else "",
                "usual": hint.usual if hint else None,
                "points": mark.get("points"),
                "note": mark.get("note", ""),
            }
        )
    return rows


def total(work: Work) -> tuple[int, int]:
    """Add the points of marked lines, and the most possible.

    >>> work = Work("洞"); work.mark("text.right", 4); total(work)
    (4, 5)
    """
    return sum(mark["points"] for mark in work.marks.values()), MOST_POINTS * len(work.marks)
