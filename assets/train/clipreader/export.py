"""Folds the trained network and writes it where ``aigc_kit.tinyworld.clip_checker`` finds it."""

import os

from aigc_kit.tinyworld.clip_network import FRAMES, SIDE, build, folded

from .paths import MODEL, OUT


def export() -> None:
    """``out/trained.safetensors`` -> ``assets/models/clipreader/model.safetensors``, float16."""
    import torch
    from safetensors.torch import load_file, save_file

    network = build(normed=True)
    network.load_state_dict(load_file(OUT / "trained.safetensors"))
    network.eval()
    plain = folded(network)
    clips = torch.rand(4, FRAMES, 3, SIDE, SIDE) * 2 - 1
    with torch.no_grad():
        worst = (plain(clips) - network(clips)).abs().max().item()
    if worst > 1e-3:
        raise RuntimeError(f"folding changed the answers by {worst}")
    MODEL.mkdir(exist_ok=True)
    part = MODEL / "model.part"
    save_file({name: value.half().contiguous() for name, value in plain.state_dict().items()}, part)
    os.replace(part, MODEL / "model.safetensors")
