"""Folds the trained network and writes it where ``aigc_kit.worlds.tinyworld.checker`` finds it."""

from collections.abc import Callable
from pathlib import Path

from aigc_kit.make.train import read_weights, write_weights
from aigc_kit.worlds.tinyworld.reading import SIDE, build, folded

from .pictures import OUT

MODEL = Path(__file__).parents[2] / "models" / "tinyreader"


def export() -> None:
    """``out/second.safetensors`` -> ``assets/models/tinyreader/model.safetensors``, float16."""
    ship(build, OUT / "second.safetensors", (3, SIDE, SIDE), MODEL)


def ship(build: Callable, trained: Path, shape: tuple[int, ...], model: Path) -> None:
    """Folds a trained network, held against itself on four random inputs of this shape; writes it as float16."""
    import torch

    network = build(normed=True)
    network.load_state_dict(read_weights(trained))
    network.eval()
    plain = folded(network, build())
    seen = torch.rand(4, *shape) * 2 - 1
    with torch.no_grad():
        worst = (plain(seen) - network(seen)).abs().max().item()
    if worst > 1e-3:
        raise RuntimeError(f"folding changed the answers by {worst}")
    model.mkdir(exist_ok=True)
    write_weights(plain.state_dict(), model / "model.safetensors", half=True)
