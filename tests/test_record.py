"""Sidecars: what they hold, what they must never hold, and whether a run can be made again from one."""

import hashlib
import json
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from aigc_kit import record
from aigc_kit.core.errors import BadInput, CannotWrite, UnknownName
from aigc_kit.core.types import Budget, Card, Cost, Figure, Phase, Plan, Request, Take, as_json
from aigc_kit.core.units import GIB
from aigc_kit.models.cards.facts import TextFacts

TEXT = "人工智能的未来\r\n<script>不是代码</script>\n🙂"
CARD = Card(
    name="sample/model v1",
    tier="tiny",
    kind="text",
    parts={"model": "none"},
    sources=(),
    facts=TextFacts(("zh",), max_context=64, layers=1, kv_heads=1, head_dim=8),
    defaults={"engine": "transformers", "temperature": 0.7, "max_new_tokens": 8},
    licence="CC0",
    params=Figure(1000, "parameters", "published", "counted by hand"),
)


@pytest.fixture
def take():
    request = Request(CARD.name, "人工智能", seed=7, extra={"temperature": 0.7, "stop": ("。", "\n")})
    budget = Budget("cpu", "Sample CPU", 8 * GIB, 16 * GIB, 8 * GIB, 100 * GIB)
    prediction = {"seconds": Figure(2.0, "s", "predicted", "a rule", error=0.5)}
    plan = Plan(request, CARD, budget, {"model": "float32"}, {"model": "cpu"}, "sdpa", {}, prediction)
    cost = Cost(
        (
            Phase("load", 9.0, 1000, "growth of RSS"),
            Phase("prefill", 0.5, 900, "growth of RSS"),
            Phase("token", 1.0, None, "nothing"),
        )
    )
    return Take("text", TEXT, plan, cost, {"tier": "tiny", "origin": "人工撰写，非模型生成"})


def with_extra(take, **extra):
    return replace(take, plan=replace(take.plan, request=take.plan.request.change(**extra)))


def test_save_and_load_go_round(take, tmp_path):
    path = record.save(take, tmp_path / "new" / "folder", label="第一句")
    back = record.load(path)
    text = path.with_suffix(".txt")
    assert text.read_bytes() == TEXT.encode()  # line ends as the model made them
    assert back.outputs == {text.name: hashlib.sha256(TEXT.encode()).hexdigest()}
    assert (back.kind, back.label, back.device, back.licence) == ("text", "第一句", "Sample CPU", "CC0")
    assert record.request_from_json(back.request) == take.plan.request
    assert back.predicted["seconds"] == as_json(take.plan.prediction["seconds"])
    assert back.measured["seconds"]["value"] == 1.5 and back.measured["seconds.prefill"]["value"] == 0.5
    assert back.measured["peak"]["value"] == 1000
    assert {back.measured[name]["how"] for name in back.measured} == {"measured"}
    assert back.measured["seconds"]["source"] == "wall clock, on Sample CPU"
    assert back.measured["peak"]["source"] == "growth of RSS, on Sample CPU"
    assert back.labels["origin"] == "人工撰写，非模型生成"
    assert back.created.endswith("+00:00")


def test_versions_are_those_of_the_installed_packages(take):
    import platform

    import numpy

    versions = record.build(take).versions
    assert versions["numpy"] == numpy.__version__ and versions["python"] == platform.python_version()
    assert "aigc-kit" in versions


def test_name_is_a_digest_so_two_takes_do_not_overwrite_each_other(take, tmp_path):
    first, again = record.save(take, tmp_path), record.save(take, tmp_path)
    other = record.save(replace(take, data="别的"), tmp_path)
    assert first == again != other and first.name.startswith("text-sample_model_v1-")


def test_default_folder_is_the_one_of_the_notebook_run(take, tmp_path, monkeypatch):
    monkeypatch.setenv("AIGC_OUT", str(tmp_path / "there"))
    assert record.save(take, name="a").parent == tmp_path / "there"
    monkeypatch.delenv("AIGC_OUT")
    monkeypatch.chdir(tmp_path)
    assert record.save(take, name="a").resolve() == tmp_path / "out" / "a.json"


