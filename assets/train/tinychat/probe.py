"""Where a checkpoint still fails, also while training runs: wrong answers of each task, as the model says them."""

import random

import torch

from aigc_kit.worlds.shop import checkers

from . import export, paths, state, watch
from .chat import Chat


def asked(names: list[str], count: int) -> None:
    """Print, for each watched name, the share of right answers and some wrong ones."""
    torch.set_num_threads(1)
    chat = Chat(model=export.as_transformers(state.averaged(paths.STATE)))
    for name in names:
        samples = watch.drawn(name, count)
        said = chat.ask([sample.prompt for sample in samples])
        marks = [checkers.check(s, a) for s, a in zip(samples, said, strict=True)]
        print(f"{name}: {sum(mark.right for mark in marks)} of {count}")
        wrong = [(s, a, m) for s, a, m in zip(samples, said, marks, strict=True) if not m]
        for sample, answer, mark in random.Random(0).sample(wrong, min(6, len(wrong))):
            print("  ", sample.prompt.replace("\n", "⏎"), "|", sample.answer, "|", answer, "|", mark.why)
