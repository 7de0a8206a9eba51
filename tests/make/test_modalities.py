"""A modality is a folder and a card: whoever adds both edits nothing else."""

import argparse
import json
import sys
from dataclasses import dataclass

import pytest

import aigc_kit.make as kinds
from aigc_kit.cli import main
from aigc_kit.core.errors import BadInput, UnknownName
from aigc_kit.core.types import Card, Source
from aigc_kit.core.types.card import RemoteFile
from aigc_kit.keep import record
from aigc_kit.keep.sweep import grid, sweep
from aigc_kit.make.run import modalities, of
from aigc_kit.models import cards, loaded

RECORD = '''
"""Hum a tune."""

import json
from dataclasses import dataclass, replace
from functools import partial

from aigc_kit.core.errors import DoesNotFit
from aigc_kit.core.types import Figure, FrozenMap, Plan, Words
from aigc_kit.core.types.records import settings_from
from aigc_kit.make.modality import Modality
from aigc_kit.models import loaded


@dataclass(frozen=True)
class Settings:
    top_k: int = 3


def resolve(request, budget, card):
    weights = Figure(1_000, "B", "published", Words("size of the tune", "曲子的大小"))
    if weights.value > budget.free_bytes:
        raise DoesNotFit(asked=card.name, found="no room", todo="free a kilobyte")
    request = replace(request, extra=FrozenMap({**card.defaults, **request.extra}))
    notes = Figure(request.extra["top_k"] * 0.5, "s", "predicted", "half a second a note", error=0.5)
    return Plan(
        request=request,
        card=card,
        budget=budget,
        dtypes=FrozenMap(model="float32"),
        placement=FrozenMap(model="cpu"),
        attention="math",
        vae=FrozenMap(),
        prediction=FrozenMap(weights=weights, seconds=notes),
        reasons=(Words("a tune fits everywhere", "曲子放得下"),),
    )


class Voice:
    def __init__(self, file):
        self.notes = json.loads(file.read_text(encoding="utf-8"))

    def close(self):
        self.notes = None


MODALITY = Modality(
    name="hum",
    noun=Words("a hum", "哼唱"),
    model=Words("a humming model", "哼唱模型"),
    settings=lambda request, card: settings_from(Settings, request, card, Words("a hum", "哼唱")),
    resolve=resolve,
    load=lambda plan: Voice(loaded.on_disk(plan.card) / "tune.json"),
    key=lambda plan: (plan.card.name,),
    ignored=lambda card: ("height", "width", "frames", "steps", "guidance"),
    options=("top_k",),
)
make, plan_for, run = MODALITY.make, MODALITY.plan_for, MODALITY.run
'''
JOB = '''
"""Hum note by note."""

from random import Random

from aigc_kit.core.types import FrozenMap, Step, Take
from aigc_kit.make.hum import MODALITY
from aigc_kit.make.meter import Meter


def work(plan):
    meter = Meter(plan)
    voice = MODALITY.engine(plan, meter.start_loading)
    meter.start("notes")
    dice, notes = Random(f"{plan.request.prompt} {plan.request.seed}"), []
    for index in range(plan.request.extra["top_k"]):
        notes.append(dice.choice(voice.notes))
        yield Step(index, plan.request.extra["top_k"], "notes", 0.0, lambda: bytes(notes))
    return Take("hum", bytes(notes), plan, meter.cost(), FrozenMap(model=plan.card.name, tier=plan.card.tier))


def files(take):
    return {".hum": take.data}
'''


@dataclass(frozen=True)
class HumFacts:
    """Facts about a model that hums."""

    loudest: int = 60


CARD = Card(
    name="hum-card",
    tier="tiny",
    kind="hum",
    parts={"model": "tune.json"},
    sources=(Source("shipped", "models/hum", files=(RemoteFile("tune.json"),)),),
    facts=HumFacts(),
    defaults={"top_k": 4},
    licence="hummed for a test",
    notes=("哼一段曲子",),
)


@pytest.fixture
def hum(tmp_path, monkeypatch):
    """A modality `hum` in a temporary folder, its card, and the card's model."""
    folder = tmp_path / "package" / "hum"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(RECORD, encoding="utf-8")
    (folder / "job.py").write_text(JOB, encoding="utf-8")
    model = tmp_path / "models" / "hum-card"
    model.mkdir(parents=True)
    (model / "tune.json").write_text(json.dumps(list(range(60, 73))), encoding="utf-8")
    monkeypatch.delenv("AIGC_TIER", raising=False)
    monkeypatch.setenv("AIGC_MODELS_DIR", str(model.parent))
    monkeypatch.setenv("AIGC_OUT", str(tmp_path / "out"))
    monkeypatch.setattr(kinds, "__path__", [*kinds.__path__, str(folder.parent)])
    monkeypatch.setitem(cards.ALL, "hum-card", CARD)
    modalities.cache_clear()
    yield of("hum")
    loaded.free("hum-card")
    modalities.cache_clear()
    vars(kinds).pop("hum", None)
    for name in [name for name in sys.modules if name.startswith("aigc_kit.make.hum")]:
        del sys.modules[name]


