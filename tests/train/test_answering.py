"""Answers are learned, prompts and padding are not: against transformers' own labels."""

import pytest
import torch

from aigc_kit import text
from aigc_kit.core.errors import BadInput
from aigc_kit.make.train.answering import IGNORED, answer_batches, encode, surprise, surprises

PAIRS = [
    ("<五绝>春夜<诗>", "关关雎鸠，在河之洲。"),
    ("<五绝>江<诗>", "吉日兮辰良。"),
    ("<五绝>送友人<诗>", "坎坎伐檀兮，"),
]


@pytest.fixture(scope="module")
def poet():
    return text.engine(text.plan_for("春", card="poem", engine="transformers"))


def test_only_answers_count(poet):
    rows = encode(poet.tokenizer, PAIRS)
    for (prompt, answer), ids, labels in zip(PAIRS, rows.ids, rows.labels, strict=True):
        before = len(poet.encode(prompt))
        told = labels[labels != IGNORED]
        assert (labels[:before] == IGNORED).all() and torch.equal(told, ids[before : before + len(told)])
        assert poet.decode(told.tolist()) == answer and int(told[-1]) == poet.tokenizer.eos_token_id
    assert not (encode(poet.tokenizer, PAIRS, end=False).labels == poet.tokenizer.eos_token_id).any()


def test_the_loss_is_that_of_transformers(poet):
    """With its own labels, mask and shift; float32 sums in another order: 1e-5."""
    rows = encode(poet.tokenizer, PAIRS)
    mask = (rows.ids != poet.tokenizer.pad_token_id).long()
    with torch.inference_mode():
        theirs = poet.model(input_ids=rows.ids, attention_mask=mask, labels=rows.labels).loss
        ours = surprise(poet.model, rows)
        each = surprises(poet.model, rows)
        alone = [surprises(poet.model, encode(poet.tokenizer, [pair]))[0] for pair in PAIRS]
    assert float(ours) == pytest.approx(float(theirs), rel=1e-5)
    assert torch.allclose(each, torch.stack(alone), rtol=1e-5), "what stands beside a row does not matter"


def test_vectors_of_tokens_are_those_tokens(poet):
    """A soft prompt made of embeddings is the text that they belong to."""
    ids = torch.tensor(poet.encode("风雅"))
    rows = encode(poet.tokenizer, [(f"风雅{prompt}", answer) for prompt, answer in PAIRS])
    with torch.inference_mode():
        as_text = surprises(poet.model, rows)
        as_vectors = surprises(poet.model, encode(poet.tokenizer, PAIRS), poet.model.get_input_embeddings()(ids))
    assert torch.allclose(as_text, as_vectors, rtol=1e-5)


def test_a_step_has_its_batch_whatever_came_before(poet):
    rows = encode(poet.tokenizer, PAIRS * 4)
    whole = [batch.ids for batch in answer_batches(rows, 4, seed=3, steps=6)]
    later = [batch.ids for batch in answer_batches(rows, 4, seed=3, steps=6, start=2)]
    assert len(later) == 4 and all(map(torch.equal, whole[2:], later))


def test_a_batch_is_cut_to_its_longest_row(poet):
    rows = encode(poet.tokenizer, PAIRS)
    short = rows.of([1])
    assert len(short) == 1 and short.ids.shape[1] == len(poet.encode("".join(PAIRS[1]))) + 1
    assert rows.of([0, 1, 2]).ids.shape == rows.ids.shape


@pytest.mark.parametrize(
    "pairs", [[], [("", "a")], [("a", "")], [("a", None)]], ids=("none", "prompt", "answer", "type")
)
def test_pairs_without_text_are_refused(poet, pairs):
    with pytest.raises(BadInput, match="one pair"):
        encode(poet.tokenizer, pairs)


@pytest.mark.parametrize("size", [0, 4, -1])
def test_batches_that_cannot_be_are_refused(poet, size):
    with pytest.raises(BadInput, match="smaller batches"):
        next(answer_batches(encode(poet.tokenizer, PAIRS), size, seed=0, steps=1))


def test_slopes_go_through_what_is_read_once(poet):
    """The rows begin alike; every slope is that of transformers' own loss, up to sums in float32: 2e-4."""
    import copy

    rows = encode(poet.tokenizer, PAIRS)
    mask = (rows.ids != poet.tokenizer.pad_token_id).long()
    networks = [copy.deepcopy(poet.model).requires_grad_(True) for _ in range(2)]
    networks[0](input_ids=rows.ids, attention_mask=mask, labels=rows.labels).loss.backward()
    surprise(networks[1], rows).backward()
    for theirs, ours in zip(networks[0].parameters(), networks[1].parameters(), strict=True):
        assert torch.allclose(theirs.grad, ours.grad, atol=2e-4 * float(theirs.grad.abs().max()))
