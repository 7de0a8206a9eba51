"""Give players, figures and widgets of the music lab."""

from aigc_kit.core.lazy import lazily
from aigc_kit.teach.labs import Exhibit, Lab

LAB = Lab(
    number="07",
    notebook="07_music.ipynb",
    title="音乐与声音：音符、小模型与 MusicGen",
    cards=("tunes", "tinymusicgen"),
    full=("musicgen-small",),
    core=True,
    budget_seconds=90,
    exhibits=(
        Exhibit("07_tune.json", "一首羽调式小曲", "八首里程序读回时符合要求最多的一首，同分取前面的"),
        Exhibit("07_rolls.png", "十二首没有挑过的小曲", "种子 0 到 11，没有挑"),
    ),
)
__getattr__, __dir__ = lazily(
    __name__,
    {
        "checks": (),
        "figures": ("codes", "field", "metric", "rolls", "shares", "spectra"),
        "folk": ("LICENCE", "copied", "folk_songs", "learn", "surprise"),
        "sound_trials": ("some_sounds", "sound_batch", "told"),
        "obedience": ("batch", "field_of", "held_tunes", "obeyed", "reach"),
        "aigc_kit.make.speech.measures": ("loudness",),
        "widgets": ("Keyboard", "Vote", "asked", "dials", "history", "player", "players"),
    },
)
