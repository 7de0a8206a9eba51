"""Pack arrays and files into text that a page holds.

A page is UTF-8, and base64 would add a third to it. Here seven bits become one character of one byte; the three of them
that HTML would read in its own way (NUL, the carriage return, "<") become one character of two bytes each.
"""

import gzip
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from aigc_kit.teach.site.exports import Part

BITS, GROUP = 7, 8  # seven bytes are eight characters
REPLACED = {0: "\u00c0", 13: "\u00c1", 60: "\u00c2"}


def as_text(data: bytes) -> str:
    r"""Write bytes as characters of seven bits.

    >>> as_text(b"\x00\xff")
    'À\x7f@ÀÀÀÀÀ'
    """
    padded = np.frombuffer(data + bytes(-len(data) % BITS), np.uint8).reshape(-1, BITS).astype(np.uint64)
    whole = np.zeros(len(padded), np.uint64)
    for column in range(BITS):
        whole = (whole << np.uint64(8)) | padded[:, column]
    shifts = np.arange(BITS * (GROUP - 1), -1, -BITS, dtype=np.uint64)
    codes = ((whole[:, None] >> shifts) & np.uint64(127)).astype(np.uint8).ravel()
    return codes.tobytes().decode("ascii").translate(REPLACED)


def squeezed(data: bytes) -> bytes:
    """Compress bytes, the same ones always to the same."""
    return gzip.compress(data, 9, mtime=0)


class Bundle:
    """Gather entries for a page: compressed bytes by name."""

    def __init__(self) -> None:
        self._entries: list[tuple[str, bytes]] = []
        self._tables: dict[str, Any] = {}

    def add(self, name: str, data: bytes) -> None:
        """Add bytes under a name."""
        self._entries.append((name, squeezed(data)))

    def add_arrays(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Add float16 and float32 arrays, halves split in two planes.

        Low and high bytes of float16 apart compress to 9 tenths.
        """
        table = [
            [key, "half" if array.dtype == np.float16 else "single", list(array.shape)] for key, array in arrays.items()
        ]
        halves = _joined(arrays, np.float16).reshape(-1, 2)
        self._tables[name] = table
        self.add(f"{name}.low", halves[:, 0].tobytes())
        self.add(f"{name}.high", halves[:, 1].tobytes())
        self.add(f"{name}.single", _joined(arrays, np.float32).tobytes())

    def add_part(self, part: Part) -> None:
        """Add a graph and its weights."""
        self.add(f"{part.name}.graph", part.graph)
        self.add_arrays(part.name, part.weights)

    @property
    def index(self) -> str:
        """Name entries, lengths and arrays, as JSON."""
        lengths = [[name, len(data)] for name, data in self._entries]
        return json.dumps({"entries": lengths, "arrays": self._tables}, ensure_ascii=False).replace("<", "\\u003c")

    @property
    def text(self) -> str:
        """Write all entries, one after the other, as characters."""
        return as_text(b"".join(data for _, data in self._entries))


def _joined(arrays: Mapping[str, np.ndarray], dtype: type) -> np.ndarray:
    flat = [array.ravel() for array in arrays.values() if array.dtype == dtype]
    return np.concatenate([np.zeros(0, dtype), *flat]).view(np.uint8)
