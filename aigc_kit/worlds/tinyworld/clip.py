"""Measure how well pictures and texts go together.

The judge is the small CLIP of the tiny world (``assets/models/miniclip``).

It knows this world alone: a photograph, or a word that the world lacks, gets a number that means nothing.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from aigc_kit.core import paths
from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.worlds.tinyworld.reading import weights

NAME = "miniclip"


def folder() -> Path:
    """Locate its weights."""
    return paths.assets() / "models" / NAME


def available() -> bool:
    """Tell whether its weights are here."""
    return (folder() / "model.safetensors").is_file()


def similarity(images: Sequence[np.ndarray], texts: Sequence[str]) -> np.ndarray:
    """Compare every picture with every text, by their cosine.

    Args:
        images: uint8 (H, W, 3), of any sizes.
        texts: in the world's words; see ``aigc_kit.worlds.tinyworld.vocab.phrase``.

    Returns:
        float64 (images, texts), -1 to 1.

    Raises:
        BadInput: other pictures, no pictures or no texts.
        CannotLoad: the weights are not there.

    Source: CLIP, arXiv 2103.00020.
    """
    import torch
    import torch.nn.functional as F
    from PIL import Image

    if not images or not texts:
        raise BadInput(
            asked=Words("a similarity", "图与文的相似程度"),
            found=Words("no pictures or no texts", "没有图片，或没有文字"),
            todo=Words("give at least one of each", "两样各至少给一个"),
        )
    arrays = [np.asarray(image) for image in images]
    for array in arrays:
        if array.ndim != 3 or array.shape[2] != 3 or array.dtype != np.uint8:
            raise BadInput(
                asked=Words("a similarity", "图与文的相似程度"),
                found=f"{array.dtype} {array.shape}",
                todo=Words("give uint8 (H, W, 3)", "给 uint8，形状 (H, W, 3)"),
            )
    model, tokenizer, processor = _parts(folder())
    room = int(model.config.text_config.max_position_embeddings)
    words = tokenizer(list(texts), padding="max_length", truncation=True, max_length=room, return_tensors="pt")
    pixels = processor(images=[Image.fromarray(array) for array in arrays], return_tensors="pt")
    with torch.no_grad():
        views = model.visual_projection(model.vision_model(pixel_values=pixels["pixel_values"]).pooler_output)
        phrases = model.text_projection(model.text_model(**words).pooler_output)
    return (F.normalize(views, dim=-1) @ F.normalize(phrases, dim=-1).T).double().numpy()


@cache
def _parts(place: Path) -> tuple[Any, Any, Any]:
    state = weights(place, NAME, Words("the CLIP of the tiny world,", "小世界的 CLIP"))
    from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel, CLIPTokenizer

    # by hand, since from_pretrained shows a progress bar in a notebook
    model = CLIPModel(CLIPConfig.from_pretrained(place, attn_implementation="eager"))
    model.load_state_dict(state)
    return model.eval(), CLIPTokenizer.from_pretrained(place), CLIPImageProcessorPil.from_pretrained(place)
