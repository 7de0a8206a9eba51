"""The code that trains and measures the tiny Wan, against the library and closed forms. Nothing is trained here."""

import json
import random
import re
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from aigc_kit.worlds.tinyworld.captions import clip_caption, clip_words  # noqa: E402
from aigc_kit.worlds.tinyworld.clip_vocab import QUALITY_TERMS, clip_phrase  # noqa: E402
from aigc_kit.worlds.tinyworld.motion import CLIP_ATTRIBUTES, ClipSpec, film  # noqa: E402
from aigc_kit.worlds.tinyworld.reading import Reading  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "video"))
from assets.train import measures  # noqa: E402
from assets.train.tinywan import (  # noqa: E402
    autoencoder,
    bank,
    card,
    clips,
    codec,
    evaluate,
    flow,
    network,
    probe,
    sampling,
    text,
    tokens,
)

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def tokenizer():
    return tokens.tokenizer()


# ---------------------------------------------------------------- words


def test_every_word_of_the_world_is_one_token(tokenizer):
    words = {word for phrase in clip_words() for word in ([phrase] if not phrase.isascii() else phrase.split())}
    pieces = {word: tokenizer.tokenize(word) for word in words}
    assert {word: p for word, p in pieces.items() if len([x for x in p if x != "▁"]) != 1} == {}


def test_captions_hold_no_unknown_token_and_fit(tokenizer):
    rng = random.Random(1)
    for k in range(300):
        caption = clip_caption(ClipSpec.sample(rng), rng, ("zh", "en")[k % 2])
        ids = tokenizer(caption).input_ids
        assert 2 not in ids
        assert len(ids) <= text.KEPT


def test_usual_negatives_are_known_and_said_by_the_kit(tokenizer):
    for negative in bank.NEGATIVES:
        assert 2 not in tokenizer(negative).input_ids
    for english, chinese, _ in QUALITY_TERMS:
        for word in (english, chinese):
            assert 2 not in tokenizer(word).input_ids
            assert clip_phrase(word, negative=True).phrase


# ---------------------------------------------------------------- clips and latents


def test_labels_there_and_back():
    rng = random.Random(2)
    for _ in range(50):
        spec = ClipSpec.sample(rng).told(rng, 0.6)
        assert clips.from_labels(clips.labels(spec)) == spec


def test_training_clips_show_no_held_out_pair():
    rng = random.Random(3)
    assert not any(ClipSpec.sample(rng, training=True).held_out() for _ in range(500))


def test_a_codec_with_all_components_loses_nothing(monkeypatch, tmp_path):
    monkeypatch.setattr(codec.paths, "CODEC", tmp_path / "codec.safetensors")
    rng = np.random.default_rng(0)
    few = rng.integers(0, 256, (2, 5, 16, 16, 3), dtype=np.uint8)
    video = torch.from_numpy(few).float() / 127.5 - 1
    assert torch.equal(codec.unblocks(codec.blocks(video[:, 1:], 4), 4), video[:, 1:])
    made = codec.fit(few, channels=192)
    back = made.decode(made.encode(torch.from_numpy(few)))
    assert torch.allclose(back[:, :1], video[:, :1], atol=2e-3)  # a first frame has 192 numbers a block
    loaded = codec.load()
    for name, value in vars(made).items():
        if torch.is_tensor(value):
            assert torch.equal(getattr(loaded, name), value), name
    # Bits of a product may differ with the alignment of what was read from a file, so they are not asked for
    again, once = loaded.encode(torch.from_numpy(few)), made.encode(torch.from_numpy(few))
    assert torch.allclose(again, once, atol=1e-5 * float(once.abs().max()))


def test_decibels_by_hand():
    one, other = torch.zeros(4), torch.full((4,), 0.2)
    assert codec.psnr(one, other) == pytest.approx(10 * np.log10(4 / 0.04))


# ---------------------------------------------------------------- the transformer


def test_the_trainings_attention_is_the_librarys():
    """One slot with the logarithm of the number of pads stands for all of them; plain attention for the fused one."""
    model = network.build().eval()
    torch.nn.init.normal_(model.proj_out.weight, std=0.05)
    latents = torch.randn(2, codec.CHANNELS, 3, 8, 8)
    states = torch.randn(2, text.KEPT, text.WIDTH)
    states[0, 9:], states[1, 20:] = 0, 0
    long = torch.nn.functional.pad(states, (0, 0, 0, tokens.LENGTH - text.KEPT))
    time = torch.tensor([700.0, 120.0])
    with torch.no_grad():
        wanted = model(latents, time, long, return_dict=False)[0]
        cross = network.prepare(model)
        cross.padding = torch.full((2,), float(np.log(tokens.LENGTH - text.KEPT)))
        slot = torch.nn.functional.pad(states, (0, 0, 0, 1))
        made = model(latents, time, slot, return_dict=False)[0]
        network.restore(model)
        again = model(latents, time, long, return_dict=False)[0]
    assert torch.allclose(made, wanted, atol=2e-4)
    assert torch.allclose(again, wanted, atol=1e-5)  # put back, weights may lie elsewhere


