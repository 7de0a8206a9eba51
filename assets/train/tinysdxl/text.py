"""The two CLIP text encoders: taught alone to hold the caption's attributes, then frozen."""

import random
import time

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aigc_kit.worlds.tinyworld import captions
from aigc_kit.worlds.tinyworld.spec import ATTRIBUTES, Spec

from . import paths, pictures, tokens

CLASSES = [len(values) + 1 for values in ATTRIBUTES.values()]  # the last class: not said
KEPT = 28  # positions kept of 77: the longest caption has 27 tokens; what follows is padding
TRAINED = 34  # positions computed in training; those from KEPT on share one position vector, so that 77 act alike
WIDTHS = (64, 128)
PROJECTION = 128


def build(vocabulary: int):
    """(text_encoder, text_encoder_2), untrained. ``eos_token_id`` is the real id: the pooled state is taken there."""
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    common = {
        "vocab_size": vocabulary,
        "max_position_embeddings": tokens.LENGTH,
        "bos_token_id": vocabulary - 2,
        "eos_token_id": vocabulary - 1,
        "attn_implementation": "eager",
    }
    first, second = WIDTHS
    small = CLIPTextConfig(
        hidden_size=first, intermediate_size=4 * first, num_hidden_layers=2, num_attention_heads=2,
        hidden_act="quick_gelu", pad_token_id=vocabulary - 1, projection_dim=first, **common,
    )  # fmt: skip
    large = CLIPTextConfig(
        hidden_size=second, intermediate_size=4 * second, num_hidden_layers=3, num_attention_heads=4,
        hidden_act="gelu", pad_token_id=0, projection_dim=PROJECTION, **common,
    )  # fmt: skip
    return CLIPTextModel(small), CLIPTextModelWithProjection(large)


class Text(nn.Module):
    """Both encoders with their tokenizers: captions -> the states that the U-Net sees."""

    def __init__(self) -> None:
        super().__init__()
        self.tokenizers = tokens.tokenizers()
        self.first, self.second = build(len(self.tokenizers[0]))

    def ids(self, texts: list[str], length: int = tokens.LENGTH) -> list[Tensor]:
        """Token ids of each tokenizer: int64 (N, length)."""
        options = {"padding": "max_length", "truncation": True, "max_length": length, "return_tensors": "pt"}
        return [tokenizer(texts, **options).input_ids for tokenizer in self.tokenizers]

    def forward(self, texts: list[str], length: int = tokens.LENGTH) -> tuple[Tensor, Tensor, Tensor]:
        """(states (N, length, 192), at 77 as the pipeline makes them; pooled (N, 128); index of the end token (N,))."""
        one, two = self.ids(texts, length)
        a = self.first(one, output_hidden_states=True).hidden_states[-2]
        b = self.second(two, output_hidden_states=True)
        ends = (one == self.tokenizers[0].eos_token_id).int().argmax(1)
        return torch.cat([a, b.hidden_states[-2]], -1), b.text_embeds, ends

    @torch.no_grad()
    def share_positions(self) -> None:
        """Give every position from ``KEPT`` on the mean of the trained ones' vectors."""
        for model in (self.first, self.second):
            table = next(module for name, module in model.named_modules() if name.endswith("position_embedding"))
            table.weight[KEPT:] = table.weight[KEPT:TRAINED].mean(0)

    @torch.no_grad()
    def packed(self, texts: list[str]) -> tuple[Tensor, Tensor]:
        """(states (N, 29, 192): 28 positions and the mean of the padding behind them; pooled (N, 128))."""
        states, pooled, _ = self(texts)
        return torch.cat([states[:, :KEPT], states[:, KEPT:].mean(1, keepdim=True)], 1), pooled


class Heads(nn.Module):
    """Linear readers of the attributes, dropped after training: at the end token of each encoder, and pooled."""

    def __init__(self) -> None:
        super().__init__()
        self.readers = nn.ModuleList(nn.Linear(width, sum(CLASSES)) for width in (*WIDTHS, PROJECTION))

    def forward(self, states: Tensor, pooled: Tensor, ends: Tensor) -> list[Tensor]:
        at_end = states[torch.arange(len(ends)), ends].split(WIDTHS, -1)
        inputs = [*(F.layer_norm(x, x.shape[-1:]) for x in at_end), pooled]
        return [reader(x) for reader, x in zip(self.readers, inputs, strict=True)]


