"""Judging by eye: blind names, sheets, labels that are checked and committed, and measures against cases by hand."""

import json
import re
import subprocess

import numpy as np
import pytest

from aigc_kit.worlds.tinyworld.reading import Reading
from assets.train.judge import __main__ as command
from assets.train.judge import agreement, items, labels, sheets
from assets.train.judge.items import Item
from assets.train.judge.labels import Label, Labels

WORDS = ("cat", "puppy")


def item(name, asked="cat", source="generated", shape=(64, 64, 3), manner=None):
    return Item(name, source, asked, np.zeros(shape, np.uint8), manner)


def reading(subject, validity):
    return Reading({"subject": subject}, {"subject": 1.0}, validity >= 0.75, validity)


# --- items


@pytest.fixture
def model(tmp_path):
    (tmp_path / "unet").mkdir()
    (tmp_path / "unet" / "weights.safetensors").write_bytes(b"first weights")
    return tmp_path


@pytest.fixture
def quick(monkeypatch):
    """Pictures, of which a grey model makes those that are generated."""

    class Asked:
        subject = "cat"
        style = "ink"

    kind = items.KINDS["pictures"]
    prompts = lambda: [{"prompt": f"cat {k}", "spec": Asked} for k in range(9)]  # noqa: E731
    draw = lambda prompts: np.full((len(prompts), 128, 128, 3), 128, np.uint8)  # noqa: E731
    whole = items.Kind(kind.subjects, kind.folder, kind.manner, prompts, draw, kind.render, kind.fail)
    monkeypatch.setitem(items.KINDS, "pictures", whole)


@pytest.mark.usefixtures("quick")
def test_names_and_order_tell_nothing_of_the_source(model):
    found = items.make("pictures", (6, 3, 4), model)
    assert [item.name for item in found] == sorted(item.name for item in found)
    assert all(re.fullmatch("[0-9a-f]{8}", item.name) for item in found)
    sources = [item.source for item in found]
    assert {source: sources.count(source) for source in items.SOURCES} == dict(
        zip(items.SOURCES, (6, 3, 4), strict=True)
    )
    assert sources != sorted(sources)
    assert {item.frozen for item in found} == {True, False}


@pytest.mark.usefixtures("quick")
def test_other_weights_give_other_names(model):
    before = {item.name for item in items.make("pictures", (4, 2, 2), model)}
    assert before == {item.name for item in items.make("pictures", (4, 2, 2), model)}
    (model / "unet" / "weights.safetensors").write_bytes(b"other weights")
    assert not before & {item.name for item in items.make("pictures", (4, 2, 2), model)}


@pytest.mark.parametrize(("fail", "render"), [("failed_picture", "true_picture"), ("failed_clip", "true_clip")])
def test_failures_are_lumps_of_a_subject_or_nothing_of_the_world(fail, render):
    asked, lump = getattr(items, fail)(0)
    assert asked is not None and lump.dtype == np.uint8
    nothing, other = getattr(items, fail)(1)
    assert nothing is None and other.dtype == np.uint8
    assert getattr(items, fail)(0)[1].tobytes() == lump.tobytes()
    assert getattr(items, render)(0)[1].ndim == lump.ndim


def test_a_lump_keeps_the_scene_and_loses_the_lines():
    picture = np.full((128, 128, 3), 200, np.uint8)
    picture[40:80, 40:80] = np.indices((40, 40)).sum(0)[..., None] % 2 * 255
    mask = np.zeros((128, 128), bool)
    mask[40:80, 40:80] = True
    soft = items.lump(picture, mask, 11)
    assert np.array_equal(soft[:20], picture[:20])
    assert soft[50:70, 50:70].std() < 0.1 * picture[50:70, 50:70].std()


def test_the_box_of_a_mask_hides_its_outline():
    mask = np.zeros((20, 30), bool)
    mask[5, 8:20] = mask[5:12, 10] = True
    box, side = items.box_of(mask)
    assert box.sum() == 7 * 12 and box[5:12, 8:20].all() and side == 12


