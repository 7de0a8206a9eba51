"""The weights before and after ``polish``, averaged: what both learned stays, what either overdid halves.

Wortsman et al. 2022, "Robust fine-tuning of zero-shot models", arXiv:2109.01903: two ends of one fine-tuning may be
averaged weight by weight.
"""

import shutil

import torch

from . import paths


def keep() -> None:
    """Before ``polish``: put the decayed weights aside."""
    shutil.copyfile(paths.DECAYED, paths.BEFORE)


def blend(share: float = 0.5) -> None:
    """Replace the polished weights that are shipped by ``share`` of them and the rest of those before; only once."""
    before, after = (torch.load(file, weights_only=True) for file in (paths.BEFORE, paths.DECAYED))
    for name, value in after["averaged"].items():
        value.lerp_(before["averaged"][name], 1 - share)
    torch.save(after, paths.DECAYED.with_suffix(".tmp"))
    paths.DECAYED.with_suffix(".tmp").replace(paths.DECAYED)
    paths.BEFORE.unlink()
