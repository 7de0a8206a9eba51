"""Write and read MIDI files, by mido."""

from io import BytesIO
from typing import NamedTuple

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.make.music.settings import LONGEST_SECONDS
from aigc_kit.make.music.synthesis import Event

TICKS = 480  # of a quarter
PROGRAMS = {"zheng": 107, "dizi": 75, "organ": 19, "bell": 14}
"""General MIDI programs from 0: koto, pan flute, church organ, tubular bells."""
MOST_NOTES = 20_000


class Score(NamedTuple):
    """Hold what a MIDI file says.

    Events in seconds, quarters a minute at the start, its text notes.
    """

    events: list[Event]
    bpm: float
    texts: tuple[str, ...]


def to_midi(events: list[Event], bpm: float, instrument: str = "zheng", note: str = "") -> bytes:
    """Write events as MIDI, one track for each voice.

    Args:
        events: in seconds.
        bpm: of the tempo mark; times are kept to a tick of 1/480 quarter.
        instrument: of `PROGRAMS`.
        note: a text kept inside, such as "AI 生成", as UTF-8.
    """
    import mido

    file = mido.MidiFile(ticks_per_beat=TICKS, charset="utf-8")
    head = mido.MidiTrack()
    head.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm)))
    if note:
        head.append(mido.MetaMessage("text", text=note))
    file.tracks.append(head)
    for voice in sorted({event.voice for event in events}):
        track = mido.MidiTrack()
        track.append(mido.Message("program_change", program=PROGRAMS[instrument], channel=voice % 9))
        marks: list[tuple[int, int, mido.Message]] = []
        for event in (event for event in events if event.voice == voice):
            begin, end = (round(t * bpm / 60 * TICKS) for t in (event.start, event.start + event.seconds))
            loud = max(1, min(127, round(event.loudness * 127)))
            on = mido.Message("note_on", note=event.pitch, velocity=loud, channel=voice % 9)
            off = mido.Message("note_off", note=event.pitch, channel=voice % 9)
            marks += [(begin, 1, on), (max(end, begin + 1), 0, off)]
        now = 0
        for tick, _, message in sorted(marks, key=lambda mark: mark[:2]):
            track.append(message.copy(time=tick - now))
            now = tick
        file.tracks.append(track)
    out = BytesIO()
    file.save(file=out)
    return out.getvalue()


def from_midi(data: bytes) -> Score:
    """Read the notes of a MIDI file, without drums.

    Raises:
        BadInput: no MIDI file, one that is cut off, without notes, or longer than the kit plays.
    """
    import mido

    try:
        file = mido.MidiFile(file=BytesIO(data), charset="latin-1", clip=True)
        events, bpm, texts = _events(file)
    except (OSError, EOFError, ValueError, IndexError, KeyError, TypeError) as error:
        raise BadInput(
            asked=Words("to read a MIDI file", "读一个 MIDI 文件"),
            found=Words(f"not a whole MIDI file: {error}", f"不是完整的 MIDI 文件（原话：{error}）"),
            todo=Words("give one that opens in other programs", "换一个别的软件能打开的 .mid 文件"),
        ) from error
    longest = max((event.start + event.seconds for event in events), default=0.0)
    if not events or longest > LONGEST_SECONDS or len(events) > MOST_NOTES:
        raise BadInput(
            asked=Words("to play a MIDI file", "播放一个 MIDI 文件"),
            found=Words(f"{len(events)} notes in {longest:.0f} s", f"里面有 {len(events)} 个音，长 {longest:.0f} 秒"),
            todo=Words(
                f"give one with notes, of at most {LONGEST_SECONDS:g} s",
                f"换一个有音符、不超过 {LONGEST_SECONDS:g} 秒的",
            ),
        )
    return Score(events, bpm, texts)


def _events(file: "object") -> tuple[list[Event], float, tuple[str, ...]]:
    events: list[Event] = []
    open_notes: dict[tuple[int, int], tuple[float, float]] = {}
    now, bpm, texts = 0.0, 0.0, []
    for message in file:  # type: ignore[attr-defined]
        now += message.time
        if now > 10 * LONGEST_SECONDS:
            raise ValueError("longer than any piece")
        if message.type == "set_tempo":
            bpm = bpm or 60_000_000 / message.tempo
        elif message.type == "text":
            texts.append(message.text.encode("latin-1").decode("utf-8", "replace"))
        elif message.type in ("note_on", "note_off") and message.channel != 9:
            key = (message.channel, message.note)
            if key in open_notes:
                start, loud = open_notes.pop(key)
                if now > start:
                    events.append(Event(start, now - start, message.note, loud, message.channel))
            if message.type == "note_on" and message.velocity:
                open_notes[key] = (now, message.velocity / 127)
    return sorted(events), bpm or 120.0, tuple(texts)
