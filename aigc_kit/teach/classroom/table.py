"""Lay out grades as CSV and as one HTML page."""

import csv
import io
from collections.abc import Mapping, Sequence
from contextlib import suppress
from html import escape
from pathlib import Path

from aigc_kit.core.errors import UnknownName
from aigc_kit.core.paths import write_atomically
from aigc_kit.teach.checks import Check, checks_of
from aigc_kit.teach.classroom.grade import RESULTS, Row
from aigc_kit.teach.classroom.platforms import as_columns, no_formula

MARKS = {
    "passed": ("✓", "复算通过"),
    "failed": ("✗", "复算未通过"),
    "ran-passed": ("✓ 运行", "运行通过"),
    "ran-failed": ("✗ 运行", "运行未通过"),
    "claimed": ("? 自报通过", "自报通过，未复算"),
    "not-claimed": ("? 未复算", "未通过或没说，未复算"),
    "broken": ("! 坏", "答案读不懂"),
    "": ("–", "没有答案"),
}
CANNOT_PROVE = (
    ("姓名、时间、版本", "都是提交的文件自己写的，改一个字就能换人。请用收件渠道（邮箱、学号登录）来确认是谁。"),
    ("? 自报通过", "答案是函数，默认不运行；这只是学生电脑上的进度文件说的，可以随意改写。"),
    ("✓ 复算通过", "答案在这里重新检查过，是对的；但不说明是谁做的。有的题连输入也随答案一起交上来，可以一起编造。"),
    (
        "✓ 运行通过",
        "函数在受限的进程里真的算对了；但检查用的题目是公开而固定的，函数可以只背下那几题。抄来的函数也会通过。",
    ),
    (
        "作品相符",
        "文件与记录里的 sha256 一致，说明之后没有再改；两者可以一起伪造，sha256 不是签名。想核实就按记录重做一遍。",
    ),
)
_STYLE = """
body{font-family:system-ui,"Noto Sans CJK SC","Microsoft YaHei",sans-serif;margin:2em;line-height:1.6;color:#222}
table{border-collapse:collapse;font-size:.92em}
td,th{border:1px solid #ccc;padding:.25em .6em;text-align:left;vertical-align:top}
th{background:#f2f4f7}.passed,.ran-passed{background:#e3f4e9}.failed,.ran-failed{background:#fbead9}
.claimed,.not-claimed{background:#fdf7d6}.broken,.problem{background:#fbe0de}small{color:#666}
"""


def write(
    rows: Sequence[Row], folder: Path, *, skipped: Sequence[tuple[str, str]] = (), platform: str | None = None
) -> tuple[Path, ...]:
    """Write `grades.csv` and `grades.html` into a folder.

    Args:
        rows: of `grade`.
        folder: where to.
        skipped: (name, why) of files that were no submissions.
        platform: also write the columns of one of `platforms.PLATFORMS`, as `grades-NAME.csv`.

    Raises:
        UnknownName: no such platform; nothing was written.
    """
    tables = {RESULTS[0]: as_csv(rows), RESULTS[1]: as_html(rows, skipped)}
    if platform is not None:
        tables[f"grades-{platform}.csv"] = as_columns(rows, len(_columns(rows)), platform)
    mark = {".csv": "\ufeff", ".html": ""}  # tells Excel that it is UTF-8
    return tuple(write_atomically(folder / name, mark[Path(name).suffix] + text) for name, text in tables.items())


def as_csv(rows: Sequence[Row]) -> str:
    """Write the table as CSV, formulas made harmless."""
    columns = _columns(rows)
    head = ["文件", "姓名", "问题", "通过（在此复算或运行）", "共"]
    head += [f"{check.lab}{check.name} {check.title}" for check in columns]
    head += ["作品相符", "作品改过", "作品缺失", "记录坏了", "备注", "提交时间（自报）", "版本（自报）"]
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(head)
    for row in rows:
        cells = [row.file, row.name, row.problem, row.right, len(columns)]
        cells += [MARKS[_entry(row, check).get("state", "")][1] for check in columns]
        cells += [row.works.get(name, 0) for name in ("same", "changed", "missing", "unreadable")]
        cells += ["；".join(row.notes), row.created, row.kit]
        writer.writerow([no_formula(cell) if isinstance(cell, str) else cell for cell in cells])
    return buffer.getvalue()


def as_html(rows: Sequence[Row], skipped: Sequence[tuple[str, str]] = ()) -> str:
    """Write the table as a page, everything escaped."""
    columns = _columns(rows)
    heads = ["文件", "姓名", "通过", *(f"{check.lab}{check.name}" for check in columns), "作品", "备注"]
    problems = [escape(row.file) for row in rows if row.problem]
    names = f"：{'、'.join(problems)}" if problems else ""
    parts = [
        "<h1>练习批改</h1>",
        f"<p>共 {len(rows)} 份，其中 {len(problems)} 份打不开{names}。</p><table><thead><tr>",
        "".join(f"<th>{escape(head)}</th>" for head in heads),
        "</tr></thead><tbody>",
        *(_html_row(row, columns) for row in rows),
        "</tbody></table>",
        *(["<h2>没有批改的文件</h2><ul>"] if skipped else []),
        *(f"<li>{escape(name)}：{escape(why)}</li>" for name, why in skipped),
        "</ul>" if skipped else "",
        "<h2>各题</h2><ul>",
        *(f"<li>{escape(check.lab + check.name)} {escape(check.title)}</li>" for check in columns),
        "</ul><h2>记号</h2><ul>",
        *(f"<li>{escape(mark)} {escape(words)}</li>" for mark, words in MARKS.values()),
        "</ul><h2>这张表证明不了什么</h2><ul>",
        *(f"<li><b>{escape(what)}</b>：{escape(words)}</li>" for what, words in CANNOT_PROVE),
        "</ul><p><small>学生交来的网页可能含有脚本，请不要直接打开不认识的人的网页。</small></p>",
    ]
    head = f'<meta charset="utf-8"><title>练习批改</title><style>{_STYLE}</style>'
    return f'<!doctype html><html lang="zh"><head>{head}</head><body>{"".join(parts)}</body></html>\n'


def _html_row(row: Row, columns: Sequence[Check]) -> str:
    if row.problem:
        problem = f'<td class="problem" colspan="{len(columns) + 3}">{escape(row.problem)}</td>'
        return f"<tr><td>{escape(row.file)}</td><td></td>{problem}</tr>"
    cells = [f"<td>{escape(row.file)}</td><td>{escape(row.name)}</td><td>{row.right} / {len(columns)}</td>"]
    for entry in (_entry(row, check) for check in columns):
        state = entry.get("state", "")
        cells.append(f'<td class="{state}" title="{escape(entry.get("hint", ""))}">{escape(MARKS[state][0])}</td>')
    kinds = {"same": "相符", "changed": "改过", "missing": "缺失", "unreadable": "记录坏了"}
    works = "，".join(f"{kinds[name]} {count}" for name, count in row.works.items() if count) or "没有"
    cells.append(f"<td>{works}</td><td>{escape('；'.join(row.notes))}</td>")
    return f"<tr>{''.join(cells)}</tr>"


def _columns(rows: Sequence[Row]) -> list[Check]:
    """List checks of every lab that somebody answered."""
    columns: list[Check] = []
    for lab in sorted({lab for row in rows for lab in row.checks}):
        with suppress(UnknownName):
            columns += checks_of(lab)
    return columns


def _entry(row: Row, check: Check) -> Mapping[str, str]:
    return row.checks.get(check.lab, {}).get(check.name, {})
