"""Lab 10's checks: right answers pass, each typical mistake gets its own hint."""

import json
import re

import pytest

from aigc_kit.promptlab import schema
from aigc_kit.teach.labs.lab10 import checks

KINDS = {
    "单号": {"type": "string", "pattern": "^[A-Z][0-9]{3}$"},
    "件数": {"type": "integer", "minimum": 1, "maximum": 9},
    "原因": {"enum": ["破损", "色差", "漏发", "尺寸", "买错", None]},
}


def form(required=tuple(KINDS), closed=True, **changes):
    kinds = {**KINDS, **changes}
    rest = {"required": list(required), "additionalProperties": not closed}
    return schema.Schema({"type": "object", "properties": kinds, **rest})


def test_a():
    assert checks.a(form())
    assert "单号后面还有字" in checks.a(form(单号={"type": "string", "pattern": "^[A-Z][0-9]{3}"})).hint
    assert "多了字段" in checks.a(form(closed=False)).hint
    assert "少了原因" in checks.a(form(required=("单号", "件数"))).hint
    assert "应当合格式" in checks.a(form(原因={"enum": ["破损"]})).hint
    assert "schema.Schema" in checks.a({"type": "object"}).hint


def strict(words):
    def once(pairs):
        if len(dict(pairs)) < len(pairs):
            raise ValueError
        return dict(pairs)

    def no(word):
        raise ValueError

    try:
        return json.loads(words, object_pairs_hook=once, parse_constant=no)
    except (ValueError, RecursionError):
        return None


def loose(words):
    try:
        return json.loads(words)
    except (ValueError, RecursionError):
        return None


def test_b():
    assert checks.b(strict)
    assert "object_pairs_hook" in checks.b(loose).hint
    assert "出错了：JSONDecodeError" in checks.b(json.loads).hint
    assert "应当得到" in checks.b(lambda words: None).hint


def test_c():
    good = {"name": "API 网关", "aliases": ["API gateway", "网关", "GW"]}
    assert checks.c(json.dumps({"terms": [good]}))
    assert "GW 挂了" in checks.c(json.dumps({"terms": [{**good, "aliases": ["API gateway", "网关"]}]})).hint
    assert "GWP" in checks.c(json.dumps({"terms": [{**good, "pattern": "GW"}]})).hint
    assert "词典没有收下" in checks.c("API 网关").hint


def test_d():
    assert checks.d((0.9, 0.954))
    assert "事实全留下" in checks.d((0.80, 0.87)).hint
    assert "1.62" in checks.d((0.5, 0.5)).hint and "两个数" in checks.d((0.9,)).hint


def test_e():
    def given(n, percent):
        return any(round(1000 * k / n + 1e-9) == round(10 * percent) for k in range(n + 1))

    least = next(n for n in range(1, 1000) if all(given(n, p) for p in (72.3, 96.8, 18.5, 2.1)))
    assert least == 379 and checks.e(least)
    assert "给得出" in checks.e(100).hint and "给得出" in checks.e(0).hint
    assert "更小" in checks.e(2 * least).hint


def test_f():
    def clauses(message):
        parts = re.split("[，。！]", message)
        return "，".join(part for part in parts if re.search("[0-9]|买|订|拍|下单|单号", part)) or message

    assert checks.f(clauses)
    assert "还能再短" in checks.f(lambda message: message).hint
    assert "删过头了" in checks.f(lambda message: message[:4]).hint
    assert "空的" in checks.f(lambda message: "").hint


@pytest.mark.parametrize("check", [checks.a, checks.b, checks.c, checks.d, checks.e, checks.f])
def test_what_is_not_done_yet_is_no_mistake(check):
    assert "还没做" in str(check(...))
