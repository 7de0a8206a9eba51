"""Folds the trained network and writes it where ``aigc_kit.tinyworld.checker`` finds it."""

import os
from pathlib import Path

from aigc_kit.tinyworld.network import build, folded

from .pictures import OUT

MODEL = Path(__file__).parents[2] / "models" / "tinyreader"


def export() -> None:
    """``out/second.safetensors`` -> ``assets/models/tinyreader/model.safetensors``, float16."""
    import torch
    from safetensors.torch import load_file, save_file

    network = build(normed=True)
    network.load_state_dict(load_file(OUT / "second.safetensors"))
    network.eval()
    plain = folded(network)
    image = torch.rand(4, 3, 64, 64) * 2 - 1
    with torch.no_grad():
        worst = (plain(image) - network(image)).abs().max().item()
    if worst > 1e-3:
        raise RuntimeError(f"folding changed the answers by {worst}")
    MODEL.mkdir(exist_ok=True)
    part = MODEL / "model.part"
    save_file({name: value.half().contiguous() for name, value in plain.state_dict().items()}, part)
    os.replace(part, MODEL / "model.safetensors")
