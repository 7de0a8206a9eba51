"""Trains text encoder, then decoder: resumable, by the clock of this process."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aigc_kit.make.train import Training, loop, muon, save_checkpoint
from aigc_kit.worlds.sounds.sound_world import SOUND_CHOICES, read_sound
from assets.train import session

from . import codec, corpus, network, paths

BOOK_WEIGHTS = (1.0, 1.0, 0.7, 0.5)
CHANGE_WEIGHT, CHANGE_FRAMES = 3.0, 2
NOTE_WEIGHT, SPOILT, WITHOUT_WORDS = 0.3, 0.2, 0.1


@dataclass(frozen=True)
class Settings:
    """seconds: of the processor, resumed ones included; the rates fall to zero after the share `plateau` of them."""

    seconds: float = 510.0
    batch: int = 32
    matrix_lr: float = 0.02
    other_lr: float = 0.003
    warmup: int = 60
    plateau: float = 0.5
    average: float = 0.998
    checkpoint_seconds: float = 60.0
    text_steps: int = 900
    seed: int = 0


class Run(Training):
    """The decoder in training, its averaged copy, and how far it is."""

    counters = ("step", "cpu")

    def __init__(self, settings: Settings, model: Any, notes: nn.Module) -> None:
        self.settings, self.model, self.notes = settings, model, notes
        parts = nn.ModuleDict({"decoder": model.decoder, "words": model.enc_to_dec_proj, "notes": notes})
        averaged = nn.ModuleDict(
            {"decoder": type(model.decoder)(model.config.decoder), "words": nn.Linear(64, network.WIDTH)}
        )
        averaged["notes"] = type(notes)(notes.pitch.out_features, notes.place.out_features)
        averaged.load_state_dict(parts.state_dict())
        matrices = [p for p in model.decoder.model.decoder.layers.parameters() if p.ndim == 2]
        inside = set(map(id, matrices))
        others = [p for p in parts.parameters() if id(p) not in inside]
        both = [
            muon(matrices, settings.matrix_lr, decay=0.01),
            torch.optim.AdamW(others, settings.other_lr, betas=(0.9, 0.98), weight_decay=0.0),
        ]
        super().__init__(parts, both, averaged=averaged.requires_grad_(False), average=settings.average)
        self.cpu = 0.0

    def rate(self, step: int) -> float:
        left = (1 - self.cpu / self.settings.seconds) / (1 - self.settings.plateau)
        return max(0.0, min(1.0, (step + 1) / self.settings.warmup, left))


def learn_words(model: Any, settings: Settings) -> float:
    """Teach the text encoder to tell every quality at every token; returns the share that it tells right."""
    words, every = network.tokenizer(), corpus.load().wishes
    heads = nn.ModuleList(nn.Linear(64, len(v) + 1) for v in SOUND_CHOICES.values())
    optimiser = torch.optim.AdamW([*model.text_encoder.parameters(), *heads.parameters()], lr=3e-3)
    draw, right = Random("words"), 0.0
    for step in range(settings.text_steps):
        for group in optimiser.param_groups:
            group["lr"] = 3e-3 * min(1.0, 2 * (1 - step / settings.text_steps))
        texts = [corpus.caption(draw.choice(every), draw) for _ in range(64)]
        truth = torch.tensor([corpus.values(read_sound(text)[0]) for text in texts])
        inputs = words(texts, padding=True, return_tensors="pt")
        states, read = model.text_encoder(**inputs).last_hidden_state, inputs.attention_mask.bool()
        loss, hits = torch.zeros(()), []
        for column, head in enumerate(heads):
            logits = head(states)[read]
            wanted = truth[:, column, None].expand_as(read)[read]
            loss = loss + F.cross_entropy(logits, wanted)
            hits.append((logits.argmax(-1) == wanted).float().mean())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        right = float(torch.stack(hits).mean())
    return right


def mistake(run: Run, texts: list[str], rows: Tensor, data: corpus.Corpus, words: Any, draw: torch.Generator) -> Tensor:
    """Cross-entropy in nats of the codes, weighted, and of the note that the note head reads.

    In half of the clips up to `SPOILT` of the codes before are replaced by any: what it writes itself will have faults.
    """
    inputs = words(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        states = run.model.text_encoder(**inputs).last_hidden_state
    mask = inputs.attention_mask[..., None] * (torch.rand(len(rows), 1, 1, generator=draw) >= WITHOUT_WORDS)
    sequence = network.delayed(data.codes[rows])
    given, targets = sequence[:, :, :-1], sequence[:, :, 1:]
    share = SPOILT * torch.rand(len(rows), 1, 1, generator=draw) * (torch.rand(len(rows), 1, 1, generator=draw) < 0.5)
    random = torch.randint(0, codec.SIZE, given.shape, generator=draw)
    given = torch.where((torch.rand(given.shape, generator=draw) < share) & (given != network.START), random, given)
    logits, inner = forward(run.network, given, states, mask)
    weights = torch.tensor(BOOK_WEIGHTS)[None, :, None] * (targets != network.START)
    change = (data.places[rows] < CHANGE_FRAMES).float() * (CHANGE_WEIGHT - 1) + 1
    for book in range(codec.BOOKS):
        weights[:, book, book : book + change.shape[1]] *= change
    errors = F.cross_entropy(logits.flatten(0, 2), targets.clamp_max(codec.SIZE - 1).flatten(), reduction="none")
    loss = (errors.view_as(weights) * weights).sum() / weights.sum()
    length = change.shape[1]
    pitch, place = run.notes(inner[:, :length])
    heard = F.cross_entropy(pitch.flatten(0, 1), data.pitches[rows].flatten(), reduction="none")
    where = F.cross_entropy(place.flatten(0, 1), data.places[rows].flatten())
    return loss + NOTE_WEIGHT * ((heard * change.flatten()).sum() / change.sum() + 0.3 * where)


def forward(parts: Any, given: Tensor, states: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Logits (B, 4, T, codes) and the states of the inner layer whose note is read, (B, T, width)."""
    decoder = parts["decoder"]
    out = decoder.model.decoder(
        input_ids=given.flatten(0, 1),
        encoder_hidden_states=parts["words"](states) * mask,
        use_cache=False,
        output_hidden_states=True,
    )
    logits = torch.stack([head(out.last_hidden_state) for head in decoder.lm_heads], 1)
    return logits, out.hidden_states[network.NOTE_LAYER]


