"""Ships the small CLIP and measures both editions: retrieval, pairs of one attribute, words apart, what they miss."""

import json
import random
from pathlib import Path

import numpy as np
import torch

from aigc_kit.promptlab import retrieval
from aigc_kit.worlds.tinyworld import captions
from aigc_kit.worlds.tinyworld.render import render
from aigc_kit.worlds.tinyworld.spec import ATTRIBUTES
from aigc_kit.worlds.tinyworld.words import TERMS
from assets.train.measures import wilson
from assets.train.tinysdxl import tokens

from . import network, paths, train

GALLERY = 500
GATES = {"R@1": 80, "R@5": 95, "pairs": 95}


def processor():
    """Any picture -> 64 x 64 pixels in [-1, 1]."""
    from transformers import CLIPImageProcessorPil

    half = [0.5, 0.5, 0.5]
    return CLIPImageProcessorPil(
        size={"height": network.SIDE, "width": network.SIDE},
        resample=4,  # PIL's BOX: averages
        do_center_crop=False,
        image_mean=half,
        image_std=half,
    )


def export() -> int:
    """Write model (float16), tokenizer and image processor; returns the number of parameters."""
    model = network.build()
    state = torch.load(paths.CHECKPOINT, weights_only=True)
    model.load_state_dict(state["model"])
    model.half().save_pretrained(paths.MODEL)
    tokens.tokenizers()[0].save_pretrained(paths.MODEL)
    processor().save_pretrained(paths.MODEL)
    for file in paths.MODEL.glob("*.json"):
        content = json.loads(file.read_text(encoding="utf-8"))
        if "dtype" in content:
            content["dtype"] = "float32"
        file.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return sum(parameter.numel() for parameter in model.parameters())


def recall(towers: retrieval.Towers) -> dict:
    """R@1 and R@5 in both directions and languages, one caption a picture, among ``GALLERY`` pictures."""
    shown = retrieval.Gallery.drawn(20_261_123, GALLERY)
    seen, same, found = towers.pictures(shown.images), np.eye(GALLERY, dtype=bool), {}
    for language in captions.LANGUAGES:
        rng = random.Random(7)
        said = towers.texts([captions.caption(spec, rng, language) for spec in shown.specs])
        for name, pair in (("text to picture", (said, seen)), ("picture to text", (seen, said))):
            first, five = retrieval.hits(*pair, same)
            found[f"{name}, {language}"] = {"R@1": _wilson(first), "R@5": _wilson(five)}
    return found


def _wilson(share) -> dict[str, float]:
    return wilson(share.held, share.count)


def joined(towers: retrieval.Towers) -> dict:
    """R@1 of Chinese words of all attributes, by what stands between them."""
    shown = retrieval.Gallery.drawn(20_261_124, GALLERY)
    seen, queries = towers.pictures(shown.images), retrieval.ask_for(shown, tuple(ATTRIBUTES), "zh", 0)
    found = {}
    for name, between in (("joined", ""), ("spaces", " "), ("commas", "，")):
        said = towers.texts([between.join(query.words) for query in queries])
        found[name] = _wilson(retrieval.hits(said, seen, shown.right(queries))[0])
    return found


def blind(towers: retrieval.Towers) -> dict:
    """What it cannot read: 200 pairs of pictures with and without a colour, asked for without it. Chance: half."""
    rng, right, count = random.Random(11), {"zh": 0, "en": 0}, 200
    pairs = retrieval.draw_pairs("colour", count, 12)
    for pair in pairs:
        pictures = towers.pictures([render(spec, seed=pair.seed) for spec in (pair.spec, pair.other)])
        colour, subject = (TERMS[name][pair.spec.known()[name]] for name in ("colour", "subject"))
        texts = {
            "zh": f"{rng.choice(subject[0])}，不要{rng.choice(colour[0])}",
            "en": f"a {rng.choice(subject[1])}, not {rng.choice(colour[1])}",
        }
        for language, text in texts.items():
            said = towers.texts([text])[0]
            right[language] += int(pictures[1] @ said > pictures[0] @ said)
    return {language: wilson(held, count) for language, held in right.items()}


def measured(towers: retrieval.Towers) -> dict:
    """What one edition does: retrieval, pairs that differ in one attribute, words apart, and a negation."""
    pairs = {each: _wilson(retrieval.pairs_right(towers, each, retrieval.frozen_pairs(each))) for each in ATTRIBUTES}
    return {
        "gallery": GALLERY,
        "gates": GATES,
        "recall": recall(towers),
        "pairs": pairs,
        "joined": joined(towers),
        "negated": blind(towers),
    }


def evaluate() -> dict:
    """Measure the second edition and write its ``eval.json``."""
    torch.set_num_threads(1)
    state = torch.load(paths.CHECKPOINT, weights_only=True)
    more = {
        "training": {"samples": state["step"] * train.BATCH, "core_seconds": round(state["spent"])},
        "parameters": sum(value.numel() for value in state["model"].values() if value.is_floating_point()),
        "bytes": (paths.MODEL / "model.safetensors").stat().st_size,
    }
    return write(paths.EVALUATION, measured(retrieval.TinyTowers(paths.MODEL.name)) | more)


def baseline() -> dict:
    """Measure the first edition in the same way; what is known of its training stays."""
    torch.set_num_threads(1)
    file = paths.FIRST / "eval.json"
    known = json.loads(file.read_text(encoding="utf-8"))
    kept = {name: known[name] for name in ("training", "parameters", "bytes")}
    return write(file, measured(retrieval.TinyTowers(paths.FIRST.name)) | kept)


def write(file: Path, report: dict) -> dict:
    file.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return report
