"""What lab 11 shows agrees with what it was counted from; programs, poems and classes against counting by hand."""

import random

import numpy as np
import pytest

from aigc_kit import text
from aigc_kit.core.errors import BadInput
from aigc_kit.promptlab.alignment import balance
from aigc_kit.promptlab.alignment.exercises import Verdict
from aigc_kit.teach import lab11
from aigc_kit.teach.labs.lab11 import classes, figures, poems, programs, tables
from aigc_kit.worlds import verse


def judged(overlap, right, passed=None, origin=programs.PEOPLE, unmet=()):
    passed = right if passed is None else passed
    return programs.Judged("gcd", origin, "x", Verdict(passed, right, "" if right else "<b>"), overlap, unmet)


SOME = [judged(0.9, True), judged(0.1, True), judged(1.0, False), judged(0.3, False, passed=True, unmet=("转成",))]


def test_counts_of_what_is_accepted():
    rows = {row["measure"]: row for row in lab11.confusions(SOME).rows}
    looks, verbs, tests = rows.values()
    assert (looks["right_accepted"], looks["right"], looks["wrong_accepted"], looks["wrong"]) == (1, 2, 1, 2)
    assert (verbs["right_accepted"], verbs["wrong_accepted"]) == (2, 1)
    assert (tests["right_accepted"], tests["wrong_accepted"]) == (2, 1)


def test_separation_by_hand():
    assert lab11.separation(SOME) == (0 + 1 + 0 + 0) / 4
    assert lab11.separation([judged(0.5, True), judged(0.5, False)]) == 0.5
    with pytest.raises(BadInput, match="one kind"):
        lab11.separation(SOME[:2])


def test_what_a_program_said_is_escaped():
    shown = lab11.programs_table(SOME)
    assert "<b>" not in shown.html and "&lt;b&gt;" in shown.html


def test_the_figure_of_overlaps_holds_every_program():
    picture = lab11.overlap(SOME)
    assert picture.rows == tuple(SOME) and "错的 2 段里 1 段" in picture.words and picture.png().startswith(b"\x89PNG")


def test_limits_are_told_with_their_holders():
    shown = lab11.guards()
    assert {row["what"] for row in shown.rows} == set(tables._WHAT)
    assert "审计钩子" in shown.text or "内核" in shown.text


def test_harm_is_shown_as_it_ended():
    shown = lab11.hostile({"读": "def f():\n    return open('/etc/passwd').read()", "算": "def f():\n    return 42"})
    read, count = shown.rows
    assert "PermissionError" in read["ended"] and count["ended"] == "做成了：42"


def test_without_qwen_nothing_is_pretended(monkeypatch):
    from aigc_kit.models import fetch

    monkeypatch.setattr(fetch, "find", lambda card: None)
    assert lab11.live() is None


# ---- poems ----------------------------------------------------------------------------------------------------------


def test_fifty_quatrains_keep_the_form_and_their_rhyme():
    assert len(lab11.quatrains()) == 50 and len({poem.text for poem in lab11.quatrains()}) == 50
    for poem in lab11.quatrains():
        verdict = verse.check(poem.text, "五绝")
        assert verdict.ok and poem.rhyme in verdict.rhyme_groups and len(poem.title) <= verse.LONGEST_TITLE, poem


def test_damages_do_what_they_are_called():
    texts = lab11.damaged()
    assert texts == lab11.damaged() and all(len(poems_) == 50 for poems_ in texts.values())
    whole = texts["原诗"]
    for poem, half, unrhymed, mixed, other, copied in zip(
        lab11.quatrains(), *[texts[name] for name in poems.DAMAGES], strict=True
    ):
        assert poem.text.startswith(half) and len(half) == 12
        assert not verse.check(unrhymed, "五绝").rhyme_ok and unrhymed[:22] == poem.text[:22]
        assert sorted(mixed) == sorted(poem.text) and mixed != poem.text
        assert [line[-1] for line in verse.lines_of(mixed)] == [line[-1] for line in verse.lines_of(poem.text)]
        assert other in whole and other != poem.text
        assert set(copied) <= set(poem.title + "，。") and verse.check(copied, "五绝").form_ok


@pytest.fixture(scope="module")
def poet():
    return text.engine(text.plan_for("春", card="poem", engine="transformers"))


