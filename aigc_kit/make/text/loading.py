"""Plan of a language model -> engine."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from aigc_kit.core.errors import NotOnDisk
from aigc_kit.core.types import Card, Plan
from aigc_kit.models import loaded

if TYPE_CHECKING:
    from aigc_kit.make.text.engines import Engine


def key(plan: Plan) -> tuple[str, ...]:
    """What tells one loaded model from another: card, engine, dtype, device, attention; of a server its address."""
    kind = str(plan.request.extra.get("engine") or plan.card.defaults["engine"])
    server: tuple[str, ...] = ()
    if kind == "endpoint":
        from aigc_kit.make.text.engines.endpoint import MODEL, URL

        server = (os.environ.get(URL, ""), os.environ.get(MODEL, ""))
    return (plan.card.name, kind, plan.dtypes["model"], plan.placement["model"], plan.attention, *server)


def load(plan: Plan) -> "Engine":
    """Load the engine; errors as in `Modality.engine`."""
    _, kind, dtype, device, attention, *_ = key(plan)
    if kind == "endpoint":
        from aigc_kit.make.text.engines.endpoint import EndpointEngine

        return EndpointEngine(plan.card)
    found, threads = loaded.on_disk(plan.card), plan.budget.capabilities.get("threads")
    if kind == "llama.cpp":
        from aigc_kit.make.text.engines.gguf import LlamaCppEngine

        return LlamaCppEngine(plan.card, _gguf_file(plan.card, found), threads=threads)
    from aigc_kit.make.text.engines.dequantise import converted
    from aigc_kit.make.text.engines.hf import TransformersEngine

    folder = found if (found / "config.json").is_file() else converted(plan.card, _gguf_file(plan.card, found))
    return TransformersEngine(plan.card, folder, dtype=dtype, device=device, attention=attention, threads=threads)


def prepare(card: Card) -> bool:
    """Unpack 4-bit weights for transformers, once. Returns whether there was something to unpack."""
    if "transformers" not in card.facts.engines:
        return False
    from aigc_kit.make.text.engines.dequantise import converted, is_converted

    found = loaded.on_disk(card)
    if (found / "config.json").is_file() or is_converted(card, _gguf_file(card, found)):
        return False
    converted(card, _gguf_file(card, found))
    return True


def _gguf_file(card: Card, found: Path) -> Path:
    files = [found] if found.is_file() else sorted(found.glob("*.gguf"))
    if not files:
        raise NotOnDisk(
            asked=f"the model file of {card.name!r}",
            found=f"no .gguf file in {found}",
            todo=f"fetch it once with `aigc fetch {card.name}`",
        )
    return files[0]