@pytest.mark.parametrize("name", ["../a", "a/b", "", ".", "..", "a\\b", "a\n", " a", "x" * 200])
def test_names_that_leave_the_folder_are_refused_and_nothing_is_written(take, tmp_path, name):
    with pytest.raises(BadInput, match="not a plain file name"):
        record.save(take, tmp_path / "out", name=name)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_refused_in_three_lines(take, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("here before")
    (tmp_path / "taken.json").mkdir()
    for folder, name in (("file", None), ("file/below", None), ("n" * 300, None), (".", "taken")):
        with pytest.raises(CannotWrite, match=r"(?s)to save .*refused.*choose another folder"):
            record.save(take, tmp_path / folder, name)
    monkeypatch.setenv("AIGC_OUT", str(tmp_path / "file"))
    with pytest.raises(CannotWrite, match=r"'.*file'"):
        record.save(take)
    assert (tmp_path / "file").read_text() == "here before"


@pytest.mark.skipif(sys.platform != "linux", reason="a folder in which not even root may write: /proc")
def test_a_folder_in_which_nobody_may_write_is_named(take):
    with pytest.raises(CannotWrite, match="'/proc/none'"):
        record.save(take, "/proc/none")


@pytest.mark.parametrize("folder", [5, b"out", ["out"], "a\0b"])
def test_what_is_no_folder_is_refused(take, folder):
    with pytest.raises(BadInput, match=r"(?s)to save into .*no path of a folder.*leave it out"):
        record.save(take, folder)


def test_a_name_and_a_label_are_texts_and_a_take_is_a_take(take, tmp_path):
    with pytest.raises(BadInput, match="record name 5"):
        record.save(take, tmp_path, 5)
    with pytest.raises(BadInput, match="label=5"):  # `load` would refuse it
        record.save(take, tmp_path, label=5)
    for wrong in (None, "一句话", take.plan):
        with pytest.raises(BadInput, match=r"(?s)no result of a run.*text\.make"):
            record.save(wrong, tmp_path)
    assert not list(tmp_path.iterdir())


def test_kinds_that_cannot_be_written_are_named(take, tmp_path):
    with pytest.raises(BadInput, match=r"save a scent take with ndarray data[\s\S]*writes image, music, speech, text"):
        record.save(replace(take, kind="scent", data=np.zeros(3, np.float32)), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_images_are_lossless(take, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (2, 5, 4, 3), dtype=np.uint8)
    path = record.save(replace(take, kind="image", data=pixels), tmp_path, name="two")
    assert list(record.load(path).outputs) == ["two-0.png", "two-1.png"]
    for index in (0, 1):
        assert (np.asarray(Image.open(tmp_path / f"two-{index}.png")) == pixels[index]).all()


def test_values_of_secret_variables_never_reach_the_sidecar(take, tmp_path, monkeypatch):
    secret = "correct-horse-battery"
    monkeypatch.setenv("AIGC_OPENAI_API_KEY", secret)
    leaky = with_extra(take, header=f"Bearer {secret}", nested={"list": [secret]}, api_key="short")
    leaky = replace(leaky, labels={"endpoint": f"http://me:{secret}@127.0.0.1/v1", "why": f"used {secret}"})
    text = record.save(leaky, tmp_path, label=f"with {secret}").read_text()
    assert secret not in text and '"short"' not in text and "127.0.0.1" in text


LOOKALIKE = "sk-" + "a1B2" * 6


def test_what_looks_like_a_key_is_blotted_out_and_the_record_says_where(take, tmp_path):
    asked = replace(take, plan=replace(take.plan, request=take.plan.request.change(prompt=f"解释 {LOOKALIKE}")))
    path = record.save(replace(asked, labels={"note": LOOKALIKE, "tier": "tiny"}), tmp_path, name="a")
    back = record.load(path)
    assert LOOKALIKE not in path.read_text(encoding="utf-8")
    assert back.request["prompt"] == "解释 •••"
    assert back.labels == {"note": "•••", "tier": "tiny", "redacted": ["labels", "request"]}
    assert back.request["extra"]["stop"] == ["。", "\n"]  # ordinary values stay
    assert "redacted" not in record.build(take).labels


def test_a_request_without_its_key_is_not_reproduced(take, tmp_path):
    def must_not_run(plan):
        raise AssertionError("ran")

    path = record.save(with_extra(take, api_key="short"), tmp_path, name="a")
    for redacted in (["request"], True):
        data = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps({**data, "labels": {"redacted": redacted}}), encoding="utf-8")
        with pytest.raises(BadInput, match=r"asked: to reproduce a.json[\s\S]*blotted out[\s\S]*run the request again"):
            record.reproduce(path, card=CARD, run=must_not_run)
    noted = record.save(replace(take, labels={"note": LOOKALIKE}), tmp_path, name="b")  # its request is whole
    assert record.reproduce(noted, card=CARD, run=lambda plan: replace(take, plan=plan)).same


def test_a_text_with_the_value_of_a_secret_variable_is_not_written(take, tmp_path, monkeypatch):
    secret = "correct-horse-battery"
    monkeypatch.setenv("AIGC_OPENAI_API_KEY", secret)
    with pytest.raises(BadInput, match=r"environment variable AIGC_OPENAI_API_KEY, which holds a key") as caught:
        record.save(replace(take, data=f"the key is {secret}."), tmp_path / "out", name="echo")
    with pytest.raises(BadInput, match="holds a key") as named:
        record.save(take, tmp_path / "out", name=f"run {secret}")
    assert secret not in f"{caught.value}{named.value}" and not (tmp_path / "out").exists()
    monkeypatch.setenv("AIGC_OPENAI_API_KEY", "short")  # would be found inside innocent words
    assert record.save(replace(take, data="a short text"), tmp_path, name="a")


@pytest.mark.parametrize(
    ("name", "fits"), [("春" * 60, True), ("春" * 61, False), ("x" * 180, True), ("x" * 181, False)]
)
def test_names_are_limited_in_bytes_and_what_is_saved_can_be_loaded(take, tmp_path, name, fits):
    if fits:
        assert record.verify(record.save(take, tmp_path, name=name)) == {f"{name}.txt": "same"}
    else:
        with pytest.raises(BadInput, match="at most 180 bytes"):
            record.save(take, tmp_path, name=name)
        assert list(tmp_path.iterdir()) == []


def test_verify_sees_a_changed_and_a_missing_file(take, tmp_path):
    path = record.save(take, tmp_path, name="a")
    assert record.verify(path) == {"a.txt": "same"}
    (tmp_path / "a.txt").write_text(TEXT + "!")
    assert record.verify(path) == {"a.txt": "changed"}
    (tmp_path / "a.txt").unlink()
    assert record.verify(path) == {"a.txt": "missing"}


def test_load_refuses_what_is_not_a_record(take, tmp_path):
    with pytest.raises(BadInput, match="no such file"):
        record.load(tmp_path / "none.json")
    path = record.save(take, tmp_path, name="a")
    data = json.loads(path.read_text())
    for text, why in (("{", "not JSON"), ("[1]", "no record"), ('{"created": 1}', "it lacks device")):
        path.write_text(text)
        with pytest.raises(BadInput, match=why):
            record.load(path)
    path.write_text(json.dumps({**data, "outputs": {"../../secret": "0"}}))
    with pytest.raises(BadInput, match="outside its folder"):
        record.verify(path)


FIGURE = {"value": 1.0, "unit": "s", "how": "measured", "source": "clock", "error": None}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"labels": "x"}, r'labels is "x", not an object'),
        ({"label": None}, "label is null, not text"),
        ({"created": 5}, "created is 5, not text"),
        ({"device": ["cpu"]}, "device is"),
        ({"licence": {}}, "licence is"),
        ({"kind": "cli"}, r'kind is "cli", not one of text, image'),
        ({"kind": "../x"}, "kind is"),
        ({"request": []}, "request is"),
        ({"request": {"card": "c"}}, "request.prompt is null, not text"),
        ({"request": {"card": 1, "prompt": "p"}}, "request.card is 1"),
        ({"request": {"card": "c", "prompt": "p", "extra": [1]}}, "request.extra is"),
        ({"plan": {"card": "c"}}, "plan.card is"),
        ({"versions": {"torch": 2}}, "versions.torch is 2, not text"),
        ({"outputs": {"a.txt": None}}, "outputs.a.txt is null"),
        ({"measured": {"seconds": 5}}, "measured.seconds is 5, not a figure"),
        ({"measured": {"seconds": {"value": 5}}}, "measured.seconds is"),
        ({"measured": {"seconds": {**FIGURE, "value": "5"}}}, "measured.seconds is"),
        ({"measured": {"seconds": {**FIGURE, "value": True}}}, "measured.seconds is"),
        ({"measured": {"seconds": {**FIGURE, "value": float("nan")}}}, "measured.seconds is"),
        ({"measured": {"seconds": {**FIGURE, "source": 3}}}, "measured.seconds is"),
        ({"measured": {"seconds": {**FIGURE, "unit": 3}}}, "measured.seconds is"),
        ({"measured": {"seconds": {**FIGURE, "how": []}}}, "measured.seconds is"),
        ({"predicted": {"peak": {**FIGURE, "error": "x"}}}, "predicted.peak is"),
    ],
)
def test_load_refuses_values_of_the_wrong_kind_and_names_them(take, tmp_path, change, why):
    path = record.save(take, tmp_path, name="a")
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **change}), encoding="utf-8")
    with pytest.raises(BadInput, match=why):
        record.load(path)
    with pytest.raises(BadInput, match=why):  # before anything is imported or run
        record.reproduce(path, card=CARD)


