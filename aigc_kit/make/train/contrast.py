"""Teach a CLIP which picture and text belong together.

Source: CLIP, arXiv 2103.00020, figure 3.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.make.train.loop import Progress, Training, train

if TYPE_CHECKING:
    from torch import Tensor

SIDE = 64
TOKENS = 34  # of a caption, both ends included


def contrast(seen: "Tensor", said: "Tensor", scale: "Tensor", fits: "Tensor | None" = None) -> "Tensor":
    """Measure how badly pictures and texts find each other.

    The mean of two cross-entropies over the table of a batch: of each text among the pictures, and the other way.

    Args:
        seen, said: float (N, D), rows of length 1; row k of both belongs together.
        scale: float (), e to its power multiplies the cosines (at most 100): the inverse of a temperature.
        fits: bool (texts, pictures); pairs off the diagonal that fit too are no negatives and are left out.

    Raises:
        BadInput: fewer than two pairs.
    """
    import torch
    import torch.nn.functional as F

    if seen.shape != said.shape or len(seen) < 2:
        raise BadInput(
            asked=Words(
                f"a contrast of {len(seen)} pictures and {len(said)} texts",
                f"{len(seen)} 张图和 {len(said)} 段文字对比",
            ),
            found=Words("not two pairs at least", "不成对，或者不到两对"),
            todo=Words("give as many pictures as texts, two or more", "图和文字要一样多，至少两对"),
        )
    logits = scale.exp().clamp(max=100) * said.float() @ seen.float().T
    same = torch.arange(len(logits))
    if fits is not None:
        logits = logits.masked_fill(fits & ~torch.eye(len(fits), dtype=torch.bool), float("-inf"))
    return (F.cross_entropy(logits, same) + F.cross_entropy(logits.T, same)) / 2


def pixels_of(images: np.ndarray) -> "Tensor":
    """Average pictures down to 64 x 64, in [-1, 1].

    Args:
        images: uint8 (N, S, S, 3), S a multiple of 64.

    Returns:
        float32 (N, 3, 64, 64), as the image processor of the small CLIP gives, to half a level.
    """
    import torch
    import torch.nn.functional as F

    colours = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float()
    factor = colours.shape[-1] // SIDE
    return (F.avg_pool2d(colours, factor).round() if factor > 1 else colours) / 127.5 - 1


def new_clip(words: int, *, width: int = 96, layers: int = 2, patch: int = 8, seed: int = 0) -> Any:
    """Make an untrained transformers.CLIPModel for 64 x 64 pixels.

    Args:
        words: entries of the tokenizer, whose last one ends a text.
        width, layers, patch: of both towers, of both, of pictures.
        seed: of the weights.
    """
    import torch
    from transformers import CLIPConfig, CLIPModel

    common = {
        "hidden_size": width,
        "intermediate_size": 3 * width,
        "num_attention_heads": 4,
        "num_hidden_layers": layers,
        "hidden_act": "gelu",
    }
    ends = {"bos_token_id": words - 2, "eos_token_id": words - 1, "pad_token_id": words - 1}
    config = CLIPConfig(
        text_config={**common, **ends, "vocab_size": words, "max_position_embeddings": TOKENS},
        vision_config={**common, "image_size": SIDE, "patch_size": patch},
        projection_dim=width,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return CLIPModel._from_config(config, attn_implementation="eager")


def unit_vectors(model: Any, pixels: "Tensor", words: "Tensor") -> "tuple[Tensor, Tensor]":
    """Give unit vectors of both, float (N, D) each.

    Args:
        model: a CLIPModel.
        pixels: of `pixels_of`; words: int64 (N, T), as the tokenizer gives.
    """
    import torch.nn.functional as F

    seen = model.visual_projection(model.vision_model(pixel_values=pixels).pooler_output)
    said = model.text_projection(model.text_model(input_ids=words).pooler_output)
    return F.normalize(seen, dim=-1), F.normalize(said, dim=-1)


def read_words(tokenizer: Any, texts: Sequence[str]) -> "Tensor":
    """Encode captions, int64 (N, 34), padded by the end."""
    options = {"padding": "max_length", "truncation": True, "max_length": TOKENS, "return_tensors": "pt"}
    words: Tensor = tokenizer(list(texts), **options).input_ids
    return words


def learn_clip(
    model: Any,
    tokenizer: Any,
    images: np.ndarray,
    caption: Callable[[int, random.Random], str],
    *,
    steps: int,
    size: int = 64,
    rate: float = 2e-3,
    seed: int = 0,
) -> Iterator[Progress]:
    """Train a CLIP step by step, every caption fresh.

    Args:
        model: a CLIPModel, changed in place.
        tokenizer: of transformers.
        images: uint8 (N, S, S, 3), N >= size.
        caption: number of a picture, source of chance -> a text of it.
        steps, size: how many batches of how many pairs.
        rate: the highest; it rises over 30 steps and falls to zero.
        seed: of batches and captions.

    Raises:
        BadInput: fewer pictures than a batch has.
    """
    import torch

    if not 2 <= size <= len(images):
        raise BadInput(
            asked=Words(f"batches of {size} pairs", f"每批 {size} 对"),
            found=Words(f"{len(images)} pictures", f"一共只有 {len(images)} 张图"),
            todo=Words(
                "give more pictures, or ask for smaller batches of 2 or more", "多给几张图，或把每批改小（至少 2）"
            ),
        )
    pixels, rng = pixels_of(images), random.Random(f"clip {seed}")
    adam = torch.optim.AdamW(model.parameters(), lr=rate, betas=(0.9, 0.98), weight_decay=0.02)

    def batches() -> "Iterator[tuple[Tensor, Tensor]]":
        for _ in range(steps):
            places = rng.sample(range(len(images)), size)
            yield pixels[places], read_words(tokenizer, [caption(place, rng) for place in places])

    def loss(batch: "tuple[Tensor, Tensor]") -> "Tensor":
        return contrast(*unit_vectors(model, *batch), model.logit_scale)

    def pace(step: int) -> float:
        return min((step + 1) / 30, 1 - step / steps)

    model.train()
    yield from train(Training(model, [adam]), batches(), loss, pace)
    model.eval()
