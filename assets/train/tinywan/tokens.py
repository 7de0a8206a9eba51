"""A UMT5 tokenizer written by hand: every word of the world is one token, in Chinese clauses as in English.

A Unigram model takes the split of highest likelihood: with equal scores the one of fewest pieces, so whole words win
over characters. A trained Unigram would merge whole phrases.
"""

import re

from aigc_kit.worlds.tinyworld.captions import clip_words

LENGTH = 512  # Wan's default max_sequence_length
NEGATIVE_WORDS = (
    *("low", "quality", "watermark", "glitch", "blurry", "static", "worst", "bad", "still"),
    *("低质量", "模糊", "静止", "水印", "画面", "最差"),
)
MARKS = (",", ".", ":", "!", "?", ";", "-", "，", "。", "、")


def pieces() -> list[tuple[str, float]]:
    """(piece, log-probability) in the order of their ids; 0 is padding, 1 the end, 2 unknown."""
    words = dict.fromkeys([*clip_words(), *NEGATIVE_WORDS])
    english = sorted({word for phrase in words for word in re.findall("[a-z]+", phrase.lower())})
    chinese = sorted((word for word in words if not word.isascii() and word not in MARKS), key=lambda w: (len(w), w))
    table: dict[str, float] = {"<pad>": 0.0, "</s>": 0.0, "<unk>": 0.0, "▁": -2.0}
    table |= {f"▁{word}": -3.0 for word in english} | dict.fromkeys((*chinese, *MARKS), -3.0)
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    for letter in letters:  # English words that the world does not have: spelt
        table.setdefault(letter, -12.0)
    return list(table.items())


def tokenizer():
    """A PreTrainedTokenizerFast: NFKC, lower case, spaces as ▁, ``</s>`` at the end."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    space = {"replacement": "▁", "prepend_scheme": "always", "split": True}
    made = Tokenizer(models.Unigram(pieces(), unk_id=2, byte_fallback=False))
    made.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation("isolated"), pre_tokenizers.Metaspace(**space)]
    )
    made.decoder = decoders.Metaspace(**space)
    made.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return PreTrainedTokenizerFast(
        tokenizer_object=made, eos_token="</s>", unk_token="<unk>", pad_token="<pad>", model_max_length=LENGTH
    )