def train(settings: Settings) -> None:
    torch.set_num_threads(1)
    (paths.RUN / "pid").write_text(str(os.getpid()))
    model, data, words = network.build(settings.seed, learned=False), corpus.load(), network.tokenizer()
    model.set_attn_implementation("eager")
    notes = network.NoteHead(corpus.SILENCE + 1, int(data.places.max()) + 1)
    run = Run(settings, model, notes)
    if paths.CHECKPOINT.exists():
        state = torch.load(paths.CHECKPOINT, weights_only=True)
        model.text_encoder.load_state_dict(state["text_encoder"])
        run.restore(state)
    else:
        print("words read right:", learn_words(model, settings), flush=True)
    model.text_encoder.requires_grad_(False)
    draw = torch.Generator().manual_seed(settings.seed + run.step)
    saved, spent, losses = time.monotonic(), time.process_time(), []

    def drawn() -> Iterator[tuple[list[str], Tensor]]:
        source = corpus.batches(data, settings.batch, settings.seed + run.step)
        while run.cpu < settings.seconds:
            yield next(source)

    def loss(batch: tuple[list[str], Tensor]) -> Tensor:
        return mistake(run, *batch, data, words, draw)

    def save() -> None:
        save_checkpoint(run.state() | {"text_encoder": model.text_encoder.state_dict()}, paths.CHECKPOINT)
        line = {"step": run.step, "cpu_seconds": round(run.cpu), "rate": round(run.rate(run.step), 3)}
        session.note(paths.TRAINING_LOG, line | {"loss": round(sum(losses) / max(1, len(losses)), 4)})

    for progress in loop.train(run, drawn(), loss, run.rate):
        losses.append(progress.loss)
        run.cpu += time.process_time() - spent
        spent = time.process_time()
        if time.monotonic() - saved > settings.checkpoint_seconds:
            save()
            saved, losses = time.monotonic(), []
    save()
