"""The runner's arithmetic, on rates that are known."""

import json

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