def test_items_are_read_as_they_were_written(tmp_path):
    pair = [item("00000001", None, "failure"), item("00000002", "puppy", shape=(5, 64, 64, 3), manner="turn")]
    items.write(tmp_path, pair)
    for one, other in zip(pair, items.read(tmp_path), strict=True):
        assert (one.name, one.source, one.asked, one.manner) == (other.name, other.source, other.asked, other.manner)
        assert np.array_equal(one.pixels, other.pixels)


# --- sheets


@pytest.mark.parametrize("shape", [(64, 64, 3), (17, 64, 64, 3)])
def test_every_item_is_on_a_sheet(tmp_path, shape):
    each = sheets.ACROSS[len(shape)] * sheets.DOWN[len(shape)]
    found = [item(f"{k:08x}", shape=shape) for k in range(each + 1)]
    assert [file.name for file in sheets.write(tmp_path, found)] == ["sheet-01.png", "sheet-02.png"]


def test_a_sheet_shows_the_pixels_and_the_first_and_last_frame():
    clip = np.zeros((17, 64, 64, 3), np.uint8)
    clip[0], clip[-1] = 50, 200
    view = sheets.strip(clip)
    assert view.shape == (64, 5 * 64, 3)
    assert (view[:, :64] == 50).all() and (view[:, -64:] == 200).all()
    page = np.asarray(sheets.sheet([Item("00000001", "render", "cat", clip)]))
    at = sheets.MARGIN + 10
    assert page[at, at].tolist() == [50, 50, 50]


# --- labels


def test_lines_are_read():
    text = "# a remark\n00000001 cat clear\n\n00000002 puppy rough  # ears only\n00000003 none\n"
    found = labels.parse(text, WORDS, ["00000001", "00000002", "00000003"])
    assert found == {
        "00000001": Label("cat", clear=True),
        "00000002": Label("puppy", clear=False),
        "00000003": Label("none", clear=False),
    }


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("00000009 cat clear", "no item of this name"),
        ("00000001 dog clear", "one of cat, puppy"),
        ("00000001 cat", "clear or rough"),
        ("00000001 cat good", "clear or rough"),
        ("00000001 none clear", "none alone"),
        ("00000001 cat clear\n00000001 none", "a label already"),
        ("", "1 items lack a label, the first is 00000001"),
    ],
)
def test_what_cannot_be_read_is_named(line, told):
    with pytest.raises(ValueError, match=told):
        labels.parse(line, WORDS, ["00000001"])


def test_files_of_all_readers_are_found(tmp_path):
    for reader, word in (("ann", "cat"), ("bob", "puppy")):
        labels.file_of("clips", reader, tmp_path).write_text(f"00000001 {word} clear\n")
    found = labels.read("clips", WORDS, ["00000001"], tmp_path)
    assert [(each.reader, each.of["00000001"].subject) for each in found] == [("ann", "cat"), ("bob", "puppy")]
    labels.file_of("clips", "bob", tmp_path).write_text("00000001 dog clear\n")
    with pytest.raises(ValueError, match=r"clips-bob\.txt: line 1"):
        labels.read("clips", WORDS, ["00000001"], tmp_path)


def test_labels_count_only_when_they_are_committed(tmp_path):
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    file = tmp_path / "clips-ann.txt"
    file.write_text("00000001 cat clear\n")
    assert labels.uncommitted([file]) == [file]
    subprocess.run([*git, "add", file.name], check=True)
    assert labels.uncommitted([file]) == [file]
    subprocess.run([*git, "commit", "-q", "-m", "labels"], check=True)
    assert labels.uncommitted([file]) == []
    file.write_text("00000001 none\n")
    assert labels.uncommitted([file]) == [file]


# --- agreement


