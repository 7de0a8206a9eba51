"""Hold the settings of a speech run, and check them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import isfinite
from types import MappingProxyType
from typing import Any

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Card, Request, Take, Words
from aigc_kit.core.types.atoms import check_switches, plain, shown
from aigc_kit.core.types.records import settings_from
from aigc_kit.media.wav import RATE
from aigc_kit.memory.plan.options import DRAWN, WRITTEN

LEVELS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"oral": (0, 9), "laugh": (0, 2), "breaks": (0, 7), "speed": (0, 9)}
)
"""Controls that are whole numbers, with their ranges, both included: the course's [oral_n], [laugh_n] and so on."""

RATIOS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"pitch": (0.5, 2.0), "energy": (0.5, 2.0), "intonation": (0.0, 2.0)}
)
"""Controls that multiply what the model would do, with their ranges."""

CONTROLS = (*LEVELS, *RATIOS)
NORMAL_SPEED = 5


@dataclass(frozen=True)
class Settings:
    """Hold how a text is spoken, None for the engine's.

    Args:
        voice: name of one of the engine's voices, or of a kept speaker.
        oral: 0..9, how colloquial.
        laugh: 0..2, how much laughter.
        breaks: 0..7, how much pause.
        speed: 0..9, 5 is normal, 9 the fastest.
        pitch: 0.5..2, ratio of the pitch.
        energy: 0.5..2, ratio of the loudness that the model gives each sound.
        intonation: 0..2, ratio of the rise and fall of the pitch; 0 is a monotone.
        refine: ChatTTS alone: let the model write its own [uv_break] and [laugh] into the text first.
        normalise: pass the text through the front end (numbers, units, symbols) first.
        stream: make Steps as soon as parts of a segment are there, where the engine can.
        temperature, top_p, top_k: of the sampling, ChatTTS alone; None is its default.

    Raises:
        BadInput: a value outside these ranges.
    """

    voice: str | None = None
    oral: int | None = None
    laugh: int | None = None
    breaks: int | None = None
    speed: int | None = None
    pitch: float | None = None
    energy: float | None = None
    intonation: float | None = None
    refine: bool = True
    normalise: bool = True
    stream: bool = False
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None

    def __post_init__(self) -> None:
        for f in fields(self):
            object.__setattr__(self, f.name, plain(getattr(self, f.name)))
        for name, (low, high) in LEVELS.items():
            value = getattr(self, name)
            if value is not None and (not _is_whole(value) or not low <= value <= high):
                todo = Words(
                    f"choose {name} from {low} to {high}, or None for the model's own",
                    f"{name} 从 {low} 到 {high} 里选；None 表示由模型自己定",
                )
                why = Words(f"not a whole number from {low} to {high}", f"不是 {low} 到 {high} 的整数")
                raise BadInput(asked=f"{name}={shown(value)}", found=why, todo=todo)
        for name, (least, most) in {**RATIOS, "temperature": (1e-4, 10.0), "top_p": (1e-4, 1.0)}.items():
            _check_number(name, getattr(self, name), least, most)
        if self.top_k is not None and not (_is_whole(self.top_k) and self.top_k >= 1):
            raise BadInput(
                asked=f"top_k={shown(self.top_k)}",
                found=Words("no whole number >= 1", "不是大于等于 1 的整数"),
                todo=Words("say 20, or None", "写 20，或 None"),
            )
        check_switches(self, "refine", "normalise", "stream")
        if self.voice is not None and not (isinstance(self.voice, str) and self.voice.strip()):
            raise BadInput(
                asked=f"voice={shown(self.voice)}",
                found=Words("not a name", "这不是名字"),
                todo=Words("name a voice, or leave it out", "写一个声音的名字，或不写"),
            )

    @classmethod
    def of(cls, request: Request, card: Card) -> "Settings":
        """Read the settings of a request, then of its card.

        Raises:
            UnknownName: a setting that does not exist.
            BadInput: a value out of range.
        """
        return settings_from(cls, request, card, Words("speech", "语音"))


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_number(name: str, value: Any, low: float, high: float) -> None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if value is not None and not (number and isfinite(value) and low <= value <= high):
        why = Words(f"not a number from {low:g} to {high:g}", f"不是 {low:g} 到 {high:g} 的数")
        raise BadInput(
            asked=f"{name}={shown(value)}",
            found=why,
            todo=Words(f"choose {name} from {low:g} to {high:g}", f"{name} 从 {low:g} 到 {high:g} 里选"),
        )


def ignored(card: Card) -> tuple[str, ...]:
    """Name the options that mean nothing for a voice."""
    samples = card.parts.get("engine") == "chattts"
    return (*DRAWN, *WRITTEN, *(() if samples else ("temperature", "top_p", "top_k")))


def summary(take: Take) -> str:
    """Tell the length of a sound and of its making."""
    seconds, length = take.measured()["seconds"].value, len(take.data) / RATE
    return f"{length:.2f} s of sound, made in {seconds:.2f} s"
