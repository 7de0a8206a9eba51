"""Folds the trained network and writes it where ``aigc_kit.worlds.tinyworld.checker`` finds it."""

from aigc_kit.worlds.tinyworld.reading import FRAMES, SIDE, build_clips
from assets.train.tinyreader.export import ship

from .paths import MODEL, OUT


def export() -> None:
    """``out/trained.safetensors`` -> ``assets/models/clipreader/model.safetensors``, float16."""
    ship(build_clips, OUT / "trained.safetensors", (FRAMES, 3, SIDE, SIDE), MODEL)
