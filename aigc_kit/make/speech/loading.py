"""Load the engine of a voice's plan."""

from typing import TYPE_CHECKING

from aigc_kit.core.bilingual import Words
from aigc_kit.core.types import Card, Plan
from aigc_kit.models import loaded

if TYPE_CHECKING:
    from aigc_kit.make.speech.engines import Engine


def key(plan: Plan) -> tuple[str, ...]:
    """Tell loaded voices apart: card, engine, dtype, device."""
    return (plan.card.name, plan.card.parts["engine"], plan.dtypes["model"], plan.placement["model"])


def load(plan: Plan) -> "Engine":
    """Load the engine, with errors as in `Modality.engine`."""
    _, kind, dtype, device = key(plan)
    folder, threads = loaded.on_disk(plan.card, Words("voice", "声音")), plan.budget.capabilities.get("threads")
    notice(plan.card)
    if kind == "kokoro":
        from aigc_kit.make.speech.engines.kokoro import KokoroEngine

        return KokoroEngine(plan.card, folder, threads=threads)
    if kind == "chattts":
        from aigc_kit.make.speech.engines.chattts import ChatTTSEngine

        return ChatTTSEngine(plan.card, folder, dtype=dtype, device=device, threads=threads)
    from aigc_kit.make.speech.engines.fastspeech2 import FastSpeech2Engine

    return FastSpeech2Engine(plan.card, folder, threads=threads)


_noticed: set[str] = set()


def notice(card: Card) -> str | None:
    """Return and print once that a voice is non-commercial."""
    if card.facts.commercial or card.name in _noticed:
        return None
    _noticed.add(card.name)
    text = f"声音 {card.name}：只供学习等非商业用途（来源与条款见模型卡片）。"
    print(text)
    return text
