"""Speech: a neural Mandarin voice for every machine, ChatTTS where it is; front end, controls, measures.

plan = plan_for("今天的天气真不错", speed=5)
for step in steps(plan): step.preview()   # the wave so far
take = run(plan)                          # wave float32 (N,) at 24000 Hz, its cost, its labels
"""

from aigc_kit.make.speech.engines.base import Control, Segment, Spoken
from aigc_kit.make.speech.frontend import Normalised, normalise, syllables
from aigc_kit.make.speech.prepare import MOST_CHARACTERS
from aigc_kit.make.speech.run import MODALITY, engine, make, plan_for, run, steps
from aigc_kit.make.speech.settings import CONTROLS, LEVELS, RATIOS, Settings
from aigc_kit.media.wav import RATE

__all__ = [
    "CONTROLS",
    "LEVELS",
    "MODALITY",
    "MOST_CHARACTERS",
    "RATE",
    "RATIOS",
    "Control",
    "Normalised",
    "Segment",
    "Settings",
    "Spoken",
    "engine",
    "make",
    "normalise",
    "plan_for",
    "run",
    "steps",
    "syllables",
]
