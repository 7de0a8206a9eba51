"""Read folk tunes written in ABC, as Essen's are.

A line of the text is a phrase. What this world has no tokens for is passed over: other metres, triplets, ties, upbeats,
notes out of the compass.
"""

import re
from itertools import pairwise

from aigc_kit.worlds.tunes.tune import HIGHEST, LENGTHS, LOWEST, SIXTEENTHS, Note, Tune

BPM = 92
_NOTE = re.compile(r"(\^\^|\^|__|_|=)?([A-Ga-gz])([,']*)(\d*)(/\d*)?")
_REFUSED = re.compile(r"[-<>(\[{\"~]")
_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_FIFTHS = "FCGDAEB"
_MODES = {"": 0, "maj": 0, "mix": -1, "dor": -2, "m": -3, "min": -3, "aeo": -3, "phr": -4, "lyd": 1}
_MARKS = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}


def abc_tunes(text: str) -> list[Tune]:
    """Read the tunes of an ABC file that fit.

    They are moved so that the scale of their key signature is that of 1 = C, at 92 quarters a minute.

    >>> [tune.notes[0] for tune in abc_tunes("X:1\\nM: 2/4\\nL: 1/16\\nK: D\\nd4A4 | B8")]
    [Note(pitch=72, length=4)]
    """
    tunes = (_tune(part) for part in re.split(r"(?m)^(?=X:)", text) if part.startswith("X:"))
    return [tune for tune in tunes if tune is not None]


def _tune(part: str) -> Tune | None:
    fields: dict[str, str] = dict(reversed(re.findall(r"(?m)^([A-Z]):[ ]*(.*?)\s*$", part)))
    lines = [line for line in part.splitlines() if line.strip() and not re.match(r"[A-Za-z]:|%", line)]
    key = re.match(r"([A-G])([#b]?)\s*([A-Za-z]{0,3})", fields.get("K", ""))
    unit = {"1/16": 1, "1/8": 2, "1/4": 4}.get(fields.get("L", ""))
    length = SIXTEENTHS.get({"C": "4/4"}.get(fields.get("M", ""), fields.get("M", "")))
    if key is None or unit is None or length is None or any(map(_REFUSED.search, lines)):
        return None
    mode = _MODES.get(key[3].lower())
    if mode is None:
        return None
    sharps = _FIFTHS.index(key[1]) - 1 + {"#": 7, "b": -7, "": 0}[key[2]] + mode
    bars: list[tuple[Note, ...]] = []
    ends = []
    for line in lines:
        for piece in re.split(r"[|:\]]+", line.split("%")[0]):
            bar = _bar(piece, sharps, unit)
            if bar is None or (bar and sum(note.length for note in bar) != length):
                return None
            if bar:
                bars.append(bar)
        ends.append(len(bars))
    return _moved(bars, ends, -7 * sharps % 12)


def _bar(piece: str, sharps: int, unit: int) -> tuple[Note, ...] | None:
    """Read the notes of a bar, None if others."""
    signed = _FIFTHS[:sharps] if sharps > 0 else _FIFTHS[sharps:] if sharps < 0 else ""
    marks: dict[str, int] = {}
    notes = []
    if _NOTE.sub("", piece).strip():
        return None
    for mark, letter, octave, times, parted in _NOTE.findall(piece):
        total = unit * int(times or 1) / int(parted[1:] or 2 if parted else 1)
        if total not in LENGTHS:
            return None
        if letter == "z":
            notes.append(Note(None, int(total)))
            continue
        name = letter + octave
        if mark:
            marks[name] = _MARKS[mark]
        shift = marks.get(name, (1 if sharps > 0 else -1) * (letter.upper() in signed))
        height = 60 + _STEPS[letter.upper()] + 12 * letter.islower() + 12 * (octave.count("'") - octave.count(","))
        notes.append(Note(height + shift, int(total)))
    return tuple(notes)


def _moved(bars: list[tuple[Note, ...]], ends: list[int], shift: int) -> Tune | None:
    """Move a tune to the middle of 1 = C."""
    pitches = [note.pitch for bar in bars for note in bar if note.pitch is not None]
    if len(pitches) < 2:
        return None
    middle = (max(pitches) + min(pitches)) / 2 + shift
    shift += 12 * round(((LOWEST + HIGHEST) / 2 - middle) / 12)
    if min(pitches) + shift < LOWEST or max(pitches) + shift > HIGHEST:
        return None
    moved = (tuple(Note(None if n.pitch is None else n.pitch + shift, n.length) for n in bar) for bar in bars)
    stops = [end for start, end in pairwise((0, *ends)) if end > start]
    return Tune(tuple(moved), tuple(stops), BPM)
