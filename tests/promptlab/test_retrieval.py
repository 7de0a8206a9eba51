"""Search against brute force, faiss, hand-computed cases and the world's own truth; bad inputs one by one."""

import math
import random

import numpy as np
import pytest

from aigc_kit.core.errors import BadInput, CannotLoad, NotOnDisk, UnknownName
from aigc_kit.promptlab import caches, retrieval
from aigc_kit.promptlab.retrieval import index as index_module
from aigc_kit.worlds.tinyworld import clip
from aigc_kit.worlds.tinyworld.checker import agrees
from aigc_kit.worlds.tinyworld.render import render
from aigc_kit.worlds.tinyworld.spec import ATTRIBUTES, Spec

pytestmark = pytest.mark.usefixtures("one_thread")


class Letters:
    """Towers of a closed form: a text's counts of a, b and c; a picture's mean colour."""

    name = "letters"

    def __init__(self, model="letters-1"):
        self.identity, self.calls = {"model": model}, 0

    def texts(self, texts):
        self.calls += len(texts)
        return np.array([[text.count(letter) + 1e-3 for letter in "abc"] for text in texts])

    def pictures(self, images):
        return np.array([image.reshape(-1, 3).mean(0) + 1e-3 for image in images])


@pytest.fixture
def letters():
    filled = retrieval.ClipIndex(Letters())
    filled.add(["甲", "乙", "丙"], texts=["aaab", "bbbc", "cccc"])
    return filled


def picture(red=0, green=0, blue=0):
    return np.full((4, 4, 3), (red, green, blue), np.uint8)


def test_ids_come_back_with_cosines_worked_out_by_hand(letters):
    (first, second, third) = letters.search(["ab"], k=9)[0]
    assert [first.id, second.id, third.id] == ["甲", "乙", "丙"]
    assert first.cosine == pytest.approx(4 / math.sqrt(2 * 10), abs=1e-3)  # (1, 1, 0) and (3, 1, 0)
    assert letters.like(picture(blue=255), 1)[0].id == "丙"
    assert np.linalg.norm(letters.vectors, axis=1) == pytest.approx(1, abs=1e-6)


def test_a_query_is_read_once_for_each_template_and_model():
    towers = Letters()
    one = retrieval.ClipIndex(towers, template=lambda text: text + "c", version="v1")
    one.add(["x"], texts=["abc"])
    towers.calls = 0
    first = one.search(["ab", "ａｂ", " ab "], 1)
    assert towers.calls == 1 and first[0] == first[1] == first[2]  # NFKC and blanks: the same query
    assert first[0][0].cosine == pytest.approx(1, abs=1e-3)
    other = retrieval.ClipIndex(Letters("letters-2"), version="v1")
    assert not set(other.kept.names) & set(one.kept.names)


def test_more_queries_than_are_remembered_are_all_answered():
    few = retrieval.ClipIndex(Letters(), remembered=1)
    few.add(["a", "b"], texts=["aa", "bb"])
    assert [found[0].id for found in few.search(["a", "b", "a", "b"], 1)] == ["a", "b", "a", "b"]


@pytest.mark.parametrize("block", [1, 7, 4000])
def test_blocks_change_nothing(block, monkeypatch):
    monkeypatch.setattr(index_module, "BLOCK", block)
    rng = np.random.default_rng(0)
    vectors, queries = (rng.standard_normal((count, 8)).astype(np.float32) for count in (50, 5))
    cosines, places = index_module._by_numpy(vectors, queries, 6)
    table = queries @ vectors.T
    assert (places == np.argsort(-table, axis=1)[:, :6]).all()
    assert cosines == pytest.approx(-np.sort(-table, axis=1)[:, :6], abs=1e-5)


def test_faiss_finds_the_same():
    pytest.importorskip("faiss", reason="faiss is an extra: pip install 'aigc-kit[promptlab]'")
    rng = np.random.default_rng(1)
    table = retrieval.ClipIndex(Letters())
    table.ids = tuple(map(str, range(9000)))
    table.vectors = rng.standard_normal((9000, 64)).astype(np.float32)
    table.vectors /= np.linalg.norm(table.vectors, axis=1, keepdims=True)
    queries = rng.standard_normal((40, 64))
    ours, theirs = (table.nearest(queries, 10, engine=engine) for engine in ("numpy", "faiss"))
    for mine, other in zip(ours, theirs, strict=True):
        assert [match.id for match in mine] == [match.id for match in other]
        assert [match.cosine for match in mine] == pytest.approx([match.cosine for match in other], abs=1e-5)


