"""Search with patterns of strangers, within a time.

Python's `re` tries every way of matching, which takes "(a+)+$" years on forty letters; `regex` stops at a time.
"""

from functools import lru_cache
from typing import Any

import regex

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types.atoms import shown

SECONDS = 0.25  # of one search
LONGEST = 500  # characters of a pattern
_PROBE = 64  # times that each character of a pattern is repeated in a text that tries it out


def compiled(pattern: str) -> Any:
    """Compile a pattern, and refuse one that explodes.

    Args:
        pattern: of the library `regex`, which reads those of `re` and nearly all of JSON Schema.

    Raises:
        BadInput: it is too long, no pattern, or takes too long on a text made of its own characters.
    """
    if not isinstance(pattern, str) or not pattern or len(pattern) > LONGEST:
        raise BadInput(
            asked=_asked(pattern),
            found=Words(f"not a text of 1 to {LONGEST} characters", f"不是 1 到 {LONGEST} 个字符的文字"),
            todo=Words("write a shorter pattern", "写短一些"),
        )
    return _tried(pattern)


@lru_cache(maxsize=512)
def _tried(pattern: str) -> Any:
    try:
        ready = regex.compile(pattern, regex.VERSION0)
    except (regex.error, RecursionError, OverflowError) as error:
        raise BadInput(
            asked=_asked(pattern),
            found=Words(f"no pattern: {error}", f"写法不对（原话：{error}）"),
            todo=Words("close every bracket; try it with regex.compile", "检查括号是否成对；可以先用 regex.compile 试"),
        ) from None
    for character in sorted({each for each in pattern if each.isalnum()} | {"a", "0"}):
        search(ready, character * _PROBE + "\x00")
    return ready


def search(ready: Any, text: str, at: int = 0) -> Any:
    """Find the first match from a place, None without one.

    Args:
        ready: of `compiled`.
        text: to search.
        at: character where to start.

    Raises:
        BadInput: it took longer than `SECONDS`.
    """
    try:
        return ready.search(text, at, timeout=SECONDS)
    except (TimeoutError, MemoryError):
        raise _endless(ready, text) from None


def removed(ready: Any, text: str) -> str:
    """Take every match out of a text.

    Raises:
        BadInput: it took longer than `SECONDS`.
    """
    try:
        return ready.sub("", text, timeout=SECONDS)
    except (TimeoutError, MemoryError):
        raise _endless(ready, text) from None


def _endless(ready: Any, text: str) -> BadInput:
    return BadInput(
        asked=_asked(ready.pattern),
        found=Words(
            f"no end after {SECONDS} s on {len(text)} characters",
            f"在 {len(text)} 个字符上找了 {SECONDS} 秒还没有完",
        ),
        todo=Words(
            "let no two ways match the same: (a|aa)+ becomes a+",
            "同样的字不要有两种匹配法：把 (a|aa)+ 写成 a+",
        ),
    )


def _asked(pattern: object) -> Words:
    return Words(f"the pattern {shown(pattern)[:80]}", f"正则表达式 {shown(pattern)[:80]}")
