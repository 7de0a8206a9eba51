"""Tokens are counted as transformers' CLIPTokenizer counts them, and what a limit cuts off is what is not read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit.core.errors import BadInput
from aigc_kit.worlds.prompts import bpe, budget, course_prompt

ALPHABET = st.characters(codec="utf-8", categories=("L", "M", "N", "P", "S", "Zs"), max_codepoint=0xFFFF)


@pytest.fixture(scope="module")
def clip():
    """transformers' tokenizer over the shipped merges: the algorithm is theirs."""
    from transformers import CLIPTokenizer

    return CLIPTokenizer(vocab=bpe.vocabulary(), merges=bpe.merges(), model_max_length=77)


def test_the_vocabulary_is_clips():
    words = bpe.vocabulary()
    assert len(words) == bpe.VOCABULARY == 49_408
    # ids that CLIP's own documentation and every published tokenizer.json show
    assert words["a</w>"] == 320
    assert words["photo</w>"] == 1125
    assert words["cat</w>"] == 2368
    assert words["<|startoftext|>"] == 49_406
    assert words["<|endoftext|>"] == 49_407


@given(text=st.text(ALPHABET, max_size=40))
def test_the_ids_are_those_of_transformers(clip, text):
    assert [token.id for token in bpe.encode(text)[1]] == clip(text, add_special_tokens=False).input_ids


@pytest.mark.parametrize(
    "text", ["It's 8K!! we'll see...", "35mm f/1.8", "<|endoftext|>", "naïve Ünïcode", "🐕‍🦺", "  a\n b "]
)
def test_awkward_texts_too(clip, text):
    assert [token.id for token in bpe.encode(text)[1]] == clip(text, add_special_tokens=False).input_ids


@pytest.mark.parametrize(
    ("name", "ascii_commas", "full_width"),
    [("workshop", 122, 132), ("workshop-negative", 150, 180), ("formula", 170, 184), ("landscape", 208, 208)],
)
def test_the_courses_prompts_cost_what_was_measured(clip, name, ascii_commas, full_width):
    """E15. A full-width comma costs three tokens, an ASCII comma one; the published numbers are with the latter."""
    prompt = course_prompt(name).zh
    assert budget(prompt.replace("，", ", ")).used == ascii_commas
    assert budget(prompt).used == full_width == len(clip(prompt).input_ids) - 2
    assert not budget(prompt).fits


def test_the_translations_fit():
    for name in ("ab", "workshop", "workshop-negative", "formula", "topology"):
        assert budget(course_prompt(name).en).fits, name


def test_weights_are_literal_tokens_to_diffusers():
    """E16."""
    assert [token.piece for token in budget("(cat:1.5)").tokens] == ["(", "cat", ":", "1", ".", "5", ")"]


def test_chinese_characters_cost_bytes():
    """E5."""
    white = budget("白色")
    assert white.used == 6
    assert white.costs == (("白", 3), ("色", 3))
    assert white.tokens_per_hanzi == 3
    assert budget("a cat").tokens_per_hanzi is None


@given(text=st.text(ALPHABET, max_size=60), limit=st.integers(1, 30))
def test_kept_and_cut_are_the_text(text, limit):
    made = budget(text, limit=limit)
    assert made.kept + made.cut == made.text
    assert made.fits == (made.cut == "")
    assert sum(tokens for _, tokens in made.costs) == made.used
    assert budget(made.kept, limit=limit).used <= limit + 1  # a word that is cut may read differently


def test_what_is_read_decodes_to_what_is_kept(clip):
    made = budget(course_prompt("topology").en, limit=20)
    read = clip(made.text, truncation=True, max_length=22).input_ids[1:-1]
    assert clip.decode(read).replace(" ", "") == made.kept.replace(" ", "")
    assert made.cut.startswith(", intermediate") or made.cut


def test_a_tokenizer_of_transformers_can_be_given(clip):
    text = course_prompt("workshop").zh
    ours, theirs = budget(text), budget(text, clip)
    assert theirs.limit == 75
    assert [(t.id, t.start) for t in ours.tokens] == [(t.id, t.start) for t in theirs.tokens]
    assert ours.cut == theirs.cut


def test_pieces_are_counted_one_by_one():
    made = budget(["sun", "flower"])
    assert made.text == "sunflower"
    assert made.used == 2 > budget("sunflower").used
    assert made.tokens[1].start == 3


@pytest.mark.parametrize(
    ("kwargs", "match"), [({"limit": 0}, "less than 1"), ({"tokenizer": object(), "limit": 9}, "tell where")]
)
def test_refusals(kwargs, match):
    with pytest.raises(BadInput, match=match):
        budget("a", **kwargs)
    with pytest.raises(BadInput, match="not text"):
        budget(3)
