"""Loss, weights, formats, likelihoods and their intervals against torch, transformers, scipy and counting by hand."""

import numpy as np
import pytest
from core_models import require_card
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc_kit import loaded, text
from aigc_kit.core.errors import BadInput, UnknownName
from aigc_kit.promptlab.alignment import balance, chat_formats, consistency, fulfilment, likelihood
from aigc_kit.worlds.prompt_task import Mark
from aigc_kit.worlds.verse_task import VerseTask

vectors = st.integers(0, 10**6).map(lambda seed: np.random.default_rng(seed).normal(0, 1, (3, 5)))


# ---- consistency ----------------------------------------------------------------------------------------------------


@given(vectors, st.sampled_from(sorted(consistency.PRESETS)), st.floats(0.01, 100))
@settings(max_examples=50)
def test_terms_and_loss_are_bounded_and_zero_at_best(three, name, scale):
    prompt, response, template = three
    parts = consistency.terms(prompt, response * scale, template)
    assert all(0 <= value <= 1 + 1e-12 for value in parts.values())
    assert 0 <= consistency.loss(prompt, response * scale, template, consistency.preset(name)) <= 1
    assert consistency.loss(prompt, prompt, prompt, consistency.preset(name)) == pytest.approx(0, abs=1e-7)


@given(vectors, st.sampled_from(sorted(consistency.PRESETS)))
@settings(max_examples=30)
def test_the_gradient_is_that_of_torch(three, name):
    import torch

    weights = consistency.preset(name)
    p, r, t = (torch.tensor(vector, dtype=torch.float64) for vector in three)
    r.requires_grad_()
    cosine = torch.nn.functional.cosine_similarity
    value = weights.alpha * (1 - cosine(r, p, dim=0)) / 2 + weights.beta * (1 - cosine(r, t, dim=0)) / 2
    value = value + weights.rest * (r - p).norm() / (r.norm() + p.norm())
    value.backward()
    assert consistency.loss(*three, weights) == pytest.approx(value.item(), rel=1e-12)
    assert sum(consistency.gradient(*three, weights).values()) == pytest.approx(r.grad.numpy(), rel=1e-9, abs=1e-12)


def test_the_courses_weights():
    pairs = {name: (w.alpha, w.beta, round(w.rest, 9)) for name, w in consistency.PRESETS.items()}
    assert pairs == {"usual": (0.3, 0.4, 0.3), "low-resource": (0.5, 0.3, 0.2), "multi-task": (0.4, 0.4, 0.2)}


def test_what_has_no_distance_is_refused():
    one = np.ones(4)
    with pytest.raises(BadInput, match="same model"):
        consistency.terms(one, np.ones(5), one)
    with pytest.raises(BadInput, match="response is all zeros"):
        consistency.terms(one, np.zeros(4), one)
    with pytest.raises(BadInput, match="negative"):
        consistency.Weights(0.7, 0.4)
    with pytest.raises(UnknownName, match="usual"):
        consistency.preset("usal")


# ---- balance --------------------------------------------------------------------------------------------------------


def test_the_courses_shares():
    """E64."""
    assert [round(100 * s) for s in balance.shares([620, 280, 100], 0)] == [62, 28, 10]
    assert [round(100 * s) for s in balance.shares([620, 280, 100], 0.75)] == [41, 33, 26]
    assert [round(100 * s) for s in balance.shares([620, 280, 100], 1)] == [33, 33, 33]


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=6), st.floats(0, 1))
@settings(max_examples=50)
def test_shares_are_n_to_the_power_of_one_minus_alpha(counts, alpha):
    mass = np.array([float(n) ** (1 - alpha) for n in counts])
    assert balance.shares(counts, alpha) == pytest.approx(mass / mass.sum(), rel=1e-5)


def test_draws_come_in_those_shares():
    from scipy.stats import chisquare

    labels = np.repeat([0, 1, 2], [620, 280, 100])
    seen = np.bincount(labels[balance.drawn(labels, 0.75, 20_000, seed=1)])
    assert chisquare(seen, 20_000 * balance.shares([620, 280, 100], 0.75)).pvalue > 1e-3
    assert chisquare(seen, [12_400, 5_600, 2_000]).pvalue < 1e-6, "and not in those of the whole"


