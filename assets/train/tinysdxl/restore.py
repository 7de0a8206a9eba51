"""In a fresh clone: the codec and the text encoders back from what is committed, so that training can go on."""

import shutil

from . import paths


def restore() -> None:
    """Copy codec and text encoders from ``state/`` to ``run/``; what is there already stays."""
    paths.RUN.mkdir(exist_ok=True)
    if not paths.CODEC.exists():
        shutil.copyfile(paths.STATE / "codec.safetensors", paths.CODEC)
    if not paths.TEXT.exists():
        shutil.copytree(paths.STATE / "text", paths.TEXT)
