"""The Mandarin front end: what is written becomes what is said, and what becomes of every character is told.

normalise(text)            numbers, dates, units, symbols, letters -> words; Normalised(spoken, changes, unspoken)
syllables(spoken)          words -> pinyin with tone sandhi
"""

from aigc_kit.make.speech.frontend.normalise import Change, Normalised, Part, Unspoken, normalise
from aigc_kit.make.speech.frontend.pinyin import Syllable, syllables

__all__ = ["Change", "Normalised", "Part", "Syllable", "Unspoken", "normalise", "syllables"]
