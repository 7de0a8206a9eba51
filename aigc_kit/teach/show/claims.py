"""Read the audit of claims, a row for every erratum."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape

from aigc_kit.core.paths import assets
from aigc_kit.teach.show.markup import Html

WAYS: Mapping[str, str] = {"arithmetic": "算一算", "source": "查出处", "run": "跑一遍"}
VERDICTS = ("错", "没有依据", "过时", "不存在", "没写明", "半对")


@dataclass(frozen=True)
class Erratum:
    """Hold one claim and how it was settled.

    Args:
        id: of docs/ERRATA.md.
        notebook, cell: the file and the id of the cell that shows it, "" where there is nothing to show.
        way: of `WAYS`.
        verdict: of `VERDICTS`.
        claim, right: in Chinese.
    """

    id: str
    notebook: str
    cell: str
    way: str
    verdict: str
    claim: str
    right: str

    @property
    def lab(self) -> str:
        """Name its lab, such as "02a"."""
        return self.notebook.partition("_")[0]


@cache
def errata() -> tuple[Erratum, ...]:
    """Read all rows, in their order."""
    rows = json.loads((assets() / "data" / "audit.json").read_text(encoding="utf-8"))
    return tuple(Erratum(**row) for row in rows)


def table(some: Sequence[Erratum]) -> Html:
    """Show rows, each linked to its cell. Rows: the errata."""
    lines = "".join(
        f"<tr><td>{each.id}</td><td style='text-align:left'>{escape(each.claim)}</td>"
        f"<td style='white-space:nowrap'>{each.verdict}</td><td style='text-align:left'>{escape(each.right)}</td>"
        f"<td style='white-space:nowrap'>{WAYS[each.way]}</td><td style='white-space:nowrap'>"
        f"{_link(each)}</td></tr>"
        for each in some
    )
    head = "".join(
        f"<th style='text-align:left'>{name}</th>" for name in ("", "说法", "结论", "应当是", "怎么查的", "在哪")
    )
    text = "\n".join(
        f"{e.id} {e.claim} | {e.verdict} | {e.right} | {WAYS[e.way]} | {e.notebook}#{e.cell}" for e in some
    )
    counts = "，".join(f"{name} {count}" for name, count in Counter(each.verdict for each in some).most_common())
    caption = f"{len(some)} 条：{counts}" if some else "没有这样的"
    html = f"<p>{caption}</p><table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"
    return Html(html, f"{caption}\n{text}", some)


def _link(each: Erratum) -> str:
    if not each.notebook:
        return "没有可演示的"
    return f'<a href="{each.notebook}#cell-id={each.cell}">第 {each.lab} 课</a>'
