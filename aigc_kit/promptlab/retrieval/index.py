"""Keep vectors with their ids, and find the nearest.

What other indexes get wrong is refused here: an empty index, ids that come twice, vectors of another model, files cut
short. Vectors have length 1, so the inner product is the cosine.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, CannotLoad, missing_extra
from aigc_kit.core.paths import write_atomically
from aigc_kit.core.types.atoms import plain, shown
from aigc_kit.promptlab.caches.exact import ExactCache, key, normal
from aigc_kit.promptlab.retrieval.two_towers import Towers, checked_vectors

BLOCK = 4000  # rows that are compared at once
_FORMAT = "aigc-kit clip index 1"


class Match(NamedTuple):
    """Name what was found, and its cosine."""

    id: str
    cosine: float


class ClipIndex:
    """Find pictures, or texts, by a CLIP's vectors.

    Args:
        towers: that read pictures and texts.
        template: text -> what the model reads of a query, such as a template; None: the text as `normal` writes it.
        version: of the template; it is part of the key under which a query's vector is kept.
        remembered: queries whose vectors are kept.
    """

    def __init__(
        self,
        towers: Towers,
        template: Callable[[str], str] | None = None,
        version: str = "none",
        remembered: int = 1024,
    ) -> None:
        self.towers, self.template, self.version = towers, template, version
        self.kept = ExactCache(remembered)
        self.ids: tuple[str, ...] = ()
        self.vectors = np.zeros((0, 0), np.float32)

    def __len__(self) -> int:
        return len(self.ids)

    def add(self, ids: Sequence[str], pictures: Sequence[np.ndarray] = (), texts: Sequence[str] = ()) -> None:
        """Add pictures or texts under ids of their own.

        Args:
            ids: not empty, none twice, none that is there.
            pictures: uint8 (H, W, 3); texts: instead of pictures. As many as ids.

        Raises:
            BadInput: other ids, other counts, or both pictures and texts.
        """
        names = tuple(ids)
        repeated = {name for name in names if names.count(name) > 1} | (set(names) & set(self.ids))
        bad = [name for name in names if not isinstance(name, str) or not name]
        count = len(pictures) or len(texts)
        if not names or repeated or bad or count != len(names) or (len(pictures) and len(texts)):
            raise BadInput(
                asked=Words(
                    f"{len(names)} ids for {count} pictures or texts", f"给 {count} 张图或文字 {len(names)} 个编号"
                ),
                found=Words(
                    f"none, ids that come twice {sorted(map(str, repeated))[:3]}, or no texts {bad[:3]}",
                    f"一个也没有、有重复的编号 {sorted(map(str, repeated))[:3]}，或者有不是文字的编号 {bad[:3]}",
                ),
                todo=Words("give one id of its own to each", "每张图（或每段文字）给一个自己的编号，不重复"),
            )
        made = self.towers.pictures(pictures) if len(pictures) else self.towers.texts(list(texts))
        new = checked_vectors(made, count)
        self.vectors = np.concatenate([self.vectors, new]) if self.ids else new
        self.ids = (*self.ids, *names)

    def read(self, texts: Sequence[str]) -> np.ndarray:
        """Give vectors of queries, float32 (texts, D).

        Raises:
            BadInput: no text, or an empty one.
        """
        if isinstance(texts, str) or not len(texts):
            raise BadInput(
                asked=Words("a search", "检索"),
                found=Words("no list of texts", "不是一列文字"),
                todo=Words('give a list, such as ["一只小猫"]', '给一个列表，例如 ["一只小猫"]'),
            )
        keys = [key(text, template=self.version, model=dict(self.towers.identity)) for text in texts]
        rows = {name: self.kept.get(name) for name in keys}
        missing = {name: text for name, text in zip(keys, texts, strict=True) if rows[name] is None}
        if missing:
            said = [self.template(normal(text)) if self.template else normal(text) for text in missing.values()]
            for name, row in zip(missing, checked_vectors(self.towers.texts(said), len(missing)), strict=True):
                rows[name] = row
                self.kept.put(name, row)
        return np.stack([rows[name] for name in keys])

    def search(self, texts: Sequence[str], k: int = 5, *, engine: str = "numpy") -> list[list[Match]]:
        """Find the k nearest of each text, the nearest first.

        Args:
            texts: queries.
            k: >= 1; all there are, where there are fewer.
            engine: "numpy", or "faiss" (an extra): the same results.

        Raises:
            BadInput: an empty index, k below 1, no or empty texts, another engine; MissingExtra: faiss is not there.
        """
        self._ready(k)
        return self.nearest(self.read(texts), k, engine=engine)

    def like(self, picture: np.ndarray, k: int = 5, *, engine: str = "numpy") -> list[Match]:
        """Find what is most like a picture, arguments as `search`."""
        self._ready(k)
        return self.nearest(checked_vectors(self.towers.pictures([picture]), 1), k, engine=engine)[0]

    def nearest(self, queries: np.ndarray, k: int, *, engine: str = "numpy") -> list[list[Match]]:
        """Find the nearest of vectors, float (queries, D)."""
        self._ready(k)
        if engine not in ("numpy", "faiss"):
            raise BadInput(
                asked=f"engine={shown(engine)}",
                found=Words("no such engine", "没有这种引擎"),
                todo=Words('"numpy" or "faiss"', '写 "numpy" 或 "faiss"'),
            )
        rows = checked_vectors(queries, len(queries))
        if rows.shape[1] != self.vectors.shape[1]:
            raise BadInput(
                asked=Words(f"vectors of {rows.shape[1]} numbers", f"{rows.shape[1]} 维的向量"),
                found=Words(f"the index holds {self.vectors.shape[1]}", f"索引里是 {self.vectors.shape[1]} 维"),
                todo=Words("use the towers of the index: index.towers", "用索引自己的模型：index.towers"),
            )
        cosines, places = (_by_faiss if engine == "faiss" else _by_numpy)(self.vectors, rows, min(k, len(self)))
        return [
            [Match(self.ids[place], float(cosine)) for place, cosine in zip(*each, strict=True)]
            for each in zip(places, cosines, strict=True)
        ]

    def _ready(self, k: int) -> None:
        number = plain(k)
        if not isinstance(number, int) or isinstance(number, bool) or number < 1:
            raise BadInput(
                asked=f"k={shown(k)}",
                found=Words("not an integer >= 1", "不是大于等于 1 的整数"),
                todo=Words("give one, such as k=5", "给一个，例如 k=5"),
            )
        if not self.ids:
            raise BadInput(
                asked=Words(f"the {number} nearest", f"最近的 {number} 个"),
                found=Words("the index is empty", "索引是空的"),
                todo=Words("add pictures first: index.add(ids, pictures)", "先放进图片：index.add(编号, 图片)"),
            )

    def save(self, path: Path) -> Path:
        """Write ids, vectors, the model's identity and a sum."""
        body = np.ascontiguousarray(self.vectors, "<f4").tobytes()
        head = {
            "format": _FORMAT,
            "towers": dict(self.towers.identity),
            "version": self.version,
            "ids": self.ids,
            "width": self.vectors.shape[1],
            "sha256": hashlib.sha256(body).hexdigest(),
        }
        return write_atomically(Path(path), json.dumps(head, ensure_ascii=False).encode() + b"\n" + body)

    def load(self, path: Path) -> "ClipIndex":
        """Read a file in, whole or not at all.

        Raises:
            CannotLoad: it is missing, cut short, changed, or of another model or template.
        """
        try:
            first, _, body = Path(path).read_bytes().partition(b"\n")
            head = json.loads(first)
            if not isinstance(head, dict) or head.get("format") != _FORMAT:
                raise ValueError("no index of this kit")
            if hashlib.sha256(body).hexdigest() != head["sha256"]:
                raise ValueError("cut short or changed: its sum does not fit")
            if head["towers"] != dict(self.towers.identity) or head["version"] != self.version:
                raise ValueError("made by another model or template")
            vectors = np.frombuffer(body, "<f4").reshape(len(head["ids"]), head["width"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CannotLoad(
                asked=Words(f"the index {Path(path).name}", f"索引文件 {Path(path).name}"),
                found=Words(f"it cannot be trusted: {error}", f"这个文件不能用（原话：{error}）"),
                todo=Words("add the pictures again: index.add(ids, pictures)", "重新放进图片：index.add(编号, 图片)"),
            ) from error
        self.ids, self.vectors = tuple(head["ids"]), vectors.astype(np.float32)
        return self


def _by_numpy(vectors: np.ndarray, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Give cosines and places (queries, k), block after block."""
    cosines, places = np.zeros((len(queries), 0), np.float32), np.zeros((len(queries), 0), np.int64)
    for start in range(0, len(vectors), BLOCK):
        some = queries @ vectors[start : start + BLOCK].T
        cosines = np.concatenate([cosines, some], axis=1)
        places = np.concatenate([places, np.broadcast_to(start + np.arange(some.shape[1]), some.shape)], axis=1)
        order = np.argsort(-cosines, axis=1, kind="stable")[:, :k]
        cosines, places = np.take_along_axis(cosines, order, 1), np.take_along_axis(places, order, 1)
    return cosines, places


def _by_faiss(vectors: np.ndarray, queries: np.ndarray, k: int) -> tuple[Any, Any]:
    """Give the same by faiss's flat index of inner products."""
    try:
        import faiss
    except ImportError:
        raise missing_extra("faiss", "promptlab", Words("a search by faiss", "用 faiss 检索")) from None
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(np.ascontiguousarray(vectors, np.float32))
    return flat.search(np.ascontiguousarray(queries, np.float32), k)