def test_it_is_found_beside_the_others_and_gone_afterwards(hum):
    assert set(modalities()) >= {"hum", "image", "speech", "text", "video"}
    assert hum.name == "hum" and cards.of_kind("hum") == [CARD]


def test_without_its_folder_there_is_no_such_modality():
    assert "hum" not in modalities()
    with pytest.raises(BadInput, match="hum models have no planner"):
        of("hum")


def test_a_prompt_becomes_a_take_by_the_model_that_is_here(hum):
    phases = []
    take = hum.make("la la", lambda step: phases.append((step.index, step.phase)), seed=3, top_k=5)
    assert take.plan.card is CARD, "the only model of its kind is chosen without being named"
    assert phases == [(index, "notes") for index in range(5)] and set(take.data) <= set(range(60, 73))
    assert hum.is_loaded(take.plan) and loaded.free("hum-card") == ["hum-card"]
    assert hum.make("la la", seed=3, top_k=5).data == take.data != hum.make("la la", seed=4, top_k=5).data


def test_what_it_does_not_know_is_refused_by_what_all_share(hum):
    with pytest.raises(UnknownName, match=r"(?s)louder=3 of a hum.*another of top_k"):
        hum.plan_for("la", louder=3)
    with pytest.raises(BadInput, match="steps=4 for hum-card"):
        hum.plan_for("la", steps=4)
    with pytest.raises(BadInput, match=r"(?s)a hum by 'poem'.*a text card.*hum-card"):
        hum.plan_for("la", card="poem")


def test_the_command_makes_it_and_refuses_options_of_other_kinds(hum, capsys, tmp_path):
    assert main(["generate", "hum-card", "la la", "--seed", "3", "--top-k", "5"]) == 0
    printed = capsys.readouterr()
    (file,) = (tmp_path / "out").glob("*.hum")
    assert printed.out.split() == [str(file)] and file.read_bytes() == hum.make("la la", seed=3, top_k=5).data
    assert "1/5" in printed.err and "[hum-card, tiny; " in printed.err and "[hummed for a test]" in printed.err
    assert main(["generate", "hum-card", "la la", "--voice", "baker"]) != 0
    assert "--voice baker for hum-card" in capsys.readouterr().err


def test_the_command_plans_it_in_both_languages_and_refuses_what_it_ignores(hum, capsys):
    assert main(["plan", "hum-card"]) == 0
    assert "a tune fits everywhere" in capsys.readouterr().out
    assert main(["plan", "hum-card", "--lang", "zh"]) == 0
    assert "曲子放得下" in capsys.readouterr().out
    assert main(["plan", "hum-card", "--steps", "4"]) != 0
    assert "--steps 4 for hum-card" in capsys.readouterr().err


def test_its_record_is_saved_loaded_checked_and_made_again(hum, tmp_path, capsys):
    sidecar = record.save(hum.make("la la", seed=3), tmp_path / "kept", "tune")
    again = record.load(sidecar)
    assert again.kind == "hum" and again.licence == CARD.licence and list(again.outputs) == ["tune.hum"]
    assert again.predicted["seconds"]["value"] == 2.0 and "ratio.seconds" in again.measured
    assert record.verify(sidecar) == {"tune.hum": "same"}
    assert record.reproduce(sidecar).same
    assert main(["reproduce", str(sidecar)]) == 0 and "tune.hum: equal" in capsys.readouterr().out


def test_a_sweep_over_two_seeds_keeps_both(hum, tmp_path):
    cells = grid(hum.plan_for("la la").request, seed=range(2))
    hums = sweep(cells, folder=tmp_path / "cells")
    assert hums and [cell.path(".hum").read_bytes() for cell in hums] == [
        hum.make("la la", seed=seed).data for seed in range(2)
    ]
    assert [cell.kept for cell in sweep(cells, folder=tmp_path / "cells")] == [True, True]


def test_its_card_is_listed_where_models_are(hum, capsys):
    assert main(["fetch", "--list"]) == 0
    assert "hum-card" in capsys.readouterr().out


def test_no_option_of_a_modality_is_unknown_to_the_command():
    from aigc_kit.cli import generate

    parser = argparse.ArgumentParser()
    generate.add_parser(parser.add_subparsers())
    args = vars(parser.parse_args(["generate", "poem", "春风"]))
    assert {option for modality in modalities().values() for option in modality.options} <= set(args)
