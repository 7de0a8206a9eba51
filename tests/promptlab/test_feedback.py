"""Feedback: nothing lost or counted twice, private data masked, retraining judged on what nobody trained on."""

import json
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from aigc_kit import text
from aigc_kit.core.errors import BadInput, CannotLoad, CannotWrite, UnknownName
from aigc_kit.promptlab.feedback import Crowd, FeedbackStore, Versions, crowd, desk, masked


@pytest.fixture
def store(tmp_path):
    store = FeedbackStore(tmp_path / "feedback.sqlite")
    store.answered("m1", "快递到哪了", "物流")
    return store


@pytest.mark.parametrize(
    ("plain", "kept"),
    [
        ("电话13812345678，谢谢", "电话<手机号>，谢谢"),
        ("+86 138 1234 5678", "<手机号>"),
        ("写信 li.lei@mail.example.cn 吧", "写信 <邮箱> 吧"),
        ("11010519491231002X", "<证件号>"),
        ("6222 0212 3456 7890 123", "<卡号>"),
        ("010-62345678", "<座机号>"),
        ("单号 12345678，35 元，2026-01-02", "单号 12345678，35 元，2026-01-02"),
        ("", ""),
    ],
)
def test_private_data_is_masked(plain, kept):
    assert masked(plain) == kept


def test_nothing_private_reaches_the_file(store):
    store.answered("m2", "打13812345678", "好，写 a@b.example")
    store.rate("m2", "dislike", user="张三", event="e1", content="我的电话 13987654321")
    raw = store.path.read_bytes()
    for secret in ("13812345678", "a@b.example", "13987654321", "张三"):
        assert secret.encode() not in raw


def test_a_rating_counts_once_and_the_last_of_a_user_holds(store):
    assert store.rate("m1", "like", user="u", event="e1") and not store.rate("m1", "like", user="u", event="e1")
    store.rate("m1", "dislike", user="u", event="e2")
    store.rate("m1", "dislike", user="v", event="e3")
    (case,) = store.queue(5, sample=0)
    assert (case.likes, case.dislikes, case.why) == (0, 2, "complaint")
    store.rate("m1", None, user="u", event="e4")
    store.rate("m1", None, user="v", event="e5")
    assert store.queue(5, sample=0) == [] and store.counts()["rating"] == 5
    assert [case.why for case in store.queue(5, sample=1)] == ["sample"]


def test_short_visits_and_broken_answers_are_complaints(store):
    store.dwell("m1", 7.9, user="u", event="a")
    assert store.queue(5, sample=0)[0].short == 1
    store.answered("m2", "在吗", "在")
    store.dwell("m2", 8.0, user="u", event="b")
    assert [case.message for case in store.queue(5, sample=0)] == ["m1"]
    store.broken("m2", user="u", event="c")
    assert {case.message for case in store.queue(5, sample=0)} == {"m1", "m2"}


def test_a_decision_is_a_row_once(store):
    store.decide("m1", "物流")
    store.decide("m1", "物流")
    assert store.rows() == [("快递到哪了", "物流")] and store.queue(5, sample=1) == []
    with pytest.raises(BadInput, match="decided already"):
        store.decide("m1", "退款")
    store.answered("m2", "？？", "咨询")
    store.decide("m2", None)
    assert len(store.rows()) == 1 and store.counts()["decisions"] == 2


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda s: s.rate("none", "like", user="u", event="e"), UnknownName),
        (lambda s: s.dwell("none", 3, user="u", event="e"), UnknownName),
        (lambda s: s.broken("none", user="u", event="e"), UnknownName),
        (lambda s: s.decide("none", "退款"), UnknownName),
        (lambda s: s.rate("m1", "love", user="u", event="e"), BadInput),
        (lambda s: s.rate("m1", "like", user="", event="e"), BadInput),
        (lambda s: s.rate("m1", "like", user="u", event=3), BadInput),
        (lambda s: s.rate("m1", "like", user="u", event="e", content="长" * 5000), BadInput),
        (lambda s: s.dwell("m1", float("nan"), user="u", event="e"), BadInput),
        (lambda s: s.dwell("m1", -1, user="u", event="e"), BadInput),
        (lambda s: s.dwell("m1", True, user="u", event="e"), BadInput),
        (lambda s: s.answered("m1", "快递到哪了", "退款"), BadInput),
        (lambda s: s.answered("m9", "", "退款"), BadInput),
        (lambda s: s.answered("m9", "half \ud800", "退款"), BadInput),
    ],
)
def test_bad_feedback_is_refused_and_leaves_nothing(store, call, error):
    before = store.counts()
    with pytest.raises(error):
        call(store)
    assert store.counts() == before
    assert store.rate("m1", "like", user="u", event="e")  # the same event may still come, rightly


def test_another_file_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("no database, and long enough to be none" * 9)
    with pytest.raises(CannotLoad):
        FeedbackStore(tmp_path / "notes.txt")
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotWrite):
        FeedbackStore(tmp_path / "file" / "f.sqlite")


CRASH = """
import os, sys
from pathlib import Path
from aigc_kit.promptlab.feedback import Crowd, FeedbackStore
store, crowd, written = FeedbackStore(Path(sys.argv[1])), Crowd(speaks=1.0), 0
for k in range(100):
    store.answered(f"m{k}", f"消息 {k}", "退款")
    written += crowd.react(store, f"m{k}", k % 3 > 0)
    if written > 90 and len(sys.argv) > 2:
        store._hold = store._write()
        store._hold.__enter__().execute("INSERT INTO events VALUES ('half', 'm0', 'u', 'dwell', NULL, 1, '')")
        os._exit(9)  # in the middle of a transaction
"""