def test_the_probes_wrong_caption_has_one_attribute_wrong():
    rng = random.Random(4)
    for _ in range(200):
        spec = ClipSpec.sample(rng)
        for name in CLIP_ATTRIBUTES:
            other = probe.other(spec, name, rng)
            assert other.known().get(name) != spec.known()[name]
            rest = {key: value for key, value in spec.known().items() if key != name}
            assert {key: value for key, value in other.known().items() if key != name} == rest


# ---------------------------------------------------------------- measuring


def test_a_sample_is_the_kits_own_clip_of_that_seed():
    from video_models import small_pipeline

    pipe = small_pipeline()
    made = sampling.film(pipe, ["一只小猫", "a red ball"], 5, steps=2, frames=9)
    generator = torch.Generator("cpu").manual_seed(6)
    one = pipe(
        "a red ball", negative_prompt=sampling.NEGATIVE, num_inference_steps=2, guidance_scale=sampling.GUIDANCE,
        num_frames=9, height=64, width=64, generator=generator,
    ).frames[0]  # fmt: skip
    assert made.shape == (2, 9, 64, 64, 3)
    assert np.abs(made[1].astype(int) - (one * 255).round()).max() <= 1  # a batch adds in another order


def reading(valid=True, **labels):
    return Reading({name: labels.get(name, values[0]) for name, values in CLIP_ATTRIBUTES.items()}, {}, valid, 1.0)


def test_shares_count_what_was_said_only():
    specs = [ClipSpec("cat", "red", motion="left"), ClipSpec("cat", motion="up"), ClipSpec("cat")]
    readings = [
        reading(subject="cat", motion="left"),
        reading(subject="cat", motion="down"),
        reading(False, subject="cat"),
    ]
    found = evaluate.score(readings, specs)
    assert (found["subject"]["right"], found["subject"]["of"]) == (2, 3)  # what is no clip shows nothing
    assert (found["motion"]["right"], found["motion"]["of"]) == (1, 2)
    assert (found["colour"]["right"], found["colour"]["of"]) == (1, 1)
    assert "light" not in found
    assert (found["all said"]["right"], found["a clip of the world"]["right"]) == (1, 2)
    assert evaluate.mistakes(readings, specs) == [
        {"attribute": "motion", "asked": "up", "read": "down", "count": 1},
        {"attribute": "subject", "asked": "cat", "read": "no clip of the world", "count": 1},
    ]


def test_the_nearest_training_clip_is_found(monkeypatch):
    """Chunk 1 holds a clip; a sample that is that clip, a little changed, is nearest to it."""
    linear = codec.Codec(
        *(
            torch.zeros(192),
            torch.eye(192)[:, :16],
            torch.zeros(768),
            torch.eye(768)[:, :16],
            torch.ones(16),
            torch.zeros(16),
        )
    )
    some = np.stack(
        [film(ClipSpec("cat", c, "sea", "day", "left"), 17, 64, 64, seed=k) for k, c in enumerate(("red", "blue"))]
    )
    monkeypatch.setattr(codec, "load", lambda: linear)
    monkeypatch.setattr(clips, "CHUNK", 2)
    monkeypatch.setattr(clips, "ready", lambda: [0, 1, 3])  # 0 is kept back, 3 is wide
    monkeypatch.setattr(clips, "read", lambda number, name: linear.encode(torch.from_numpy(some)).numpy())
    monkeypatch.setattr(clips, "render_chunk", lambda number: (some, None))
    rows, found = evaluate.nearest(np.clip(some[1:].astype(int) + 2, 0, 255).astype(np.uint8))
    assert (rows[0]["chunk"], rows[0]["row"]) == (1, 1)
    assert rows[0]["distance"] == pytest.approx(2, abs=0.2)
    assert np.array_equal(found[0], some[1])


