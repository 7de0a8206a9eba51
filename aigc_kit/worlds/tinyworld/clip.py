"""How well pictures and texts go together, by the small CLIP of the tiny world (``assets/models/miniclip``).

It knows this world alone: a photograph, or a word that the world lacks, gets a number that means nothing.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from aigc_kit.core import paths
from aigc_kit.core.errors import BadInput
from aigc_kit.worlds.tinyworld.reading import weights

NAME = "miniclip"


def folder() -> Path:
    """Where its weights lie."""
    return paths.assets() / "models" / NAME


def available() -> bool:
    """Whether its weights are here."""
    return (folder() / "model.safetensors").is_file()


def similarity(images: Sequence[np.ndarray], texts: Sequence[str]) -> np.ndarray:
    """Cosine of every picture with every text.

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
        raise BadInput(asked="a similarity", found="no pictures or no texts", todo="give at least one of each")
    for image in images:
        if np.ndim(image) != 3 or np.shape(image)[2] != 3 or np.asarray(image).dtype != np.uint8:
            found = f"{np.asarray(image).dtype} {np.shape(image)}"
            raise BadInput(asked="a similarity", found=found, todo="give uint8 (H, W, 3)")
    model, tokenizer, processor = _parts(folder())
    words = tokenizer(list(texts), padding="max_length", truncation=True, max_length=_room(model), return_tensors="pt")
    pixels = processor(images=[Image.fromarray(np.asarray(image)) for image in images], return_tensors="pt")
    with torch.no_grad():
        seen = model.visual_projection(model.vision_model(pixel_values=pixels["pixel_values"]).pooler_output)
        said = model.text_projection(model.text_model(**words).pooler_output)
    return (F.normalize(seen, dim=-1) @ F.normalize(said, dim=-1).T).double().numpy()


def _room(model: Any) -> int:
    return int(model.config.text_config.max_position_embeddings)


@cache
def _parts(place: Path) -> tuple[Any, Any, Any]:
    state = weights(place, NAME, "the CLIP of the tiny world,")
    from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel, CLIPTokenizer

    # by hand, since from_pretrained shows a progress bar in a notebook
    model = CLIPModel(CLIPConfig.from_pretrained(place, attn_implementation="eager"))
    model.load_state_dict(state)
    return model.eval(), CLIPTokenizer.from_pretrained(place), CLIPImageProcessorPil.from_pretrained(place)
