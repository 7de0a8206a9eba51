"""The shipped poem model, and the code that made it: no network, no corpus, a few seconds on a core."""

import json
import math
import random
from collections import Counter, defaultdict

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from shipped_files import dtypes  # noqa: E402

from aigc_kit import verse  # noqa: E402
from aigc_kit.core import paths  # noqa: E402
from assets.train.poem import card, copying, corpus, export, kneser_ney, network, train  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")
MODEL = paths.assets() / "models" / "poem"
POEM = "<五绝>静夜思<诗><韵阳>床前明月光，疑是地上霜。举头望明月，低头思故乡。</s>"


@pytest.fixture(scope="module")
def tokenizer():
    return transformers.AutoTokenizer.from_pretrained(MODEL)


@pytest.fixture(scope="module")
def model():
    return transformers.AutoModelForCausalLM.from_pretrained(MODEL, dtype=torch.float32).eval()


def write(model, tokenizer, prompt, seed, **settings):
    torch.manual_seed(seed)
    batch = tokenizer(prompt, return_tensors="pt")
    ids = model.generate(batch.input_ids, attention_mask=batch.attention_mask, **settings)
    return tokenizer.decode(ids[0])


# --- the shipped files


def test_it_is_a_small_llama_in_float16(model):
    assert type(model) is transformers.LlamaForCausalLM
    assert sum(parameter.numel() for parameter in model.parameters()) <= 10_000_000
    assert dtypes(MODEL) == {"poem": {"F16"}}
    assert sum(file.stat().st_size for file in MODEL.iterdir()) < 20_000_000


def test_one_character_is_one_token_and_decodes_to_itself(tokenizer):
    ids = tokenizer(POEM).input_ids
    assert tokenizer.decode(ids) == POEM
    assert len(ids) == 4 + 3 + 24  # special tokens, title, body
    assert tokenizer.decode(ids, skip_special_tokens=True) == verse.SPECIAL.sub("", POEM)


def test_what_the_tokenizer_does_not_know_becomes_unk(tokenizer):
    assert tokenizer("床a 龘").input_ids == [tokenizer("床").input_ids[0], *[tokenizer.unk_token_id] * 3]


@pytest.mark.parametrize("form", verse.FORMS)
def test_prompts_are_made_of_known_tokens(tokenizer, form):
    for rhyme in verse.LEVEL_RHYMES:
        ids = tokenizer(verse.prompt_for(form, "春晓", "春", rhyme)).input_ids
        assert len(ids) == 1 + 2 + 1 + 1 + 1
        assert tokenizer.unk_token_id not in ids
    assert len(tokenizer(verse.prompt_for(form, opening="春")).input_ids) == 4


def test_a_seed_gives_one_poem_and_another_seed_another(model, tokenizer):
    prompt = verse.prompt_for("五绝", "春晓")
    first = write(model, tokenizer, prompt, 3)
    assert first == write(model, tokenizer, prompt, 3) != write(model, tokenizer, prompt, 4)
    assert first.startswith(prompt) and first.endswith("</s>")


def test_most_poems_keep_their_form(model, tokenizer):
    forms = [form for form in verse.FORMS for _ in range(3)]
    texts = [write(model, tokenizer, verse.prompt_for(form, "秋夜"), seed) for seed, form in enumerate(forms)]
    verdicts = [verse.check(verse.body_of(text), form) for text, form in zip(texts, forms, strict=True)]
    assert sum(verdict.form_ok for verdict in verdicts) >= 8, texts


def test_the_chosen_rhyme_raises_the_chance_of_its_characters(model, tokenizer):
    rhymes = verse.load_rhymes()
    shares = {}
    for rhyme in "阳尤":
        text = verse.prompt_for("五绝", opening="床前明月光疑是地上", rhyme=rhyme)
        with torch.no_grad():
            likely = model(tokenizer(text, return_tensors="pt").input_ids).logits[0, -1].softmax(-1)
        members = [number for token, number in tokenizer.get_vocab().items() if "阳" in rhymes.get(token, ())]
        shares[rhyme] = likely[members].sum().item()
    assert shares["阳"] > 5 * shares["尤"]


def test_the_card_says_what_was_measured():
    report = json.loads((MODEL / "eval.json").read_text("utf-8"))
    config = json.loads((MODEL / "config.json").read_text("utf-8"))
    assert (MODEL / "README.md").read_text("utf-8") == card.text(report, config)


