"""Make music: tunes by a tiny model, sound by MusicGen.

take = make("江南风格的羽调式，慢速，三四拍", seed=3)    # wave float32 (N,) at 24000 Hz; take.labels["notes"]
plan = plan_for("fast, major, 6/8", control="both", instrument="dizi")
for step in steps(plan): step.preview()   # the notes so far
"""

from aigc_kit.core.bilingual import Words
from aigc_kit.core.lazy import lazily
from aigc_kit.make.modality import Modality
from aigc_kit.make.music import loading, needs
from aigc_kit.make.music.settings import CONTROLS, HARMONIES, INSTRUMENTS, Settings, ignored, summary

MODALITY = Modality(
    name="music",
    noun=Words("music", "音乐"),
    model=Words("a music model", "音乐模型"),
    settings=Settings.of,
    resolve=needs.resolve,
    load=loading.load,
    key=loading.key,
    inputs=("using", "sample"),
    ignored=ignored,
    summary=summary,
    options=("temperature", "top_p", "control", "instrument", "harmony", "bpm"),
)
make, plan_for, steps = MODALITY.make, MODALITY.plan_for, MODALITY.steps
run, engine = MODALITY.run, MODALITY.engine
_LATER = {
    "synthesis": ("Event", "perform", "sound"),
    "midi": ("from_midi", "to_midi"),
    "soundfont": ("play_soundfont",),
    "bar_grammar": ("BarGrammar",),
    "job": ("tune_in", "wish_in"),
}
__getattr__, __dir__ = lazily(__name__, _LATER)
__all__ = ["CONTROLS", "HARMONIES", "INSTRUMENTS", "MODALITY", "Settings", "engine", "make", "plan_for", "run", "steps"]
__all__ += [name for names in _LATER.values() for name in names]
