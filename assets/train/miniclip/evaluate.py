"""Ships the small CLIP and measures its retrieval on held-out renders, Chinese and English."""

import json
import random

import numpy as np
import torch

from aigc_kit.worlds.tinyworld import captions
from aigc_kit.worlds.tinyworld.render import render
from aigc_kit.worlds.tinyworld.spec import Spec
from assets.train.measures import wilson
from assets.train.tinysdxl import tokens

from . import network, paths

GALLERY = 500
GATES = {"R@1": 80, "R@5": 95}


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


def gallery(seed: int = 20_261_123, count: int = GALLERY) -> tuple[list[Spec], np.ndarray]:
    """Different full specs, held-out pairs among them, and a render of each: uint8 (count, 128, 128, 3)."""
    rng, specs = random.Random(seed), []
    while len(specs) < count:
        if (spec := Spec.sample(rng)) not in specs:
            specs.append(spec)
    return specs, np.stack([render(spec, seed=rng.randrange(2**31)) for spec in specs])


@torch.no_grad()
def evaluate() -> dict:
    """R@1 and R@5 in both directions, one caption a picture, among ``GALLERY`` pictures; writes ``eval.json``."""
    from transformers import CLIPModel

    torch.set_num_threads(1)
    model = CLIPModel.from_pretrained(paths.MODEL).eval()
    tokenizer = tokens.tokenizers()[0]
    specs, images = gallery()
    report: dict = {"gallery": len(specs), "gates": GATES, "recall": {}}
    for language in captions.LANGUAGES:
        rng = random.Random(7)
        texts = [captions.caption(spec, rng, language) for spec in specs]
        parts = []
        for k in range(0, len(specs), 100):
            words = network.ids(tokenizer, texts[k : k + 100], network.POSITIONS)
            parts.append(network.vectors(model, torch.from_numpy(images[k : k + 100]), words))
        seen, said = (torch.cat(column) for column in zip(*parts, strict=True))
        scores = said @ seen.T
        for name, each in (("text to picture", scores), ("picture to text", scores.T)):
            rank = (each > each.diagonal().unsqueeze(1)).sum(1)
            report["recall"][f"{name}, {language}"] = {
                f"R@{k}": wilson(int((rank < k).sum()), len(rank)) for k in (1, 5)
            }
    state = torch.load(paths.CHECKPOINT, weights_only=True)
    report["training"] = {"samples": state["step"] * 128, "core_seconds": round(state["spent"])}
    report["parameters"] = sum(parameter.numel() for parameter in model.parameters())
    report["bytes"] = (paths.MODEL / "model.safetensors").stat().st_size
    paths.EVALUATION.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return report
