"""Measure how well pictures and texts go together.

The judge is the small CLIP of the tiny world (``assets/models/miniclip``).

It knows this world alone: a photograph, or a word that the world lacks, gets a number that means nothing. Its first
edition (`FIRST`) cannot see where a subject stands; it is kept to show that.
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

NAME, FIRST = "miniclip", "miniclip_v1"
_AT_ONCE = 100  # pictures or texts that the model reads together


def folder(name: str = NAME) -> Path:
    """Locate the weights of an edition."""
    return paths.assets() / "models" / name


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
    if not len(images) or not len(texts):
        raise BadInput(
            asked=Words("a similarity", "图与文的相似程度"),
            found=Words("no pictures or no texts", "没有图片，或没有文字"),
            todo=Words("give at least one of each", "两样各至少给一个"),
        )
    cosines: np.ndarray = picture_vectors(images).astype(np.float64) @ text_vectors(texts).astype(np.float64).T
    return cosines


def picture_vectors(images: Sequence[np.ndarray], name: str = NAME) -> np.ndarray:
    """Turn pictures into unit vectors, float32 (images, 128).

    Args:
        images: uint8 (H, W, 3), of any sizes, at least one.
        name: of the edition.

    Raises:
        BadInput: other pictures; CannotLoad: no weights.
    """
    import torch
    import torch.nn.functional as F
    from PIL import Image

    arrays = [checked_picture(image) for image in images]
    model, _, processor = parts(folder(name), name)
    rows = []
    with torch.no_grad():
        for start in range(0, len(arrays), _AT_ONCE):
            some = [Image.fromarray(array) for array in arrays[start : start + _AT_ONCE]]
            seen = model.vision_model(pixel_values=processor(images=some, return_tensors="pt")["pixel_values"])
            rows.append(F.normalize(model.visual_projection(seen.pooler_output), dim=-1))
    return _joined(rows)


def checked_picture(image: Any) -> np.ndarray:
    """Give a picture, uint8 (H, W, 3), or raise BadInput."""
    array = np.asarray(image)
    if array.ndim != 3 or array.shape[2] != 3 or array.dtype != np.uint8 or not array.size:
        raise BadInput(
            asked=Words("a similarity", "图与文的相似程度"),
            found=f"{array.dtype} {array.shape}",
            todo=Words("give uint8 (H, W, 3)", "给 uint8，形状 (H, W, 3)"),
        )
    return array


def text_vectors(texts: Sequence[str], name: str = NAME) -> np.ndarray:
    """Turn texts into unit vectors, float32 (texts, 128).

    What is longer than the model's 77 tokens is cut off; `tokens_of` counts them.

    Args:
        texts: at least one; name: of the edition.

    Raises:
        CannotLoad: no weights.
    """
    import torch
    import torch.nn.functional as F

    model, tokenizer, _ = parts(folder(name), name)
    room = int(model.config.text_config.max_position_embeddings)
    rows = []
    with torch.no_grad():
        for start in range(0, len(texts), _AT_ONCE):
            some = list(texts[start : start + _AT_ONCE])
            # the end token comes before the padding and attention looks back only, so the longest text decides
            words = tokenizer(some, padding="longest", truncation=True, max_length=room, return_tensors="pt")
            rows.append(F.normalize(model.text_projection(model.text_model(**words).pooler_output), dim=-1))
    return _joined(rows)


def _joined(rows: Sequence[Any]) -> np.ndarray:
    import torch

    vectors: np.ndarray = torch.cat(list(rows)).numpy()
    return vectors


def tokens_of(text: str, name: str = NAME) -> list[str]:
    """List the tokens that the model reads.

    What ends a piece bears "</w>", bytes that are no word stand as "\ufffd"; start and end are left out.
    """
    _, tokenizer, _ = parts(folder(name), name)
    numbers = tokenizer(text).input_ids[1:-1]
    ends = ["</w>" if token.endswith("</w>") else "" for token in tokenizer.convert_ids_to_tokens(numbers)]
    return [tokenizer.decode([number]).strip() + end for number, end in zip(numbers, ends, strict=True)]


@cache
def parts(place: Path, name: str) -> tuple[Any, Any, Any]:
    """Load model, tokenizer and image processor once.

    Raises:
        CannotLoad: no weights.
    """
    state = weights(place, name, Words("the CLIP of the tiny world,", "小世界的 CLIP"))
    from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel, CLIPTokenizer

    # by hand, since from_pretrained shows a progress bar in a notebook
    model = CLIPModel(CLIPConfig.from_pretrained(place, attn_implementation="eager"))
    model.load_state_dict(state)
    return model.eval(), CLIPTokenizer.from_pretrained(place), CLIPImageProcessorPil.from_pretrained(place)
