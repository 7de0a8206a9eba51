"""The overheads that ship, their errors on rows left out of the fit, and the page that tells of them."""

import json
from statistics import median

import pytest

from aigc_kit.core import paths
from aigc_kit.core.units import GIB, MIB
from aigc_kit.memory.footprint import load_overheads
from aigc_kit.memory.footprint.fit import fit
from assets.fit import __main__ as command
from assets.fit import page, rivals
from assets.fit.rows import EXCEPTIONS, FIT, REPORT, left_out, measured, measures, table


def test_every_row_to_fit_or_report_is_dealt_with():
    rows = table()
    assert {name for name, row in rows.items() if row["use"] == "fit"} == set(FIT) | set(EXCEPTIONS)
    assert {name for name, row in rows.items() if row["use"] == "report"} == set(REPORT)
    assert all(why for _, why in [*REPORT.values(), *EXCEPTIONS.values()])
    assert len(rows) == 47 + 32 and rows["N22"]["libraries"] == "diffusers 0.32 (2025-01)"


def test_units_of_the_rows():
    rows = table()
    assert measured(rows["S3"]) == {"allocated": round(21.72 * GIB)}
    assert measured(rows["S13"]) == {"reserved": 5568 * MIB}
    assert measured(rows["Q4"]) == {"reserved": round(5.254 * GIB), "allocated": round(4.369 * GIB)}
    assert measured(rows["W1"]) == {"stated": 8_190_000_000}


def test_rows_left_out_of_the_fit_are_predicted_well():
    found = measures()
    left = left_out()
    for quantity, count, middle, worst in (("allocated", 20, 0.01, 0.10), ("reserved", 8, 0.04, 0.15)):
        own = [m for m in found if m.quantity == quantity]
        errors = [abs(m.predicted(left[m.row, m.quantity]) / m.bytes - 1) for m in own]
        assert len(errors) == count and median(errors) <= middle and max(errors) <= worst


def test_rivals_say_what_their_formulas_say_by_hand():
    """SDXL, four pictures of 1024 x 1024, float16 with the decoder in float32: 6.46 GiB of weights, 0.16 more so."""
    facts = FIT["S3"].facts()
    found = FIT["S3"].predict(load_overheads())
    weights = rivals.weights(found)
    assert weights / GIB == pytest.approx(6.62, rel=0.01)
    assert rivals.comfyui(facts, found) == weights + 2178 * 1024 * 1024 * 4
    assert rivals.invokeai(facts, found) == weights + 2200 * 1024 * 1024 * 4 + 250 * MIB
    facts, found = FIT["N32"].facts(), FIT["N32"].predict(load_overheads())  # 16 x 24 x 16 latents, in 16 bits
    assert rivals.comfyui(facts, found) == found.phases[-1].resident_bytes + 1200 * 16 * 24 * 16 * 512 * 2
    errors = rivals.table(measures(), left_out())
    ours = median(map(abs, errors["this kit"]))
    assert all(median(map(abs, own)) > 5 * ours for name, own in errors.items() if name != "this kit")


def test_the_shipped_overheads_are_what_the_fit_gives():
    shipped, again = load_overheads(), command.overheads()
    for name in ("workspace", "reserve", "replay", "base", "context", "error", "allocated_error"):
        assert getattr(shipped, name) == pytest.approx(again[name], rel=1e-6), name
    kept = json.loads((paths.assets() / "data" / "overheads.json").read_text(encoding="utf-8"))
    assert kept["efficiency"] == again["efficiency"]


def test_no_row_lies_outside_the_interval_of_the_shipped_overheads():
    overheads = load_overheads()
    for measure in measures():
        assert measure.is_covered(overheads), (measure.row, measure.quantity)


def test_a_fit_does_not_depend_on_where_it_starts():
    from dataclasses import replace

    from aigc_kit.memory.footprint.fit import START

    found = measures()
    first, second = fit(found, "a"), fit(found, "a", replace(START, workspace=0.5, replay=1.4, base=0))
    assert second.workspace == pytest.approx(first.workspace, rel=0.05)
    assert second.replay == pytest.approx(first.replay, rel=0.02)


def test_the_page_is_what_the_fit_writes():
    path = paths.assets().parent / "docs" / "XRAY.md"
    assert path.read_text(encoding="utf-8") == page.render(load_overheads())
