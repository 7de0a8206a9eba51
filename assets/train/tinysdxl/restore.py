"""In a fresh clone: the codec and the text encoders back from what is committed, so that training can go on."""

import shutil

from . import paths


def restore() -> None:
    """Copy ``state/codec.safetensors`` and the shipped text encoders to ``run/``; what is there already stays."""
    paths.RUN.mkdir(exist_ok=True)
    if not paths.CODEC.exists():
        shutil.copyfile(paths.STATE / "codec.safetensors", paths.CODEC)
    for name, shipped in (("first", "text_encoder"), ("second", "text_encoder_2")):
        target = paths.TEXT / name
        if not target.exists():
            target.mkdir(parents=True)
            for file in ("config.json", "model.safetensors"):
                shutil.copyfile(paths.MODEL / shipped / file, target / file)
