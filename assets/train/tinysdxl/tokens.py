"""A CLIP tokenizer in which every word of the world is one token, also inside an unbroken Chinese clause.

CLIP's byte-level BPE takes a whole Chinese clause as one piece and merges inside it, lowest rank first. So the merges
are made by hand: bytes into characters, characters into words, with no merge that could run across two words.
"""

from collections import Counter
from itertools import pairwise

from aigc_kit.worlds.tinyworld.words import every_word

LENGTH = 77  # tokens with both ends, as in SDXL
END = "</w>"
START_TOKEN, END_TOKEN = "<|startoftext|>", "<|endoftext|>"
MARKS = "，。、！？：；"


def byte_symbols() -> list[str]:
    """The printable symbol that stands for each byte 0-255. Source: GPT-2's byte-level BPE."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    shifted = [byte for byte in range(256) if byte not in kept]
    symbol = {byte: chr(byte) for byte in kept} | {byte: chr(256 + k) for k, byte in enumerate(shifted)}
    return [symbol[byte] for byte in range(256)]


def merges_of(words: tuple[str, ...]) -> list[tuple[str, str]]:
    """Merges, in order of rank, after which each word is one token, at the end of a piece and inside it."""
    symbols = byte_symbols()
    spell = lambda text: [symbols[byte] for byte in text.encode()]  # noqa: E731
    chinese = [word for word in words if not word.isascii()]
    ranked: list[tuple[str, str]] = []
    for character in sorted({c for word in chinese for c in word} | set(MARKS)):
        first, *middle, last = spell(character)
        for end in ("", END):
            left = first
            for symbol in [*middle, last + end]:
                ranked.append((left, symbol))
                left += symbol
    sequences = [spell(word) for word in words if word.isascii()]
    sequences = [[*s[:-1], s[-1] + END] for s in sequences]
    for word in chinese:
        letters = ["".join(spell(c)) for c in word]
        sequences += [letters, [*letters[:-1], letters[-1] + END]]
    while pairs := Counter(pair for s in sequences for pair in pairwise(s)):
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        ranked.append(best)
        sequences = [join(s, best) for s in sequences]
    return list(dict.fromkeys(ranked))


def join(sequence: list[str], pair: tuple[str, str]) -> list[str]:
    """``sequence`` with every occurrence of ``pair`` made one symbol."""
    out: list[str] = []
    for symbol in sequence:
        if out and (out[-1], symbol) == pair:
            out[-1] += symbol
        else:
            out.append(symbol)
    return out


def vocabulary() -> tuple[dict[str, int], list[tuple[str, str]]]:
    """(token -> id, merges). Id 0 is "!", which pads the second encoder, as in SDXL."""
    merges = merges_of(every_word())
    symbols = byte_symbols()
    tokens = ["!", *symbols, *(s + END for s in symbols), *(a + b for a, b in merges), START_TOKEN, END_TOKEN]
    return {token: k for k, token in enumerate(dict.fromkeys(tokens))}, merges


def tokenizers():
    """(tokenizer, tokenizer_2): one vocabulary, padded with the end token and with "!"."""
    from transformers import CLIPTokenizer

    ids, merges = vocabulary()
    first = CLIPTokenizer(vocab=ids, merges=merges, model_max_length=LENGTH)
    return first, CLIPTokenizer(vocab=ids, merges=merges, model_max_length=LENGTH, pad_token="!")
