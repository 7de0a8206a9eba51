"""Behind a mask everything is valid, whatever the model knows; what a mask cannot do it says."""

import json
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from aigc_kit.core.errors import BadInput, CannotLoad, MissingExtra, UnknownName
from aigc_kit.make.text import batches
from aigc_kit.promptlab import ask, schema
from aigc_kit.promptlab.schema import Schema, mask_engines
from aigc_kit.promptlab.schema.masks import JsonMask, Vocabulary, grammar_of
from aigc_kit.worlds.shop.prompt_tasks import fields

NAMES = ("商品", "颜色", "数量", "单号")


def judge(document, texts):
    validator = Draft202012Validator(document, format_checker=FormatChecker())
    return [validator.is_valid(json.loads(text)) for text in texts]


def test_forty_of_forty_from_random_bytes():
    document = {
        "type": "object", "additionalProperties": False, "required": ["id", "status", "date", "count", "code"],
        "properties": {
            "id": {"type": "string", "format": "uuid"}, "status": {"enum": ["pending", "processed", "failed"]},
            "date": {"type": "string", "format": "date"}, "count": {"type": "integer", "minimum": 1, "maximum": 99},
            "code": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{3}$"},
        },
    }  # fmt: skip
    texts = schema.random_texts(document, 40)
    assert judge(document, texts) == [True] * 40 and len(set(texts)) == 40
    assert schema.random_texts(document, 3) == texts[:3] and schema.random_texts(document, 3, seed=1) != texts[:3]


@settings(max_examples=30, deadline=None)
@given(
    st.integers(-30, 30),
    st.integers(0, 60),
    st.lists(st.text('ab色"\\{}', max_size=4), min_size=1, max_size=4, unique=True),
    st.booleans(),
)
def test_random_texts_fit_their_schema(low, more, row, null):
    kind = {"type": "integer", "minimum": low, "maximum": low + more}
    both = {"n": {"anyOf": [kind, {"type": "null"}]} if null else kind, "s": {"enum": row}}
    document = {"type": "object", "additionalProperties": False, "required": ["n", "s"], "properties": both}
    assert all(judge(document, schema.random_texts(document, 4)))


def test_a_cut_text_is_no_json():
    document = {
        "type": "object",
        "required": ["s"],
        "properties": {"s": {"type": "string"}},
        "additionalProperties": False,
    }
    assert any(schema.read(Schema(document), text).faults for text in schema.random_texts(document, 10, limit=12))


def test_the_tiny_model_is_valid_behind_the_mask_and_right_only_where_it_may_say_null():
    items = fields(NAMES).items(20, split="held")
    for form, least in ((schema.order(), 18), (schema.order(null=False), 0)):
        asker = schema.masked("tinychat", form, calls=20, max_new_tokens=60)
        answers = asker([form.prompt("提取订单信息。", item.text, whole=False) for item in items])
        values = [json.loads(answer) for answer in answers]
        assert all(map(form.valid, values)) and asker.ledger.live == 20
        assert sum(value == item.truth.facts["values"] for value, item in zip(values, items, strict=True)) >= least
        nameless = [v for v, item in zip(values, items, strict=True) if item.truth.facts["values"]["单号"] is None]
        assert nameless and all((value["单号"] is None) == (least > 0) for value in nameless)  # else it invents one


def test_rows_keep_their_masks_in_any_order():
    asker = ask.model("tinychat", max_new_tokens=4)
    engine = asker.backend.engine
    vocabulary = Vocabulary.of_engine(engine)
    words = ["红色", "蓝色", "绿色", "黑色", "白色", "黄色"] * 4
    rows = [engine.chat([{"role": "user", "content": "买了雨伞" * random.Random(k).randint(1, 9)}]) for k in range(24)]
    masks = []
    for word in words:
        document = {
            "type": "object",
            "required": ["商品"],
            "properties": {"商品": {"const": word}},
            "additionalProperties": False,
        }
        masks.append(JsonMask(grammar_of(document, vocabulary), vocabulary))
    written = batches.continuations(engine, rows, 12, masks)
    assert [json.loads(engine.decode(ids))["商品"] for ids in written] == words


def test_a_mask_allows_what_leads_to_a_valid_text_and_nothing_else():
    vocabulary = Vocabulary.of_bytes()
    mask = JsonMask(grammar_of({"enum": ["ab", "ac"]}, vocabulary), vocabulary)
    for letter, following in zip('"a', ['"', "a"], strict=True):
        assert np.flatnonzero(mask.allowed()).tolist() == [ord(following)]
        mask.append(ord(letter))
    assert sorted(np.flatnonzero(mask.allowed())) == [ord("b"), ord("c")]
    for letter in 'b"':
        mask.append(ord(letter))
    assert np.flatnonzero(mask.allowed()).tolist() == [vocabulary.end]


def test_what_a_mask_cannot_enforce_is_refused_and_the_advice_works():
    unique = {"type": "array", "items": {"type": "integer"}, "uniqueItems": True}
    form = Schema({"type": "object", "properties": {"a": unique}})
    with pytest.raises(BadInput, match="uniqueItems") as error:
        schema.masked("tinychat", form)
    assert "schema.ask" in error.value.todo
    assert not schema.ask(form, lambda some: ['{"a":[1,1]}'], ["x"])[0].valid


def test_a_field_that_the_model_cannot_write_is_refused_and_the_advice_works():
    with pytest.raises(BadInput, match="no token") as error:
        schema.masked("tinychat", Schema({"type": "object", "required": ["a"], "properties": {"a": {"type": "null"}}}))
    assert "字段名" in error.value.told.todo.zh
    form = Schema(
        {
            "type": "object",
            "required": ["商品"],
            "properties": {"商品": {"type": "null"}},
            "additionalProperties": False,
        }
    )
    assert schema.masked("tinychat", form)(["买了雨伞"]) == ['{"商品":null}']


def test_a_masked_model_is_greedy_and_its_prompts_fit():
    asker = schema.masked("tinychat", schema.order())
    with pytest.raises(BadInput, match="greedy"):
        asker.answers(["买了雨伞"], temperature=1.0)
    with pytest.raises(BadInput, match="512 tokens"):
        asker(["长" * 600])
    with pytest.raises(UnknownName):
        schema.masked("tinychatt", schema.order())


def test_this_engine_does_what_was_recorded_and_others_are_skipped_visibly():
    where, rows = mask_engines.shipped()
    assert where and len(rows) == 36 and {row.engine.split()[0] for row in rows} == set(mask_engines.ENGINES)
    again = {row.schema: row for row in mask_engines.compare("llguidance", 5)}
    for row in rows:
        if row.engine.startswith("llguidance"):
            assert (row.valid == row.count) == (again[row.schema].valid == again[row.schema].count)
            assert bool(row.count) == bool(again[row.schema].count)
    for name in mask_engines.ENGINES:
        if name not in mask_engines.here():
            with pytest.raises(MissingExtra, match=r"aigc-kit\[masks\]"):
                mask_engines.compare(name)
    with pytest.raises(UnknownName):
        mask_engines.compare("outlines")


def test_a_damaged_record_of_engines_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(mask_engines, "_file", lambda: tmp_path / "engines.json")
    mask_engines.save("here", mask_engines.compare("llguidance", 1)[:1])
    assert mask_engines.shipped()[0] == "here"
    (tmp_path / "engines.json").write_text('{"where": "x", "rows": [{"no": 1}]}', encoding="utf-8")
    with pytest.raises(CannotLoad):
        mask_engines.shipped()
