"""The tokenizer: one token for each quality wished, each tempo, each pair of pitch and length, and the lines."""

from functools import cache

from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from aigc_kit.worlds.tunes.tune import note_tokens
from aigc_kit.worlds.tunes.wishes import wish_tokens

from . import paths

PAD, START, END = "<pad>", "<s>", "</s>"
SIZE = 320  # a multiple of 32: what is over has a name and is never used


@cache
def ids() -> dict[str, int]:
    tokens = [PAD, START, END, *wish_tokens(), *note_tokens()]
    tokens += [f"<unused{k}>" for k in range(SIZE - len(tokens))]
    return {token: number for number, token in enumerate(tokens)}


def build() -> int:
    """Write the tokenizer as `AutoTokenizer` loads it; texts are tokens parted by spaces."""
    tokenizer = Tokenizer(models.WordLevel(ids(), unk_token=PAD))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token=PAD, bos_token=START, eos_token=END, clean_up_tokenization_spaces=False
    )
    fast.save_pretrained(paths.MODEL)
    return len(ids())
