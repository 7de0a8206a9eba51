"""Play events by a soundfont, through tinysoundfont (an extra)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, missing_extra
from aigc_kit.make.music.synthesis import PEAK, TAIL, Event, check_events
from aigc_kit.media.wav import RATE


def play_soundfont(events: Sequence[Event], file: Path | str, preset: int = 0, rate: int = RATE) -> np.ndarray:
    """Play events by an instrument of a soundfont.

    The kit ships none. MuseScore_General is MIT, and there are soundfonts under CC0: see what yours says.

    Args:
        events: in seconds; all voices by the same instrument.
        file: .sf2 or .sf3.
        preset: number of the instrument, from 0; in General MIDI 0 is a piano.
        rate: samples a second.

    Returns:
        wave float32 (N,), mono, peak at most 0.9.

    Raises:
        MissingExtra: tinysoundfont is not installed.
        BadInput: no such file, no soundfont, no such preset; no notes, or longer than 300 s.
    """
    check_events(events)
    try:
        import tinysoundfont
    except ImportError as error:
        raise missing_extra("tinysoundfont", "soundfont", Words("to play a soundfont", "用音色库演奏")) from error
    synth = tinysoundfont.Synth(samplerate=rate)
    try:
        synth.program_select(0, synth.sfload(Path(file).read_bytes()), 0, preset)
    except (OSError, RuntimeError, tinysoundfont.SoundFontException) as error:
        raise BadInput(
            asked=Words(f"preset {preset} of {Path(file).name!r}", f"音色库 {Path(file).name!r} 的第 {preset} 号乐器"),
            found=Words(f"it cannot be played: {error}", f"没法演奏（原话：{error}）"),
            todo=Words(
                "name an .sf2 or .sf3 file and one of its presets", "给一个 .sf2 或 .sf3 文件，和它里面有的乐器编号"
            ),
        ) from error
    marks = [(event.start, 1, event) for event in events]
    marks += [(event.start + event.seconds, 0, event) for event in events]
    pieces, now = [], 0
    for seconds, begins, event in sorted(marks, key=lambda mark: mark[:2]):
        pieces.append(_heard(synth, round(seconds * rate) - now))
        now = max(now, round(seconds * rate))
        if begins:
            synth.noteon(0, event.pitch, max(1, round(event.loudness * 127)))
        else:
            synth.noteoff(0, event.pitch)
    pieces.append(_heard(synth, round(TAIL * rate)))
    wave = np.concatenate(pieces)
    peak = float(np.abs(wave).max())
    return wave * np.float32(PEAK / peak) if peak > PEAK else wave


def _heard(synth: object, samples: int) -> np.ndarray:
    if samples <= 0:
        return np.zeros(0, np.float32)
    stereo = np.frombuffer(synth.generate(samples), np.float32)  # type: ignore[attr-defined]
    return stereo.reshape(-1, 2).mean(1)
