"""Draw texts in which anything may stand, and look for what is lost in reading them.

A letter or digit is lost when another one in its place changes neither what is said nor what is reported.
`python -m tests.speech.losses` tries 10,000 texts.
"""

import random
import sys
from collections.abc import Iterator

from aigc_kit.make.speech.frontend import normalise, syllables
from tests.speech.readings import cases

_ALPHABETS = (
    "0123456789",
    "0123456789.,-~%/:：年月日¥$km℃ aA@个+=x",
    "abcxyzABCXYZ",
    "今天的天气真不错一二三得地了着长行数",
    "，。！？；：、（）「」“”…—～·",
    "*_`#>|[]()<>&;~\\\n- ",
    "²³⁻¹₂½¼①Ⅳ√∑∞≈≠≤≥×÷±→π",
    "😀👍🏽❤️★é㎏ßあ한\u200b\ue000𰻝覅",
)
_ORDINALS = ("st", "nd", "rd", "th")


def drawn(count: int, seed: int = 7) -> Iterator[tuple[str, random.Random]]:
    """Yield texts of joined pieces: written forms of the cases, and runs out of alphabets."""
    draw = random.Random(seed)
    forms = [case["written"] for name in ("written", "written_more") for case in cases(name)]
    for _ in range(count):
        pieces = []
        for _ in range(draw.randint(1, 4)):
            alphabet = draw.choice(_ALPHABETS)
            run = "".join(draw.choice(alphabet) for _ in range(draw.randint(1, 6)))
            pieces.append(draw.choice((draw.choice(forms), run)))
        yield "".join(pieces), draw


def lost(text: str, draw: random.Random) -> str:
    """Tell what of a text is lost, "" for nothing."""
    result = normalise(text)
    if "".join(part.before for part in result.parts) != text:
        return f"{text!r}: its parts do not join to it"
    for part in result.parts:
        if not part.heard and not (part.why and part.after == ""):
            return f"{text!r}: {part.before!r} is unheard without a reason"
        if part.heard and not part.after and not part.why:
            return f"{text!r}: {part.before!r} is gone"
    if any(character.isdigit() for character in result.spoken):
        return f"{text!r}: a digit is left in {result.spoken!r}"
    places = [i for i, c in enumerate(text) if c.isascii() and c.isalnum() and text[i - 1 : i + 1] not in _ORDINALS]
    places = [i for i in places if text[i : i + 2] not in _ORDINALS]
    if not places:
        return ""
    at = draw.choice(places)
    others = "0123456789" if text[at].isdigit() else "abcdefghijklmnopqrstuvwxyz"
    other = draw.choice([c for c in others if c != text[at].lower()])
    changed = normalise(text[:at] + other + text[at + 1 :])
    same = (changed.spoken, changed.unspoken) == (result.spoken, result.unspoken)
    return f"{text!r}: {other!r} for {text[at]!r} at {at} is said alike: {result.spoken!r}" if same else ""


def unread(text: str) -> str:
    """Tell which characters of a spoken text are neither syllables nor without a reading, "" for none."""
    spoken = normalise(text).spoken
    read = {syllable.index for syllable in syllables(spoken)}
    return "".join(c for i, c in enumerate(spoken) if c.isalnum() and i not in read)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    misses = [miss for text, draw in drawn(count) if (miss := lost(text, draw))]
    silent = [text for text, _ in drawn(count // 10) if unread(text)]
    print(f"{count} texts: {len(misses)} with something lost; {len(silent)} of {count // 10} with characters not read")
    print("\n".join([*misses[:40], *map(repr, silent[:10])]))


if __name__ == "__main__":
    main()
