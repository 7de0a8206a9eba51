"""Make each medium from the facts, and read it back.

Who reads shares nothing with who made: pictures and clips are read by networks of their own, texts by the world's
parser, music by an ear that follows a stated rule.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from aigc_kit.core.types import FrozenMap, Take
from aigc_kit.core.types.records import freeze
from aigc_kit.models import cards, fetch
from aigc_kit.works.evaluation import character_error
from aigc_kit.works.together import soundscape
from aigc_kit.works.together.sayable import EVERY, Facts
from aigc_kit.works.writing import can_write
from aigc_kit.worlds.tinyworld import checker, vocab
from aigc_kit.worlds.tinyworld.clip_vocab import lexicon
from aigc_kit.worlds.tinyworld.scan import scan

ENGLISH, LISTENER = "smollm2-135m", "whisper-base"
LONGEST_TEXT = 60  # tokens
_STORY_ZH = "用两句话讲一个小故事，必须写到：{facts}。"
_STORY_EN = "Write a story of two short sentences. It must mention: {facts}."


@dataclass(frozen=True)
class Reading:
    """Hold what was read of one piece.

    Args:
        values: attribute -> what the reader found; absent where it found nothing.
        against: attribute -> other values that stand beside the first one, which contradict it.
    """

    values: Mapping[str, str]
    against: Mapping[str, tuple[str, ...]] = FrozenMap()

    def __post_init__(self) -> None:
        freeze(self, "values", "against")

    def right(self, name: str, value: str) -> bool:
        """Tell whether a fact is there, uncontradicted."""
        return self.values.get(name) == value and not self.against.get(name)


@dataclass(frozen=True)
class Piece:
    """Hold what was made once.

    Args:
        content: text, uint8 (H, W, 3), float32 (N,) at 24000 Hz, or uint8 (T, H, W, 3).
        reading: what its reader says; None where nobody reads it.
        take: the run of a model.
        note: what else the page should say, in Chinese.
    """

    content: Any
    reading: Reading | None
    take: Take | None = None
    note: str = ""


Maker = Callable[[Facts, int], Piece]


def write(facts: Facts, seed: int) -> Piece:
    """Write two sentences by a language model.

    A Chinese one where it is here, else the small English one.

    Raises:
        NotOnDisk: neither is on this machine.
    """
    from aigc_kit.make import text

    chinese = can_write() if facts.language == "zh" else None
    asked = (_STORY_ZH if chinese else _STORY_EN).format(facts=facts.caption("zh" if chinese else "en"))
    how: dict[str, Any] = {"temperature": 0.7, "top_p": 0.9, "max_new_tokens": LONGEST_TEXT, "chat": True, "seed": seed}
    take = text.make(asked, card=chinese or ENGLISH, **how)
    words = str(take.data).strip()
    return Piece(words, read_text(words, facts), take)


def read_text(words: str, facts: Facts) -> Reading:
    """Read a text by the world's parser.

    A value is in it when one of its words is, and belongs to nothing else. Other values of the same attribute
    contradict.
    """
    said: dict[str, list[str]] = {}
    hits = scan(words)
    for hit, why in zip(hits, vocab.settle(words, hits), strict=True):
        if hit.attribute in EVERY and why in ("", "second"):
            said.setdefault(hit.attribute, []).append(hit.value)
    said["motion"] = [hit.value for hit in scan(words, lexicon()) if hit.attribute == "motion"]
    values, against = {}, {}
    for name, found in said.items():
        wish = facts.values.get(name)
        if found:
            values[name] = wish if wish in found else found[0]
            against[name] = tuple(sorted({value for value in found if value != values[name]}))
    return Reading(values, against)


def draw(facts: Facts, seed: int) -> Piece:
    """Draw a picture, and read it."""
    from aigc_kit.make import image

    take = image.make(facts.prompt, seed=seed)
    pixels = take.data[0]
    return Piece(pixels, _seen(checker.read([pixels])[0]), take)


def film(facts: Facts, seed: int) -> Piece:
    """Film a clip, and read it."""
    from aigc_kit.make import video

    take = video.make(facts.prompt, seed=seed)
    return Piece(take.data, _seen(checker.read_clips([take.data])[0]), take)


def play(facts: Facts, seed: int) -> Piece:
    """Write a tune by the rule, and hear it."""
    take = soundscape.compose(facts.values, seed)
    heard = soundscape.hear(take.data[: round(soundscape.SECONDS * 24_000)])
    kind = soundscape.ambience_of(facts.values, facts.prompt)
    wave = soundscape.mixed(take.data, kind, seed)
    names = {"rain": "雨声", "wind": "风声", "waves": "浪声", "crickets": "虫鸣"}
    note = f"旋律由模型写，{names[kind]}由程序合成" if kind else "旋律由模型写"
    return Piece(wave, Reading(heard), take, note)


def speak(facts: Facts, seed: int) -> Piece:
    """Read the facts aloud, heard where a listener is."""
    from aigc_kit.make import speech

    said = facts.caption("zh") + "。"
    take = speech.make(said, seed=seed)
    if fetch.find(cards.get(LISTENER)) is None:
        return Piece(np.asarray(take.data), None, take, "没有装听写模型，所以没有读回")
    heard = speech.transcribe(take.data, card=LISTENER)
    share = f"字错率 {100 * character_error(heard, said):.0f}%"
    return Piece(np.asarray(take.data), None, take, f"听写模型听到“{heard}”，{share}（不计入忠实度）")


def _seen(reading: Any) -> Reading:
    return Reading(reading.labels if reading.valid else {})


MAKERS: Mapping[str, Maker] = FrozenMap(text=write, image=draw, audio=play, video=film, speech=speak)
