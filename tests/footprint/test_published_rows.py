"""The overheads that ship, their errors on rows left out of the fit, and the page that tells of them."""

import json
from statistics import median

import pytest

from aigc_kit.core import paths
from aigc_kit.core.units import GIB, MIB
from aigc_kit.memory.footprint import load_overheads
from aigc_kit.memory.footprint.fit import fit, leave_one_out
from assets.fit import __main__ as command
from assets.fit import page
from assets.fit.rows import FIT, REPORT, measured, measures, table


def test_every_row_to_fit_or_report_is_dealt_with():
    rows = table()
    assert {name for name, row in rows.items() if row["use"] == "fit"} == set(FIT)
    assert {name for name, row in rows.items() if row["use"] == "report"} == set(REPORT)
    assert all(why for _, why in REPORT.values())


def test_units_of_the_rows():
    rows = table()
    assert measured(rows["S3"]) == {"allocated": round(21.72 * GIB)}
    assert measured(rows["S13"]) == {"reserved": 5568 * MIB}
    assert measured(rows["Q4"]) == {"reserved": round(5.254 * GIB), "allocated": round(4.369 * GIB)}
    assert measured(rows["W1"]) == {"stated": 8_190_000_000}


def test_rows_left_out_of_the_fit_are_predicted_well():
    found = measures()
    left = leave_one_out(found, "a test")
    errors = [abs(m.predicted(left[m.row, m.quantity]) / m.bytes - 1) for m in found]
    assert len(errors) == 13 and median(errors) <= 0.08 and max(errors) <= 0.25


def test_the_shipped_overheads_are_what_the_fit_gives():
    shipped, again = load_overheads(), command.overheads()
    for name in ("workspace", "reserve", "base", "context", "error"):
        assert getattr(shipped, name) == pytest.approx(again[name], rel=1e-6), name
    kept = json.loads((paths.assets() / "data" / "overheads.json").read_text(encoding="utf-8"))
    assert kept["efficiency"] == again["efficiency"]


def test_no_row_lies_outside_the_interval_of_the_shipped_overheads():
    overheads = load_overheads()
    for measure in measures():
        found = measure.predict(overheads)
        low, high = found.allocated_interval if measure.quantity == "allocated" else found.interval
        assert low <= measure.bytes <= high, (measure.row, measure.quantity)


def test_a_fit_does_not_depend_on_where_it_starts():
    from dataclasses import replace

    from aigc_kit.memory.footprint.fit import START

    found = measures()
    first, second = fit(found, "a"), fit(found, "a", replace(START, workspace=0.5, reserve=1.6, base=0))
    assert second.workspace == pytest.approx(first.workspace, rel=0.05)
    assert second.reserve == pytest.approx(first.reserve, rel=0.02)


def test_the_page_is_what_the_fit_writes():
    path = paths.assets().parent / "docs" / "XRAY.md"
    assert path.read_text(encoding="utf-8") == page.render(load_overheads())
