"""Logs: the pattern, the labeller on seen and unseen formats, and a queue that holds what it must."""

import json

import pytest

from aigc_kit.core.errors import BadInput, CannotWrite, UnknownName
from aigc_kit.promptlab import logs
from aigc_kit.promptlab.logs import labeller as labelling
from aigc_kit.promptlab.logs import line_patterns
from aigc_kit.worlds.logs import lines

USUAL = lines.many("pipe", 1, seed=1)[0].text
COURSE = "2024-01-01 12:00:00 | svc-name | ERROR | message"


@pytest.fixture(scope="module")
def labeller():
    rows = [(line.text, line.fields) for name in lines.SEEN for line in lines.many(name, 50)]
    return logs.Labeller().fit(rows)


@pytest.fixture(scope="module")
def sorter(labeller):
    return logs.Log2Align(labeller)


def test_a_line_knows_its_fields():
    for name in lines.FORMATS:
        for line in lines.many(name, 20, seed=5):
            assert set(line.fields) == set(lines.FIELDS)
            assert all(line.text[a:b] == line.fields[field] for field, (a, b) in line.spans.items())
    assert lines.many("pipe", 3) == lines.many("pipe", 3) != lines.many("pipe", 3, seed=1)
    with pytest.raises(UnknownName, match="pipe"):
        lines.many("pip", 1)
    with pytest.raises(BadInput):
        lines.many("pipe", -1)


def test_the_courses_line_is_read_and_all_its_levels():
    fields = {"ts": "2024-01-01 12:00:00", "svc": "svc-name", "level": "ERROR", "msg": "message"}
    assert logs.by_pattern(COURSE) == fields
    assert all(logs.by_pattern(line.text) == line.fields for line in lines.many("pipe", 100, seed=9))
    assert logs.by_pattern("2024-01-01 12:00:00 | a | TRACE | x") is None
    with pytest.raises(BadInput, match="no group has a name"):
        logs.by_pattern(COURSE, [r"\d+"])
    with pytest.raises(BadInput, match="no pattern"):
        logs.by_pattern(COURSE, [r"(?Pts>\d+)"])


def test_tags_are_read_back_into_fields():
    for name in lines.FORMATS:
        for line in lines.many(name, 30, seed=7):
            some, tags = labelling.pieces(line.text), labelling.tags(line.text, line.fields)
            for field in lines.FIELDS:
                assert "".join(p for p, t in zip(some, tags, strict=True) if t[2:] == field) == line.fields[field]
            assert "".join(some) == line.text


def test_seen_formats_are_read_and_unseen_ones_are_not_passed_off(sorter):
    for name in lines.FORMATS:
        some = lines.many(name, 40, seed=1)
        readings = sorter.read([line.text for line in some])
        scores = logs.field_scores([line.fields for line in some], [each.labels for each in readings])
        if name in lines.SEEN:
            assert all(score[2] > 0.95 for score in scores.values()), name
        accepted = [(each, line) for each, line in zip(readings, some, strict=True) if not each.reason]
        assert all(dict(each.labels) == line.fields for each, line in accepted)
        assert not accepted if name != "pipe" else len(accepted) >= 38


def test_a_message_that_looks_like_a_line_is_not_accepted_on_one_reading(sorter):
    text = "2024-01-01 12:00:00 | auth | INFO | 2024-01-01 12:00:00 | auth | ERROR | x"
    (reading,) = sorter.read([text])
    assert reading.reason or dict(reading.labels) == logs.by_pattern(text)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"\x00\x01\x7fELF\x02", "二进制"),
        (b"2024 \xff\xfe broken", "UTF-8"),
        ("连接超时".encode()[:-1], "UTF-8"),
        ("x" * 1_000_000, "太长：1000000"),
        (b"x" * 1_000_000, "太长"),
        ("", "空行"),
        (" \t", "空行"),
        ("a\nb", "控制字符"),
        ("half \ud800", "控制字符"),
        (None, "不是文字"),
        (12, "不是文字"),
        ("just words", "正则"),
    ],
)
def test_whatever_is_no_line_waits_with_a_reason(sorter, raw, why):
    accepted, doubtful = sorter.sort([USUAL, raw])
    assert len(doubtful) == 1 and why in doubtful[0].reason and len(doubtful[0].text) <= 200
    assert len(accepted) + len(doubtful) == 2


