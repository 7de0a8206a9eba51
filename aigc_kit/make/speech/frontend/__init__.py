"""Turn what is written into what is said, telling all.

normalise(text)            numbers, dates, units, symbols, letters -> words; Normalised(spoken, changes, unspoken)
syllables(spoken)          words -> pinyin with tone sandhi
"""

from aigc_kit.make.speech.frontend.normalise import Change, Normalised, Part, Unspoken, normalise
from aigc_kit.make.speech.frontend.pinyin import Syllable, syllables

__all__ = ["Change", "Normalised", "Part", "Syllable", "Unspoken", "normalise", "syllables"]