def test_the_sets_are_the_frozen_prompts_and_the_rephrased():
    sets = evaluate.entries()
    assert [len(each) for each in sets.values()] == [240, 24, 24]
    for before, after in zip(sets["handwritten"], sets["handwritten, in the world's words"], strict=True):
        assert clip_phrase(after["prompt"]).spec == before["spec"]


def report():
    """An evaluation of made-up numbers in the form of eval.json."""
    share = measures.wilson(96, 100)
    names = [*evaluate.GATES, "all said", "a clip of the world"]
    group = dict.fromkeys(names, share) | {"motion": measures.wilson(90, 100)}
    sets = {name: {"all": group, "zh": group, "en": group} for name in evaluate.entries()}
    checked = {name: {"share": 0.99, "of": 240} for name in (*CLIP_ATTRIBUTES, "valid")}
    return {
        "settings": {"steps": 20, "guidance": 6.0, "negative": "blurry"}, "sets": sets, "mistakes": [],
        "other_sizes": {"9 frames": group}, "by_motion": {"turn": group},
        "said_twice": {"zh": group, "en": group, "zh only": 3, "en only": 4},
        "checker": {"true": checked, "reconstructed": checked},
        "speed": {"seconds": 2.0, "cpu_seconds": 1.0, "threads": 2, "peak_bytes": 2**30},
        "parameters": {"transformer": 3_000_000, "vae": 1_000_000, "text_encoder": 200_000}, "bytes": 8_000_000,
        "nearest": [{"distance": 20.0, "chunk": 1, "row": 2}], "autoencoder": {"psnr": 30.0, "clips": 120},
        "training": {"samples": 1000, "cpu": 600.0, "clips": 30000, "decoder_cpu": 60.0, "encoder_cpu": None,
                     "prefers": [dict.fromkeys(evaluate.GATES, 0.9) | {"samples": 1000}]},
    }  # fmt: skip


def test_the_card_names_what_is_missed(monkeypatch, tmp_path):
    made = card.text(report())
    assert "| motion | 95 %, **missed** | 90.0 %" in made
    assert "**Below what was wanted** (table above): motion" in made
    assert "| turn (100) | 96.0 %" in made and "in Chinese alone in 3 of the 80 pairs, in English alone in 4." in made
    assert not re.search(r"\{\w+\}", made)
    monkeypatch.setattr(card.paths, "EVALUATION", tmp_path / "eval.json")
    monkeypatch.setattr(card.paths, "MODEL", tmp_path)
    readme = tmp_path / "TRAINING.md"
    readme.write_text("# x\n\n<!-- gates -->\nold\n<!-- end -->\nafter\n", encoding="utf-8")
    monkeypatch.setattr(card, "README", readme)
    (tmp_path / "eval.json").write_text(json.dumps(report()), encoding="utf-8")
    card.write()
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == made
    said = readme.read_text(encoding="utf-8")
    assert "| motion | 95 %, **missed** |" in said and "old" not in said and said.endswith("after\n")


def test_cells_that_change_in_time_weigh_more_and_a_still_background_does_not():
    latents = torch.randn(2, 4, 1, 6, 6).repeat(1, 1, 4, 1, 1)
    latents[:, :, 0] += 1  # the first moment is of another kind
    latents[1, :, 2, 3, 4] += 1
    found = flow.moving(latents)
    assert found.shape == (2, 1, 1, 6, 6) and not found[0].any()
    assert found[1].nonzero().tolist() == [[0, 0, 3, 4]]