def test_kinds_of_prompts_are_scored_for_every_poem(poet, monkeypatch):
    few = lab11.quatrains()[:6]
    monkeypatch.setattr(poems, "quatrains", lambda: few)
    rows = lab11.likelihoods(poet)
    assert len(rows) == 6 * len(lab11.KINDS)
    picture = lab11.kinds(rows)
    right, wrong = (next(r for r in picture.rows if r["kind"] == kind) for kind in ("再说韵部", "说错体裁"))
    assert right["answer"] < wrong["answer"] and right["prompt"] > wrong["prompt"], "the prompt's own says the opposite"
    assert picture.rows[0]["delta"].mean == 0
    assert right["answer"] == pytest.approx(np.exp(np.mean(lab11.per_token(rows, "再说韵部"))))


def test_what_measures_see_is_told_by_intervals():
    scores = {"甲": {"原诗": [0.0] * 9, "坏": [1.0] * 9, "好": [-1.0] * 9, "同": [1.0, -1.0, 0.0] * 3}}
    rows = lab11.seen(scores)
    assert [row["sees"] for row in rows] == [True, False, False]
    assert rows[1]["delta"].high < 0 < rows[0]["delta"].low
    assert lab11.sights(rows).rows == tuple(rows)


def test_the_routine_is_one_poem_for_a_rhyme(poet, monkeypatch):
    few = lab11.quatrains()[:3]
    monkeypatch.setattr(poems, "quatrains", lambda: few)
    routine = lab11.damaged(poet)[poems.ROUTINE]
    by_rhyme = {poem.rhyme: line for poem, line in zip(few, routine, strict=True)}
    assert len(routine) == 3 and all(by_rhyme[p.rhyme] == line for p, line in zip(few, routine, strict=True))


# ---- classes --------------------------------------------------------------------------------------------------------


def test_messages_have_their_classes():
    texts, labels = classes.messages((3, 2, 1))
    assert len(texts) == 6 and labels.tolist() == [0, 0, 0, 1, 1, 2] and texts == classes.messages((3, 2, 1))[0]


def test_weighted_training_is_that_of_repeated_examples():
    """A whole weight is so many copies."""
    texts, labels = classes.messages((20, 10, 5))
    known = classes._known(texts)
    inputs = classes._features(texts, known)
    copies = np.where(labels == 2, 3, 1)
    each = copies / copies.sum()
    weighted = classes._trained(inputs, labels, each)
    rows = np.repeat(np.arange(len(labels)), copies)
    plain = classes._trained(inputs[rows], labels[rows], np.full(len(rows), 1 / len(rows)))
    assert weighted == pytest.approx(plain, rel=1e-6, abs=1e-9)


def test_the_rare_class_gains_by_alpha():
    low, high = lab11.recalls((0, 1), seeds=(3,))
    assert high["换货"] > low["换货"] + 0.3 and high["咨询"] > low["咨询"] - 0.15
    assert "换货" in lab11.recall([low, high]).words


def test_shares_drawn_are_those_counted():
    rows = figures.shares((620, 280, 100), 0.75).rows
    assert [round(100 * row["after"]) for row in rows] == [41, 33, 26]
    assert [row["before"] for row in rows] == pytest.approx(balance.shares((620, 280, 100), 0).tolist())


# ---- slopes ---------------------------------------------------------------------------------------------------------


def test_the_way_down_ends_where_no_neighbour_is_lower():
    rng = random.Random(1)
    curve = np.array([rng.random() for _ in range(40)])
    curve = np.append(curve, curve[0])
    for start in range(40):
        end = figures._downhill(curve, start)[-1]
        assert curve[end] <= min(curve[(end - 1) % 40], curve[(end + 1) % 40])


def test_a_similarity_in_a_loss_leads_away():
    """E62, on the toy of the lab."""
    from aigc_kit.promptlab.alignment import consistency

    prompt, template = lab11.at_angle(60), lab11.at_angle(115)

    def cosine(u, v):
        return u @ v / np.linalg.norm(u) / np.linalg.norm(v)

    def as_printed(r):
        terms = {"meaning": 0.3 * (1 - cosine(prompt, r)), "template": 0.4 * cosine(template, r)}
        return terms | {"length": 0.3 * np.linalg.norm(r - prompt)}

    def repaired(r):
        terms, w = consistency.terms(prompt, r, template), consistency.Weights()
        return dict(zip(terms, np.array([w.alpha, w.beta, w.rest]) * list(terms.values()), strict=True))

    printed, better = lab11.descent(60, 115, 200, {"one": as_printed, "other": repaired}).rows
    assert printed["end"] < 60 < better["end"] < 115