def test_what_is_no_search_is_refused(letters):
    empty = retrieval.ClipIndex(Letters())
    with pytest.raises(BadInput, match="the index is empty"):
        empty.search(["a"], 5)
    for texts in ([], "a", [""], ["  "]):
        with pytest.raises(BadInput):
            letters.search(texts)
    for k in (0, -1, 1.5, True):
        with pytest.raises(BadInput, match="not an integer >= 1"):
            letters.search(["a"], k)
    with pytest.raises(BadInput, match="no such engine"):
        letters.search(["a"], engine="annoy")
    with pytest.raises(BadInput, match="the index holds 3"):
        letters.nearest(np.ones((1, 4)), 1)
    with pytest.raises(BadInput, match="not finite"):
        letters.nearest(np.full((1, 3), np.nan), 1)


@pytest.mark.parametrize(
    ("ids", "more"),
    [
        ([], {}),
        (["a", "a"], {"texts": ["x", "y"]}),
        (["甲"], {"texts": ["x"]}),
        (["n"], {"texts": ["x", "y"]}),
        ([""], {"texts": ["x"]}),
        ([3], {"texts": ["x"]}),
        (["n"], {"texts": ["x"], "pictures": [picture()]}),
    ],
)
def test_ids_that_are_none_are_refused(letters, ids, more):
    with pytest.raises(BadInput, match="give one id of its own"):
        letters.add(ids, **more)
    assert letters.ids == ("甲", "乙", "丙") and len(letters.vectors) == 3


def test_an_index_outlives_the_process(letters, tmp_path):
    file = letters.save(tmp_path / "index.bin")
    again = retrieval.ClipIndex(Letters()).load(file)
    assert again.ids == letters.ids and again.search(["b"], 2) == letters.search(["b"], 2)
    for other in (retrieval.ClipIndex(Letters("letters-2")), retrieval.ClipIndex(Letters(), version="v2")):
        with pytest.raises(CannotLoad, match="another model or template"):
            other.load(file)
    whole = file.read_bytes()
    for broken in (whole[:-3], whole[:20], b"", whole.replace(b"clip index 1", b"clip index 9"), b"\xff\xfe" + whole):
        file.write_bytes(broken)
        empty = retrieval.ClipIndex(Letters())
        with pytest.raises(CannotLoad, match="cannot be trusted"):
            empty.load(file)
        assert len(empty) == 0
    with pytest.raises(CannotLoad):
        letters.load(tmp_path / "none")


def test_recall_of_a_case_by_hand():
    pictures = np.eye(6)
    queries = np.array([[3.0, 2, 1, 0, 0, 0], [3, 2, 1, 0, 0, 0], [6, 5, 4, 3, 2, 1]])
    right = np.zeros((3, 6), bool)
    right[0, 0] = right[1, 2] = right[2, 5] = True
    first, five = retrieval.hits(queries, pictures, right)
    assert (first.held, five.held, first.count) == (1, 2, 3)
    for bad in (np.zeros((3, 6), bool), right[:2]):
        with pytest.raises(BadInput, match="R@1"):
            retrieval.hits(queries, pictures, bad)


def test_the_interval_of_a_quantile_holds_it_as_often_as_it_says():
    """Against the truth, by simulation: 95 % or a little more, since places are whole numbers."""
    rng, held = np.random.default_rng(0), 0
    for _ in range(600):
        found = retrieval.quantile(rng.exponential(size=400), 0.99)
        held += found.low <= -math.log(0.01) <= found.high
    assert held / 600 > 0.93
    assert retrieval.quantile(np.arange(367.0), 0.99).high == math.inf > retrieval.quantile(np.arange(368.0), 0.99).high
    for values, share in (([], 0.5), ([np.nan], 0.5), ([1.0], 1.0)):
        with pytest.raises(BadInput, match="finite values"):
            retrieval.quantile(np.array(values), share)
    assert (retrieval.timed(abs, [1, -2]) >= 0).all()