def test_the_measured_numbers_agree_with_the_files(model, tokenizer):
    report = json.loads((MODEL / "eval.json").read_text("utf-8"))
    assert report["parameters"] == sum(parameter.numel() for parameter in model.parameters())
    assert report["test"]["tokens"] == report["baseline"]["test_tokens"]
    assert report["test"]["characters"] == report["baseline"]["test_characters"]
    assert report["test"]["perplexity"] < report["baseline"]["with_rhyme_token"]["order_5"]
    for found in report["nearest_at_0.7"]:
        verdict = verse.check(found["poem"], found["form"])
        assert (verdict.form_ok, verdict.rhyme_ok) == (found["form_ok"], found["rhyme_ok"])
        for body in (found["poem"], found["nearest"]):
            assert found["passage"] in copying.bare(body)


# --- the network and its training


def tiny_network(seed=0):
    torch.manual_seed(seed)
    net = network.Network(network.Shape(vocabulary=40, width=32, layers=2, heads=2, inner=24))
    for parameter in net.parameters():  # away from the identity that training starts with
        parameter.data.add_(torch.randn_like(parameter) * 0.2)
    return net.eval()


def test_the_trained_network_equals_the_shipped_class():
    net = tiny_network()
    config, state = network.to_transformers(net)
    llama = transformers.LlamaForCausalLM(transformers.LlamaConfig(**config)).eval()
    llama.load_state_dict(state, strict=False)
    llama.tie_weights()
    ids = torch.randint(0, 40, (3, 17))
    with torch.no_grad():
        expected = llama(ids).logits
        assert torch.allclose(net.hidden(ids) @ net.embedding.weight.T, expected, atol=1e-4)
        loss = torch.nn.functional.cross_entropy(expected[:, 3:-1].flatten(0, 1), ids[:, 4:].flatten())
        assert net.loss(ids, 4).item() == pytest.approx(loss.item(), abs=1e-4)


def test_export_refuses_weights_of_another_shape():
    with pytest.raises((RuntimeError, ValueError)):
        export.as_transformers(network.Network(network.Shape(40, 32, 1, 2, 24))).load_state_dict({"x": torch.ones(1)})


def test_training_learns_and_resumes_exactly(tmp_path, monkeypatch):
    monkeypatch.setattr(train.paths, "CHECKPOINT", tmp_path / "state.pt")
    shape = network.Shape(vocabulary=40, width=32, layers=1, heads=2, inner=24)
    settings = train.Settings(tokens=10**6, warmup_steps=2)
    ids = torch.arange(40).repeat(4, 1)[:, :20]

    def losses(run, steps):
        found = []
        for _ in range(steps):
            loss = run.network.loss(ids, 1)
            loss.backward()
            run.tokens += ids.numel()
            run.update()
            found.append(loss.item())
        return found

    straight = train.Run(shape, settings)
    first = losses(straight, 30)
    straight.save()
    after = losses(straight, 5)
    resumed = train.Run(shape, settings)
    assert resumed.resume() and resumed.step == 30
    assert losses(resumed, 5) == pytest.approx(after, abs=1e-6)
    assert after[-1] < 0.3 * first[0]
    with pytest.raises(ValueError, match="remove it"):
        train.Run(network.Shape(41, 32, 1, 2, 24), settings).resume()


def test_the_rate_warms_up_stays_and_falls_to_zero():
    run = train.Run(network.Shape(10, 8, 1, 1, 8), train.Settings(tokens=1000, warmup_steps=10, plateau=0.3))
    assert run.rate() == pytest.approx(0.1)
    run.step = 50
    rates = []
    for run.tokens in (0, 300, 650, 1000, 2000):
        rates.append(run.rate())
    assert rates == pytest.approx([1, 1, 0.5, 0, 0])


# --- the corpus


def test_only_regular_verse_is_taken():
    assert corpus.regular_lines("床前明月光，疑是地上霜。举头望明月，低头思故乡。") is not None
    for other in ("床前明月光，疑是地上霜。", "床前□月光，疑是地上霜。举头望明月，低头思故乡。", "", "春" * 20):
        assert corpus.regular_lines(other) is None


def test_titles_lose_numbers_and_notes_and_long_ones_are_dropped():
    assert corpus.short_title("帝京篇十首 四") == "帝京篇"
    assert corpus.short_title("访白陂陈处士  其一") == "访白陂陈处士"
    assert corpus.short_title("秋夜（一作秋思）") == "秋夜"
    assert corpus.short_title("奉和圣制送尚书燕国公赴朔方") == ""


