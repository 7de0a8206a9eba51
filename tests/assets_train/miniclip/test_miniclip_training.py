"""The code that trains the small CLIP, against transformers' own loss and the shipped image processor."""

import hashlib
import json
import random

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from aigc_kit.make.train import contrast as train_contrast  # noqa: E402
from aigc_kit.worlds.tinyworld.render import render  # noqa: E402
from aigc_kit.worlds.tinyworld.spec import ATTRIBUTES, Spec  # noqa: E402
from aigc_kit.worlds.tinyworld.vocab import spec_of  # noqa: E402
from assets.train.miniclip import card, evaluate, groups, network, paths, train  # noqa: E402
from assets.train.tinysdxl import pictures, text, tokens  # noqa: E402

FROZEN = "751844479c126c262bfc14f6b13cce7cab53bd58678a1ae4815c6dbf744d374f"
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def tokenizer():
    return tokens.tokenizers()[0]


def test_the_loss_is_that_of_transformers(tokenizer):
    torch.manual_seed(0)
    model = network.build().eval()
    images = torch.from_numpy(np.stack([render(Spec(), seed=k) for k in range(5)]))
    words = network.ids(tokenizer, ["一只小狗", "a red heart, at night", "甜甜圈", "咖啡杯", "the moon"])
    with torch.no_grad():
        own = train_contrast(*network.vectors(model, images, words), model.logit_scale)
        theirs = model(**words, pixel_values=network.pixels(images), return_loss=True).loss
    assert own.item() == pytest.approx(theirs.item(), abs=1e-5)


@pytest.mark.parametrize("spec", [Spec(style="oil"), Spec(style="neon"), Spec(style="pixel")])
def test_training_sees_what_the_shipped_processor_makes(spec):
    image = render(spec, seed=4)
    shipped = evaluate.processor()(image, return_tensors="pt").pixel_values
    own = network.pixels(torch.from_numpy(image)[None])
    assert shipped.shape == own.shape == (1, 3, 64, 64)
    assert (shipped - own).abs().max().item() <= 1.01 / 127.5


def test_positions_behind_the_longest_caption_are_alike():
    model = network.build()
    train.share_positions(model)
    table = model.text_model.embeddings.position_embedding.weight
    assert (table[text.KEPT :] == table[text.KEPT]).all() and table.shape[0] == 77
    assert not torch.equal(table[0], table[text.KEPT])


def test_padding_does_not_change_a_caption(tokenizer):
    """The end token comes before the padding and attention looks back only, so 34 positions do for 77."""
    torch.manual_seed(0)
    model, caption = network.build().eval(), ["一只小小的红色小狗在花丛里，夜晚"]
    with torch.no_grad():
        short, long = (model.text_model(**network.ids(tokenizer, caption, n)).pooler_output for n in (text.TRAINED, 77))
    assert torch.allclose(short, long, atol=1e-5)


def test_the_rate_rises_and_falls():
    assert train.factor(0, 0.0) == pytest.approx(1 / train.WARMUP)
    assert train.factor(1000, 0.5) == pytest.approx(0.5)
    assert train.factor(1000, 1.0) == train.factor(1000, 1.2) == pytest.approx(0.0)


def test_members_of_a_group_differ_in_one_attribute_and_none_is_held_out():
    rng = random.Random(0)
    for _ in range(20):
        first, *others = groups.varied(rng)
        assert len(others) == groups.MEMBERS - 1 and not any(spec.held_out() for spec in (first, *others))
        for other in others:
            assert sum(first.known()[name] != other.known()[name] for name in ATTRIBUTES) == 1


def test_a_batch_pairs_pictures_with_texts_that_fit(tokenizer, monkeypatch):
    monkeypatch.setattr(train, "BATCH", 8)
    images, words, fits, (shown, asked) = train.batch(
        tokenizer, groups.Pool(random.Random(1), start=3), random.Random(2)
    )
    assert images.shape == (8, 64, 64, 3) and len(words["input_ids"]) == 8
    assert fits.diagonal().all() and ((asked < 0) | (asked == shown)).all()
    specs = [pictures.from_labels(row) for row in shown.tolist()]
    told = [pictures.from_labels(row) for row in asked.tolist()]
    for k, each in enumerate(told):
        mine = [all(spec.known()[name] == value for name, value in each.known().items()) for spec in specs]
        assert fits[k].tolist() == mine


def test_pictures_are_averaged_as_the_shipped_processor_does():
    spec = Spec(style="oil").fill(random.Random(1))
    small = torch.from_numpy(groups.picture(spec, 4)[None])
    assert torch.equal(network.pixels(small), network.pixels(torch.from_numpy(render(spec, seed=4)[None])))


def test_keywords_say_what_the_spec_sets():
    rng, spec = random.Random(3), Spec(subject="cat", colour="red")
    for language in ("zh", "en", "mixed"):
        for _ in range(20):
            assert spec_of(groups.keywords(spec, rng, language)) == spec


def test_heads_read_what_is_said_alone():
    torch.manual_seed(0)
    heads, vectors = network.Heads(), torch.nn.functional.normalize(torch.randn(4, network.PROJECTION), dim=-1)
    labels = torch.full((4, 7), -1)
    labels[:, 1] = torch.tensor([0, 3, 7, 2])
    part = heads.reader(network.SHARPNESS * vectors)[:, network.CLASSES[0] : sum(network.CLASSES[:2])]
    truth = -part.log_softmax(1)[range(4), labels[:, 1]].mean()
    labels[:, 0] = 0
    both = heads(vectors, labels)
    first = -heads.reader(network.SHARPNESS * vectors)[:, : network.CLASSES[0]].log_softmax(1)[:, 0].mean()
    assert both.item() == pytest.approx((truth + first).item(), abs=1e-5)


def test_the_frozen_pairs_are_those_that_were_committed():
    """Pairs were drawn before the training: what the card says of them is about these."""
    assert hashlib.sha256(paths.PAIRS.read_bytes()).hexdigest() == FROZEN


@pytest.mark.parametrize("folder", [paths.MODEL, paths.FIRST])
def test_what_is_shipped_is_small_and_measured(folder):
    report = json.loads((folder / "eval.json").read_text(encoding="utf-8"))
    assert (folder / "model.safetensors").stat().st_size == report["bytes"] < 5_000_000
    assert sorted(report["pairs"]) == sorted(ATTRIBUTES)
    assert all(share["of"] == 500 for share in report["pairs"].values())


def test_the_card_says_what_was_measured():
    report, first = (
        json.loads((where / "eval.json").read_text(encoding="utf-8")) for where in (paths.MODEL, paths.FIRST)
    )
    assert (paths.MODEL / "README.md").read_text(encoding="utf-8") == card.text(report, first)
    for name, share in report["pairs"].items():
        missed = share["percent"] < report["gates"]["pairs"]
        assert missed == (name in card.text(report, first).partition("**Missed")[2].partition("**")[0])
