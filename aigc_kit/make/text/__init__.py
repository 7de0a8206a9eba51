"""Text: one interface over two local engines and any OpenAI-compatible server; sampling by hand; measures.

take = make("The future of artificial intelligence will", temperature=0.7)  # the text, its cost, its labels
plan = plan_for("The future of artificial intelligence will", temperature=0.7)
for step in steps(plan): step.preview()   # candidates before and after each filter
"""

from aigc_kit.core.lazy import lazily
from aigc_kit.make.run import Modality
from aigc_kit.make.text import loading, needs, settings
from aigc_kit.make.text.settings import BANDS, PRESETS, Settings, exact_plan, fast_engine, language_of, speaks
from aigc_kit.memory.plan.options import DRAWN

MODALITY = Modality(
    name="text",
    noun="a text",
    model="a language model",
    settings=Settings.of,
    resolve=needs.resolve,
    load=loading.load,
    key=loading.key,
    inputs=("using",),
    values=settings.values,
    suits=settings.suits,
    absent=settings.absent,
    ignored=lambda card: DRAWN,
    prepare=loading.prepare,
    wording=settings.wording,
    so_far=lambda step: getattr(step.preview(), "so_far", ""),
    options=("temperature", "top_k", "top_p", "max_new_tokens", "engine", "chat"),
    bandwidth=True,
)
make, plan_for, steps = MODALITY.make, MODALITY.plan_for, MODALITY.steps
run, engine = MODALITY.run, MODALITY.engine
_LATER = {
    "measures": (),
    "sampling": ("Stage", "draw", "softmax", "top_k", "top_p", "warp"),
    "autoregression": ("BeamView", "Candidate", "StageView", "TokenView"),
    "job": ("prompt_ids",),
}
__getattr__, __dir__ = lazily(__name__, _LATER)
__all__ = ["BANDS", "MODALITY", "PRESETS", "Settings", "engine", "exact_plan", "fast_engine", "language_of"]
__all__ += ["make", "plan_for", "run", "speaks", "steps"]
__all__ += [name for names in _LATER.values() for name in names]