def test_variants_of_a_poem_are_one_poem():
    quiet = ["床前明月光", "疑是地上霜", "举头望明月", "低头思故乡"]
    variant = ["床前看月光", "疑是地上霜", "举头望山月", "低头思故乡"]
    tower = ["白日依山尽", "黄河入海流", "欲穷千里目", "更上一层楼"]
    poems = [("tang", "", lines) for lines in (quiet, tower, variant, quiet)]
    assert corpus.without_variants(poems) == poems[:2]


def test_a_split_depends_on_the_body_alone():
    bodies = [f"{number:05d}" for number in range(20_000)]
    counts = Counter(map(corpus.split_of, bodies))
    assert corpus.split_of(bodies[0]) == corpus.split_of(bodies[0])
    assert counts["test"] == pytest.approx(200, abs=60) and counts["validation"] == pytest.approx(200, abs=60)


# --- copying


def test_copying_is_found_across_punctuation():
    poem = corpus.Poem("train", "五绝", "阳", "静夜思", "床前明月光，疑是地上霜。举头望明月，低头思故乡。")
    other = corpus.Poem("train", "五绝", "尤", "楼", "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。")
    training = copying.Training([other, poem])
    assert training.is_copied("山中明月光，疑是地上霜。") and training.is_copied("前明月光，疑是地上。")
    assert not training.is_copied("前明月光，疑是地下。")
    assert training.nearest("江边明月光，黄河何处去，疑是") == ("明月光", poem)
    assert training.nearest("xyz") == ("", None)


# --- the baseline


def test_kneser_ney_by_hand():
    """Two texts, a b and a c, bigrams, every discount 1/2.

    Below the top order a, b and c each follow one token: (1 - 1/2)/3 + 3/2/3 * 1/4 = 7/24.
    P(b|a) = (1 - 1/2)/2 + (1/2 + 1/2)/2 * 7/24 = 19/48; P(a|start) = (2 - 1/2)/2 + 1/2/2 * 7/24 = 79/96.
    """
    packed = kneser_ney.pack([([1, 2], 0), ([1, 3], 0)], 2, 4, 0)
    model = kneser_ney.KneserNey(packed, 2, 4, discounts=(0.5, 0.5, 0.5))
    asked = np.array([1 * 4 + 2, 0 * 4 + 1, 2 * 4 + 2, 2 * 4 + 0])
    assert model.probabilities(asked) == pytest.approx([19 / 48, 79 / 96, 7 / 24, 1 / 8])


def test_kneser_ney_sums_to_one_and_agrees_with_a_plain_count():
    draw = random.Random(0)
    size, order, discounts = 7, 3, (0.6, 1.1, 1.4)
    texts = [([draw.choice((1, 1, 1, 2, 2, 3, 4, 5)) for _ in range(draw.randint(3, 9))], 1) for _ in range(60)]
    model = kneser_ney.KneserNey(kneser_ney.pack(texts, order, size, 0), order, size, discounts)

    counts = Counter()
    for ids, start in texts:
        padded = [0] * (order - 1) + ids
        counts.update(tuple(padded[i : i + order]) for i in range(start, len(ids)))

    def plain(context, token, counts):
        if not counts:
            return 1 / size
        below = Counter({gram[1:]: 0 for gram in counts})
        for gram in counts:
            below[gram[1:]] += 1
        lower = plain(context[1:], token, below if context else {})
        own = {gram: n for gram, n in counts.items() if gram[:-1] == context}
        if not own:
            return lower
        discounted = {gram: discounts[min(n, 3) - 1] for gram, n in own.items()}
        gram = (*context, token)
        kept = own.get(gram, 0) - discounted.get(gram, 0)
        return (kept + sum(discounted.values()) * lower) / sum(own.values())

    contexts = defaultdict(float)
    for a in range(size):
        for b in range(size):
            for c in range(size):
                found = model.probabilities(np.array([(a * size + b) * size + c]))[0]
                assert found == pytest.approx(plain((a, b), c, counts), rel=1e-9)
                contexts[a, b] += found
    assert all(math.isclose(total, 1.0, rel_tol=1e-9) for total in contexts.values())


def test_discounts_follow_the_counts_of_counts():
    counts = np.array([1] * 8 + [2] * 4 + [3] * 2 + [4])
    y = 8 / 16
    assert kneser_ney.discounts_of(counts) == pytest.approx((1 - 2 * y * 4 / 8, 2 - 3 * y * 2 / 4, 3 - 4 * y * 1 / 2))
    with pytest.raises(ValueError, match="discounts"):
        kneser_ney.discounts_of(np.array([1, 1]))
