"""The tokenizer: the words of the world's patterns and all their characters; loads with AutoTokenizer.

A Unigram model with one cost for every token divides a text into the fewest tokens. Numbers are read digit by digit.
"""

import json
import random

from aigc_kit.worlds.shop.outside import JSON_PIECES, SPECIAL, vocabulary
from aigc_kit.worlds.shop.samples import Sample

from . import paths

PAD, UNKNOWN, END, USER, ASSISTANT = SPECIAL
TEMPLATE = (
    "{% for m in messages %}{{ '<用户>' if m['role'] == 'user' else '<助手>' }}{{ m['content'] }}"
    "{{ '<结束>' if m['role'] == 'assistant' else '' }}{% endfor %}{% if add_generation_prompt %}<助手>{% endif %}"
)
LONGEST = 512  # positions


def build() -> int:
    """Write the tokenizer's files; returns the number of tokens."""
    rows = vocabulary()
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "normalizer": None,
        "pre_tokenizer": None,
        "post_processor": None,
        "added_tokens": [{"id": n, "content": t, "special": True, **flags} for n, t in enumerate(SPECIAL)],
        "decoder": {"type": "Fuse"},
        "model": {
            "type": "Unigram",
            "unk_id": 1,
            "vocab": [[word, -10.0 - 0.001 * (len(word) == 1)] for word in rows],
            "byte_fallback": False,
        },
    }
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "pad_token": PAD,
        "unk_token": UNKNOWN,
        "eos_token": END,
        "clean_up_tokenization_spaces": False,
        "model_max_length": LONGEST,
        "padding_side": "left",
        "chat_template": TEMPLATE,
    }
    paths.MODEL.mkdir(parents=True, exist_ok=True)
    for name, content in (("tokenizer.json", tokenizer), ("tokenizer_config.json", config)):
        (paths.MODEL / name).write_text(json.dumps(content, ensure_ascii=False) + "\n", "utf-8")
    return len(rows)


class Encoder:
    """Turns samples into ids and loss weights."""

    def __init__(self, split: float = 0.0) -> None:
        """split: the share of longer words in prompts that are read character by character."""
        from tokenizers import Tokenizer

        self.tokenizer = Tokenizer.from_file(str(paths.MODEL / "tokenizer.json"))
        self.size = self.tokenizer.get_vocab_size()
        self.ids = {token: self.tokenizer.token_to_id(token) for token in SPECIAL}
        self.split_share = split
        table = self.tokenizer.get_vocab()
        self.characters = {
            number: [table[c] for c in word]
            for word, number in table.items()
            if len(word) > 1 and word not in SPECIAL and word not in JSON_PIECES and word != "###"
        }

    def text(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def roughened(self, ids: list[int], rng: random.Random) -> list[int]:
        """Some words in characters, so that those are known too."""
        rough: list[int] = []
        for number in ids:
            rough += (
                self.characters[number] if number in self.characters and rng.random() < self.split_share else [number]
            )
        return rough

    def turn(
        self, sample: Sample, rng: random.Random | None = None, prompt_weight: float = 0.1
    ) -> tuple[list[int], list[float]]:
        """ids and the loss weight of each as a target. Short answers weigh more; examples' answers weigh 2."""
        ids, weights = [self.ids[USER]], [0.0]
        for text, is_answer in sample.segments:
            piece = self.text(text)
            if rng is not None and not is_answer:
                piece = self.roughened(piece, rng)
            ids += piece
            weights += [2.0 if is_answer else prompt_weight] * len(piece)
        answer = [*self.text(sample.answer), self.ids[END]]
        ids += [self.ids[ASSISTANT], *answer]
        weights += [0.0] + [max(1.0, 6 / len(answer))] * (len(answer) - 1) + [1.0]
        return ids, weights

    def conversation(self, turns: list[Sample], rng: random.Random | None = None) -> tuple[list[int], list[float]]:
        """The turns of a conversation in a row."""
        ids, weights = [], []
        for sample in turns:
            more, weight = self.turn(sample, rng)
            ids += more
            weights += weight
        return ids, weights
