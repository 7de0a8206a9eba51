"""诗经 and 楚辞: what ships keeps its form, splits do not meet, and texts are judged by counting."""

import json

import pytest

from aigc_kit.core.errors import BadInput, CannotLoad
from aigc_kit.worlds.old_verse import FORMS, OldVerse, kept, stanzas

COUNTS = {"诗经": 156, "楚辞": 268}


@pytest.mark.parametrize("form", FORMS, ids=("odes", "songs"))
def test_every_stanza_keeps_its_form(form):
    rows = stanzas(form)
    assert len(rows) == COUNTS[form] == len(set(rows))
    for stanza in rows:
        lines = stanza.text.replace("。", "，").strip("，").split("，")
        assert len(lines) == (8 if form == "诗经" else 4) and set(stanza.text[-1]) == {"。"}
        assert all(len(line) == 4 for line in lines) if form == "诗经" else "兮" in stanza.text


def test_train_and_held_never_meet():
    for task in (OldVerse(), OldVerse("楚辞")):
        train, held = task.items(100), task.items(40, split="held")
        assert not {item.key for item in train} & {item.key for item in held}
        assert task.items(100) == train and task.items(5, seed=1) != train[:5]
        assert len({item.key for item in train}) == 100


def test_fewer_lines_are_the_first_ones():
    short, long = OldVerse(lines=2).items(9), OldVerse().items(9)
    for some, every in zip(short, long, strict=True):
        assert every.answer.startswith(some.answer) and len(some.answer) == 10 and len(every.answer) == 40


@pytest.mark.parametrize(
    ("text", "form", "share"),
    [
        ("关关雎鸠，在河之洲。", "诗经", 1.0),
        ("<五绝>春<诗><韵阳>床前明月光，疑是地上霜。", "诗经", 0.0),
        ("吉日兮辰良，穆将愉兮上皇，抚长剑。", "楚辞", 2 / 3),
        ("", "诗经", 0.0),
        ("，。，。", "楚辞", 0.0),
    ],
    ids=("odes", "regular", "songs", "empty", "breaks"),
)
def test_lines_that_keep_the_form_by_hand(text, form, share):
    assert kept(text, form) == pytest.approx(share)


def test_the_task_judges_whole_texts():
    task = OldVerse()
    (item,) = task.items(1)
    assert task.check(item, item.answer) and not task.check(item, "床前明月光。")
    assert task.score([task.check(item, item.answer), task.check(item, "")]) == 0.5
    assert task.prompt("<五绝>{text}<诗>", item) == f"<五绝>{item.text}<诗>"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: stanzas("唐诗"), "choose from"),
        (lambda: OldVerse().items(41, split="held"), "held 40"),
        (lambda: OldVerse().items(-1), "train 116"),
        (lambda: OldVerse().items(1, split="test"), "train or held"),
        (lambda: OldVerse().prompt("{text}", OldVerse().items(1)[0], OldVerse().items(1)), "reads none"),
    ],
    ids=("form", "many", "negative", "split", "shots"),
)
def test_bad_input_is_refused(call, words):
    with pytest.raises(BadInput, match=words):
        call()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"poems": [{"form": "诗经"}]}', '{"poems": 3}'], ids=range(5))
def test_a_file_cut_short_is_told(tmp_path, content):
    path = tmp_path / "verse.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(CannotLoad, match="old_verse"):
        stanzas("诗经", path)
    path.write_text(json.dumps({"poems": []}), encoding="utf-8")


def test_the_advice_of_a_damaged_file_works():
    from aigc_kit.core import paths

    assert stanzas("诗经", paths.assets() / "data" / "old_verse.json") == stanzas("诗经")