def test_queries_mean_what_the_program_knows():
    gallery = retrieval.Gallery.drawn(3, count=30)
    assert len(set(gallery.specs)) == 30 and gallery.images.shape == (30, 128, 128, 3)
    assert gallery.ids[7] == "007"
    for language in ("zh", "en", "mixed"):
        queries = retrieval.ask_for(gallery, ("colour", "subject"), language)
        right = gallery.right(queries)
        assert right.diagonal().all()
        two = [(spec.colour, spec.subject) for spec in gallery.specs]
        assert (right == np.array([[one == other for other in two] for one in two])).all()
    assert all(word.isascii() for query in retrieval.ask_for(gallery, language="en") for word in query.words)
    for bad in ({"language": "fr"}, {"attributes": ()}, {"attributes": ("age",)}):
        with pytest.raises(BadInput, match="no such attributes"):
            retrieval.ask_for(gallery, **bad)


def test_the_expander_appends_what_is_nearest():
    expander = retrieval.PromptExpander(["aab", "bb", "c"], Letters().texts, 2)
    assert expander(["ab", "cccb"]) == ["ab aab bb", "cccb c bb"]
    assert retrieval.PromptExpander(["a"], Letters().texts, 0)(["b"]) == ["b"]
    assert retrieval.PromptExpander(["a"], Letters().texts, 5)(["b"]) == ["b a"]
    assert expander([]) == []
    for phrases, top_k in (([], 5), (["a"], -1), (["a"], 1.5), (["a"], True)):
        with pytest.raises(BadInput, match="pool"):
            retrieval.PromptExpander(phrases, Letters().texts, top_k)


def test_strategies_say_what_their_names_promise():
    gallery = retrieval.Gallery.drawn(4, count=12)
    ways = {way.name: way for way in retrieval.STRATEGIES}
    queries = retrieval.ask_for(gallery, ("colour", "subject", "scene"), "zh")
    said = {name: retrieval.texts_of(way, queries, Letters().texts) for name, way in ways.items()}
    assert said["关键词，空格隔开"][0].split() == list(queries[0].words)
    assert said["关键词，连着写"][0] == "".join(queries[0].words)
    assert said["关键词，逗号隔开"][0] == caches.normal("，".join(queries[0].words))
    assert said["关键词 + 扩展器 5"][0].startswith(said["关键词，空格隔开"][0] + " ")
    known = set(retrieval.pool("zh"))
    outside = [word for query in queries for word in query.others if word not in known]
    assert outside and not any(word in "".join(said["同义词换成认识的词"]) for word in outside if len(word) > 2)


def test_pairs_differ_in_one_attribute():
    for name in ATTRIBUTES:
        for each in [*retrieval.draw_pairs(name, 6), *retrieval.frozen_pairs(name)[:20]]:
            one, two = each.spec.known(), each.other.known()
            assert {key for key in one if one[key] != two[key]} == {name}
            assert len(one) == 7
    assert len(retrieval.frozen_pairs("position")) == 500


def test_the_first_edition_does_not_see_where_a_subject_stands():
    """The shipped one does; both see the style."""
    first, now = (retrieval.towers(name) for name in (clip.FIRST, clip.NAME))
    pairs = retrieval.draw_pairs("position", 60, 5)
    assert retrieval.pairs_right(first, "position", pairs).share < 0.72  # 2.6 standard errors above its .57
    assert retrieval.pairs_right(now, "position", pairs).share > 0.85
    style = retrieval.draw_pairs("style", 20, 5)
    assert min(retrieval.pairs_right(each, "style", style).share for each in (first, now)) >= 0.9


def test_chinese_words_apart_are_read_as_joined_ones():
    gallery = retrieval.Gallery.drawn(6, count=120)
    queries, right = retrieval.ask_for(gallery, tuple(ATTRIBUTES)), None
    shares = {}
    for name in (clip.FIRST, clip.NAME):
        towers = retrieval.towers(name)
        seen, right = towers.pictures(gallery.images), gallery.right(queries)
        for between in ("", " ", "，"):
            texts = [between.join(query.words) for query in queries]
            shares[name, between] = retrieval.hits(towers.texts(texts), seen, right)[0].share
    assert shares[clip.FIRST, " "] < shares[clip.FIRST, ""] - 0.15
    assert abs(shares[clip.NAME, " "] - shares[clip.NAME, ""]) < 0.1
    assert abs(shares[clip.NAME, "，"] - shares[clip.NAME, ""]) < 0.1


