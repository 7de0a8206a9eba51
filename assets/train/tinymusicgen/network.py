"""The real MusicgenForConditionalGeneration at tiny size, its tokenizer of the world's words, and its delay pattern."""

import torch
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors
from torch import Tensor, nn
from transformers import (
    MusicgenConfig,
    MusicgenDecoderConfig,
    MusicgenForConditionalGeneration,
    PreTrainedTokenizerFast,
    T5Config,
)

from aigc_kit.worlds.sounds.sound_world import FRAMES, SOUND_NAMES

from . import codec

WIDTH, LAYERS, HEADS, INNER = 160, 3, 5, 480
NOTE_LAYER = 2  # after which the note is read while training
START = codec.SIZE  # the id before the first code, and where a book has none
SPECIAL = ("<pad>", "</s>", "<unk>")
WORDS = tuple(word for words in SOUND_NAMES.values() for word in (words.en, words.zh))


def tokenizer() -> PreTrainedTokenizerFast:
    """Words of the world become tokens, Chinese or English, parted or not; other text is not read."""
    table = {word: number for number, word in enumerate((*SPECIAL, *WORDS))}
    inside = Tokenizer(models.WordLevel(table, unk_token="<unk>"))
    known = "|".join(sorted((w for w in WORDS if not w.isascii()), key=len, reverse=True))
    english = "|".join(rf"\b{w}\b" for w in WORDS if w.isascii())
    inside.pre_tokenizer = pre_tokenizers.Split(Regex(f"{known}|{english}"), "removed", invert=True)
    inside.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return PreTrainedTokenizerFast(
        tokenizer_object=inside,
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
        model_input_names=["input_ids", "attention_mask"],
    )


def build(seed: int = 0, learned: bool = True) -> MusicgenForConditionalGeneration:
    """The whole model, float32, its codec set; text encoder and decoder at random."""
    torch.manual_seed(seed)
    text = T5Config(
        vocab_size=len(SPECIAL) + len(WORDS),
        d_model=64,
        d_kv=16,
        d_ff=128,
        num_layers=2,
        num_heads=4,
        pad_token_id=0,
        eos_token_id=1,
        decoder_start_token_id=0,
        dropout_rate=0.0,
    )
    decoder = MusicgenDecoderConfig(
        vocab_size=codec.SIZE,
        num_codebooks=codec.BOOKS,
        hidden_size=WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        ffn_dim=INNER,
        max_position_embeddings=256,
        pad_token_id=START,
        bos_token_id=START,
        dropout=0.0,
        attention_dropout=0.0,
        activation_dropout=0.0,
    )
    sound = codec.build(learned)
    config = MusicgenConfig(
        text_encoder=text.to_dict(), audio_encoder=sound.config.to_dict(), decoder=decoder.to_dict()
    )
    model = MusicgenForConditionalGeneration(config, audio_encoder=sound)
    model.generation_config.update(
        decoder_start_token_id=START,
        pad_token_id=START,
        bos_token_id=START,
        do_sample=True,
        max_length=FRAMES + codec.BOOKS,
    )
    return model


def delayed(codes: Tensor) -> Tensor:
    """Codes (B, 4, T) one step later for each book: (B, 4, T + 4), START where a book has none."""
    batch, books, length = codes.shape
    rows = torch.full((batch, books, length + books), START)
    for book in range(books):
        rows[:, book, 1 + book : 1 + book + length] = codes[:, book]
    return rows


class NoteHead(nn.Module):
    """Reads pitch and place of the note that a frame belongs to out of an inner layer; only for training."""

    def __init__(self, pitches: int, places: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.pitch, self.place = nn.Linear(WIDTH, pitches), nn.Linear(WIDTH, places)

    def forward(self, states: Tensor) -> tuple[Tensor, Tensor]:
        inner = self.norm(states)
        return self.pitch(inner), self.place(inner)
