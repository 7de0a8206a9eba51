"""What is shipped: its size, its dtypes, its frozen prompts and what its card says of the gates."""

import hashlib
import json

import torch

from aigc_kit.worlds.sounds import read_sound, wishes
from assets.train.tinymusicgen import corpus, evaluate, network, paths
from tests.shipped_files import dtypes

LIMIT = 6_000_000


def test_it_is_small_and_half():
    assert sum(file.stat().st_size for file in paths.MODEL.iterdir()) < LIMIT
    assert dtypes(paths.MODEL) == {"tinymusicgen": {"F16"}}
    assert (paths.READER / "model.safetensors").stat().st_size < 1_000_000


def test_the_prompts_are_frozen():
    content = paths.PROMPTS.read_bytes()
    assert hashlib.sha256(content).hexdigest() == "6081f6b94ec016b828ac04a5d2a259a63b5f9a2ed765190dea873ecf7eefe195"
    rows = evaluate.frozen()
    assert len(rows) == 200 and sum(row["language"] == "zh" for row in rows) == 100
    assert sum(row["held_out"] for row in rows) == corpus.HELD_OUT
    assert all(read_sound(row["prompt"]) == (row["wish"], "") for row in rows)
    assert not {wish for _, wish in evaluate.developing()} & set(corpus.held_out(list(wishes())))


def test_its_card_says_what_was_measured():
    report = json.loads(paths.EVALUATION.read_text(encoding="utf-8"))
    card = (paths.MODEL / "README.md").read_text(encoding="utf-8")
    for name, gate in report["gates"].items():
        share = report["sets"]["all"][name]
        assert f"{share['percent']:.1f} % ({share['low']:.1f} to {share['high']:.1f})" in card
        assert share["percent"] >= gate and report["codec"]["shares"][name]["percent"] >= report["codec_gate"]
    assert report["rms_dB"][0] > -40  # none is silent


def test_words_are_read_and_delayed():
    words = network.tokenizer()
    assert words.tokenize("慢速的长笛，rising！") == ["慢速", "长笛", "rising"]
    assert words("").input_ids == [1]
    rows = network.delayed(torch.arange(8).reshape(1, 4, 2))
    start = network.START
    assert rows[0].tolist() == [
        [start, 0, 1, start, start, start],
        [start, start, 2, 3, start, start],
        [start, start, start, 4, 5, start],
        [start, start, start, start, 6, 7],
    ]