def test_kappa_is_that_of_a_case_by_hand():
    """50 proposals, Cohen's two readers: 20 both yes, 15 both no, 5 and 10 apart; seen .7, by chance .5."""
    one = [True] * 25 + [False] * 25
    other = [True] * 20 + [False] * 5 + [True] * 10 + [False] * 15
    assert agreement.kappa(one, other) == pytest.approx(0.4)
    assert agreement.kappa(one, one) == 1
    assert agreement.kappa([True, False], [False, True]) == pytest.approx(-1)
    assert agreement.kappa([True, True], [True, True]) is None
    with pytest.raises(ValueError, match="found 1 and 2 labels"):
        agreement.kappa([True], [True, False])


def test_two_people_are_compared_on_both_questions():
    pair = [item("00000001"), item("00000002")]
    ann = Labels("ann", {"00000001": Label("cat", clear=True), "00000002": Label("puppy", clear=True)})
    bob = Labels("bob", {"00000001": Label("cat", clear=False), "00000002": Label("puppy", clear=True)})
    found = agreement.between(pair, ann, bob)
    assert found["readers"] == ["ann", "bob"]
    assert found["subject"]["kappa"] == 1
    assert found["clear"]["agreed"]["percent"] == 50
    assert found["clear"]["kappa"] == 0


def test_where_two_people_differ_nothing_counts_as_seen():
    four = [item(f"0000000{k}", manner="turn" if k < 2 else "grow") for k in range(4)]
    seen = ("cat", True), ("cat", True), ("cat", True), ("none", False)
    other = ("cat", True), ("cat", False), ("puppy", True), ("none", False)
    people = [
        Labels(name, {each.name: Label(*label) for each, label in zip(four, row, strict=True)})
        for name, row in (("ann", seen), ("bob", other))
    ]
    both = agreement.together(four, people)
    assert [both.of[each.name] for each in four] == [
        Label("cat", clear=True),
        Label("cat", clear=False),
        Label("none", clear=False),
        Label("none", clear=False),
    ]
    by_manner = agreement.by_wish(four, both)["manner"]
    assert by_manner["turn"]["named as asked"]["right"] == 2 and by_manner["turn"]["clearly"]["right"] == 1
    assert by_manner["grow"]["named as asked"]["right"] == 0 and by_manner["grow"]["none"]["of"] == 2
    readings = [reading("cat", 0.9)] * 4
    found = agreement.report(four, people, readings, 0.75)
    assert list(found["by_source"]) == list(found["machine"]) == ["ann", "bob", agreement.TOGETHER]
    assert found["machine"][agreement.TOGETHER]["frozen half, as shipped"]["agreed"]["right"] == 1


def test_shares_are_counted_by_source():
    three = [item("00000001"), item("00000002", source="failure"), item("00000003", None, "failure")]
    eye = Labels("ann", dict.fromkeys((each.name for each in three), Label("none", clear=False)))
    eye.of["00000001"] = Label("cat", clear=False)
    found = agreement.by_source(three, eye)
    assert set(found) == {"generated", "failure"}
    assert found["generated"]["named as asked"]["right"] == 1
    assert found["generated"]["clearly"]["right"] == 0
    assert found["failure"]["none"]["right"] == 2


def test_the_machine_is_counted_beside_the_eye():
    four = [item(f"0000000{k}") for k in range(4)]
    seen = [("cat", True), ("cat", False), ("none", False), ("none", False)]
    eye = Labels("ann", {each.name: Label(*label) for each, label in zip(four, seen, strict=True)})
    machine = [reading("cat", 0.99), reading("cat", 0.6), reading("cat", 0.8), reading("puppy", 0.9)]
    found = agreement.against(four, eye, machine, 0.75)
    assert [found[name] for name in ("both yes", "machine alone", "eye alone", "both no")] == [1, 1, 1, 1]
    assert found["kappa"] == 0 and found["agreed"]["percent"] == 50
    assert agreement.against(four, eye, machine, 0.85)["machine alone"] == 0
    assert agreement.best(four, eye, machine) == 0.5


