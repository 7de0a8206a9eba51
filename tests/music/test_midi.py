"""MIDI files come back note by note, and what is no such file is refused."""

import random
from io import BytesIO

import mido
import pytest

from aigc_kit.core.errors import BadInput, UnknownName
from aigc_kit.make.music import midi, synthesis
from aigc_kit.make.music.settings import Settings
from aigc_kit.worlds import tunes


def performed(**values):
    draw = random.Random(7)
    tune = tunes.compose(tunes.whole_wish(tunes.TuneWish(tempo="moderate"), draw), draw)
    return tune, synthesis.perform(tune, Settings(**values), seed=1)


@pytest.mark.parametrize("harmony", ["none", "second", "chords"])
def test_notes_come_back_within_a_tick(harmony):
    tune, events = performed(harmony=harmony, humanise=0.5)
    score = midi.from_midi(midi.to_midi(events, tune.bpm, note="AI 生成"))
    assert score.texts == ("AI 生成",)
    assert score.bpm == pytest.approx(tune.bpm, rel=1e-4)
    tick = 60 / tune.bpm / midi.TICKS
    key = lambda event: (event.pitch, event.voice, event.start)  # noqa: E731
    for one, other in zip(sorted(events, key=key), sorted(score.events, key=key), strict=True):
        assert (one.pitch, one.voice) == (other.pitch, other.voice)
        assert other.start == pytest.approx(one.start, abs=1.1 * tick)
        assert other.loudness == pytest.approx(one.loudness, abs=1 / 127)


def test_the_file_says_what_mido_wrote_by_hand():
    file = mido.MidiFile(ticks_per_beat=96)
    track = mido.MidiTrack()
    file.tracks.append(track)
    track.append(mido.MetaMessage("set_tempo", tempo=1_000_000))  # 60 quarters a minute
    track += [mido.Message("note_on", note=60, velocity=127), mido.Message("note_on", note=60, velocity=0, time=192)]
    track += [
        mido.Message("note_on", note=38, velocity=90, channel=9),
        mido.Message("note_off", note=38, channel=9, time=5),
    ]
    out = BytesIO()
    file.save(file=out)
    assert midi.from_midi(out.getvalue()).events == [synthesis.Event(0.0, 2.0, 60, 1.0, 0)]


def long_piece(seconds):
    return midi.to_midi([synthesis.Event(0.0, 1.0, 60, 0.5), synthesis.Event(seconds - 1, 1.0, 62, 0.5)], 120)


@pytest.mark.parametrize(
    "data",
    [b"", b"MThd", b"RIFF" + bytes(40), midi.to_midi([], 90), long_piece(600.0), b"\0" * 1000],
    ids=["empty", "cut", "a WAV", "no notes", "ten minutes", "zeros"],
)
def test_broken_files_are_refused(data):
    with pytest.raises(BadInput):
        midi.from_midi(data)


def test_a_file_cut_anywhere_is_refused_or_read():
    _, events = performed()
    data = midi.to_midi(events, 90)
    for end in range(0, len(data) - 1, 37):
        try:
            score = midi.from_midi(data[:end])
        except BadInput:
            continue
        assert len(score.events) <= len(events)


def test_ten_minutes_and_no_notes_are_not_played():
    with pytest.raises(BadInput, match="300"):
        synthesis.sound([synthesis.Event(600.0, 1.0, 60, 0.5)])
    with pytest.raises(BadInput):
        synthesis.sound([])
    with pytest.raises(UnknownName):
        synthesis.sound([synthesis.Event(0.0, 1.0, 60, 0.5)], "trombone")
