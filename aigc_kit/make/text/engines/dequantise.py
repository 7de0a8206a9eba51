"""Turn a GGUF into a folder that loads at once.

Reading a GGUF takes 20 s, reading its copy less than one.
"""

import hashlib
import shutil
import struct
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from aigc_kit.core import paths
from aigc_kit.core.errors import NoSpace
from aigc_kit.core.types import Card, Words
from aigc_kit.core.units import format_bytes
from aigc_kit.make.text.engines.hf import loading
from aigc_kit.models.fetch.common import disk_errors

_FORMAT = "1"  # part of the folder's name: another way of converting makes another folder


def converted(card: Card, file: Path) -> Path:
    """Convert a GGUF file to float32 safetensors on first use.

    The folder also has config and tokenizer. It lies below `paths.home()`, named after the file's sha256. It is written
    beside its place and moved there when whole, so an interruption leaves nothing that could be taken for a model.

    Raises:
        CannotLoad: not a GGUF file that transformers can read.
        NoSpace: the disk has no room for the copy.
        FetchError: the folder of `paths.home()` cannot be written.
    """
    return _once(card, file, _FORMAT, partial(_convert, card, file), partial(_check_room, card, file))


def is_converted(card: Card, file: Path) -> bool:
    """Tell whether `converted` would return at once."""
    return (_place(card, file, _FORMAT) / "tokenizer.json").is_file()


def converted_tokenizer(card: Card, file: Path) -> Path:
    """Convert a GGUF's tokenizer alone, as `converted` does all."""
    return _once(card, file, f"tokenizer-{_FORMAT}", partial(_convert_tokenizer, card, file), lambda _: None)


def _once(card: Card, file: Path, what: str, make: Callable[[Path], None], check: Callable[[Path], None]) -> Path:
    place = _place(card, file, what)
    if (place / "tokenizer.json").is_file():
        return place
    shelf = place.parent
    with disk_errors(Words(f"unpack {file.name} into {shelf}", f"把 {file.name} 解开到 {shelf}"), shelf):
        shelf.mkdir(parents=True, exist_ok=True)
        check(shelf)
        draft = Path(mkdtemp(prefix=f".{card.name}-", dir=shelf))
        try:
            make(draft)
            draft.chmod(0o755)  # mkdtemp's folders are for the owner alone
            draft.replace(place)
        except OSError:
            if not (place / "tokenizer.json").is_file():  # else another process was faster
                raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return place


def _place(card: Card, file: Path, what: str) -> Path:
    with file.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    return paths.home() / "converted" / f"{card.name}-{sha256[:16]}-{what}"


def _check_room(card: Card, file: Path, shelf: Path) -> None:
    size = int(4.1 * card.params.value) if card.params else 8 * file.stat().st_size
    free = shutil.disk_usage(shelf).free
    if free < size:
        raise NoSpace(
            asked=Words(
                f"a float32 copy of {file.name} ({format_bytes(size, decimal=True)})",
                f"{file.name} 的 float32 副本（{format_bytes(size, decimal=True)}）",
            ),
            found=Words(
                f"{format_bytes(free, decimal=True)} free in {shelf}",
                f"{shelf} 只空闲 {format_bytes(free, decimal=True)}",
            ),
            todo=Words(
                "free some disk, set AIGC_HOME to a larger one, or say engine='llama.cpp'",
                "在磁盘上腾出空间，把环境变量 AIGC_HOME 设到更大的磁盘，或写 engine='llama.cpp'",
            ),
        )


def _convert_tokenizer(card: Card, file: Path, folder: Path) -> None:
    from transformers import AutoTokenizer

    with _loading(card, file):
        tokenizer: Any = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name, local_files_only=True)
        tokenizer.save_pretrained(folder)


def _convert(card: Card, file: Path, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, GgufConfig

    with _loading(card, file):
        model = AutoModelForCausalLM.from_pretrained(
            file.parent,
            gguf_file=file.name,
            dtype=torch.float32,
            quantization_config=GgufConfig(dequantize=True),
            local_files_only=True,
        )
        if hasattr(model.config, "quantization_config"):
            del model.config.quantization_config  # the copy is not quantised
        model.save_pretrained(folder)
    _convert_tokenizer(card, file, folder)


def _loading(card: Card, file: Path) -> AbstractContextManager[None]:
    damage = (ValueError, KeyError, ImportError, IndexError, struct.error)
    todo = Words(
        f"fetch the file anew (aigc fetch {card.name}), or say engine='llama.cpp'",
        f"在终端重新下载这个文件（aigc fetch {card.name}），或写 engine='llama.cpp'",
    )
    return loading(card, file.name, damage, todo)
