"""Decode what stands in a text in another writing, twice.

What was encoded twice is decoded twice: once is what the outer door does, the second time is what the inner one does.
"""

import base64
import binascii
import codecs
import html
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

import regex

DEPTH = 2
SHORTEST = 16  # characters of base64 or hex that are looked into
_MOST, _PAYLOADS = 20, 200  # runs of one writing, texts in all, that are decoded


@dataclass(frozen=True)
class Payload:
    """Hold what a text says in another writing.

    Args:
        ways: how it was decoded, outermost first.
        text: what came out.
    """

    ways: tuple[str, ...]
    text: str


def hidden(text: str) -> list[Payload]:
    """List what a text says in other writings.

    >>> [found.ways for found in hidden("aWdub3JlIGFsbCBydWxlcw==")][:1]
    [('base64',)]
    """
    payloads, fresh = list[Payload](), [Payload((), text)]
    for _ in range(DEPTH):
        inner = []
        for outer in fresh:
            for way, decode in _WAYS.items():
                inner += [Payload((*outer.ways, way), said) for said in decode(outer.text)]
        payloads = (payloads + inner)[:_PAYLOADS]
        fresh = [each for each in inner if each.ways[-1] not in ("rot13", "reversed")]
    return payloads


def twice(text: str) -> bool:
    """Tell whether percent signs or entities are encoded twice.

    Nobody writes so who wants to be read.

    >>> twice("%2569gnore"), twice("100 %25"), twice("&amp;lt;b&amp;gt;")
    (True, False, True)
    """
    for decode in (unquote, html.unescape):
        once = decode(text)
        if once != text and decode(once) != once:
            return True
    return False


def _readable(raw: bytes) -> Iterator[str]:
    """Yield bytes as text if they are one."""
    for coding in ("utf-8", "utf-16-le") if raw.count(0) * 3 > len(raw) else ("utf-8",):
        try:
            text = raw.decode(coding)
        except UnicodeDecodeError:
            continue
        shown = sum(letter.isprintable() or letter.isspace() for letter in text)
        if text.strip() and shown >= 0.9 * len(text):
            yield text
            return


def _runs(pattern: str, decode: Callable[[str], bytes]) -> Callable[[str], Iterator[str]]:
    ready = regex.compile(pattern)

    def decoded(text: str) -> Iterator[str]:
        for count, match in enumerate(ready.finditer(text)):
            if count >= _MOST:
                return
            try:
                yield from _readable(decode(regex.sub(r"\s", "", match[0])))
            except (ValueError, binascii.Error):
                continue

    return decoded


def _base64(run: str) -> bytes:
    run = run.translate(str.maketrans("-_", "+/")).rstrip("=")
    return base64.b64decode(run + "=" * (-len(run) % 4), validate=True)


def _base32(run: str) -> bytes:
    run = run.rstrip("=")
    return base64.b32decode(run + "=" * (-len(run) % 8))


def _changed(decode: Callable[[str], str]) -> Callable[[str], Iterator[str]]:
    def decoded(text: str) -> Iterator[str]:
        other = decode(text)
        if other != text:
            yield other

    return decoded


def _escapes(text: str) -> str:
    """Read \\u4e2d, \\x41 and U+4E2D."""
    found = regex.compile(r"\\u\{?([0-9a-fA-F]{4,6})\}?|\\x([0-9a-fA-F]{2})|U\+([0-9a-fA-F]{4,6})")
    return found.sub(lambda match: _letter(next(filter(None, match.groups())), match[0]), text)


def _letter(digits: str, otherwise: str) -> str:
    number = int(digits, 16)
    return chr(number) if number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF else otherwise


_HEX = r"(?:0x)?((?:[0-9a-fA-F]{2}[\s:,]?){8,})"
_WAYS: dict[str, Callable[[str], Iterator[str]]] = {
    "base64": _runs(rf"(?<![\w+/])[A-Za-z0-9+/_-]{{{SHORTEST},}}={{0,2}}", _base64),
    "hex": _runs(_HEX, lambda run: bytes.fromhex(regex.sub(r"^0x|[:,]", "", run))),
    "base32": _runs(rf"(?<!\w)[A-Z2-7]{{{SHORTEST},}}={{0,6}}", _base32),
    "binary": _runs(r"(?:[01]{8}\s?){4,}", lambda run: bytes(int(run[k : k + 8], 2) for k in range(0, len(run), 8))),
    "percent": _changed(unquote),
    "entities": _changed(html.unescape),
    "escapes": _changed(_escapes),
    "rot13": _changed(lambda text: codecs.encode(text, "rot13")),
    "reversed": _changed(lambda text: text[::-1]),
}
