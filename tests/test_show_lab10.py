"""What lab 10 shows: figures and tables say the numbers that they are drawn from, valid and right apart."""

import json

import pytest

from aigc_kit.promptlab import ask, budget, schema
from aigc_kit.promptlab.ask import Asker, FunctionBackend
from aigc_kit.teach import lab10
from aigc_kit.teach.labs.lab10 import anchoring, extraction, squeezing, widgets

FORM = schema.order()


@pytest.fixture(scope="module")
def tiny():
    return ask.model("tinychat", max_new_tokens=60)


def test_valid_and_right_are_counted_apart():
    truth = [item.truth.facts["values"] for item in extraction.items(4)]
    texts = [
        json.dumps(truth[0], ensure_ascii=False),
        json.dumps({**truth[1], "商品": "沙发"}, ensure_ascii=False),
        "好的",
        "{}",
    ]
    way = extraction.judged("一", FORM, texts, 4)
    assert way.valid == (True, True, False, False) and way.right == (True, False, False, False)
    picture = lab10.valid([way], "tinychat")
    assert [row.held for row in picture.rows] == [2, 1] and "合格式 50%，答对 25%" in picture.words
    assert [row["valid"] for row in lab10.examples([way], (0, 3)).rows] == [True, False]


def test_ways_of_asking_keep_their_order(tiny):
    ways = lab10.ways(tiny, 12)
    assert sum(ways[0].valid) == 0 and sum(ways[3].valid) >= sum(ways[1].valid) and ways[3].calls > 12
    assert all(ways[4].valid) and all(lab10.behind_mask(FORM, "掩码", count=6).valid)
    chance = lab10.by_chance(FORM, "随机", 6)
    assert all(chance.valid) and not any(chance.right) and chance.calls == 0


def test_broken_schemas_are_all_refused():
    assert [row["refused"] for row in lab10.refusals().rows] == [True] * 7
    assert lab10.refusals({"好": schema.TICKET}).rows[0]["refused"] is False


def test_engines_of_all_twelve_schemas():
    where, rows = schema.shipped()
    told = lab10.engines(rows, where)
    assert "拒绝" in told.text and "40 / 40" in told.text and where in told.text


def test_terms_right_and_misused():
    shop = budget.Dictionary.read(budget.SHOP_TERMS)
    kept = anchoring.kept("一", shop, ["退款", "退钱", "物流", "不会", "退款，物流"], ["退款"] * 5, 5, 50)
    assert kept.right == (True, False, False, False, False) and kept.misused == (False, True, True, False, True)
    picture = lab10.kept_terms([kept], "tinychat")
    assert [row.held for row in picture.rows] == [1, 3]


def test_ways_to_keep_terms_count_their_calls(tiny):
    shop = budget.Dictionary.read(budget.SHOP_TERMS)
    bare, program, model, named, *_ = lab10.term_ways(tiny, shop, 20)
    assert bare.calls == program.calls == named.calls == 20 < model.calls <= 40
    assert sum(program.misused) == 0 < sum(bare.misused) == model.calls - 20 and named.tokens > bare.tokens
    assert all("快递" in before and "快递" not in after for before, after in lab10.harmed(shop, 200))


def test_shortened_messages_are_judged_by_their_answers(tiny):
    points = lab10.points(tiny, 6)
    at = {(point.method, point.at): point for point in points}
    full = at["不压缩", "全文"]
    assert full.prompt == full.message == 1 and len(full.answers) == len(full.strings) >= 18
    assert at["手写", "只留关键词"].standing.share == 1.0
    assert at["自信息", "留 35%"].message == pytest.approx(0.35, abs=0.05)
    assert {point.method for point in points} == {"不压缩", "规则", "自信息", "随机", "手写", "三段式"}
    assert len(lab10.compression(points, "tinychat").rows) == len(lab10.shortened(points).rows) == len(points)
    assert len(squeezing.items()) == 70 and sum(map(len, [full.answers])) >= 18
    assert sum(value is not None for item in squeezing.items() for value in item.truth.facts["values"].values()) >= 200


def test_lengths_densities_and_calls(tiny):
    free = {"type": "object", "required": ["s"], "properties": {"s": {"type": "string"}}, "additionalProperties": False}
    shares = lab10.caps(free, (10, 60), 8)
    assert [share.at for share in shares] == [10, 60] and shares[0].held <= shares[1].held
    assert len(lab10.lengths({"一": shares}).rows) == 2
    rows = lab10.densities({"短": "判断意图"}, tiny.backend.engine).rows
    assert rows[0]["density"].entities == rows[0]["density"].verbs == 1
    scatter = lab10.scatter([0.1, 0.2], shares, (1.0, 0.5))
    assert "ρ = 1.00" in scatter.words and scatter.rows[1]["density"] == 0.2
    asker = Asker(FunctionBackend(list, "echo"), calls=9)
    before = asker.ledger
    asker(["a"])
    assert "1 次（预算 9，还剩 8）" in lab10.calls(asker, before, before).text


def test_results_that_were_mended_are_shown_with_their_marks():
    results = schema.ask(FORM, lambda some: ['{"商品":"雨伞"}'] * len(some), ["一\n消息：买了雨伞"], lenient=True)
    assert "宽松（标记）" in lab10.asked_twice(results).text and "补上了“颜色”：null" in lab10.asked_twice(results).text


def test_recorded_answers_belong_to_the_prompts_of_the_lab():
    for model in ("qwen2.5-coder-0.5b", "smollm2-135m"):
        asked, masked, strict = lab10.elsewhere(model, 12)
        assert all(masked.valid) and all(strict.valid) and len(asked.valid) == 12
        recording = ask.recorded(f"mask-{model}").backend.recording
        assert recording.identity["schema"] == FORM.version and recording.where and recording.at
    assert sum(lab10.elsewhere("smollm2-135m", 12)[1].right) == 0


def test_the_editor_tells_what_schema_and_answer_break(monkeypatch):
    draws = []
    monkeypatch.setattr(widgets, "follow", lambda controls, *views: draws.extend((*controls, *views)))
    lab10.editor()
    source, answer, lenient, verdict, caps = draws
    assert [row.at for row in caps().rows] == [20, 40, 80, 160]
    assert "不在允许的值里" in verdict().text and "掩码写出的" in verdict().text
    answer.value = answer.value.replace("done", "failed")
    assert "合格式" in verdict().text
    source.value = source.value.replace("enum", "enums")
    assert "没有人检查的关键字" in verdict().text and caps().text == ""
    source.value, answer.value, lenient.value = widgets.SOURCES["小店订单"], '<b>{"商品": "雨伞"}', True
    assert "补上了“颜色”：null" in verdict().text


def test_a_message_is_shortened_by_hand(monkeypatch, tiny):
    draws = []
    monkeypatch.setattr(widgets, "follow", lambda controls, *views: draws.extend((*controls, *views)))
    lab10.squeeze(tiny)
    number, text, answer, bits = draws
    rows = bits().rows
    assert "".join(row["token"] for row in rows) == squeezing.items()[0].text and any(row["wanted"] for row in rows)
    assert "✓" in answer().text
    number.value = 2
    assert text.value == squeezing.items()[1].text
    text.value = "<i>雨伞</i>"
    assert "✗" in answer().text and "<i>" not in answer().html


def test_the_promise_is_drawn_from_real_answers():
    rows = lab10.promise().rows
    assert rows[0].share == 0 and rows[-2].share == 1 and rows[-1].share == 0
