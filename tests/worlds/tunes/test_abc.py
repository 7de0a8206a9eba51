"""ABC is read as music21 reads it, moved to 1 = C; what the world has no tokens for is passed over."""

from pathlib import Path

import pytest

from aigc_kit.worlds.tunes import Note, abc_tunes, hear, jianpu

SONG = """X:1
T: by hand
M: 2/4
L: 1/16
K: D
d4A2d2 | f2e2d4
A3B^c2d2 | d8
"""


def test_a_song_by_hand():
    (tune,) = abc_tunes(SONG)
    assert tune.ends == (2, 4) and jianpu(tune.bars[0]) == "1' 5_ 1'_"
    assert [sum(note.length for note in bar) for bar in tune.bars] == [8] * 4
    assert tune.bars[2][2] == Note(71, 2)  # the leading note, a semitone below 1
    assert hear(tune).wish.metre == "2/4"


@pytest.mark.parametrize(
    ("change", "to"),
    [
        ("M: 2/4", "M: 5/8"),
        ("L: 1/16", "L: 1/5"),
        ("K: D", "K: nothing"),
        ("d8", "d7"),
        ("d8", "(3d4d4d4"),
        ("d8", "d4-d4"),
        ("d8", "d2"),
        ("d8", "d'''8"),
        ("d8", "!fermata!d8"),
        ("K: D", ""),
    ],
)
def test_what_it_cannot_hold_is_passed_over(change, to):
    assert abc_tunes(SONG.replace(change, to)) == []
    assert len(abc_tunes(SONG.replace(change, to) + "\n" + SONG)) == 1


def test_no_tunes():
    assert abc_tunes("") == abc_tunes("no ABC at all") == []


def test_as_music21_reads_it():
    music21 = pytest.importorskip("music21", reason="the extra folk is not installed")
    file = Path(music21.__file__).parent / "corpus/essenFolksong/han1.abc"
    texts = ["X:" + part for part in file.read_text(encoding="latin-1").split("X:")[1:41]]
    compared = 0
    for text in texts:
        for tune in abc_tunes(text):
            score = music21.converter.parse(text, format="abc")
            theirs = [(n.pitch.midi, n.quarterLength * 4) for n in score.recurse().notes]
            ours = [(n.pitch, n.length) for n in tune.notes if n.pitch is not None]
            shift = {mine - other for (mine, _), (other, _) in zip(ours, theirs, strict=True)}
            assert len(shift) == 1 and [x for _, x in ours] == [x for _, x in theirs]
            compared += 1
    assert compared > 20