def test_load_refuses_a_folder_and_json_too_deep_to_read(tmp_path):
    (tmp_path / "a.json").mkdir()
    with pytest.raises(BadInput, match="cannot be read"):
        record.load(tmp_path / "a.json")
    (tmp_path / "b.json").write_text("[" * 100_000)
    with pytest.raises(BadInput, match="not JSON"):
        record.load(tmp_path / "b.json")


@pytest.mark.parametrize(
    ("field", "then", "name"),
    [
        ("dtypes", {"model": "q4"}, "dtypes.model"),
        ("placement", {"model": "server"}, "placement.model"),
        ("attention", "eager", "attention"),
    ],
)
def test_reproduce_names_what_was_planned_otherwise(tmp_path, field, then, name):
    from aigc_kit import text

    plan = text.plan_for("春风", card="poem", max_new_tokens=4, seed=5)
    made = text.run(plan)
    path = record.save(made, tmp_path, name="a")
    data = json.loads(path.read_text(encoding="utf-8"))
    now = data["plan"][field]
    path.write_text(json.dumps({**data, "plan": {**data["plan"], field: then}}), encoding="utf-8")
    again = record.reproduce(path, run=lambda plan: replace(made, plan=plan))
    assert again.same and dict(again.differs) == {
        name: (then["model"], now["model"]) if isinstance(then, dict) else (then, now)
    }


