"""Write bytes as Chinese characters, as ChatTTS's speakers are."""

from typing import NoReturn

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Words

_FIRST, _MARK = 0x4E00, 0x3D00
_BITS = 14
_GROUP_BYTES, _GROUP_CHARACTERS = 7, 4


def encode_base16384(data: bytes) -> str:
    """Write bytes as characters of base16384.

    >>> encode_base16384(b"ChatTTS"), encode_base16384(b"a")
    ('廚吗彑打', '晀㴁')
    """
    rest = len(data) % _GROUP_BYTES
    count = -(-len(data) * 8 // _BITS)
    bits = int.from_bytes(data, "big") << (count * _BITS - len(data) * 8)
    codes = [(bits >> (_BITS * (count - 1 - i))) & 0x3FFF for i in range(count)]
    return "".join(chr(_FIRST + code) for code in codes) + (chr(_MARK + rest) if rest else "")


def decode_base16384(text: str, longest: int = 4096) -> bytes:
    """Read the bytes of such characters.

    More than `longest` are refused before anything is computed.

    Raises:
        BadInput: too long, a character that does not belong, or a number of them that cannot be.
    """
    if len(text) > longest:
        _refuse(
            Words(
                f"{len(text)} characters, and at most {longest} are read", f"有 {len(text)} 个字，最多只读 {longest} 个"
            )
        )
    rest = ord(text[-1]) - _MARK if text else 0
    body, rest = (text[:-1], rest) if 0 < rest < _GROUP_BYTES else (text, 0)
    for at, character in enumerate(body):
        if not 0 <= ord(character) - _FIRST < 1 << _BITS:
            _refuse(
                Words(
                    f"the character {character!r} at {at}, which the notation does not have",
                    f"第 {at} 个字 {character!r} 不属于这种写法",
                )
            )
    tail = -(-rest * 8 // _BITS)
    if len(body) < tail or (len(body) - tail) % _GROUP_CHARACTERS:
        _refuse(
            Words(
                f"{len(body)} characters, which is no whole number of groups: it was cut, or something was lost",
                f"有 {len(body)} 个字，凑不成整组：被截断了，或丢了一些",
            )
        )
    size = (len(body) - tail) // _GROUP_CHARACTERS * _GROUP_BYTES + rest
    bits = 0
    for character in body:
        bits = bits << _BITS | ord(character) - _FIRST
    spare = len(body) * _BITS - size * 8
    if bits & ((1 << spare) - 1):
        _refuse(Words("bits behind the last byte: something was changed", "最后一个字节后面还有多余的位：内容被改动过"))
    return (bits >> spare).to_bytes(size, "big")


def _refuse(why: Words) -> NoReturn:
    raise BadInput(
        asked=Words(
            "bytes from a text in base16384 (a ChatTTS speaker)", "从 base16384 文字（ChatTTS 说话人）读出字节"
        ),
        found=why,
        todo=Words(
            "copy the whole text again, from its first to its last character",
            "重新复制整段文字，从第一个字到最后一个字",
        ),
    )
