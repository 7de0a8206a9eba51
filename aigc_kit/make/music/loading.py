"""Load the engine of a music plan."""

from typing import TYPE_CHECKING, Union

from aigc_kit.core.bilingual import Words
from aigc_kit.core.types import Plan
from aigc_kit.models import loaded

if TYPE_CHECKING:
    from aigc_kit.make.music.melody import MelodyEngine
    from aigc_kit.make.music.musicgen import MusicgenEngine

_noticed: set[str] = set()


def key(plan: Plan) -> tuple[str, ...]:
    """Tell loaded models apart: card, dtype, device."""
    return (plan.card.name, plan.dtypes["model"], plan.placement["model"])


def load(plan: Plan) -> Union["MelodyEngine", "MusicgenEngine"]:
    """Load the engine, with errors as in `Modality.engine`."""
    folder = loaded.on_disk(plan.card, Words("music model", "音乐模型"))
    if not plan.card.facts.commercial and plan.card.name not in _noticed:
        _noticed.add(plan.card.name)
        print(f"音乐模型 {plan.card.name}：权重只供非商业用途（{plan.card.licence}）。")
    if plan.card.parts["engine"] == "melody":
        from aigc_kit.make.music.melody import MelodyEngine

        return MelodyEngine(plan.card, folder)
    from aigc_kit.make.music.musicgen import MusicgenEngine

    return MusicgenEngine(plan.card, folder, dtype=plan.dtypes["model"], device=plan.placement["model"])
