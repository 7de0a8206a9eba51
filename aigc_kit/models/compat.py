"""Go round installed packages that do not fit each other."""

import os
import sys
from collections.abc import Callable
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from inspect import signature
from pathlib import Path
from types import ModuleType
from typing import Any

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import CannotLoad

ALLOCATOR = ("PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF")


def with_cache(model: Any, cache: Any) -> dict[str, Any]:
    """Hand a model its cache under the name it has.

    transformers 5.24 renamed `past_key_values` to `cache`, model by model.
    """
    kind: Any = type(model)
    return {_cache_name(kind): cache}


@lru_cache
def _cache_name(kind: Any) -> str:
    return "cache" if "cache" in signature(kind.forward).parameters else "past_key_values"


def torch_build() -> str | None:
    """Name the installed torch, such as "2.13.0+cpu", without importing."""
    spec = find_spec("torch")
    if spec is None or spec.origin is None:
        return None
    try:
        text = (Path(spec.origin).parent / "version.py").read_text(encoding="utf-8")
    except OSError:
        return version("torch")
    namespace: dict[str, str] = {}
    for line in text.splitlines():
        name, _, value = line.partition("=")
        namespace[name.split(":")[0].strip()] = value.strip().strip("'\"")
    build = namespace.get("__version__") or version("torch")
    cuda = namespace.get("cuda", "None")
    return build if "+" in build or cuda == "None" else f"{build}+cu{cuda.replace('.', '')}"


def torchaudio_mismatch() -> str | None:
    """Say why torchaudio cannot load beside torch, importing neither.

    PyPI's Linux torchaudio is linked against CUDA libraries; beside a CPU build of torch `import torchaudio` fails,
    and then so does every library that imports torchaudio when it is installed.
    """
    try:
        audio = version("torchaudio")
    except PackageNotFoundError:
        return None
    build = torch_build() or ""
    if "+cpu" in build and "+cpu" not in audio and sys.platform == "linux":
        return f"torchaudio {audio} is a CUDA build beside torch {build}"
    older = tuple(int(part) for part in audio.split("+")[0].split(".")[:2]) < (2, 9)  # 2.9 made its binaries portable
    if older and audio.split(".")[:2] != build.split("+")[0].split(".")[:2]:
        return f"torchaudio {audio} was built for another torch than {build}"
    return None


def bypass_broken_torchaudio() -> bool:
    """Let libraries import a torchaudio that cannot load.

    Call it before transformers or diffusers. torchaudio has a branch of its own for "no compiled part"; this takes it.
    Its Python part, which is all that ChatTTS and vocos use, then works.

    Returns:
        Whether a mismatch was found and gone round.
    """
    if torchaudio_mismatch() is None:
        return False
    if "torchaudio._extension" not in sys.modules:
        stand_in: Any = ModuleType("torchaudio._extension")
        stand_in._IS_TORCHAUDIO_EXT_AVAILABLE = False
        stand_in._IS_ALIGN_AVAILABLE = False
        stand_in.fail_if_no_align = _refuse_alignment
        sys.modules["torchaudio._extension"] = stand_in
    return True


def set_allocator(setting: str = "expandable_segments:True") -> bool:
    """Ask torch's GPU allocator for segments that can grow.

    On a Mac, that operations which Apple's GPU lacks are done on the CPU, where torch would stop.

    They leave less memory unused between tensors. torch reads the variable when it loads, so this must come first. Of
    its two names one release reads the old one only, another the new one only: both are set. What the user has set,
    under either name, is kept.

    Returns:
        Whether torch will see it: False when torch is loaded already.
    """
    if sys.platform == "darwin":
        os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")
    own = next((os.environ[name] for name in ALLOCATOR if name in os.environ), None)
    if own is None and sys.platform == "win32":
        return False  # there is no such allocator, and torch would warn
    for name in ALLOCATOR:
        os.environ.setdefault(name, own or setting)
    return "torch" not in sys.modules


def _refuse_alignment(function: Callable) -> Callable:
    def refuse(*args, **kwargs):
        raise CannotLoad(
            asked=Words(f"torchaudio's {function.__name__}", f"torchaudio 的 {function.__name__}"),
            found=Words(
                torchaudio_mismatch() or "no compiled part",
                f"torchaudio 与 torch 不相配（{torchaudio_mismatch() or '没有编译的部分'}）",
            ),
            todo=Words("install torch and torchaudio from the same index", "从同一个软件源安装 torch 和 torchaudio"),
        )

    return refuse