@given(st.lists(st.integers(0, 3), min_size=1, max_size=200), st.integers(1, 40), st.integers(0, 5))
@settings(max_examples=60)
def test_a_new_order_loses_nothing(labels, batch, seed):
    labels = np.array(labels)
    order = balance.spread(labels, batch, seed)
    assert sorted(order) == list(range(len(labels)))


def test_batches_have_the_classes_of_the_whole():
    labels = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [620, 280, 100]))
    batches = labels[balance.spread(labels, 50, seed=1)].reshape(-1, 50)
    assert all(np.abs(np.bincount(batch, minlength=3) - [31, 14, 5]).max() <= 2 for batch in batches)
    chance = np.random.default_rng(1).permutation(labels).reshape(-1, 50)
    assert max(np.abs(np.bincount(batch, minlength=3) - [31, 14, 5]).max() for batch in chance) > 2


def test_worth_of_weighted_examples():
    labels = np.repeat([0, 1, 2], [620, 280, 100])
    assert balance.effective(labels, 0) == pytest.approx(1000)
    each = 1 / np.array([620, 280, 100])[labels]
    assert balance.effective(labels, 1) == pytest.approx(each.sum() ** 2 / (each**2).sum(), rel=1e-6)


def test_weights_that_mean_nothing_are_refused():
    for counts, alpha in (([], 0.5), ([-1, 2], 0.5), ([1, 2], -0.5)):
        with pytest.raises(BadInput):
            balance.weights(counts, alpha)
    with pytest.raises(BadInput, match="no example"):
        balance.shares([0, 0], 0)
    with pytest.raises(BadInput, match="batch"):
        balance.spread(np.array([0]), 0, 0)


# ---- formats --------------------------------------------------------------------------------------------------------

TALK = [{"role": "system", "content": "只用中文回答"}, {"role": "user", "content": "你好"}]


@pytest.fixture(scope="module")
def smol():
    require_card("smollm2-135m")
    yield text.engine(text.plan_for("The cat", card="smollm2-135m", engine="transformers"))
    loaded.free("smollm2-135m")


def test_chatml_is_what_the_models_own_template_writes(smol):
    assert chat_formats.written("chatml", TALK) == smol.chat_text(TALK)
    assert [p.id for p in chat_formats.pieces(smol, chat_formats.written("chatml", TALK))] == smol.chat(TALK)


