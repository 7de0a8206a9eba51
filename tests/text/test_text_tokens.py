"""Tokens of one sentence: bytes, characters, and the real byte-level tokenizer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit.core.errors import BadInput, NotOnDisk, UnknownName
from aigc_kit.make.text.tokens import Reading, is_hanzi, read, readings

SAID = "人工智能 is 好的!"


def test_bytes_are_the_baseline():
    found = read(SAID, "utf-8")
    assert bytes(found.ids) == SAID.encode() and found.tokens == len(SAID.encode())
    assert found.tokens_per_hanzi == 3
    assert found.pieces[:3] == ("<E4>", "<BA>", "<BA>") and found.spans[:4] == ((0, 1), (0, 1), (0, 1), (1, 2))
    assert read("abc", "utf-8").tokens_per_hanzi is None
    assert read("abc", "utf-8").characters_per_token == 1


def test_a_cut_loses_what_it_splits():
    found = read("好a好", "utf-8")  # 3 + 1 + 3 bytes
    assert [found.cut(n) for n in (0, 2, 3, 4, 6, 7, 9)] == [
        ("", "好a好"),
        ("", "好a好"),
        ("好", "a好"),
        ("好a", "好"),
        ("好a", "好"),
        ("好a好", ""),
        ("好a好", ""),
    ]
    with pytest.raises(BadInput, match="choose 0 or more"):
        found.cut(-1)


@given(st.text(min_size=1, max_size=40).filter(lambda s: s.isprintable()), st.integers(0, 60))
def test_what_is_left_and_lost_is_the_text(said, limit):
    found = read(said, "utf-8")
    left, lost = found.cut(limit)
    assert left + lost == said and len(left.encode()) <= limit
    rest = lost[:1].encode()
    assert not rest or len(left.encode()) + len(rest) > limit  # nothing was lost without need


def test_tokens_per_hanzi_by_hand():
    """Four 汉字; a token over two of them counts once, two tokens in one of them count twice."""
    found = Reading("x", "人工智能!", (1, 2, 3, 4, 5), ("",) * 5, ((0, 2), (2, 3), (2, 3), (3, 4), (4, 5)))
    assert found.tokens_per_hanzi == 1.0 and found.characters_per_token == 1.0


def test_the_poem_models_tokens_are_characters():
    found = read("春风，龘a", "poem")
    assert found.tokens == 5 and found.pieces[:2] == ("春", "风") and found.unknown == ("龘", "a")
    assert found.tokens_per_hanzi == 1.0


def test_a_byte_level_tokenizer(smollm2_file):
    found = read(SAID, "smollm2-135m")
    assert found.tokens < len(SAID.encode()) and found.unknown == ()
    assert found.tokens_per_hanzi > 1
    assert " is" in found.pieces and any(piece.startswith("<E5>") for piece in found.pieces)
    assert [r.tokenizer for r in readings(SAID, ["utf-8", "smollm2-135m"])] == ["utf-8", "smollm2-135m"]


def test_all_that_are_here_are_read():
    names = [found.tokenizer for found in readings("春风", None)]
    assert names[0] == "utf-8" and "poem" in names and "endpoint" not in names


def test_bad_input_is_named(monkeypatch):
    with pytest.raises(BadInput, match="an empty text"):
        read("", "utf-8")
    with pytest.raises(UnknownName, match="no card of that name"):
        read("x", "clip")
    with pytest.raises(UnknownName, match="it has none here"):
        read("x", "endpoint")
    monkeypatch.setattr("aigc_kit.models.fetch.find", lambda card: None)
    with pytest.raises(NotOnDisk, match=r"aigc fetch qwen2\.5-coder-0\.5b"):
        read("x", "qwen2.5-coder-0.5b")


def test_what_counts_as_hanzi():
    assert [is_hanzi(c) for c in "春龘㐀。a１"] == [True, True, True, False, False, False]
