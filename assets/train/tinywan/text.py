"""The UMT5 encoder: taught alone that every token of a caption tells all its attributes, then frozen."""

import random
import time

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aigc_kit.worlds.tinyworld.captions import LANGUAGES, clip_caption
from aigc_kit.worlds.tinyworld.motion import CLIP_ATTRIBUTES, ClipSpec

from . import clips, paths, tokens

CLASSES = [len(values) + 1 for values in CLIP_ATTRIBUTES.values()]  # the last class: not said
WIDTH = 96
KEPT = 28  # the longest caption with its end; what follows is zero, in the pipeline as here


def build(vocabulary: int):
    from transformers import UMT5Config, UMT5EncoderModel

    config = UMT5Config(
        vocab_size=vocabulary, d_model=WIDTH, d_kv=24, d_ff=2 * WIDTH, num_layers=2, num_heads=4, dropout_rate=0.0,
        feed_forward_proj="gated-gelu", is_encoder_decoder=False, use_cache=False, tie_word_embeddings=False,
    )  # fmt: skip
    return UMT5EncoderModel(config)


class Text(nn.Module):
    """Tokenizer and encoder: captions -> the states that the transformer sees."""

    def __init__(self) -> None:
        super().__init__()
        self.tokenizer = tokens.tokenizer()
        self.encoder = build(len(self.tokenizer))

    def forward(self, texts: list[str], length: int = KEPT) -> tuple[Tensor, Tensor]:
        """(states (N, length, 96), zero behind the end; mask (N, length))."""
        made = self.tokenizer(texts, padding="max_length", truncation=True, max_length=length, return_tensors="pt")
        states = self.encoder(made.input_ids, made.attention_mask).last_hidden_state
        return states * made.attention_mask[..., None], made.attention_mask


def sample(rng: random.Random, count: int) -> tuple[list[str], Tensor]:
    """Captions and their labels, int64 (count, 5); the class of an attribute that is not said is the last one."""
    texts, rows = [], []
    for _ in range(count):
        spec = ClipSpec.sample(rng)
        draw = rng.random()
        if draw < 0.1:  # a few words alone, as in a negative prompt
            spec = ClipSpec(**dict(rng.sample(sorted(spec.known().items()), 1)))
        elif draw < 0.7:
            spec = spec.told(rng, 0.75)
        texts.append(clip_caption(spec, rng, rng.choice(LANGUAGES)))
        rows.append([n - 1 if k < 0 else k for k, n in zip(clips.labels(spec), CLASSES, strict=True)])
    return texts, torch.tensor(rows)


def score(text: Text, heads: nn.Linear, texts: list[str], labels: Tensor) -> tuple[Tensor, Tensor]:
    """(loss, share of tokens that tell all five attributes)."""
    states, mask = text(texts)
    parts = heads(states).split(CLASSES, -1)
    weight = mask / mask.sum(1, keepdim=True) / len(texts)
    loss, right = torch.zeros(()), torch.ones_like(mask, dtype=torch.bool)
    for part, label in zip(parts, labels.T, strict=True):
        target = label[:, None].expand(-1, part.shape[1])
        loss = loss + (F.cross_entropy(part.transpose(1, 2), target, reduction="none") * weight).sum()
        right &= part.argmax(-1) == target
    return loss, (right * weight).sum()


def train(steps: int = 1500, batch: int = 64, lr: float = 3e-3, seed: int = 0) -> float:
    """Train and write the encoder; returns the share of tokens of new captions that tell everything."""
    torch.manual_seed(seed)
    rng, text = random.Random(seed), Text()
    heads = nn.Linear(WIDTH, sum(CLASSES))
    everything = [*text.parameters(), *heads.parameters()]
    adam = torch.optim.AdamW(everything, lr=lr, betas=(0.9, 0.98), weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(adam, lr, steps, pct_start=0.15)
    began = time.process_time()
    for step in range(steps):
        loss, right = score(text, heads, *sample(rng, batch))
        adam.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(everything, 1.0)
        adam.step()
        schedule.step()
        if step % 100 == 99:
            spent = time.process_time() - began
            print(f"text {step + 1} loss {loss.item():.3f} right {right.item():.3f} cpu {spent:.0f} s", flush=True)
    text.eval().half().float()  # what is shipped is float16; the transformer shall see the same numbers
    with torch.no_grad():
        _, right = score(text, heads, *sample(random.Random(999), 500))
    text.encoder.save_pretrained(paths.TEXT)
    print("tokens of new captions that tell all attributes", round(right.item(), 4), flush=True)
    return right.item()


def load() -> Text:
    """The trained encoder, frozen."""
    from transformers import UMT5EncoderModel

    text = Text()
    text.encoder = UMT5EncoderModel.from_pretrained(paths.TEXT)
    return text.eval().requires_grad_(False)
