"""compel reads what `to_compel` writes with our weights, and its weights really change what both encoders give."""

import pytest
from compel_syntax import is_weighted, to_compel
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit.core.errors import BadInput
from aigc_kit.worlds.prompts import bpe, flatten, parse

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


def compels(prompt):
    """(text without spaces, weight) of each piece, as compel reads it."""
    from compel import Compel

    (flat,) = Compel.parse_prompt_string(prompt).prompts
    return merged([(fragment.text.replace(" ", ""), fragment.weight) for fragment in flat.children])


def ours(prompt):
    return merged([(piece.text.replace(" ", ""), piece.weight) for piece in flatten(parse(prompt).conditions[0])])


def merged(pieces):
    """Spaces have no weight of their own in compel: pieces of spaces go, neighbours of one weight join."""
    out = []
    for text, weight in pieces:
        if not text:
            continue
        if out and abs(out[-1][1] - weight) < 1e-5:
            out[-1] = (out[-1][0] + text, out[-1][1])
        else:
            out.append((text, weight))
    return out


def same(prompt):
    theirs, mine = compels(to_compel(parse(prompt).conditions[0])), ours(prompt)
    assert [text for text, _ in theirs] == [text for text, _ in mine]
    assert [weight for _, weight in theirs] == pytest.approx([weight for _, weight in mine], abs=2e-6)


@pytest.mark.parametrize("prompt", [
    "a cat", "a ((red)) cat, [dog]", "一只(可爱的:1.3)小狗，[模糊]", "((a (b:1.2)) c)", r"(smile \:\))", "(cat:0)",
    "(8k, 35mm:1.4), photo", "portrait (close-up:1.2)", r"\(a\) [b] c", "(a)(b)[c]",
])  # fmt: skip
def test_compel_reads_our_weights(prompt):
    same(prompt)


@given(prompt=st.text(st.sampled_from("ab c()[]:1.5,小狗，\\"), max_size=24))
def test_whatever_is_written_is_read_with_the_same_weights(prompt):
    try:
        tree = parse(prompt)
        written = to_compel(tree.conditions[0])
    except BadInput:
        return
    if written.strip():
        same(prompt)


@pytest.mark.parametrize("prompt", ["C++ (x)", "(a - b:1.2)", 'a "quote"', "(a=b)", "x.blend(1)"])
def test_its_own_signs_are_refused(prompt):
    with pytest.raises(BadInput, match="a meaning of its own there"):
        to_compel(parse(prompt).conditions[0])


@pytest.fixture(scope="module")
def encoders():
    """SDXL's two text encoders, real classes and CLIP's real vocabulary, narrow and with random weights."""
    import torch
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

    torch.manual_seed(0)
    made = []
    for cls, width, act, pad in (
        (CLIPTextModel, 32, "quick_gelu", "<|endoftext|>"),
        (CLIPTextModelWithProjection, 48, "gelu", "!"),
    ):
        config = CLIPTextConfig(
            vocab_size=bpe.VOCABULARY, hidden_size=width, intermediate_size=2 * width, num_hidden_layers=3,
            num_attention_heads=2, hidden_act=act, projection_dim=24, bos_token_id=bpe.START, eos_token_id=bpe.END,
        )  # fmt: skip
        tokenizer = CLIPTokenizer(vocab=bpe.vocabulary(), merges=bpe.merges(), model_max_length=77, pad_token=pad)
        made.append((tokenizer, cls(config).eval()))
    return made


def embedded(tokenizer, encoder, text):
    import torch

    ids = tokenizer(text, padding="max_length", truncation=True, max_length=77, return_tensors="pt").input_ids
    with torch.no_grad():
        return ids[0], encoder(ids, output_hidden_states=True).hidden_states[-2][0]


def through_compel(tokenizer, encoder, prompt):
    import torch
    from compel import Compel, ReturnedEmbeddingsType

    maker = Compel(
        tokenizer=tokenizer,
        text_encoder=encoder,
        returned_embeddings_type=ReturnedEmbeddingsType.PENULTIMATE_HIDDEN_STATES_NON_NORMALIZED,
    )
    with torch.no_grad():
        return maker(to_compel(parse(prompt).conditions[0]))[0]


@pytest.mark.parametrize("which", [0, 1], ids=["CLIP-L", "bigG"])
@pytest.mark.parametrize(("prompt", "word", "weight"), [
    ("a (red:1.5) cat", "red", 1.5), ("a ((red)) cat", "red", 1.21), ("a red (cat:2)", "cat", 2.0),
])  # fmt: skip
def test_a_weight_above_one_stretches_the_word_away_from_the_empty_prompt(encoders, which, prompt, word, weight):
    """compel's rule, computed here by hand: empty + weight x (prompt - empty), at the places of the word alone."""
    import torch

    tokenizer, encoder = encoders[which]
    ids, base = embedded(tokenizer, encoder, "a red cat")
    _, empty = embedded(tokenizer, encoder, "")
    at = (ids == tokenizer(word, add_special_tokens=False).input_ids[0]).nonzero()[0, 0]
    wanted = base.clone()
    wanted[at] = empty[at] + weight * (base[at] - empty[at])
    found = through_compel(tokenizer, encoder, prompt)
    assert torch.allclose(found, wanted, atol=1e-5)
    assert (found[at] - base[at]).abs().max() > 0.1  # and it is a real change


@pytest.mark.parametrize("which", [0, 1], ids=["CLIP-L", "bigG"])
def test_no_weights_change_nothing(encoders, which):
    import torch

    tokenizer, encoder = encoders[which]
    _, base = embedded(tokenizer, encoder, "a red cat")
    assert torch.allclose(through_compel(tokenizer, encoder, "a red cat"), base, atol=1e-5)  # two ways to one number
    assert not is_weighted(parse("a red cat"))


@pytest.mark.parametrize("which", [0, 1], ids=["CLIP-L", "bigG"])
def test_a_weight_below_one_goes_towards_the_prompt_with_the_word_masked(encoders, which):
    """At weight w the two are mixed as 1 : tan((1 - w) pi / 2), so at 0.5 they count the same."""
    import torch

    tokenizer, encoder = encoders[which]
    ids, base = embedded(tokenizer, encoder, "a red cat")
    _, empty = embedded(tokenizer, encoder, "")
    at = (ids == tokenizer("red", add_special_tokens=False).input_ids[0]).nonzero()[0, 0]
    mask = torch.ones_like(ids)
    mask[at] = 0
    with torch.no_grad():
        without = encoder(ids[None], attention_mask=mask[None], output_hidden_states=True).hidden_states[-2][0]

    def halved(states):
        out = states.clone()
        out[at] = empty[at] + 0.5 * (states[at] - empty[at])
        return out

    wanted = (halved(base) + halved(without)) / 2
    assert torch.allclose(through_compel(tokenizer, encoder, "a (red:0.5) cat"), wanted, atol=1e-4)