def test_reproduce_compares_the_bytes_and_says_what_differs(take, tmp_path):
    path = record.save(take, tmp_path, name="a")
    seen = []

    def same(plan):
        seen.append(plan.request)
        return replace(take, plan=plan)

    result = record.reproduce(path, card=CARD, run=same)
    assert result and result.same and "output" not in result.differs
    assert seen[0].prompt == "人工智能" and seen[0].seed == 7 and seen[0].extra["stop"] == ("。", "\n")
    assert result.differs["device"][0] == "Sample CPU"
    changed = record.reproduce(path, card=CARD, run=lambda plan: replace(take, plan=plan, data="别的"))
    assert not changed and changed.differs["output"][0] == [hashlib.sha256(TEXT.encode()).hexdigest()]
    assert "the result differs" in repr(changed)


def test_reproduce_needs_a_registered_card(take, tmp_path):
    with pytest.raises(UnknownName, match="no card of that name"):
        record.reproduce(record.save(take, tmp_path), run=lambda plan: take)


_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    prompt=st.text(min_size=1).filter(str.strip),
    seed=st.integers(0, 2**32 - 1),
    steps=st.none() | st.integers(1, 99),
    extra=st.dictionaries(st.text(max_size=6), _values, max_size=4),
)
def test_requests_survive_json(prompt, seed, steps, extra):
    request = Request("c", prompt, seed=seed, steps=steps, guidance=1.5, extra=extra)
    assert record.request_from_json(json.loads(json.dumps(as_json(request)))) == request


def test_request_from_json_refuses_strangers():
    with pytest.raises(BadInput, match="fps='fast'"):
        record.request_from_json({"card": "c", "prompt": "x", "fps": "fast"})
    with pytest.raises(BadInput, match=r"unknown fields \['promt'\]"):
        record.request_from_json({"card": "c", "promt": "x"})
    with pytest.raises(BadInput, match="no card or no prompt"):
        record.request_from_json({"card": "c"})


def test_a_real_text_is_reproduced_byte_for_byte(tmp_path):
    from aigc_kit import text

    plan = text.plan_for("春风", card="poem", max_new_tokens=12, temperature=1.0, seed=5)
    made = text.run(plan)
    path = record.save(made, tmp_path)
    again = record.reproduce(path)
    assert again.same and again.take.data == made.data and again.differs == {}
    data = json.loads(path.read_text(encoding="utf-8"))
    other = tmp_path / "other.json"
    other.write_text(json.dumps({**data, "request": {**data["request"], "seed": 6}}), encoding="utf-8")
    changed = record.reproduce(other)  # another seed, another text: the comparison can fail
    assert not changed.same and list(changed.differs) == ["output"]
