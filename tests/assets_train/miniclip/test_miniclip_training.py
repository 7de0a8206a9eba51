"""The code that trains the small CLIP, against transformers' own loss and the shipped image processor."""

import random

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from aigc_kit.worlds.tinyworld.render import render  # noqa: E402
from aigc_kit.worlds.tinyworld.spec import ATTRIBUTES, Spec  # noqa: E402
from assets.train.miniclip import evaluate, network, paths, train  # noqa: E402
from assets.train.tinysdxl import paths as picture_paths  # noqa: E402
from assets.train.tinysdxl import pictures, text, tokens  # noqa: E402

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
        own = network.contrast(model, images, words)
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


def test_a_batch_pairs_pictures_with_their_own_captions(tmp_path, monkeypatch, tokenizer):
    monkeypatch.setattr(picture_paths, "PICTURES", tmp_path)
    monkeypatch.setattr(train, "BATCH", 8)
    pictures.render_chunk(1, 12)
    monkeypatch.setattr(train, "said", lambda spec, rng: "red" if spec.colour == "red" else "blue")
    images, words = train.batch(tokenizer, random.Random(0), [1])
    rows = [next(k for k, x in enumerate(pictures.read(1, "images")) if np.array_equal(x, i)) for i in images.numpy()]
    red = tokenizer("red").input_ids[1]
    colours = [ATTRIBUTES["colour"][pictures.read(1, "labels")[k][1]] for k in rows]
    assert [ids[1] == red for ids in words["input_ids"].tolist()] == [colour == "red" for colour in colours]
    assert len(set(rows)) == 8


def test_the_gallery_has_no_two_specs_alike():
    specs, images = evaluate.gallery(count=20)
    assert len(set(specs)) == 20 and images.shape == (20, 128, 128, 3)
    assert paths.EVALUATION.parent == paths.MODEL