def test_a_picture_that_fools_it_still_shows_the_same():
    spec = Spec("puppy", "blue", "sea", "flat", "day", "large", "centre")
    shown = render(spec, seed=3)
    fooled = retrieval.fool(shown, "一只红色的小猫", reach=6)
    change = np.abs(fooled.picture.astype(int) - shown.astype(int))
    assert change.max() <= 6 and fooled.after > fooled.before + 0.1
    assert all(agrees(fooled.picture, Spec(subject="puppy", colour="blue")).values())
    for bad in ({"reach": 0}, {"reach": 99}, {"steps": 0}):
        with pytest.raises(BadInput, match="reach"):
            retrieval.fool(shown, "一只小猫", **bad)
    with pytest.raises(BadInput):
        retrieval.fool(shown[:100], "一只小猫")
    with pytest.raises(BadInput):
        retrieval.fool(shown, "")


def small(kind):
    """A model of the family at reduced width, with what its processor needs."""
    import transformers

    common = {"hidden_size": 16, "intermediate_size": 32, "num_attention_heads": 2, "num_hidden_layers": 2}
    seen = {**common, "image_size": 32, "patch_size": 8}
    if kind == "siglip":
        said = {**common, "vocab_size": 64, "max_position_embeddings": 64}
        config = transformers.SiglipConfig(text_config=said, vision_config=seen)
        return transformers.SiglipModel(config)
    said = {**common, "vocab_size": 64, "max_position_embeddings": 77}
    config = transformers.ChineseCLIPConfig(text_config=said, vision_config=seen, projection_dim=12)
    return transformers.ChineseCLIPModel(config)


def processor(kind, folder):
    import transformers

    pictures = {"size": {"height": 32, "width": 32}, "do_center_crop": False}
    words = folder / "vocab.txt"
    words.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"一只红色的小猫狗"]), encoding="utf-8")
    tokenizer = transformers.BertTokenizer(str(words))
    if kind == "siglip":
        return transformers.SiglipProcessor(transformers.SiglipImageProcessor(**pictures), tokenizer)
    return transformers.ChineseCLIPProcessor(transformers.ChineseCLIPImageProcessor(**pictures), tokenizer)


@pytest.mark.parametrize("kind", ["siglip", "chinese-clip"])
def test_models_of_the_full_tier_run_in_the_same_cells_at_reduced_width(kind, tmp_path):
    import torch

    torch.manual_seed(0)
    small(kind).save_pretrained(tmp_path)
    processor(kind, tmp_path).save_pretrained(tmp_path)
    towers = retrieval.HubTowers(tmp_path)
    shown = retrieval.ClipIndex(towers)
    gallery = retrieval.Gallery.drawn(1, count=5)
    shown.add(gallery.ids, gallery.images)
    assert [len(row) for row in shown.search(["红色的小猫", "小狗"], 3)] == [3, 3]
    assert np.linalg.norm(towers.texts(["红色"]), axis=1) == pytest.approx(1, abs=1e-5)
    with torch.no_grad():
        inputs = towers.processor(
            text=["小猫"], images=[gallery.images[0]], padding="max_length", max_length=towers.room, return_tensors="pt"
        )
        theirs = towers.model(**inputs)
    ours = towers.texts(["小猫"])[0] @ towers.pictures(gallery.images[:1])[0]
    cosine = (theirs.text_embeds @ theirs.image_embeds.T).item()
    assert ours == pytest.approx(cosine, abs=1e-5)


def test_towers_that_are_not_there_are_named(tmp_path):
    with pytest.raises(UnknownName, match="miniclip"):
        retrieval.towers("minclip")
    with pytest.raises(NotOnDisk, match="aigc fetch siglip2"):
        retrieval.towers("siglip2")
    with pytest.raises(CannotLoad, match="transformers refuses it"):
        retrieval.HubTowers(tmp_path)


def test_a_text_cut_at_77_tokens_changes_nothing_behind():
    towers = retrieval.towers(clip.FIRST)
    long = "红色" * 90
    one, two = towers.texts([long, long + "小猫"])
    assert np.allclose(one, two, atol=1e-6)
    rng = random.Random(0)
    texts = ["".join(rng.choices(retrieval.pool("zh"), k=5)) for _ in range(3)]
    assert np.allclose(towers.texts(texts), np.concatenate([towers.texts([text]) for text in texts]), atol=1e-5)