def sample(rng: random.Random, count: int) -> tuple[list[str], Tensor]:
    """Captions and their labels, int64 (count, 7); the class of an attribute that is not said is the last one."""
    texts, rows = [], []
    for _ in range(count):
        spec = Spec.sample(rng)
        if (draw := rng.random()) < 0.03:
            spec = Spec()
        elif draw < 0.13:  # a few words alone, as in a negative prompt
            spec = Spec(**dict(rng.sample(sorted(spec.known().items()), rng.randint(1, 2))))
        elif draw < 0.8:
            spec = spec.told(rng, 0.75)
        texts.append(captions.caption(spec, rng, rng.choice(captions.LANGUAGES)))
        row = pictures.labels(spec)
        rows.append([n - 1 if k < 0 else k for k, n in zip(row, CLASSES, strict=True)])
    return texts, torch.tensor(rows)


def loss_of(logits: list[Tensor], labels: Tensor) -> Tensor:
    parts = [(part, labels[:, j]) for reader in logits for j, part in enumerate(reader.split(CLASSES, 1))]
    return torch.stack([F.cross_entropy(part, label) for part, label in parts]).sum() / len(logits)


@torch.no_grad()
def readable(text: Text, heads: Heads, count: int = 1000, seed: int = 999) -> list[float]:
    """Share of new captions of which all seven attributes are read right: encoder 1, encoder 2, pooled."""
    texts, labels = sample(random.Random(seed), count)
    out = []
    for reader in heads(*text(texts)):
        right = torch.stack([p.argmax(1) == labels[:, j] for j, p in enumerate(reader.split(CLASSES, 1))])
        out.append(round(right.all(0).float().mean().item(), 4))
    return out


def train(steps: int = 400, batch: int = 40, lr: float = 3e-3, seed: int = 0) -> list[float]:
    """Train and write both encoders; the padding behind a caption is asked to be one and the same state."""
    torch.manual_seed(seed)
    rng, text, heads = random.Random(seed), Text(), Heads()
    text.share_positions()
    everything = [*text.parameters(), *heads.parameters()]
    adam = torch.optim.AdamW(everything, lr=lr, betas=(0.9, 0.98), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(adam, lr, steps, pct_start=0.15)
    began = time.process_time()
    for step in range(steps):
        texts, labels = sample(rng, batch)
        states, pooled, ends = text(texts, TRAINED)
        padding = states[:, KEPT:]
        drift = (padding - padding.mean(1, keepdim=True)).square().mean() / padding.var().detach()
        loss = loss_of(heads(states, pooled, ends), labels) + 0.3 * drift
        adam.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(everything, 1.0)
        adam.step()
        text.share_positions()
        schedule.step()
        if step % 50 == 49:
            print(f"text {step + 1} loss {loss.item():.3f} drift {drift.item():.4f}", end=" ")
            print(f"cpu {time.process_time() - began:.0f} s", flush=True)
    text.eval().half().float()  # what is shipped is float16; the U-Net shall see the same numbers
    scores = readable(text, heads)
    for name, model in (("first", text.first), ("second", text.second)):
        model.save_pretrained(paths.TEXT / name)
    print("captions read entirely right (encoder 1, encoder 2, pooled)", scores, flush=True)
    return scores


def load() -> Text:
    """The trained encoders, frozen."""
    from transformers import CLIPTextModel, CLIPTextModelWithProjection

    text = Text()
    options = {"attn_implementation": "eager", "dtype": torch.float32}
    text.first = CLIPTextModel.from_pretrained(paths.TEXT / "first", **options)
    text.second = CLIPTextModelWithProjection.from_pretrained(paths.TEXT / "second", **options)
    return text.eval().requires_grad_(False)
