"""Calibration recovers overheads that are known, from records really written; it refuses what teaches nothing."""

import json
from dataclasses import replace

import numpy as np
import pytest

from aigc_kit import cards, footprint, record
from aigc_kit.cli import main
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Budget, Cost, Phase, Request, Take
from aigc_kit.core.units import GIB, MIB
from aigc_kit.keep.calibrate import FEWEST, calibrate, save
from aigc_kit.make.run import resolve as plan
from aigc_kit.memory.footprint import Overheads
from aigc_kit.memory.plan import search

pytestmark = pytest.mark.usefixtures("by_rule", "own_home")

TRUTH = Overheads(workspace=3.5, reserve=1.12, base=150 * MIB, context=0, error=0.0, source="made up")
BUDGET = Budget("cuda", "A Card", 80 * GIB, 80 * GIB, 200 * GIB, 0, {"bf16": True}, origin="probed")
WAYS = (
    {"height": 1024, "width": 1024},
    {"height": 768, "width": 768},
    {"height": 512, "width": 512},
    {"height": 1024, "width": 1024, "placement": "model"},
    {"height": 768, "width": 768, "placement": "sequential"},
)


@pytest.fixture
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("AIGC_HOME", str(tmp_path / "home"))
    search.forget()


def ran(folder, name, budget=BUDGET, *, noise=1.0, kind="image", **values):
    """A record as a run on a GPU with the overheads of TRUTH would leave it."""
    made = plan(Request("sdxl", "a dog").change(**values), budget, cards.get("sdxl"))
    found = made.need
    said = footprint.predict(found.facts, dict(found.prediction.placement), TRUTH)
    how = "measured: torch.cuda.max_memory_allocated"
    phases = tuple(Phase(p.name, 1.0, int(p.allocated_bytes * noise), how) for p in said.phases)
    labels = {"tier": "full", "reserved_bytes": said.reserved_bytes}
    take = Take(kind, np.zeros((1, 8, 8, 3), np.uint8), made, Cost(phases), labels)
    return record.save(take, folder, name)


def test_a_record_holds_predicted_measured_and_their_ratio(tmp_path):
    path = ran(tmp_path, "one", **WAYS[0])
    found = record.load(path)
    for name in ("peak", "reserved", "peak.decode", "peak.denoise"):
        predicted, measured = found.predicted[name]["value"], found.measured[name]["value"]
        assert found.measured[f"ratio.{name}"]["value"] == pytest.approx(measured / predicted)
    assert found.measured["peak.decode"]["how"] == "measured" and "ratio.seconds" not in found.measured


def test_rows_hold_both_and_the_ratio():
    made = plan(Request("sdxl", "a dog", height=512, width=512), BUDGET, cards.get("sdxl"))
    twice = int(made.prediction["peak"].value * 2)
    take = Take("image", None, made, Cost((Phase("denoise", 1.0, twice, "measured: by hand"),)))
    (row, *others) = record.ratios.compared(take)
    assert row.name == "peak" and (row.measured.value, len(others)) == (twice, 1)
    assert row.ratio == pytest.approx(2, rel=1e-6) and row.predicted == made.prediction["peak"] and not row.inside


def test_known_overheads_are_recovered(tmp_path):
    for index, values in enumerate(WAYS):
        ran(tmp_path, f"run{index}", **values)
    found = calibrate([tmp_path])
    assert (found.device, found.rows) == ("A Card", 2 * len(WAYS))
    assert found.overheads.workspace == pytest.approx(TRUTH.workspace, rel=0.1)
    assert found.overheads.reserve == pytest.approx(TRUTH.reserve, rel=0.03)
    assert found.overheads.base == pytest.approx(TRUTH.base, rel=0.3)
    after = [after for _, after in found.ratios.values()]
    before = [before for before, _ in found.ratios.values()]
    assert max(abs(r - 1) for r in after) < 0.02 < max(abs(r - 1) for r in before)


def test_plans_for_this_machine_use_it_and_what_ifs_do_not(tmp_path):
    for index, values in enumerate(WAYS):
        ran(tmp_path, f"run{index}", **values)
    before = plan(Request("sdxl", "a dog"), BUDGET, cards.get("sdxl")).prediction["peak"].value
    path = save(calibrate([tmp_path]))
    assert json.loads(path.read_text())["rows"] == 2 * len(WAYS)
    assert footprint.load_overheads(path).source.en == "10 peaks recorded on A Card"
    made = plan(Request("sdxl", "a dog"), BUDGET, cards.get("sdxl"))
    truth = footprint.predict(footprint.cached("sdxl", 1024, 1024), "resident", TRUTH).allocated_bytes
    assert abs(made.prediction["peak"].value - truth) < abs(before - truth) / 10
    assert "recorded on A Card" in made.prediction["peak"].source.en
    assumed = plan(Request("sdxl", "a dog"), replace(BUDGET, origin="assumed"), cards.get("sdxl"))
    assert "recorded on" not in assumed.prediction["peak"].source.en


def test_too_few_records_are_refused_with_how_many_there_are(tmp_path):
    with pytest.raises(BadInput, match="no record of a run on a GPU"):
        calibrate([tmp_path])
    for index in range(4):
        ran(tmp_path, f"same{index}", **WAYS[0])
    with pytest.raises(BadInput, match=rf"8 measured peaks of 1 different.*\n.*at least {FEWEST}"):
        calibrate([tmp_path])
    assert not search.user_overheads().exists()


def test_runs_that_contradict_each_other_are_refused(tmp_path):
    for index, values in enumerate(WAYS):
        ran(tmp_path, f"run{index}", noise=(1.0, 2.2, 0.9, 3.0, 1.0)[index], **values)
    with pytest.raises(BadInput, match="do not agree"):
        calibrate([tmp_path])


def test_records_that_teach_nothing_are_left_out_and_named(tmp_path):
    for index, values in enumerate(WAYS):
        ran(tmp_path, f"run{index}", **values)
    (tmp_path / "broken.json").write_text("{")
    ran(tmp_path, "assumed", replace(BUDGET, origin="assumed"), **WAYS[0])
    found = calibrate([tmp_path])
    assert found.rows == 2 * len(WAYS)
    assert "not JSON" in found.skipped["broken.json"] and "not run on a GPU" in found.skipped["assumed.json"]


def test_of_several_gpus_one_must_be_named(tmp_path):
    for index, values in enumerate(WAYS):
        ran(tmp_path, f"run{index}", **values)
        ran(tmp_path, f"other{index}", replace(BUDGET, name="B Card"), **values)
    with pytest.raises(BadInput, match="A Card, B Card"):
        calibrate([tmp_path])
    assert calibrate([tmp_path], "B Card").device == "B Card"


def test_the_command(tmp_path, capsys):
    assert main(["calibrate", str(tmp_path)]) == 2
    for index, values in enumerate(WAYS):
        ran(tmp_path, f"run{index}", **values)
    assert main(["calibrate", str(tmp_path), "--dry-run"]) == 0
    assert "nothing written" in capsys.readouterr().out and not search.user_overheads().exists()
    assert main(["calibrate", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "fitted on 10 measured peaks" in printed and search.user_overheads().is_file()
    assert "run0 allocated: measured / predicted" in printed
