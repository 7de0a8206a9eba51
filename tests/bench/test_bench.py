"""The runner's arithmetic, on rates that are known."""

import json

from bench import document
from bench.__main__ import CASES
from bench.runner import Case, Pair, as_json, measure, table


def case_of(kit_rates, bare_rates, calls):
    kit, bare = iter(kit_rates), iter(bare_rates)

    def run(name, rates):
        calls.append(name)
        return next(rates)

    pair = Pair(lambda: run("kit", kit), lambda: run("bare", bare), "tok/s", 3, "a note")
    return Case("x", lambda: pair)


def test_medians_of_ratios_in_alternating_order():
    calls = []
    result = measure(case_of([1, 90, 50, 100], [1, 100, 100, 80], calls))
    assert calls == ["kit", "bare", "kit", "bare", "bare", "kit", "kit", "bare"]  # the first pair does not count
    assert (result.kit, result.bare, result.ratio) == (90, 100, 0.9)
    assert (result.low, result.high, result.rounds) == (0.5, 1.25, 3)


def test_a_case_that_cannot_run_says_why():
    results = [measure(Case("y", lambda: "no model")), measure(case_of([1, 2, 2, 2], [1, 1, 1, 1], []))]
    assert "no model" in table(results).splitlines()[1] and "2.00..2.00" in table(results).splitlines()[2]
    data = json.loads(json.dumps(as_json(results)))
    assert data["how"] == "measured" and data["machine"]["processor"]
    assert [r["skipped"] for r in data["results"]] == ["no model", None] and data["results"][1]["ratio"] == 2


def test_the_document_keeps_the_rows_that_were_not_measured_again(tmp_path):
    path = tmp_path / "BENCHMARKS.md"
    first = [measure(case_of([1, 2, 2, 2], [1, 1, 1, 1], [])), measure(Case("y", lambda: "no model"))]
    document.write([document.row(result, 0.5) for result in first], ["x", "y", "z"], path)
    rows = document.read(path)
    assert rows["x"]["ratio"] == "2.00" and rows["y"]["what"] == "not run: no model"
    assert "Not measured yet: z." in path.read_text(encoding="utf-8")
    again = measure(case_of([1, 3, 3, 3], [1, 1, 1, 1], []))
    document.write([document.row(again, 0.5)], ["x", "z"], path)
    rows = document.read(path)
    assert rows["x"]["ratio"] == "3.00" and set(rows) == {"x"}, "a case that no longer exists is dropped"
    assert "processors" in rows["x"]["machine"] and rows["x"]["load"].startswith("0.5 / ")


def test_every_case_has_a_name_of_its_own_and_the_document_knows_it():
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    assert {"import", "doctor", "plan-sdxl", "xray-fresh", "text-poem", "image-tinysdxl", "video-tinywan"} <= set(names)
    assert {"speech-baker", "encode-ffmpeg", "sweep-two-workers", "notebook-01"} <= set(names)
    assert set(document.read()) <= set(names), "python -m tests.bench --write"
