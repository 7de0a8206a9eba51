"""Pieces of tokens as bytes and as text for display."""

from collections.abc import Callable
from typing import Any


def legible(piece: bytes) -> str:
    """Bytes of a token for display.

    >>> legible("人".encode()), legible("人".encode()[:2]), legible(b" the"), legible(b"\\n")
    ('人', '<E4><BA>', ' the', '⏎')
    """
    try:
        text = piece.decode()
    except UnicodeDecodeError:
        return "".join(f"<{byte:02X}>" for byte in piece)
    return text.replace("\n", "⏎").replace("\t", "⇥")


def piece_reader(tokenizer: Any) -> Callable[[int], bytes]:
    """A function from a token id to its bytes, for the tokenizer's own way of writing them."""
    special = set(tokenizer.all_special_ids)
    from_letters = {letter: byte for byte, letter in enumerate(byte_letters())}
    backend = getattr(tokenizer, "backend_tokenizer", None)
    byte_level = backend is not None and "ByteLevel" in str(backend.decoder) + str(backend.pre_tokenizer)

    def piece(token: int) -> bytes:
        letters = tokenizer.convert_ids_to_tokens(int(token))
        if letters is None:
            return b""
        if token in special or not byte_level:
            return letters.replace("▁", " ").encode()
        return bytes(from_letters.get(letter, 0x3F) for letter in letters)

    return piece


def byte_letters() -> list[str]:
    """The letter by which byte-level BPE writes each byte 0..255.

    Source: GPT-2 encoder.py, bytes_to_unicode.

    >>> byte_letters()[32], byte_letters()[65]
    ('Ġ', 'A')
    """
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = {byte: chr(byte) for byte in plain}
    others = (byte for byte in range(256) if byte not in letters)
    letters.update({byte: chr(256 + i) for i, byte in enumerate(others)})
    return [letters[byte] for byte in range(256)]
