"""Train the melody model on folk songs found here."""

from collections.abc import Iterator, Sequence
from copy import copy, deepcopy
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import missing_extra
from aigc_kit.worlds.tunes import Tune, TuneWish, abc_tunes, hear, tokens_of

if TYPE_CHECKING:
    from torch import Tensor

    from aigc_kit.make.music.melody import MelodyEngine
    from aigc_kit.make.train import Progress

LONGEST = 160
LICENCE = (
    "Essen 民歌集：法律状况不完全清楚，只许非商业地使用和分发（music21 自带的 license.txt）；训练出来的模型不要发布"
)


def folk_songs(names: str = "han*") -> list[Tune]:
    """Read songs of the Essen collection inside music21.

    Nothing of it is shipped with the kit. Its legal status is unclear; what is known is that it may be used
    non-commercially.

    Args:
        names: of its files: "han*" are Chinese songs, "*" is all.

    Raises:
        MissingExtra: music21 is not installed.
    """
    spec = find_spec("music21")
    if spec is None or spec.origin is None:
        raise missing_extra("music21", "folk", Words("folk songs to train on", "用来训练的民歌"))
    folder = Path(spec.origin).parent / "corpus" / "essenFolksong"
    texts = [file.read_text(encoding="latin-1") for file in sorted(folder.glob(f"{names}.abc"))]
    return [tune for text in texts for tune in abc_tunes(text)]


def copied(engine: "MelodyEngine") -> "MelodyEngine":
    """Copy a melody model, weights too."""
    own = copy(engine)
    own.model = deepcopy(engine.model)
    return own


def learn(engine: "MelodyEngine", tunes: Sequence[Tune], steps: int, seed: int = 0) -> "Iterator[Progress]":
    """Train a melody model on tunes, 16 a step.

    The wish before a tune says its metre and mode as the program reads them; the rest stays open.
    """
    import torch

    from aigc_kit.make.train import Training, train

    rows = _rows(engine, tunes)
    rng = np.random.default_rng(seed)
    training = Training(engine.model, [torch.optim.AdamW(engine.model.parameters(), 6e-4, weight_decay=0.01)])
    batches = (rows[rng.integers(0, len(rows), 16)] for _ in range(steps))
    yield from train(training, batches, lambda part: _surprise(engine, part), lambda step: 1 - 0.9 * step / steps)


def surprise(engine: "MelodyEngine", tunes: Sequence[Tune]) -> float:
    """Measure how surprising tunes are, in nats per token."""
    import torch

    with torch.inference_mode():
        return float(_surprise(engine, _rows(engine, tunes)))


def _rows(engine: "MelodyEngine", tunes: Sequence[Tune]) -> "Tensor":
    import torch

    pad = engine.tokenizer.pad_token_id
    rows = np.full((len(tunes), LONGEST), pad)
    for row, tune in zip(rows, tunes, strict=True):
        heard = hear(tune).wish
        prompt = engine.prompt(TuneWish(mode=heard.mode, metre=heard.metre))
        ids = [*engine.ids([*prompt, *tokens_of(tune)]), engine.end][:LONGEST]
        row[: len(ids)] = ids
    return torch.from_numpy(rows)


def _surprise(engine: "MelodyEngine", rows: "Tensor") -> "Tensor":
    import torch.nn.functional as F

    targets = rows[:, 8:].clone()
    logits = engine.model(rows[:, :-1], attention_mask=(rows[:, :-1] != engine.tokenizer.pad_token_id).long()).logits
    targets[targets == engine.tokenizer.pad_token_id] = -100
    return F.cross_entropy(logits[:, 7:].flatten(0, 1), targets.flatten(), ignore_index=-100)