MARKS = {
    "chatml": ("<|im_start|>", "<|im_end|>"),
    "llama-2": ("<s>", "[INST]", "<<SYS>>", "<</SYS>>", "[/INST]"),
    "llama-3": ("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
}


@pytest.mark.parametrize("name", MARKS)
def test_marks_of_another_family_are_ordinary_text(smol, name):
    """E63."""
    for mark in MARKS[name]:
        cut = chat_formats.pieces(smol, mark)
        assert (len(cut) == 1 and cut[0].special) is (name == "chatml")
        assert mark in chat_formats.written(name, TALK) and "".join(piece.text for piece in cut) == mark


def test_llama_2_keeps_its_system_marks():
    """E63: without them a system text is one more sentence of the user."""
    assert chat_formats.written("llama-2", TALK) == "<s>[INST] <<SYS>>\n只用中文回答\n<</SYS>>\n\n你好 [/INST]"
    assert chat_formats.written("llama-2", TALK[1:]) == "<s>[INST] 你好 [/INST]"


def test_conversations_that_are_none_are_refused():
    with pytest.raises(UnknownName, match="chatml"):
        chat_formats.written("chatm", TALK)
    for wrong in ([], [{"role": "admin", "content": "x"}]):
        with pytest.raises(BadInput, match="roles"):
            chat_formats.written("chatml", wrong)


def test_a_message_cannot_run_template_code():
    said = [{"role": "user", "content": "{{ ''.__class__ }}{% for x in y %}"}]
    assert "{{ ''.__class__ }}" in chat_formats.written("chatml", said)


# ---- likelihood -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def poet():
    return text.engine(text.plan_for("春", card="poem", engine="transformers"))


POEM = "床前明月光，疑是地上霜。举头望明月，低头思故乡。"


def test_masked_likelihood_is_the_librarys_loss(poet):
    import torch

    prompt = "<五绝>静夜思<诗><韵阳>"
    before, ids = poet.encode(prompt), poet.encode(prompt + POEM)
    labels = torch.tensor([[-100] * len(before) + ids[len(before) :]])
    with torch.inference_mode():
        loss = float(poet.model(input_ids=torch.tensor([ids]), labels=labels).loss)
    measured = likelihood.response(poet, prompt, POEM)
    assert measured.per_token == pytest.approx(
        loss, rel=1e-4
    )  # two passes of float32, of which one sums the tokens in another order
    assert (measured.tokens, measured.bytes) == (24, len(POEM.encode()))
    assert measured.perplexity == pytest.approx(np.exp(loss), rel=1e-4)
    assert measured.bits_per_byte == pytest.approx(loss * 24 / np.log(2) / 72, rel=1e-4)


def test_tokens_of_two_models_are_not_comparable_bytes_are(poet, smol):
    """E66: by perplexity the English model seems the better poet."""
    verse, english = likelihood.text(poet, POEM), likelihood.text(smol, POEM)
    assert english.tokens > verse.tokens and english.perplexity < verse.perplexity
    assert verse.bits_per_byte < english.bits_per_byte


def test_texts_without_a_likelihood_are_refused(poet, smol):
    with pytest.raises(BadInput, match="answer"):
        likelihood.response(poet, "<五绝>", "")
    with pytest.raises(BadInput, match="tokens"):
        likelihood.text(poet, "")
    with pytest.raises(BadInput, match="share a token"):
        likelihood.response(smol, "The ca", "t sat")


def test_an_interval_covers_as_often_as_it_says():
    """400 samples with a known mean: about 95 % of the intervals hold it."""
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(400):
        apart = rng.normal(0.3, 1, 40)
        found = likelihood.delta(np.zeros(40), apart, draws=600)
        held += found.low <= 0.3 <= found.high
    assert 0.90 <= held / 400 <= 0.98


def test_paired_differences():
    found = likelihood.delta([1.0, 2.0, 3.0], [2.0, 3.0, 4.0])
    assert (found.mean, found.low, found.high, found.count) == (1.0, 1.0, 1.0, 3) and found.told_apart
    assert not likelihood.delta([0.0, 0.0, 0.0, 0.0], [1.0, -1.0, 1.0, -1.0]).told_apart
    for pair in (([1.0], [2.0]), ([1.0, 2.0], [1.0])):
        with pytest.raises(BadInput, match="pairs"):
            likelihood.delta(*pair)


# ---- fulfilment -----------------------------------------------------------------------------------------------------


def test_shares_of_asks_by_hand():
    marks = [Mark(True, "", (("a", True), ("b", True))), Mark(False, "", (("a", True), ("b", False))), Mark(False)]
    assert fulfilment.shares(marks) == [1.0, 0.5, 0.0]
    found = fulfilment.fulfilment(marks)
    assert found.score == 0.5 and found.by_ask == {"a": 1.0, "b": 0.5, "整体": 0.0} and found.low <= 0.5 <= found.high
    with pytest.raises(BadInput):
        fulfilment.fulfilment([])


def test_a_shuffled_poem_meets_every_ask():
    """What the score cannot see."""
    task = VerseTask()
    item = task.items(1)[0]
    lines = ["床前明月光", "疑是地上霜", "举头望明月", "低头思故乡"]
    shuffled = "，".join(line[3] + line[2] + line[1] + line[0] + line[4] for line in lines) + "。"
    assert fulfilment.shares([task.check(item, POEM), task.check(item, shuffled)]) == [1.0, 1.0]
