"""Speak: a Mandarin voice for every machine, ChatTTS, controls, measures.

take = make("今天的天气真不错", speed=5)    # wave float32 (N,) at 24000 Hz, its cost, its labels
plan = plan_for("今天的天气真不错", speed=5)
for step in steps(plan): step.preview()   # the wave so far
"""

from aigc_kit.core.bilingual import Words
from aigc_kit.core.lazy import lazily
from aigc_kit.make.modality import Modality
from aigc_kit.make.speech import loading, needs
from aigc_kit.make.speech.controls import values
from aigc_kit.make.speech.settings import CONTROLS, LEVELS, RATIOS, Settings, ignored, summary

MODALITY = Modality(
    name="speech",
    noun=Words("speech", "语音"),
    model=Words("a voice", "语音模型"),
    settings=Settings.of,
    resolve=needs.resolve,
    load=loading.load,
    key=loading.key,
    inputs=("using",),
    values=values,
    ignored=ignored,
    summary=summary,
    options=("voice", "controls", "temperature", "top_k", "top_p"),
)
make, plan_for, steps = MODALITY.make, MODALITY.plan_for, MODALITY.steps
run, engine = MODALITY.run, MODALITY.engine
_LATER = {
    "aigc_kit.media.wav": ("RATE",),
    "engines.base": ("Control", "Segment", "Spoken"),
    "frontend": ("Normalised", "normalise", "syllables"),
    "prepare": ("MOST_CHARACTERS",),
    "measures": (),
    "controls": (),
    "transcription": ("transcribe",),
}
__getattr__, __dir__ = lazily(__name__, _LATER)
__all__ = ["CONTROLS", "LEVELS", "MODALITY", "RATIOS", "Settings", "engine", "make", "plan_for", "run", "steps"]
__all__ += [name for names in _LATER.values() for name in names]
