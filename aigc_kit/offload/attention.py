"""The attention of a loaded pipeline's parts, set as the plan says, whatever it was before."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from aigc_kit.errors import BadInput, missing_extra

ATTENTION = ("sdpa", "math", "sliced", "xformers")
_BACKENDS = {"sdpa": "native", "math": "_native_math", "sliced": "native", "xformers": "xformers"}


def set_attention(parts: Mapping[str, Any], how: str) -> None:
    """Set how the parts compute attention.

    Args:
        parts: name -> part of a diffusers pipeline; text encoders keep what they were loaded with.
        how: "sdpa" (torch's fused attention, the default), "math" (plain matrix products, which keep the whole table
            of scores), "sliced" (plain, half of the heads at a time) or "xformers".

    Raises:
        BadInput: an unknown name, or "sliced" where no part can.
        MissingExtra: "xformers" without the package.
    """
    if how not in ATTENTION:
        raise BadInput(asked=f"attention {how!r}", found="unknown", todo=f"choose one of {list(ATTENTION)}")
    if how == "xformers" and find_spec("xformers") is None:
        raise missing_extra("xformers", "xformers", "attention by xformers")
    able = [part for part in parts.values() if hasattr(part, "set_attention_slice")]
    if how == "sliced" and not able:
        raise BadInput(
            asked="sliced attention",
            found=f"none of the parts {sorted(parts)} can slice its attention",
            todo="choose sdpa, which needs least memory",
        )
    for part in parts.values():
        _set_processors(part, how)
        if _has_backends(part):
            _set_backend(part, _BACKENDS[how])
    if how == "sliced":
        for part in able:
            part.set_attention_slice("auto")


def _set_processors(part: Any, how: str) -> None:
    """Attention layers of the older kind choose between processors."""
    from diffusers.models import attention_processor as kinds

    ours = (kinds.AttnProcessor, kinds.AttnProcessor2_0, kinds.SlicedAttnProcessor, kinds.XFormersAttnProcessor)
    chosen = {"math": kinds.AttnProcessor, "xformers": kinds.XFormersAttnProcessor}.get(how, kinds.AttnProcessor2_0)
    for layer in part.modules():
        if isinstance(getattr(layer, "processor", None), ours):
            layer.set_processor(chosen())


def _has_backends(part: Any) -> bool:
    return hasattr(part, "set_attention_backend") and any(
        hasattr(getattr(layer, "processor", None), "_attention_backend") for layer in part.modules()
    )


def _set_backend(part: Any, name: str) -> None:
    """Attention layers of the newer kind choose between backends; the library warns of the call every time."""
    from diffusers.utils import logging

    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        part.set_attention_backend(name)
    finally:
        logging.set_verbosity(before)
