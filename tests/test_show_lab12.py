"""What lab 12 shows agrees with the runs that it was drawn from."""

import pytest

from aigc_kit.promptlab.optimise import Evolution, Step
from aigc_kit.promptlab.optimise.gains import Gain
from aigc_kit.promptlab.tune.big_run import Need
from aigc_kit.promptlab.tune.clock import Pass
from aigc_kit.promptlab.tune.rehearsal import Matrix, Rehearsal
from aigc_kit.teach import lab12
from aigc_kit.teach.labs.lab12 import trees

STEPS = (
    Step(0, 1, "start", (), "甲{text}", 0.2),
    Step(1, 2, "word", ("甲{text}",), "乙{text}", 0.5),
    Step(2, 3, "draw", (), "<b>丙{text}", 0.1),
    Step(3, 6, "cross", ("乙{text}", "<b>丙{text}"), "<b>丁{text}", 0.9),
)


def run(method="evolution", steps=STEPS, budget=8):
    return Evolution(method, 0, "得分", budget, steps[-1].calls, 5, steps, ("a",), ("b",), (0.0,), (1.0,))


def test_the_line_of_the_best_goes_back_to_its_beginning():
    assert [step.prompt for step in trees.lineage(run())] == ["甲{text}", "乙{text}", "<b>丁{text}"]


def test_the_tree_grows_call_by_call():
    assert lab12.tree(run()).rows == STEPS
    assert lab12.tree(run(), 2).rows == STEPS[:2] and "乙" in lab12.tree(run(), 2).words
    assert lab12.tree(run(), 1).rows == STEPS[:1]


def test_the_path_is_told_and_escaped():
    shown = lab12.path(run())
    assert [row.number for row in shown.rows] == [0, 1, 3] and "&lt;b&gt;丁" in shown.html and "<b>丁" not in shown.html
    assert "4 个提示词" in shown.text and "6 次调用" in shown.text


def test_a_race_is_read_at_every_call():
    other = run("random", STEPS[:2], 8)
    rows = lab12.race({"evolution": [run(), run()], "random": [other]}).rows
    by_call = {(row["method"], row["calls"]): row["mean"] for row in rows}
    assert [by_call["evolution", call] for call in range(1, 9)] == [0.2, 0.5, 0.5, 0.5, 0.5, 0.9, 0.9, 0.9]
    assert [by_call["random", call] for call in (1, 2, 8)] == [0.2, 0.5, 0.5]


def test_gains_say_what_their_intervals_say():
    some = [
        Gain("好", 0.2, 0.1, 0.3, 3, 40, 30, "得分"),
        Gain("平", 0.1, -0.1, 0.3, 3, 40, 30, "得分"),
        Gain("坏", -0.2, -0.3, -0.1, 3, 40, 30, "得分"),
    ]
    picture = lab12.gains(some)
    assert picture.rows == tuple(some)
    assert [gain.verdict.zh for gain in some] == ["有提升", "没有提升", "变差了"]
    assert all(f"{gain.name}：{gain.verdict.zh}" in picture.words for gain in some)


def test_pictures_hold_their_rows():
    learned = lab12.learning({"soft": [3.0, 2.0], "lora": [3.0, 1.0]}, {"soft": [(2, 0.1)], "lora": [(2, 0.9)]})
    assert [(row["way"], row["loss"]) for row in learned.rows] == [("soft", 3), ("soft", 2), ("lora", 3), ("lora", 1)]
    ways = [
        {"name": "没有", "nats": 8.0, "seconds": 0.0, "numbers": 0},
        {"name": "LoRA", "nats": 5.0, "seconds": 3.0, "numbers": 30720},
    ]
    assert lab12.ways(ways).rows == tuple(ways) and "LoRA 5.00 nat，3.0 秒" in lab12.ways(ways).words
    told = [
        {"after": name, "诗经": 9.0 - n, "楚辞": 8.0, "五绝": 1 - 0.5 * n}
        for n, name in enumerate(("", "诗经", "楚辞"))
    ]
    memory = lab12.forgetting({"不复习": told, "复习": told}, "五绝")
    assert len(memory.rows) == 6 and "不复习 0%" in memory.words


def test_the_rehearsal_leaves_out_what_has_no_gradient():
    some = (Matrix("0.q_proj.lora_A", float("nan"), float("nan")), Matrix("0.q_proj.lora_B", 0.3, 0.95))
    picture = lab12.matrices(Rehearsal(some, 0.09, 0.0, 8.0, 8.0, 0))
    assert picture.rows == some[1:] and "1 个矩阵，通过两条的 0 个" in picture.words


def test_tables_of_memory_and_passes():
    need = Need(1 << 30, 1 << 20, 2 << 30, 1000, 1_500_000_000)
    shown = lab12.needs({"一": need})
    assert shown.rows == (need,) and "1.50" in shown.text and "3.00 GiB" in shown.text
    passes = {"off": Pass(30_000_000, 0.06, 0.07, 8.5), "on": Pass(9_000_000, 0.06, 0.13, 8.5)}
    text = lab12.passes(passes).text
    assert "30.0" in text and "130" in text and "70" in text


@pytest.mark.parametrize("calls", [1, 8])
def test_the_slider_draws_the_tree_anew(calls, monkeypatch):
    drawn = []
    monkeypatch.setattr(trees, "follow", lambda controls, draw: drawn.append((controls[0], draw)))
    lab12.grow(run())
    slider, draw = drawn[0]
    slider.value = calls
    assert len(draw().rows) == sum(step.calls <= slider.value for step in STEPS) and slider.max == 6
