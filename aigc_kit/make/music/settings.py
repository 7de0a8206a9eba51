"""Hold the settings of a music run, and check them."""

import re
from dataclasses import dataclass, fields
from math import isfinite
from typing import Any

from aigc_kit.core.errors import BadInput, unknown_name
from aigc_kit.core.types import Card, Request, Take, Words
from aigc_kit.core.types.atoms import plain, shown
from aigc_kit.core.types.records import settings_from
from aigc_kit.media.wav import RATE
from aigc_kit.memory.plan.options import DRAWN, WRITTEN
from aigc_kit.worlds.tunes.tune import HIGHEST, LENGTHS, LOWEST, REST
from aigc_kit.worlds.tunes.wishes import CHOICES

CONTROLS = ("ask", "constrain", "both")
INSTRUMENTS = ("zheng", "dizi", "organ", "bell")
HARMONIES = ("none", "second", "chords")
BPM = (30.0, 240.0)
LONGEST_SECONDS = 300.0
MOTIF_NOTES = 64
_NUMBERS = {
    "temperature": (0.0, 10.0),
    "top_p": (1e-4, 1.0),
    "dynamics": (0.0, 1.0),
    "humanise": (0.0, 1.0),
    "seconds": (0.5, 30.0),
}


@dataclass(frozen=True)
class Settings:
    """Hold how music is made.

    None leaves it to the words or the model.

    Args:
        mode, metre, form, tempo, span, density, region: qualities of a tune, values of `worlds.tunes.wishes.CHOICES`;
            they go before what the prompt says.
        control: "ask" puts the wish before the notes, "constrain" leaves metre out and masks what breaks a bar, "both".
        temperature, top_p: of the sampling; 0 takes the most probable.
        motif: notes to go on from, "pitch:sixteenths" parted by spaces, such as "60:4 62:2 r:2".
        bpm: quarters a minute when it is played, 30..240.
        key: semitones by which 1 = C is played higher, -12..12.
        instrument: that plays it.
        harmony: "none", a "second" voice, or "chords".
        dynamics: 0..1, how far loudness follows phrase and beat.
        humanise: 0..1, how unevenly it is played.
        seconds: of sound, for models that make sound itself.

    Raises:
        BadInput, UnknownName: a value outside these.
    """

    mode: str | None = None
    metre: str | None = None
    form: str | None = None
    tempo: str | None = None
    span: str | None = None
    density: str | None = None
    region: str | None = None
    control: str = "ask"
    temperature: float = 0.7
    top_p: float = 1.0
    motif: str | None = None
    bpm: float | None = None
    key: int = 0
    instrument: str = "zheng"
    harmony: str = "none"
    dynamics: float = 0.5
    humanise: float = 0.0
    seconds: float = 3.0

    def __post_init__(self) -> None:
        for field in fields(self):
            object.__setattr__(self, field.name, plain(getattr(self, field.name)))
        choices: dict[str, tuple[str, ...]] = {
            **CHOICES,
            "control": CONTROLS,
            "instrument": INSTRUMENTS,
            "harmony": HARMONIES,
        }
        for name, values in choices.items():
            value = getattr(self, name)
            if value not in values and not (value is None and name in CHOICES):
                raise unknown_name(f"{name}={shown(value)}", value, values, Words(name, name))
        for name, (low, high) in _NUMBERS.items():
            _check_within(name, getattr(self, name), low, high)
        if self.bpm is not None:
            _check_within("bpm", self.bpm, *BPM)
        if not isinstance(self.key, int) or isinstance(self.key, bool):
            _check_within("key", None, -12, 12)
        _check_within("key", self.key, -12, 12)
        if self.motif is not None:
            check_motif(self.motif)

    @classmethod
    def of(cls, request: Request, card: Card) -> "Settings":
        """Read the settings of a request, then of its card.

        Raises:
            UnknownName: a setting that does not exist.
            BadInput: a value out of range.
        """
        return settings_from(cls, request, card, Words("music", "音乐"))


def _check_within(name: str, value: Any, low: float, high: float) -> None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not (number and isfinite(value) and low <= value <= high):
        raise BadInput(
            asked=f"{name}={shown(value)}",
            found=Words(f"not a number from {low:g} to {high:g}", f"不是 {low:g} 到 {high:g} 的数"),
            todo=Words(f"choose {name} from {low:g} to {high:g}", f"{name} 从 {low:g} 到 {high:g} 里选"),
        )


def check_motif(motif: Any) -> list[str]:
    """Read the tokens of a motif.

    Raises:
        BadInput: no note in it, too many, or one that the model cannot write.
    """
    tokens = motif.split() if isinstance(motif, str) else []
    example = Words("write notes such as '60:4 62:2 64:2'", "写成 '60:4 62:2 64:2' 这样：音高:长度（十六分音符的个数）")
    if not any(re.fullmatch(r"\d+:\d+", token) for token in tokens) or len(tokens) > MOTIF_NOTES:
        fault = Words(f"{len(tokens)} notes", f"里面有 {len(tokens)} 个音")
        raise BadInput(asked=f"motif={shown(motif)}", found=fault, todo=example)
    for token in tokens:
        pitch, _, length = token.partition(":")
        right = pitch == REST or (pitch.isdigit() and LOWEST <= int(pitch) <= HIGHEST)
        if not right or not length.isdigit() or int(length) not in LENGTHS:
            lengths = "、".join(map(str, LENGTHS))
            raise BadInput(
                asked=Words(f"the note {token!r} of a motif", f"动机里的音 {token!r}"),
                found=Words("no note that the model can write", "模型写不出这样的音"),
                todo=Words(
                    f"pitches {LOWEST} to {HIGHEST} or r, lengths {LENGTHS}",
                    f"音高用 {LOWEST} 到 {HIGHEST}（60 是中央 C）或 r（休止），长度用 {lengths}",
                ),
            )
    return tokens


def ignored(card: Card) -> tuple[str, ...]:
    """Name the options that mean nothing for music."""
    drawn = tuple(name for name in DRAWN if name != "guidance" or card.parts.get("engine") == "melody")
    return (*drawn, *WRITTEN, "top_k")


def summary(take: Take) -> str:
    """Tell the length of the music and of its making."""
    spent = take.measured()["seconds"].value
    return f"{len(take.data) / RATE:.2f} s of music, made in {spent:.2f} s"
