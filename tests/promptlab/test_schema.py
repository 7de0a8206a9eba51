"""Schemas that promise nothing are refused, answers are read strictly, and what is mended says so."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from aigc_kit.core.errors import BadInput, OverBudget
from aigc_kit.promptlab import ask, schema
from aigc_kit.promptlab.ask import Asker, FunctionBackend
from aigc_kit.promptlab.schema import Schema

TICKET = Schema(schema.TICKET)
GOOD = {"id": "3f2b8c1e-9a4d-4e6f-8b7a-1c2d3e4f5a6b", "status": "pending"}


def of(**fields):
    return {"type": "object", "properties": fields}


BAD = {
    "empty": "",
    "not JSON": "{",
    "a list": "[]",
    "no properties": {"type": "object"},
    "no object": {"type": "string"},
    "a name twice": '{"type":"object","properties":{"a":{},"a":{}}}',
    "NaN": '{"type":"object","properties":{"a":{"maximum":NaN}}}',
    "too large a number": '{"type":"object","properties":{"a":{"maximum":1e999}}}',
    "of another type": 7,
    "bytes": b"{}",
    "too long": json.dumps(of(a={"description": "长" * 20_000})),
    "too deep": "[" * 100_000,
    "deep schemas": json.dumps(
        of(a=__import__("functools").reduce(lambda inner, _: {"items": inner}, range(20), {"type": "null"}))
    ),
    "a misspelt keyword": of(a={"minumum": 1}),
    "an unknown type": of(a={"type": "strin"}),
    "a format that nobody checks": of(a={"format": "phone"}),
    "a format of another type": of(a={"format": ["date"]}),
    "required and not described": {**of(a={}), "required": ["b"]},
    "bounds that cross": of(a={"minimum": 2, "maximum": 1}),
    "lengths that cross": of(a={"minLength": 2, "maxLength": 1}),
    "too many values": of(a={"enum": list(range(301))}),
    "a reference elsewhere": of(a={"$ref": "https://example.org/schema.json"}),
    "a reference to a file": of(a={"$ref": "file:///etc/passwd"}),
    "a reference to nothing": of(a={"$ref": "#/$defs/b"}),
    "a reference of another type": of(a={"$ref": ["#/$defs/b"]}),
    "itself": {**of(a={"$ref": "#/$defs/t"}), "$defs": {"t": of(a={"$ref": "#/$defs/t"})}},
    "itself, by another": {
        **of(a={"$ref": "#/$defs/t"}),
        "$defs": {"t": {"items": {"$ref": "#/$defs/u"}}, "u": {"anyOf": [{"$ref": "#/$defs/t"}]}},
    },
    "a pattern that explodes": of(a={"pattern": "^(a|aa)+$"}),
    "a pattern that is none": of(a={"pattern": "("}),
    "a pattern that is too long": of(a={"pattern": "a" * 501}),
}


@pytest.mark.parametrize("name", BAD)
def test_what_promises_nothing_is_refused_before_any_call(name):
    start = time.perf_counter()
    with pytest.raises(BadInput) as error:
        Schema(BAD[name])
    assert time.perf_counter() - start < 30  # it ends: an exploding pattern would take years
    assert error.value.told.found.zh and error.value.told.todo.zh


def test_the_advice_about_a_misspelt_keyword_is_followed():
    with pytest.raises(BadInput, match="minumum") as error:
        Schema(of(a={"minumum": 1}))
    assert "'minimum'" in error.value.todo and Schema(of(a={"minimum": 1})).fields == ("a",)


def test_a_reference_within_is_followed():
    form = Schema({**of(a={"$ref": "#/$defs/t"}), "required": ["a"], "$defs": {"t": {"type": "integer", "minimum": 3}}})
    assert form.valid({"a": 3}) and not form.valid({"a": 2}) and not form.nullable("a")


def test_formats_are_checked_which_jsonschema_does_not_do_by_itself():
    fake = {"id": "1234567890", "status": "pending"}
    assert Draft202012Validator(schema.TICKET).is_valid(fake) and not TICKET.valid(fake)
    assert [fault.rule for fault in TICKET.faults(fake)] == ["format"] and TICKET.valid(GOOD)


def test_faults_are_told_in_chinese_with_their_place():
    faults = {
        fault.path: fault.words.zh for fault in schema.order().faults({"商品": "飞机", "数量": 3, "单号": "A371"})
    }
    assert faults["颜色"] == "缺少字段“颜色”" and "商品：" in faults["商品"]


values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 120) | st.text(max_size=6) | st.just("2026-02-30"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "单号"]), inner, max_size=3),
    max_leaves=6,
)
kinds = st.one_of(
    st.builds(
        lambda low, more: {"type": "integer", "minimum": low, "maximum": low + more},
        st.integers(-3, 9),
        st.integers(0, 50),
    ),
    st.builds(
        lambda low, more: {"type": "string", "minLength": low, "maxLength": low + more},
        st.integers(0, 3),
        st.integers(0, 5),
    ),
    st.builds(lambda row: {"enum": row}, st.lists(st.integers(0, 5) | st.text(max_size=3), min_size=1, max_size=4)),
    st.just({"type": "string", "format": "date"}),
    st.just({"type": ["boolean", "null"]}),
    st.just({"type": "string", "pattern": "^[a-z]+$"}),
)


@st.composite
def schemas(draw):
    fields = draw(st.dictionaries(st.sampled_from(["a", "b", "单号"]), kinds, min_size=1, max_size=3))
    required = draw(st.lists(st.sampled_from(sorted(fields)), unique=True))
    return {**of(**fields), "required": required, "additionalProperties": draw(st.booleans())}


@settings(max_examples=80, deadline=None)
@given(schemas(), values)
def test_verdicts_are_those_of_jsonschema_with_formats(document, value):
    truth = Draft202012Validator(document, format_checker=FormatChecker(["date"])).is_valid(value)
    assert Schema(document).valid(value) == truth
    assert Schema(json.dumps(document)).version == Schema(document).version


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80) | st.from_regex(r'\A[\[\]{}":,a0-9NI \-]{0,40}\Z'))
def test_any_text_is_read_or_refused(text):
    for source in (text, f'{{"type": "object", "properties": {text}}}'):
        try:
            Schema(source)
        except BadInput as error:
            assert error.told.todo.zh


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), values)
def test_reading_never_raises_and_keeps_what_is_whole(noise, value):
    reading = schema.read(TICKET, noise + json.dumps(value) + noise, lenient=True)
    assert reading.faults or reading.value["status"] in ("pending", "processed", "failed")
    assert schema.read(TICKET, json.dumps(GOOD)).value == GOOD


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "好的",
        '{"id": 1, "id": 2}',
        '{"status": NaN}',
        "[" * 9000,
        "{" * 9000,
        '{"a":' * 9000,
        '"\ud800"',
        "9" * 9000,
        "null",
    ],
    ids=["empty", "prose", "twice", "NaN", "lists", "braces", "objects", "surrogate", "a long number", "null"],
)
def test_strange_answers_are_faults_and_no_errors(answer):
    for lenient in (False, True):
        assert schema.read(TICKET, answer, lenient=lenient).faults


def test_what_is_mended_is_told():
    form = schema.order()
    reading = schema.read(form, '好的：\n```json\n{"商品":"雨伞","数量":"3","备注":"急"}\n```', lenient=True)
    assert not reading.faults and reading.value == {"商品": "雨伞", "数量": 3, "颜色": None, "单号": None}
    assert len(reading.repairs) == 5 and "去掉了代码围栏" in reading.repairs
    strict = schema.read(schema.order(null=False), '{"商品":"雨伞"}', lenient=True)
    assert len(strict.faults) == 3 and strict.repairs == ()  # nothing is invented where null is not allowed


def test_asked_retried_and_lenient_are_told_apart():
    answers = {"a": ["{}"], "b": ["no", json.dumps(GOOD)], "c": ["no", "no"], "d": [json.dumps(GOOD)]}
    seen = []

    def function(prompts):
        seen.append(list(prompts))
        return [answers[prompt[0]].pop(0) if answers[prompt[0]] else "{}" for prompt in prompts]

    results = schema.ask(TICKET, function, ["a", "b", "c", "d"], retries=1, lenient=True)
    assert [result.how for result in results] == ["failed", "retried", "failed", "asked"]
    assert [result.tries for result in results] == [2, 2, 2, 1] and len(seen) == 2 and len(seen[1]) == 3
    assert "它不合格式：不是 JSON" in seen[1][1] and seen[1][1].startswith("b\n")
    loose = Schema(of(a={"type": ["integer", "null"]}) | {"required": ["a"]})
    assert schema.ask(loose, lambda some: ["{}"], ["x"], lenient=True)[0].how == "lenient"
    assert schema.ask(loose, lambda some: ["{}"], ["x"])[0].how == "failed"


@pytest.mark.parametrize("retries", [-1, 6, True, 1.5, "1"], ids=str)
def test_other_numbers_of_retries_are_refused(retries):
    with pytest.raises(BadInput, match="retries"):
        schema.ask(TICKET, list, ["x"], retries=retries)


def test_retries_stay_within_the_budget():
    asker = Asker(FunctionBackend(lambda some: ["no"] * len(some), "no"), calls=3)
    with pytest.raises(OverBudget):
        schema.ask(TICKET, asker, ["a", "b"], retries=1)
    assert asker.ledger.live == 2


def test_an_example_that_breaks_its_own_schema_is_refused_when_the_prompt_is_written():
    assert TICKET.text in TICKET.prompt("提取工单。", "文字", GOOD)
    with pytest.raises(BadInput, match="breaks the schema"):
        TICKET.prompt("提取工单。", "文字", {"id": "1", "status": "done"})
    assert schema.order().prompt("提取。", "雨伞", whole=False) == "提取。字段：商品、颜色、数量、单号。\n消息：雨伞"


def test_the_tiny_model_is_asked_again_in_the_order_of_the_prompts():
    tiny = ask.model("tinychat", calls=40, max_new_tokens=60)
    form = schema.order()
    prompts = [
        form.prompt("提取订单信息，用JSON输出，没有的字段写null。", text, whole=False)
        for text in ("买了2把红色雨伞", "单号A371，买了台灯")
    ]
    values = [result.value for result in schema.ask(form, tiny, prompts)]
    assert values[0]["商品"] == "雨伞" and values[1]["单号"] == "A371"
