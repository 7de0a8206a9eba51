"""What lab 15 shows agrees with the numbers that it was drawn from."""

import json
from collections import Counter

import numpy as np
import pytest

from aigc_kit.core.errors import BadInput
from aigc_kit.core.paths import assets
from aigc_kit.promptlab.ask import Asker, FunctionBackend
from aigc_kit.teach import lab15
from aigc_kit.teach.labs.lab15 import widgets
from aigc_kit.works import together
from aigc_kit.works.evaluation import Reaction
from aigc_kit.works.team import CreativeTeam
from aigc_kit.works.together import Reading, generate_multimodal_content
from aigc_kit.works.together.makers import Piece


def test_counts_add_up():
    rows = lab15.counted(lab15.errata()).rows
    assert sum(row["count"] for row in rows) == len(lab15.errata())
    assert {(r["verdict"], r["way"]): r["count"] for r in rows if r["count"]} == Counter(
        (e.verdict, e.way) for e in lab15.errata()
    )


def content(text="<b>一颗星</b>"):
    picture = np.zeros((64, 64, 3), np.uint8)
    makers = {
        "text": lambda f, s: Piece(text, Reading({"subject": "star", "light": "day"}, {"subject": ("cat",)})),
        "image": lambda f, s: Piece(picture, Reading(dict(f.values))),
        "audio": lambda f, s: Piece(np.sin(np.arange(24_000) * 0.1).astype(np.float32), Reading({"light": "night"})),
    }
    return generate_multimodal_content("夜晚，一颗黄色的五角星", list(makers), 0.8, makers=makers)


def test_what_was_read_back_is_shown_fact_by_fact():
    shown = lab15.display_multimodal_content(content())
    assert "<b>一颗星" not in shown.html and "&lt;b&gt;" in shown.html
    rows = {row["fact"]: row for row in lab15.read_back(content()).rows}
    assert rows["subject"]["text"] is False and rows["subject"]["image"] is True and rows["subject"]["audio"] is None
    assert rows["light"]["text"] is False and rows["light"]["audio"] is True
    assert "又说小猫" in lab15.read_back(content()).text or "又说猫" in lab15.read_back(content()).text
    drawn = lab15.drawn(content())
    assert [(row["medium"], row["best"], row["draws"]) for row in drawn.rows] == [
        ("text", 0, 3),
        ("image", 1, 1),
        ("audio", 1, 1),
    ]


def test_fifty_prompts_are_drawn_from_their_outcomes():
    rows = together.trials()
    picture = lab15.fifty(rows)
    assert picture.rows == tuple(together.outcomes(rows)) and len(picture.rows) == 10
    for each in picture.rows:
        if each.what != "consistency":
            values = [row[each.which][each.what] for row in rows if row[each.which][each.what] is not None]
            assert each.mean == pytest.approx(np.mean(values)) and f"{each.mean:.0%}" in picture.words


def test_fifty_measured_prompts_are_the_frozen_ones():
    frozen = json.loads((assets() / "prompts" / "together_eval.json").read_text(encoding="utf-8"))["generated"]
    rows = together.trials()
    assert [each["prompt"] for each in rows] == [each["prompt"] for each in frozen]
    for each in rows:
        assert all(each["best"][name] >= each["first"][name] for name in each["best"] if each["best"][name] is not None)


def test_reactions_and_sizes_hold_their_numbers():
    rows = [Reaction("rms", "blur", (0, 1, 2, 3, 4), (0, 0.1, 0.1, 0.1, 0.1), "pair")]
    assert rows[0].verdict == "reacts" and lab15.kinds(rows).rows == tuple(rows) and "看得见" in lab15.kinds(rows).words
    assert Reaction("clip", "blur", (0.5, 0.5, 0.6, 0.7, 0.8), (0.01,) * 5, "text").verdict == "turns"
    assert Reaction("clip", "blur", (0.5,) * 5, (0.01,) * 5, "text").verdict == "blind"
    assert lab15.few([(16, 2.0, 0.1), (32, 1.0, 0.1)]).rows[1]["mean"] == 1.0
    assert "不跑" in lab15.needs().text


def test_the_charts_are_computed():
    grover = lab15.grover(64)
    angle = np.arcsin(1 / 8)
    assert grover.y == pytest.approx([np.sin((2 * k + 1) * angle) ** 2 for k in range(13)])
    assert lab15.amplitudes(5).y == (2, 4, 8, 16, 32) and lab15.qubit(3).y == pytest.approx((0, 0.5, 1))
    assert lab15.chart([grover]).rows == (grover,) and "Grover 1996" in lab15.chart([grover]).words
    with pytest.raises(BadInput):
        lab15.grover(1)


def crew(folder):
    asker = Asker(FunctionBackend(lambda prompts: ["<i>A</i> long story about a hole."] * len(prompts), "smollm2-135m"))
    project = CreativeTeam(folder=folder, asker=asker)
    project.set_goal("about black holes")
    project.start_project()
    return project


def test_asks_traces_and_the_gate_show_what_was_measured(tmp_path, capsys):
    project = crew(tmp_path)
    door = widgets.gate(project)
    door.words.value = "举个例子，再有灵气一点"
    assert "例子至少 1（现在 0）" in door.drawn().text and "量不出的" in door.drawn().text
    assert "<i>" not in door.drawn().html
    door.words.value = "x" * 600
    assert "500" in door.drawn().text
    project.provide_feedback("举个例子")
    result = project.get_final_result()
    door.words.value = "写到「月亮」"
    assert "写到“月亮”（现在 0）" in door.drawn().text, "the team has gone on, the gate stands where it stood"
    assert "例子至少 1（现在 0）" in widgets.gate(project, "举个例子").drawn().text
    assert [r.met for r in lab15.asked(result).rows] == [False] and "✗" in lab15.asked(result).text
    assert "举个例子" in lab15.trace(result).text and "<i>" not in lab15.trace(result).html


def test_the_shops_second_drafts_do_what_was_asked(tmp_path, one_thread):
    trials = lab15.twenty(tmp_path)
    assert trials.met.count == 20 and trials.met.held >= 18, "a claim of the lab: nine of ten"
    assert trials.met.held >= trials.first.held > trials.control.held


def test_the_audit_is_filtered(capsys):
    widgets.browse(way="arithmetic", verdict="半对")
    assert "E62" in capsys.readouterr().out
