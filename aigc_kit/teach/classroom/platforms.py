"""Write grades as the columns that a learning platform imports.

Who handed in is read from the names that the platform's own download gives to folders and files; the learner's name in
the archive is only what the archive says.
"""

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from aigc_kit.core.errors import UnknownName
from aigc_kit.core.types import FrozenMap
from aigc_kit.teach.classroom.grade import Row


@dataclass(frozen=True)
class Platform:
    """Describe a platform's download and its import.

    Args:
        title: its name.
        person: pattern over the relative file name, with groups `id` and `name`.
        head: titles of the columns.
        cells: the columns of (id, name, row, right, all, remark).
        about: where the columns are documented, and what the teacher must still do.
        under_head: a second line; the number of exercises stands at its end.
    """

    title: str
    person: re.Pattern[str]
    head: tuple[str, ...]
    cells: Callable[[str, str, Row, int | str, int], Sequence[object]]
    about: str
    under_head: tuple[str, ...] = ()


def _remark(row: Row) -> str:
    return "；".join(filter(None, (row.problem, *row.notes)))


PLATFORMS: Mapping[str, Platform] = FrozenMap(
    moodle=Platform(
        "Moodle",
        re.compile(r"(?:^|/)(?P<name>[^/]+?)_(?P<id>\d+)_assignsubmission_[a-z]+_?(?:/|_)"),
        ("Identifier", "Full name", "Grade", "Maximum Grade", "Feedback comments"),
        lambda number, name, row, right, count: (f"Participant {number}", name, right, count, _remark(row)),
        "离线评分表（Offline grading worksheet）的列；在作业的“上传评分表”里导入，Moodle 按 Identifier 认人",
    ),
    canvas=Platform(
        "Canvas",
        re.compile(r"(?:^|/)(?P<name>[^/_]+)_(?:late_)?(?P<id>\d+)_\d+_[^/]*$", re.I),
        ("Student", "ID", "SIS User ID", "SIS Login ID", "Section", "aigc-kit"),
        lambda number, name, row, right, count: (name, number, "", "", "", right),
        "成绩册（Gradebook）导入的列；第二行是满分，最后一列的标题请改成作业的名字，Section 请补上",
        ("    Points Possible", "", "", "", ""),
    ),
    chaoxing=Platform(
        "超星学习通",
        re.compile(r"(?:^|/)(?:(?P<id>\d{5,})[-_ ]+(?P<name>[^-_/ .]+)|(?P<name2>[^-_/ .\d]+)[-_ ]+(?P<id2>\d{5,}))"),
        ("学号", "姓名", "分数", "满分", "评语"),
        lambda number, name, row, right, count: (number, name, right, count, _remark(row)),
        "各校模板的列名不同：没有在平台上试过，请对照从平台导出的模板改标题",
    ),
)


def person_of(file: str, platform: Platform) -> tuple[str, str]:
    """Read (id, name) from a download's file name, or blanks.

    >>> person_of("张三_102400_assignsubmission_file_/张三.zip", PLATFORMS["moodle"])
    ('102400', '张三')
    >>> person_of("zhangsan_late_5501_88231_work.zip", PLATFORMS["canvas"])
    ('5501', 'zhangsan')
    >>> person_of("20231234-李四/work.zip", PLATFORMS["chaoxing"])
    ('20231234', '李四')
    """
    match = platform.person.search(file)
    if match is None:
        return "", ""
    groups = match.groupdict()
    return (groups.get("id") or groups.get("id2") or ""), (groups.get("name") or groups.get("name2") or "")


def as_columns(rows: Sequence[Row], count: int, name: str) -> str:
    """Write the CSV that a platform imports.

    A submission that could not be read gets no mark, rather than 0. Several archives of one person stand in several
    lines.

    Args:
        rows: of `grade`.
        count: exercises that are marked in all.
        name: of PLATFORMS.

    Raises:
        UnknownName: no such platform.
    """
    platform = PLATFORMS.get(name)
    if platform is None:
        raise UnknownName(asked=f"columns for {name!r}", found="no such preset", todo=f"use {', '.join(PLATFORMS)}")
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(platform.head)
    if platform.under_head:
        writer.writerow((*platform.under_head, count))
    for row in rows:
        number, person = person_of(row.file, platform)
        mark = "" if row.problem else row.right
        cells = platform.cells(number, person or row.name, row, mark, count)
        writer.writerow([no_formula(cell) if isinstance(cell, str) else cell for cell in cells])
    return buffer.getvalue()


def no_formula(text: str) -> str:
    """Keep a spreadsheet from running a stranger's text."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
