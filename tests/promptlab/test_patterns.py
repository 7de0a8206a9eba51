"""Templates fill every slot and nothing else, versions are their content, and hostile ones are refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc_kit.core.errors import AigcError, BadInput, UnknownName
from aigc_kit.promptlab.patterns import EXAMPLES, PATTERNS, Slot, Template, open_slots, pattern

words = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Cf", "Zl", "Zp")), min_size=1, max_size=40).filter(
    lambda text: text.strip() and not open_slots(text)
)
names = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True).filter(lambda name: name != "loop")


@st.composite
def templates(draw):
    """A template of plain text around slots of its own."""
    slots = draw(st.lists(names, min_size=1, max_size=5, unique=True))
    pieces = [draw(st.sampled_from(["请写", "，关于", "\n第一条：", " 100% ", "；", '{"数量":3}'])) for _ in slots]
    text = "".join(f"{piece}{{{{ {slot} }}}}" for piece, slot in zip(pieces, slots, strict=True))
    return Template("t", text, tuple(Slot(slot) for slot in slots))


@settings(max_examples=40)
@given(templates(), st.data())
def test_every_slot_is_filled_and_none_is_left(template, data):
    values = {slot.name: data.draw(words) for slot in template.slots}
    try:
        filled = template.fill(values)
    except BadInput as error:  # a value may close a brace or bracket of the text around it
        assert "left open" in error.found
        return
    assert all(value.strip() in filled.text for value in values.values())
    assert open_slots(filled.text, list(values)) == []
    assert dict(filled.slots) == {name: value.strip() for name, value in values.items()}


@settings(max_examples=30)
@given(templates(), templates())
def test_a_version_is_the_content(one, other):
    again = Template.of_content("another name", one.content)
    assert again.version == one.version and again.slots == one.slots
    assert (one.version == other.version) == (one.content == other.content)


def test_a_version_changes_with_text_and_slot_and_not_with_the_name():
    base = Template("a", "写{{ x }}", (Slot("x"),))
    assert Template("b", "写{{ x }}", (Slot("x"),), "说明").version == base.version
    changed = [
        Template("a", "写{{ x }}。", (Slot("x"),)),
        Template("a", "写{{ x }}", (Slot("x", longest=5),)),
        Template("a", "写{{ x }}", (Slot("x", default="诗"),)),
        Template("a", "写{{ x }}", (Slot("x", choices=("诗",)),)),
    ]
    assert len({base.version, *(each.version for each in changed)}) == 5


@pytest.mark.parametrize("name", PATTERNS)
def test_the_patterns_of_the_course_fill(name):
    filled = pattern(name).fill(EXAMPLES[name])
    assert open_slots(filled.text, [slot.name for slot in PATTERNS[name].slots]) == []
    assert all(slot.about for slot in PATTERNS[name].slots) and PATTERNS[name].about
    for value in EXAMPLES[name].values():
        assert all(str(each) in filled.text for each in (value if isinstance(value, tuple) else [value]))


def test_chain_of_thought_without_and_with_examples():
    plain = pattern("thought").fill(EXAMPLES["thought"]).text
    assert plain == "算一下一共多少元。一步一步算。\n消息：我买了3个水杯，单价25元。"
    shots = ["消息：两本书，单价10元。\n答案：10×2=20，答案20", "消息：一支笔，单价3元。\n答案：3×1=3，答案3"]
    filled = pattern("thought").fill(EXAMPLES["thought"], examples=shots).text
    lines = ["算一下一共多少元。一步一步算。", *shots, "消息：我买了3个水杯，单价25元。", "答案："]
    assert filled == "\n".join(lines)


def test_kinds_of_slots():
    template = Template(
        "kinds",
        "{{ style }}，{{ count }} 条{% if more %}，{{ more }}{% endif %}："
        "{% for each in all %}{{ loop.index }}.{{ each }}"
        "{% if not loop.last %}；{% endif %}{% endfor %}（{{ all | join('、') }}）",
        (
            Slot("style", choices=("正式", "活泼")),
            Slot("count", kind="number", least=1, most=5),
            Slot("more", default=""),
            Slot("all", kind="list", least=2, most=3),
        ),
    )
    assert template.fill(style="正式", count="3", all=["甲", "乙"]).text == "正式，3 条：1.甲；2.乙（甲、乙）"
    assert template.fill(style="活泼", count=1, more="快", all=("甲", 2)).text == "活泼，1 条，快：1.甲；2.2（甲、2）"
    assert template.needed == ("style", "count", "all")


BAD_VALUES = {
    "unknown slot": ({"topic": "月", "tone": "x"}, "unknown slots"),
    "nothing for a slot": ({}, "nothing for topic"),
    "only blanks": ({"topic": "  "}, "nothing"),
    "100 kB": ({"topic": "月" * 34_000}, "34,000 characters"),
    "a slot in it": ({"topic": "{{ topic }}"}, "slot in it"),
    "a slot of str.format": ({"topic": "{topic}"}, "slot in it"),
    "a statement": ({"topic": "{% for a in b %}"}, "slot in it"),
    "text that turns round": ({"topic": "月\u202eab"}, "hidden characters"),
    "half a character": ({"topic": "\ud800"}, "UTF-8"),
    "not text": ({"topic": ["月"]}, "not text"),
    "true": ({"topic": True}, "not text"),
    "not the choice": ({"topic": "月", "style": "怒"}, "'怒'"),
    "a number that is none": ({"topic": "月", "count": "三"}, "'三'"),
    "too large": ({"topic": "月", "count": 10**5000}, "int(16610 bits)"),
    "a half": ({"topic": "月", "count": 2.5}, "2.5"),
    "too many": ({"topic": "月", "all": ["a"] * 9}, "9 texts"),
    "a text for a list": ({"topic": "月", "all": "abc"}, "a str"),
}
ASKED = Template(
    "asked",
    "{{ topic }}{{ style }}{{ count }}{{ all | join('、') }}",
    (
        Slot("topic"),
        Slot("style", choices=("喜", "悲"), default="喜"),
        Slot("count", kind="number", least=1, most=9, default=3),
        Slot("all", kind="list", most=3, default=()),
    ),
)


@pytest.mark.parametrize("values, fault", BAD_VALUES.values(), ids=BAD_VALUES)
def test_wrong_values_are_refused_with_advice(values, fault):
    with pytest.raises(BadInput) as refusal:
        ASKED.fill(values)
    assert fault in refusal.value.found + refusal.value.asked and refusal.value.todo
    assert len(str(refusal.value)) < 400
    assert ASKED.fill(topic="月").text == "月喜3"  # what the advice asks for


HOSTILE = {
    "a class's root": "{{ x.__class__.__mro__ }}",
    "an attribute": "{{ x.upper }}",
    "a call": "{{ x.upper() }}",
    "a global": "{{ range(3) }}",
    "an endless loop": "{% for i in range(1000000000) %}{{ x }}{% endfor %}",
    "a loop in a loop": "{% for a in l %}{% for b in l %}{{ a }}{{ b }}{{ x }}{% endfor %}{% endfor %}",
    "a loop over a text": "{% for a in x %}{{ a }}{% endfor %}",
    "recursion": "{% for a in l recursive %}{{ loop(l) }}{{ x }}{% endfor %}",
    "a macro that calls itself": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}{{ x }}",
    "an include of itself": "{% include 'asked' %}{{ x }}",
    "a parent": "{% extends 'base' %}{{ x }}",
    "an import": "{% import 'os' as os %}{{ x }}",
    "a huge text": "{{ 'a' * 1000000000 }}{{ x }}",
    "a huge power": "{{ 9 ** 99999999 }}{{ x }}",
    "a filter": "{{ x | format(1) }}",
    "the filter attr": "{{ x | attr('__class__') }}",
    "an index": "{{ x[0] }}",
    "an assignment": "{% set x = 1 %}{{ x }}",
    "a test": "{% if x is defined %}{{ x }}{% endif %}",
    "the loop outside": "{{ loop.index }}{{ x }}",
    "a secret of the loop": "{% for a in l %}{{ loop.__init__ }}{{ x }}{% endfor %}",
    "a call block": "{% call x() %}{% endcall %}",
    "not closed": "{{ x",
    "an unknown slot": "{{ x }}{{ y }}",
    "a slot of str.format": "{{ x }}{topic}",
    "its slot in brackets": "{{ x }}【x】",
    "deeply nested": "{{ " + "(" * 3000 + "x" + ")" * 3000 + " }}",
    "too long": "{{ x }}" + "长" * 20_001,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_templates_are_refused_before_anything_runs(text):
    slots = (Slot("x"), Slot("l", kind="list")) if " l %" in text or " l r" in text else (Slot("x"),)
    with pytest.raises(BadInput) as refusal:
        Template("hostile", text, slots)
    assert refusal.value.todo and len(str(refusal.value)) < 400


@given(st.text(st.sampled_from("{}%#x l.|()[]_'\"for ifin0*~"), max_size=40))
def test_no_text_makes_a_template_do_more_than_fill(text):
    try:
        template = Template("fuzz", text, (Slot("x"),))
        filled = template.fill(x="月")
    except AigcError:
        return
    assert "月" in filled.text or "{% if" in text.replace("  ", " ") or "x" in text


def test_slots_are_checked():
    for bad in ("", "X", "1a", "loop", "a b", "a" * 50):
        with pytest.raises(BadInput):
            Slot(bad)
    with pytest.raises(BadInput, match="without choices"):
        Slot("a", kind="choice")
    with pytest.raises(BadInput, match="the kind"):
        Slot("a", kind="file")
    with pytest.raises(BadInput, match="twice"):
        Template("t", "{{ x }}", (Slot("x"), Slot("x")))
    with pytest.raises(BadInput, match="listed"):
        Template("t", "{{ x }}", (Slot("x"), Slot("y")))
    with pytest.raises(BadInput, match="left open"):
        Template("t", "{ {{- x -}} }", (Slot("x"),)).fill(x="topic")
    with pytest.raises(BadInput, match="empty prompt"):
        Template("t", "{% if x %}{% endif %}", (Slot("x"),)).fill(x="月")


def test_an_unknown_pattern_names_the_nearest():
    with pytest.raises(UnknownName, match="feynman"):
        pattern("feinman")
