"""Score a storyboard: music by its column, ducked under voices."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.make import music
from aigc_kit.make.speech.measures import loudness
from aigc_kit.media.wav import RATE
from aigc_kit.works.storyboard import Storyboard
from aigc_kit.worlds.tunes import caption, read_wish

DEPTH = 12.0
"""Decibels by which music gives way while a voice speaks."""
ATTACK, RELEASE, AUDIBLE = 0.08, 0.5, 0.01  # seconds, seconds, amplitude of a voice
FADE = 0.4  # seconds at both ends of a piece
GOES_ON = re.compile("继续|渐弱|continue|fade", re.IGNORECASE)
FADES = re.compile("渐弱|fade", re.IGNORECASE)


@dataclass(frozen=True)
class Scored:
    """Hold the music of a storyboard.

    Args:
        wave: float32 (N,) at 24000 Hz, as long as the storyboard.
        cues: (shot from 1, what was asked in the melody model's words); shots without music words are left out.
        loudness: LUFS, None where there is no music.
    """

    wave: np.ndarray
    cues: tuple[tuple[int, str], ...]
    loudness: float | None


def score(board: Storyboard, seed: int = 0, card: str = "tunes", **values: Any) -> Scored:
    """Write music for each shot whose 音效/音乐 says what.

    Args:
        board: its column `sound` holds words such as "江南风格，慢速", which begin a piece; "音乐继续" goes on with it,
            "音乐渐弱" fades it out; other words ask nothing.
        seed: of the first shot; the next takes the next.
        card: a music model of notes.
        values: settings of `make.music`, such as instrument.

    Raises:
        BadInput: no shot says what music it wants.
    """
    wave = np.zeros(round(board.total * RATE), np.float32)
    cues, pieces = [], _pieces(board)
    for number, begin, until, fading in pieces:
        shot = board.shots[number - 1]
        take = music.make(shot.sound, card=card, seed=seed + number - 1, **values)
        start, end = (min(round(seconds * RATE), len(wave)) for seconds in (begin, until))
        wave[start:end] = np.resize(take.data, end - start) * _edges(end - start, round(fading * RATE))
        cues.append((number, caption(read_wish(shot.sound).wish)))
    if not cues:
        raise BadInput(
            asked=Words("to score a storyboard", "给分镜配乐"),
            found=Words("no shot says what music it wants", "没有一个镜头的“音效/音乐”写了模型懂的词"),
            todo=Words("write such as '江南风格，慢速' there", "在那一列写上，例如“江南风格，慢速”"),
        )
    return Scored(wave, tuple(cues), loudness(wave))


def _pieces(board: Storyboard) -> list[tuple[int, float, float, float]]:
    """List pieces: shot from 1, begin, end, seconds of fading."""
    pieces: list[tuple[int, float, float, float]] = []
    playing = False
    for number, (shot, start) in enumerate(zip(board.shots, board.starts, strict=True), 1):
        end = start + shot.seconds
        if read_wish(shot.sound).wish.items():
            pieces.append((number, start, end, FADE))
            playing = True
        elif playing and GOES_ON.search(shot.sound):
            first, begin, _, _ = pieces[-1]
            fades = bool(FADES.search(shot.sound))
            pieces[-1] = (first, begin, end, shot.seconds if fades else FADE)
            playing = not fades
        else:
            playing = False
    return pieces


def _edges(length: int, fading: int) -> np.ndarray:
    """Give gains that rise and fall, float32 (length,)."""
    gain = np.ones(length, np.float32)
    rise, fall = (min(count, length // 2 or 1) for count in (round(FADE * RATE), fading))
    gain[:rise] *= np.linspace(0, 1, rise, dtype=np.float32)
    gain[length - fall :] *= np.linspace(1, 0, fall, dtype=np.float32)
    return gain


def gains(voices: np.ndarray, rate: int = RATE, depth: float = DEPTH) -> np.ndarray:
    """Reckon how loud music may be beside a voice track.

    Args:
        voices: float32 (N,), the voices alone.
        rate: Hz.
        depth: decibels that it is lowered by while they speak.

    Returns:
        float32 (N,) in (0, 1]: down within 0.08 s before a voice, up within 0.5 s after it.
    """
    block = max(1, rate // 100)
    padded = np.pad(np.abs(voices), (0, -len(voices) % block))
    speaks = padded.reshape(-1, block).max(1) > AUDIBLE
    level, low = np.ones(len(speaks)), 10 ** (-depth / 20)
    places = np.flatnonzero(speaks)
    if len(places):
        index = np.arange(len(speaks))
        after = np.searchsorted(places, index)
        ahead = np.where(after < len(places), places[np.minimum(after, len(places) - 1)] - index, np.inf)
        behind = np.where(after > 0, index - places[np.maximum(after - 1, 0)], np.inf)
        near = np.minimum(ahead / (ATTACK * 100), behind / (RELEASE * 100)).clip(0, 1)
        level = low + (1 - low) * np.where(speaks, 0.0, near)
    return np.repeat(level, block)[: len(voices)].astype(np.float32)