def test_line_ends_are_no_part_of_a_line():
    assert line_patterns.cleaned(b"abc\r\n") == ("abc", "")


def test_each_doubt_has_its_own_reason(labeller):
    class Told:
        def __init__(self, fields, sure):
            self.read = lambda some: [(fields, sure)] * len(some)

    right = logs.by_pattern(COURSE)
    sure = dict.fromkeys(right, 0.99)
    cases = {
        "": (right, sure),
        "不一样": ({**right, "svc": "svc"}, sure),
        "没找到 msg": ({k: v for k, v in right.items() if k != "msg"}, sure),
        "0.85": (right, {**sure, "ts": 0.85}),
    }
    for why, (fields, surety) in cases.items():
        (reading,) = logs.Log2Align(Told(fields, surety)).read([COURSE])
        assert why in reading.reason and bool(reading.reason) == bool(why)


def test_what_a_person_says_becomes_a_row(sorter, tmp_path):
    texts = [line.text for line in lines.many("slashes", 3, seed=2)]
    truth = [line.fields for line in lines.many("slashes", 3, seed=2)]
    queue = logs.ReviewQueue(*sorter.sort([USUAL, *texts]))
    with pytest.raises(BadInput, match="no part of the line"):
        queue.correct(0, {**truth[0], "svc": "not there"})
    assert len(queue.waiting) == 3
    queue.correct(0, truth[0])
    queue.drop(0)
    queue.correct(0, truth[2])
    assert queue.waiting == [] and [fields for _, fields in queue.rows()][1:] == [truth[0], truth[2]]
    for place in (0, -1, True, "0"):
        with pytest.raises(BadInput):
            queue.drop(place)
    path = queue.save(tmp_path / "rows.jsonl")
    assert [json.loads(line)["fields"] for line in path.read_text(encoding="utf-8").splitlines()][1] == truth[0]
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotWrite):
        queue.save(tmp_path / "file" / "rows.jsonl")


def test_ten_corrected_lines_teach_an_unseen_format(labeller):
    rows = [(line.text, line.fields) for name in lines.SEEN for line in lines.many(name, 25)]
    rows += [(line.text, line.fields) for line in lines.many("slashes", 10, seed=3)]
    exam = lines.many("slashes", 30, seed=4)
    scores = []
    for each in (labeller, logs.Labeller().fit(rows)):
        told = [fields for fields, _ in each.read([line.text for line in exam])]
        scores.append(logs.field_scores([line.fields for line in exam], told)["level"][2])
    assert scores[0] < 0.2 < 0.9 < scores[1]


def test_a_labeller_needs_lines():
    with pytest.raises(BadInput, match="no line"):
        logs.Labeller().fit([])
    with pytest.raises(BadInput, match="fit"):
        logs.Labeller().read(["a"])
    with pytest.raises(BadInput, match="no part"):
        logs.Labeller().fit([("abc def", {"svc": "bc"})])


def test_scores_of_fields_by_hand():
    truth = [{"ts": "1", "svc": "a"}, {"ts": "2", "svc": "b"}, {"ts": "3", "svc": "c"}]
    told = [{"ts": "1"}, {"ts": "9", "svc": "b"}, None]
    scores = logs.field_scores(truth, told)
    assert scores["ts"] == pytest.approx((1 / 2, 1 / 3, 0.4)) and scores["svc"] == pytest.approx((1, 1 / 3, 0.5))