def test_a_favoured_share_of_a_batch_shows_what_is_favoured():
    rng = random.Random(3)
    specs = [ClipSpec.sample(rng) for _ in range(250)]
    labels = np.array([clips.labels(spec) for spec in specs], np.int8)
    shows = {
        "puppy": [k for k, spec in enumerate(specs) if spec.subject == "puppy"],
        "turn": [k for k, spec in enumerate(specs) if spec.motion == "turn"],
        "dance": [k for k, spec in enumerate(specs) if (spec.subject, spec.motion) == ("puppy", "bounce")],
        "morph": [k for k, spec in enumerate(specs) if spec.motion == "morph"],
        "ball": [k for k, spec in enumerate(specs) if spec.subject == "ball"],
        "star": [k for k, spec in enumerate(specs) if spec.subject == "star"],
    }
    chunk = {"labels": labels} | {name: bank.rows_of(labels, name) for name in bank.FAVOURABLE}
    assert {name: chunk[name].tolist() for name in bank.FAVOURABLE} == shows
    chunk |= {name: np.zeros((250, 1, 1, 1, 1), np.float16) for name in ("long", "short")}
    made = bank.Bank.__new__(bank.Bank)
    made.chunks = {bank.KEPT_BACK: chunk, bank.KEPT_BACK + 2: chunk}  # the second of them is wide
    made.states_of = lambda rows, rng: torch.zeros(len(rows), 29, 96)

    def share(favours):
        drawn = {tuple(row) for row in labels[shows["puppy"]].tolist()}
        return float(np.mean([tuple(row) in drawn for row in made.batch(2000, rng, favours).labels.tolist()]))

    puppies = len(shows["puppy"]) / 250
    both = sum(specs[k].subject == "puppy" for k in shows["turn"]) / len(shows["turn"])
    assert share({}) == pytest.approx(puppies, abs=0.03)
    assert share({"puppy": 0.5}) == pytest.approx(0.5 + 0.5 * puppies, abs=0.05)
    rare = chunk | {"dance": np.array([], np.int64)}
    made.chunks = {bank.KEPT_BACK: rare, bank.KEPT_BACK + 2: rare}
    assert share({"dance": 0.5}) == pytest.approx(puppies, abs=0.04)  # where there are none, chance decides
    assert share({"turn": 0.3, "puppy": 0.4}) == pytest.approx(0.3 * both + 0.4 + 0.3 * puppies, abs=0.05)


def test_minutes_of_a_half_are_those_of_all_its_runs():
    assert evaluate.added_up([104, 530, 109, 443, 108, 1087]) == 530 + 443 + 1087
    assert evaluate.added_up([18, 37]) == 37 and evaluate.added_up([]) is None


def seen(spec, valid=True, **wrong):
    """A reading that shows the spec, but for ``wrong``."""
    return Reading({**spec.fill(random.Random(0)).known(), **wrong}, {}, valid, 1.0)


def test_shares_by_motion_count_only_the_clips_that_should_show_it():
    turn, left = ClipSpec(subject="cat", motion="turn"), ClipSpec(subject="cat", motion="left")
    found = evaluate.by_motion([seen(turn, valid=False), seen(left), seen(turn)], [turn, left, turn])
    assert list(found) == ["left", "turn"]
    assert (found["turn"]["all said"]["right"], found["turn"]["all said"]["of"]) == (1, 2)
    assert found["left"]["a clip of the world"]["right"] == 1


def test_a_wish_said_in_both_languages_counts_where_one_alone_is_right(monkeypatch):
    said, specs = [], [entry["spec"] for entry in evaluate.entries()["generated"][: evaluate.SAID_TWICE]]
    monkeypatch.setattr(evaluate.sampling, "film", lambda pipe, prompts: said.append(prompts) or prompts)
    wrong = {"zh": {2}, "en": {0, 2, 5}}

    def read(prompts):
        language = "zh" if prompts == said[0] else "en"
        return [seen(spec, valid=k not in wrong[language]) for k, spec in enumerate(specs)]

    monkeypatch.setattr(evaluate, "read_clips", read)
    found = evaluate.said_twice(None)
    assert (found["zh only"], found["en only"]) == (2, 0)
    assert found["zh"]["all said"]["right"] == evaluate.SAID_TWICE - 1
    assert all(re.search(r"[\u4e00-\u9fff]", one) for one in said[0]) and all(one.isascii() for one in said[1])


def test_the_decoder_sees_more_turns_and_weighs_what_moves(monkeypatch):
    specs = [ClipSpec(motion="turn"), *(ClipSpec(motion="left") for _ in range(4))]
    labels = np.array([clips.labels(spec) for spec in specs], np.int8)
    pixels = np.zeros((5, 17, 8, 8, 3), np.uint8) + np.arange(5, dtype=np.uint8)[:, None, None, None, None]
    monkeypatch.setattr(autoencoder.clips, "ready", lambda: [0, 1])
    monkeypatch.setattr(autoencoder.clips, "pixels", lambda number: pixels)
    monkeypatch.setattr(autoencoder.clips, "read", lambda number, name: labels)
    drawn = autoencoder.batch(np.random.default_rng(0), 2000)
    assert drawn.shape == (2000, 9, 8, 8, 3)
    turns = (drawn[:, 0, 0, 0, 0] == 0).float().mean().item()
    assert turns == pytest.approx(autoencoder.TURNS / (autoencoder.TURNS + 4), abs=0.04)
    video = torch.zeros(2, 3, 5, 4, 4)
    video[1, 2, 3, 1, 2] = 0.5
    assert autoencoder.moving(video).nonzero().tolist() == [[1, 0, 0, 1, 2]]
