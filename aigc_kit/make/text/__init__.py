"""Make texts with two local engines, or any OpenAI-compatible server.

take = make("The future of artificial intelligence will", temperature=0.7)  # the text, its cost, its labels
plan = plan_for("The future of artificial intelligence will", temperature=0.7)
for step in steps(plan): step.preview()   # candidates before and after each filter
"""

from pathlib import Path
from typing import TYPE_CHECKING

from aigc_kit.core.errors import NotOnDisk
from aigc_kit.core.lazy import lazily
from aigc_kit.core.types import Card, Plan, Words
from aigc_kit.make.modality import Modality
from aigc_kit.make.text import needs, settings
from aigc_kit.make.text.settings import BANDS, PRESETS, Settings, exact_plan, fast_engine, language_of, speaks
from aigc_kit.models import loaded

if TYPE_CHECKING:
    from aigc_kit.make.text.engines import Engine


def _load(plan: Plan) -> "Engine":
    card, threads = plan.card, plan.budget.capabilities.get("threads")
    _, kind, dtype, device, attention, *_ = settings.key(plan)
    if kind == "endpoint":
        from aigc_kit.make.text.engines.endpoint import EndpointEngine

        return EndpointEngine(card)
    path = loaded.on_disk(card)
    if kind == "llama.cpp":
        from aigc_kit.make.text.engines.gguf import LlamaCppEngine

        return LlamaCppEngine(card, _gguf_file(card, path), threads=threads)
    from aigc_kit.make.text.engines.dequantise import converted
    from aigc_kit.make.text.engines.hf import TransformersEngine

    folder = path if (path / "config.json").is_file() else converted(card, _gguf_file(card, path))
    return TransformersEngine(card, folder, dtype=dtype, device=device, attention=attention, threads=threads)


def _prepare(card: Card) -> bool:
    """Unpack 4-bit weights for transformers, where not yet done."""
    if "transformers" not in card.facts.engines:
        return False
    from aigc_kit.make.text.engines.dequantise import converted, is_converted

    path = loaded.on_disk(card)
    if (path / "config.json").is_file() or is_converted(card, _gguf_file(card, path)):
        return False
    converted(card, _gguf_file(card, path))
    return True


def _gguf_file(card: Card, path: Path) -> Path:
    files = [path] if path.is_file() else sorted(path.glob("*.gguf"))
    if not files:
        raise NotOnDisk(
            asked=Words(f"the model file of {card.name!r}", f"{card.name!r} 的模型文件"),
            found=Words(f"no .gguf file in {path}", f"{path} 里没有 .gguf 文件"),
            todo=Words(f"fetch it once with `aigc fetch {card.name}`", f"在终端下载一次：`aigc fetch {card.name}`"),
        )
    return files[0]


MODALITY = Modality(
    name="text",
    noun=Words("a text", "文字"),
    model=Words("a language model", "语言模型"),
    settings=Settings.of,
    resolve=needs.resolve,
    load=_load,
    key=settings.key,
    inputs=("using",),
    values=settings.values,
    suits=settings.suits,
    absent=settings.absent,
    ignored=settings.ignored,
    prepare=_prepare,
    wording=settings.wording,
    so_far=lambda step: getattr(step.preview(), "so_far", ""),
    options=("temperature", "top_k", "top_p", "max_new_tokens", "engine", "chat"),
    bandwidth=True,
)
make, plan_for, steps = MODALITY.make, MODALITY.plan_for, MODALITY.steps
run, engine = MODALITY.run, MODALITY.engine
_LATER = {
    "batches": ("answers", "classify", "label_scores"),
    "measures": (),
    "sampling": ("Stage", "draw", "softmax", "top_k", "top_p", "warp"),
    "autoregression": ("BeamView", "Candidate", "StageView", "TokenView"),
    "job": ("prompt_ids",),
}
__getattr__, __dir__ = lazily(__name__, _LATER)
__all__ = ["BANDS", "MODALITY", "PRESETS", "Settings", "engine", "exact_plan", "fast_engine", "language_of"]
__all__ += ["make", "plan_for", "run", "speaks", "steps"]
__all__ += [name for names in _LATER.values() for name in names]
