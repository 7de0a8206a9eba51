"""Folds the trained network and writes it where ``aigc_kit.worlds.tinyworld.clip_checker`` finds it."""

from aigc_kit.worlds.tinyworld.clip_checker import FRAMES, SIDE, build
from assets.train.tinyreader.export import ship

from .paths import MODEL, OUT


def export() -> None:
    """``out/trained.safetensors`` -> ``assets/models/clipreader/model.safetensors``, float16."""
    ship(build, OUT / "trained.safetensors", (FRAMES, 3, SIDE, SIDE), MODEL)
