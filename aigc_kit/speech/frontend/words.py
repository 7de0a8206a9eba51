"""Where words end: a light guess from pypinyin's phrases, good enough to choose a place for a pause."""

from functools import lru_cache

_ALONE = set("的了着过是在和与我你他她它真很不都也就还要去来有把被给让吧呢吗啊这那个从到对为而但或及")


@lru_cache(maxsize=256)
def words(text: str) -> tuple[str, ...]:
    """The text as words: known phrases, then neighbouring single characters in pairs; joined they are the text.

    >>> words("今天的天气真不错")
    ('今天', '的', '天气', '真', '不错')
    """
    from pypinyin.seg import mmseg

    found: list[str] = []
    waiting = ""
    for piece in mmseg.seg.cut(text):
        single = len(piece) == 1 and "\u4e00" <= piece <= "\u9fff" and piece not in _ALONE
        if single and waiting:
            found.append(waiting + piece)
            waiting = ""
        elif single:
            waiting = piece
        else:
            found += [waiting, piece] if waiting else [piece]
            waiting = ""
    return tuple([*found, waiting] if waiting else found)


def boundaries(text: str) -> list[int]:
    """Indices between two words, inside the text.

    >>> boundaries("今天的天气真不错")
    [2, 3, 5, 6]
    """
    places, at = [], 0
    for word in words(text):
        at += len(word)
        places.append(at)
    return places[:-1]