def test_the_threshold_is_chosen_on_the_half_that_is_not_frozen():
    many = [item(f"{k:08x}") for k in range(8)]
    open_half, frozen = many[0::2], many[1::2]
    assert all(each.frozen for each in frozen) and not any(each.frozen for each in open_half)
    validity = dict(zip([each.name for each in many], (0.99, 0.6, 0.9, 0.6, 0.9, 0.6, 0.99, 0.6), strict=True))
    good = {open_half[0].name, open_half[3].name, frozen[0].name, frozen[1].name}
    eye = Labels(
        "ann",
        {each.name: Label("cat", clear=True) if each.name in good else Label("none", clear=False) for each in many},
    )
    found = agreement.report(many, [eye], [reading("cat", validity[each.name]) for each in many], 0.5)
    machine = found["machine"]["ann"]
    assert machine["frozen half, as shipped"]["validity from"] == 0.5
    assert machine["frozen half, as shipped"]["machine alone"] == 2
    assert machine["frozen half, threshold of the other half"]["validity from"] == 0.95
    assert machine["frozen half, threshold of the other half"]["eye alone"] == 2


# --- the command


def test_a_verdict_waits_for_committed_labels(tmp_path, monkeypatch):
    monkeypatch.setattr(items, "RUN", tmp_path / "run")
    monkeypatch.setattr(labels, "LABELS", tmp_path)
    items.write(tmp_path / "run" / "pictures", [item("00000001"), item("00000002")])
    with pytest.raises(SystemExit, match="no labels of pictures"):
        command.write_verdict("pictures", command.COUNTS)
    file = tmp_path / "pictures-ann.txt"
    file.write_text("00000001 cat clear\n00000002 none\n")
    with pytest.raises(SystemExit, match=r"not committed: pictures-ann\.txt; commit them first"):
        command.write_verdict("pictures", command.COUNTS)
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    for line in (["init", "-q"], ["add", file.name], ["commit", "-q", "-m", "labels"]):  # what the error advises
        subprocess.run([*git, *line], check=True)
    monkeypatch.setattr(command.checker, "read", lambda pixels: [reading("cat", 0.9) for _ in pixels])
    command.write_verdict("pictures", command.COUNTS)
    found = json.loads((tmp_path / "pictures-verdict.json").read_text(encoding="utf-8"))
    assert found["items"] == 2 and list(found["machine"]) == ["ann"]


def test_the_card_tells_the_verdict_or_that_there_is_none(tmp_path):
    assert "have not been judged" in agreement.told("clips", tmp_path)
    four = [
        item("00000001"),
        item("00000003", "puppy"),
        item("00000005", source="render"),
        item("00000007", source="failure"),
    ]
    seen = {
        "00000001": ("cat", True),
        "00000003": ("none", False),
        "00000005": ("cat", True),
        "00000007": ("none", False),
    }
    eye = Labels("ann", {name: Label(*label) for name, label in seen.items()})
    open_one = item("00000002")
    eye.of["00000002"] = Label("cat", clear=True)
    readings = [
        reading("cat", 0.9),
        reading("puppy", 0.9),
        reading("cat", 0.9),
        reading("puppy", 0.2),
        reading("cat", 1),
    ]
    verdict = agreement.report([*four, open_one], [eye], readings, 0.75)
    verdict["weights"] = items.digest_of(items.MODELS / "tinywan")
    (tmp_path / "clips-verdict.json").write_text(json.dumps(verdict))
    text = agreement.told("clips", tmp_path)
    assert "person ann: of 3 clips" in text
    assert "66.7 %" in text and "1 of 1 were named" in text
    assert "Of 2 items of the frozen half in which nothing that was asked is seen, the reader says of 1" in text
    assert "One person's eyes only" in text and "have changed" not in text
    assert "By subject, named as asked and clear by eye: cat 2, 2 of 2; puppy 0, 0 of 1." in text
    (tmp_path / "clips-verdict.json").write_text(json.dumps(verdict | {"weights": "others"}))
    assert agreement.told("clips", tmp_path).startswith("- The weights have changed since the clips were judged by eye")