def test_two_hundred_events_a_crash_in_the_middle_and_nothing_is_lost_or_twice(tmp_path):
    path = tmp_path / "f.sqlite"
    crashed = subprocess.run([sys.executable, "-c", CRASH, str(path), "crash"], check=False)
    assert crashed.returncode == 9
    middle = FeedbackStore(path).counts()
    assert 90 < middle["dwell"] + middle["rating"] + middle["broken"] < 100
    for _ in range(2):  # all sent again, twice
        assert subprocess.run([sys.executable, "-c", CRASH, str(path)], check=False).returncode == 0
    whole, calm = FeedbackStore(path), FeedbackStore(tmp_path / "calm.sqlite")
    for k in range(100):
        calm.answered(f"m{k}", f"消息 {k}", "退款")
        Crowd(speaks=1.0).react(calm, f"m{k}", k % 3 > 0)
    assert whole.counts() == calm.counts() and whole.counts()["dwell"] + whole.counts()["rating"] == 200
    assert whole.queue(100, sample=0) == calm.queue(100, sample=0)
    with sqlite3.connect(path) as file:
        assert file.execute("SELECT count(*), count(DISTINCT id) FROM events WHERE id = 'half'").fetchone() == (0, 0)


def send(url, values, **headers):
    body = values if isinstance(values, bytes) else json.dumps(values).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_the_desk_takes_what_dify_sends(store):
    with desk(store) as url:
        assert url.startswith("http://127.0.0.1:")
        place = f"{url}/messages/m1/feedbacks"
        said = {"rating": "dislike", "user": "u7", "content": "不是这个"}
        assert send(place, said) == (200, {"result": "success"}) == send(place, said)
        assert store.counts()["rating"] == 1
        assert send(place, said, **{"Idempotency-Key": "again"})[0] == 200
        assert send(f"{url}/messages/none/feedbacks", said)[0] == 404
        assert send(place, {"rating": "love", "user": "u"})[0] == 400
        assert send(place, {"rating": "like"})[0] == 400
        assert send(place, b"{")[0] == 400 and send(place, b"[]")[0] == 400
        assert send(place, said, Origin="http://evil.example")[0] == 403
        assert send(place, said, Host="evil.example")[0] == 403
        assert send(place, said, **{"Content-Type": "text/plain"})[0] == 415
        assert send(place, b"x" * 70_000)[0] == 413
        assert send(f"{url}/other", said)[0] == 404
    assert store.counts()["rating"] == 2


@pytest.fixture(scope="module")
def chat():
    return text.engine(text.plan_for("判断", card="tinychat", engine="transformers"))


def rows_of(items):
    return [(prompt, item.answer) for prompt, item in zip(crowd.prompts(items), items, strict=True)]


def test_a_round_is_judged_on_what_nobody_trained_on_and_can_be_taken_back(chat, tmp_path):
    exam = {
        "新规定": crowd.NEW_RULE.items(12, split="held", seed=5),
        "老规矩": crowd.OLD_RULE.items(12, split="held", seed=5),
    }

    def judge(ask):
        return {
            name: [
                crowd.judged(item, answer).right for item, answer in zip(items, ask(crowd.prompts(items)), strict=True)
            ]
            for name, items in exam.items()
        }

    versions = Versions(tmp_path / "v", chat)
    untouched = versions.ask(crowd.prompts(exam["老规矩"]))
    day = crowd.day(40, seed=1, share=0.6)
    learned = {item.text for item in day}
    assert not learned & {item.text for items in exam.values() for item in items}
    round = versions.train(rows_of(day), judge, replay=rows_of(crowd.OLD_RULE.items(30, seed=77)), steps=25)
    assert round.before["新规定"].held == 0 and round.after["新规定"].held >= 8
    assert round.adopted == (versions.current == 1) and round.why
    if not round.adopted:
        versions._adopt([0, 1])
    now = versions.ask(crowd.prompts(exam["新规定"]))
    assert Versions(tmp_path / "v", chat).ask(crowd.prompts(exam["新规定"])) == now  # another start, the same version
    assert versions.roll_back() == 0 and versions.ask(crowd.prompts(exam["老规矩"])) == untouched
    with pytest.raises(BadInput, match="shipped model"):
        versions.roll_back()
    again = versions.train(rows_of(crowd.OLD_RULE.items(16, seed=3)), judge, steps=1)
    assert again.version == 2 and not again.adopted and "不换" in again.why and versions.current == 0


def test_a_damaged_folder_says_so(chat, tmp_path):
    (tmp_path / "current.json").write_text('{"order": [0, 1')
    with pytest.raises(CannotLoad, match=r"delete current\.json"):
        Versions(tmp_path, chat)
    (tmp_path / "current.json").write_text('{"order": [0, 1]}')
    with pytest.raises(CannotLoad):
        Versions(tmp_path, chat)  # the weights are missing
    (tmp_path / "0001.safetensors").write_bytes(b"cut short")
    with pytest.raises(CannotLoad):
        Versions(tmp_path, chat)
    (tmp_path / "current.json").unlink()
    assert Versions(tmp_path, chat).current == 0
