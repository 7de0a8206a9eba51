"""Ask, constrain and measure the tiny melody model in batches."""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from aigc_kit.core.statistics import wilson
from aigc_kit.worlds.tunes import SIXTEENTHS, Tune, TuneWish, compose, hear, tune_of, whole_wish


class Obeyed(NamedTuple):
    """Hold a share with its 95 % Wilson interval."""

    what: str
    share: float
    low: float
    high: float
    total: int


def batch(engine: Any, wishes: Sequence[TuneWish], control: str, temperature: float = 0.7, seed: int = 0) -> list[Tune]:
    """Write one tune for each wish, all at once.

    Args:
        engine: the loaded melody model.
        wishes: with a metre.
        control: "ask", "constrain" (the metre is kept from the model, a grammar masks) or "both".
        temperature: above 0.
        seed: of torch's draws.
    """
    import torch

    from aigc_kit.make.music import BarGrammar

    hidden = control == "constrain"
    prompts = [engine.prompt(TuneWish(**dict(wish.items()) | ({"metre": None} if hidden else {}))) for wish in wishes]
    given = torch.tensor([engine.ids(prompt) for prompt in prompts])
    grammar = BarGrammar.of_metres(engine.names, [str(wish.metre) for wish in wishes], engine.end)

    def masked(ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        return grammar(ids, scores) if ids.shape[1] > grammar.given else scores

    torch.manual_seed(seed)
    with torch.inference_mode():
        rows = engine.model.generate(
            given,
            attention_mask=torch.ones_like(given),
            do_sample=True,
            temperature=temperature,
            top_k=0,
            logits_processor=[] if control == "ask" else [masked],
        )
    return [tune_of(engine.names[token] for token in row[given.shape[1] :].tolist()) for row in rows]


def obeyed(wishes: Sequence[TuneWish], tunes: Sequence[Tune]) -> list[Obeyed]:
    """Read tunes back: bars right, qualities as asked."""
    marks: dict[str, list[bool]] = {"bars": []}
    for wish, tune in zip(wishes, tunes, strict=True):
        length = SIXTEENTHS[str(wish.metre)]
        marks["bars"] += [sum(note.length for note in bar) == length for bar in tune.bars]
        heard = hear(tune, wish.metre).wish
        for name, value in wish.items():
            marks.setdefault(name, []).append(getattr(heard, name) == value)
    return [Obeyed(name, *wilson(sum(found), len(found)), len(found)) for name, found in marks.items() if found]


def held_tunes(count: int, seed: int = 0, **fixed: str) -> tuple[list[TuneWish], list[Tune]]:
    """Compose tunes by the rules, for comparison."""
    draw = random.Random(f"lab 07 {seed}")
    wishes = [whole_wish(TuneWish(**fixed), draw) for _ in range(count)]
    return wishes, [compose(wish, draw) for wish in wishes]


def reach(layer: Callable[[np.ndarray], np.ndarray], length: int = 4096) -> int:
    """Measure how many samples one output depends on.

    Each input sample is changed in turn; those that change the last output are counted from the first.
    """
    rng = np.random.default_rng(0)
    wave = rng.normal(size=length)
    last = layer(wave)[-1]
    for back in range(length - 1, -1, -1):
        changed = wave.copy()
        changed[length - 1 - back] += 1.0
        if layer(changed)[-1] != last:
            return back + 1
    return 0


def field_of(kernel: int, dilations: Sequence[int]) -> int:
    """Reckon the receptive field of dilated causal layers.

    Source: van den Oord et al. (arXiv:1609.03499), section 2.1.
    """
    return 1 + (kernel - 1) * sum(dilations)


def as_dict(shares: Sequence[Obeyed]) -> Mapping[str, float]:
    """Give shares by what they are of."""
    return {share.what: share.share for share in shares}
