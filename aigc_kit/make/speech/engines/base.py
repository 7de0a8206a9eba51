"""Define the one interface that a speech run sees."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Card, FrozenMap, Words
from aigc_kit.make.speech.frontend.normalise import Change, Unspoken
from aigc_kit.make.speech.joins import BREAK_SECONDS
from aigc_kit.make.speech.settings import Settings


@dataclass(frozen=True)
class Segment:
    """Hold a text spoken in one go, usually a sentence.

    Args:
        text: as the learner wrote it.
        spoken: what the engine reads: `text` after the front end, with the inline tokens [uv_break] [laugh] [lbreak]
            only where the engine has them.
        index: 0-based place among the segments of a run.
        voice: name of the voice; None for the engine's first.
    """

    text: str
    spoken: str
    index: int = 0
    voice: str | None = None


@dataclass(frozen=True, eq=False)
class Spoken:
    """Hold the sound of one segment, or of its part.

    Args:
        wave: float32 (N,) in [-1, 1] at `RATE` Hz.
        marks: (index into `Segment.spoken`, second in `wave`) of places between two syllables, in order, where a
            silence may be put without cutting a sound; empty when the engine does not know them.
        last: False when more of the same segment follows (a stream).
        changes: what the engine itself changed in the text, beyond the front end.
        unspoken: what of the text it could not say.
    """

    wave: np.ndarray
    marks: tuple[tuple[int, float], ...] = ()
    last: bool = True
    changes: tuple[Change, ...] = ()
    unspoken: tuple[Unspoken, ...] = ()


@dataclass(frozen=True)
class Control:
    """Tell what one control does on one engine.

    Args:
        whose: "model" (the model's own), "kit" (the kit's own mapping: silences, a length ratio), "none" (no effect).
        why_zh: one line for the learner: what it does, or why it does nothing.
    """

    whose: Literal["model", "kit", "none"]
    why_zh: str


KIT_CONTROLS: Mapping[str, Control] = FrozenMap(
    oral=Control("none", "这个声音没有口语化控制：换 ChatTTS 才有 [oral_0-9]"),
    laugh=Control("none", "这个声音不会笑：换 ChatTTS 才有 [laugh_0-2]"),
    breaks=Control("kit", f"本工具的换算：每一级在每个停顿处多加 {BREAK_SECONDS:g} 秒静音"),
)
"""The controls of ChatTTS's own, on voices that lack them."""


def no_chinese(segment: Segment) -> BadInput:
    """Make the error for a segment without a Chinese character."""
    request = Words(f"speech of {segment.text[:40]!r}", f"朗读 {segment.text[:40]!r}")
    return BadInput(
        asked=request,
        found=Words("no Chinese character", "里面没有汉字"),
        todo=Words("write at least one", "至少写一个汉字"),
    )


class Engine(Protocol):
    """Stand for a loaded voice.

    Attributes:
        card: of the model.
        kind: "fastspeech2", "kokoro" or "chattts".
        voices: names that `Segment.voice` may have, the default first; () when any speaker string is a voice.
        has: for each of `settings.CONTROLS` what it does here.
        reads_english: whether Latin words are spoken; else the front end spells them.
        places: whether `Spoken.marks` is filled; without it the kit cuts a text where it wants a silence.
        inline: tokens that may stand in `Segment.spoken`, such as ("[uv_break]",).
    """

    card: Card
    kind: str
    voices: tuple[str, ...]
    has: Mapping[str, Control]
    reads_english: bool
    inline: tuple[str, ...]
    places: bool

    def speak(self, segment: Segment, settings: Settings, *, seed: int = 0) -> Spoken:
        """Speak one segment.

        An engine may also offer
        `stream(segment, settings, *, seed=0) -> Iterator[Spoken]`: the same sound in parts, `last` on the final one;
        `heard(spoken) -> set[int]`: indices of the characters that it can say, so that the others are reported;
        `speak_all(segments, settings, *, seed=0) -> Iterator[Spoken]`: many segments in batches, in order, one each.

        Raises:
            BadInput: the segment has nothing that this voice can say, or is too long for it.
        """

    def close(self) -> None:
        """Free the model (calling it twice is fine)."""
