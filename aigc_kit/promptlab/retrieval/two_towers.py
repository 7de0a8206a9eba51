"""Turn pictures and texts into vectors by a CLIP.

The small ones of the tiny world ship with the kit. Others (CLIP, Chinese-CLIP, SigLIP) are loaded by transformers from
a folder with safetensors; `towers("siglip2")` finds the fetched one by its card.
"""

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, CannotLoad, echo, unknown_name
from aigc_kit.models import cards
from aigc_kit.models.loaded import on_disk
from aigc_kit.worlds.tinyworld import clip

_AT_ONCE = 16


class Towers(Protocol):
    """Both towers of a CLIP.

    identity: what decides its vectors: the model's bytes.
    """

    name: str
    identity: Mapping[str, Any]

    def pictures(self, images: Sequence[np.ndarray]) -> np.ndarray:
        """Give float32 (images, D), rows of length 1."""

    def texts(self, texts: Sequence[str]) -> np.ndarray:
        """Give float32 (texts, D), rows of length 1."""


class TinyTowers:
    """Hold an edition of the small CLIP."""

    def __init__(self, name: str = clip.NAME) -> None:
        self.name = name
        self.identity: Mapping[str, Any] = {"model": name, "sha256": _digest(clip.folder(name))}

    def pictures(self, images: Sequence[np.ndarray]) -> np.ndarray:
        """Give float32 (images, 128), as `clip.picture_vectors`."""
        return clip.picture_vectors(images, self.name)

    def texts(self, texts: Sequence[str]) -> np.ndarray:
        """Give float32 (texts, 128), as `clip.text_vectors`."""
        return clip.text_vectors(texts, self.name)


class HubTowers:
    """Hold a CLIP, Chinese-CLIP or SigLIP in a folder.

    Read by transformers: safetensors only, no code of the folder, nothing from the network.

    Raises:
        CannotLoad: the folder holds no such model.
    """

    def __init__(self, folder: Path, name: str = "") -> None:
        from transformers import AutoModel, AutoProcessor

        place = Path(folder)
        self.name = name or place.name
        try:
            self.model = AutoModel.from_pretrained(place, local_files_only=True, use_safetensors=True).eval()
            self.processor = AutoProcessor.from_pretrained(place, local_files_only=True)
            self.model.get_image_features, self.model.get_text_features  # noqa: B018
        except (OSError, ValueError, AttributeError) as error:
            raise CannotLoad(
                asked=Words(f"a CLIP in {place.name}", f"{place.name} 里的 CLIP"),
                found=Words("transformers refuses it: ", "transformers 不认：") + echo(error),
                todo=Words(
                    "give a folder with config.json, model.safetensors, tokenizer and image processor",
                    "给一个文件夹，里面有 config.json、model.safetensors、分词器和图片处理器的设置",
                ),
            ) from error
        self.identity: Mapping[str, Any] = {"model": self.name, "sha256": _digest(place)}

    def pictures(self, images: Sequence[np.ndarray]) -> np.ndarray:
        """Give float32 (images, D), rows of length 1."""
        from PIL import Image

        arrays = [Image.fromarray(clip.checked_picture(image)) for image in images]
        return self._unit(
            self.model.get_image_features(**self.processor(images=arrays[k : k + _AT_ONCE], return_tensors="pt"))
            for k in range(0, len(arrays), _AT_ONCE)
        )

    def texts(self, texts: Sequence[str]) -> np.ndarray:
        """Give float32 (texts, D), rows of length 1."""
        some = list(texts)
        # SigLIP learned with padding to its whole room; for the others it changes nothing
        options = {"padding": "max_length", "truncation": True, "max_length": self.room, "return_tensors": "pt"}
        return self._unit(
            self.model.get_text_features(**self.processor(text=some[k : k + _AT_ONCE], **options))
            for k in range(0, len(some), _AT_ONCE)
        )

    @property
    def room(self) -> int:
        """Count the tokens that the text tower reads."""
        most = int(self.model.config.text_config.max_position_embeddings)
        return min(most, 77)

    def _unit(self, parts: Any) -> np.ndarray:
        import torch
        import torch.nn.functional as F

        with torch.no_grad():
            rows = [getattr(part, "pooler_output", part) for part in parts]
            vectors: np.ndarray = F.normalize(torch.cat(rows).float(), dim=-1).numpy()
        return vectors


@cache
def towers(name: str = clip.NAME) -> Towers:
    """Give the towers of that name, loaded once.

    Args:
        name: "miniclip", "miniclip_v1", or a card of kind "clip" whose files were fetched.

    Raises:
        UnknownName: there is no such CLIP; NotOnDisk: it was not fetched.
    """
    if name in (clip.NAME, clip.FIRST):
        return TinyTowers(name)
    known = [card.name for card in cards.of_kind("clip")]
    if name not in known:
        raise unknown_name(
            Words(f"the CLIP {name!r}", f"图文模型 {name!r}"),
            str(name),
            [clip.NAME, clip.FIRST, *known],
            Words("CLIP", "图文模型"),
        )
    return HubTowers(on_disk(cards.get(name), Words("CLIP", "图文模型")), name)


def _digest(folder: Path) -> str:
    """Hash weights, tokenizer and image processor of a folder."""
    total = hashlib.sha256()
    for file in sorted([*folder.glob("*.safetensors"), *folder.glob("*token*.json"), *folder.glob("*processor*.json")]):
        total.update(file.name.encode() + file.read_bytes())
    return total.hexdigest()


def checked_vectors(vectors: Any, count: int) -> np.ndarray:
    """Give float32 (count, D), all finite, rows of length 1.

    Raises:
        BadInput: another shape, numbers that are not finite, or a row of zeros.
    """
    rows = np.asarray(vectors, np.float32)
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True) if rows.ndim == 2 else np.zeros(1)
    if rows.ndim != 2 or len(rows) != count or not np.isfinite(lengths).all() or not (lengths > 0).all():
        raise BadInput(
            asked=Words(f"{count} vectors", f"{count} 个向量"),
            found=Words(
                f"shape {rows.shape}, a row of zeros, or numbers that are not finite",
                f"形状是 {rows.shape}，或者有全零的行、不是有限数的值",
            ),
            todo=Words("give float (N, D), all finite, no row of zeros", "给 (N, D) 的有限数，不要有全零的行"),
        )
    unit: np.ndarray = rows / lengths
    return unit
