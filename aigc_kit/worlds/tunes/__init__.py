"""Know tunes: wished, composed, written, read back.

"欢快的羽调式，二四拍" --read_wish--> TuneWish --compose--> Tune --hear--> Heard      what it is, read from its notes
Tune --tokens_of--> "=126 69:2 67:2 | ..."                       what the tiny melody model reads and writes
Tune --accompany--> voices below it, which `consonance` checks
"""

from aigc_kit.worlds.tunes.abc import abc_tunes
from aigc_kit.worlds.tunes.composer import compose
from aigc_kit.worlds.tunes.harmony import accompany, consonance
from aigc_kit.worlds.tunes.hearing import Heard, hear, intervals_of
from aigc_kit.worlds.tunes.tune import SIXTEENTHS, Note, Tune, jianpu, tokens_of, tune_of
from aigc_kit.worlds.tunes.wishes import CHOICES, NAMES, TITLES, TuneWish, caption, read_wish, whole_wish

__all__ = [
    "CHOICES",
    "NAMES",
    "SIXTEENTHS",
    "TITLES",
    "Heard",
    "Note",
    "Tune",
    "TuneWish",
    "abc_tunes",
    "accompany",
    "caption",
    "compose",
    "consonance",
    "hear",
    "intervals_of",
    "jianpu",
    "read_wish",
    "tokens_of",
    "tune_of",
    "whole_wish",
]
