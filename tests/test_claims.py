"""The audit of the course's claims covers every erratum, each with a cell that shows it."""

import json
import re
from dataclasses import replace

from aigc_kit.core.paths import assets
from aigc_kit.teach.notebooks import cells
from aigc_kit.teach.show import claims

ERRATA = assets().parent / "docs" / "ERRATA.md"


def test_the_audit_covers_every_erratum_once():
    ids = re.findall(r"^- \*\*(E\d+)\*\*", ERRATA.read_text(encoding="utf-8"), re.M)
    assert [each.id for each in claims.errata()] == ids
    for each in claims.errata():
        assert each.way in claims.WAYS and each.verdict in claims.VERDICTS and each.claim and each.right, each.id


def test_every_erratum_is_linked_to_a_cell_that_shows_it():
    pages = {}
    for each in claims.errata():
        if each.notebook not in pages:
            notebook = json.loads((cells.folder() / each.notebook).read_text(encoding="utf-8"))
            pages[each.notebook] = {cell["id"]: "".join(cell["source"]) for cell in notebook["cells"]}
        source = pages[each.notebook].get(each.cell)
        assert source is not None, f"{each.id}: {each.notebook} has no cell {each.cell}"
        number = int(each.id[1:])
        spans = [(int(a), int(b)) for a, b in re.findall(r"E(\d+)\s*[–-]\s*E?(\d+)", source)]
        cited = re.search(rf"{each.id}(?!\d)", source) or any(a <= number <= b for a, b in spans)
        assert cited or (each.id == "E68" and "format" in source and "uuid" in source), f"{each.id} in {each.cell}"


def test_the_table_links_and_escapes():
    shown = claims.table(claims.errata())
    assert shown.html.count("<a href=") == len(claims.errata()) and "&lt;head&gt;" in shown.html
    silent = claims.table([replace(claims.errata()[0], notebook="", cell="")])
    assert "<a " not in silent.html and "没有可演示的" in silent.html
    assert "没有这样的" in claims.table([]).text
