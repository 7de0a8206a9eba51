"""Bytes as Chinese characters, 14 bits each: the notation in which ChatTTS writes speakers down.

7 bytes become 4 characters from U+4E00 on. Where the last group is not full, a character U+3D01 to U+3D06 behind it
says how many bytes it has.
Source: the format of fumiama/base16384; tested against the package pybase16384.
"""

from typing import NoReturn

from aigc_kit.errors import BadInput

_FIRST, _MARK = 0x4E00, 0x3D00
_BITS = 14
_GROUP_BYTES, _GROUP_CHARACTERS = 7, 4


def encode(data: bytes) -> str:
    """The characters of some bytes.

    >>> encode(b"ChatTTS"), encode(b"a")
    ('廚吗彑打', '晀㴁')
    """
    rest = len(data) % _GROUP_BYTES
    count = -(-len(data) * 8 // _BITS)
    bits = int.from_bytes(data, "big") << (count * _BITS - len(data) * 8)
    codes = [(bits >> (_BITS * (count - 1 - i))) & 0x3FFF for i in range(count)]
    return "".join(chr(_FIRST + code) for code in codes) + (chr(_MARK + rest) if rest else "")


def decode(text: str, longest: int = 4096) -> bytes:
    """The bytes of such characters.

    Args:
        text: what `encode` made.
        longest: characters; more are refused before anything is computed.

    Raises:
        BadInput: too long, a character that does not belong, or a number of them that cannot be.
    """
    if len(text) > longest:
        _refuse(f"{len(text)} characters, and at most {longest} are read")
    rest = ord(text[-1]) - _MARK if text else 0
    body, rest = (text[:-1], rest) if 0 < rest < _GROUP_BYTES else (text, 0)
    for at, character in enumerate(body):
        if not 0 <= ord(character) - _FIRST < 1 << _BITS:
            _refuse(f"the character {character!r} at {at}, which the notation does not have")
    needed = -(-rest * 8 // _BITS)
    if len(body) < needed or (len(body) - needed) % _GROUP_CHARACTERS:
        _refuse(f"{len(body)} characters, which is no whole number of groups: it was cut, or something was lost")
    size = (len(body) - needed) // _GROUP_CHARACTERS * _GROUP_BYTES + rest
    bits = 0
    for character in body:
        bits = bits << _BITS | ord(character) - _FIRST
    spare = len(body) * _BITS - size * 8
    if bits & ((1 << spare) - 1):
        _refuse("bits behind the last byte: something was changed")
    return (bits >> spare).to_bytes(size, "big")


def _refuse(found: str) -> NoReturn:
    raise BadInput(
        asked="bytes from a text in base16384 (a ChatTTS speaker)",
        found=found,
        todo="copy the whole text again, from its first to its last character",
    )
