"""The character tokenizer: one character, one token; special tokens for form, rhyme and the poem's start."""

import collections
import json

from . import corpus, paths

PAD, UNKNOWN, END, POEM, ANY_RHYME = "<pad>", "<unk>", "</s>", "<诗>", "<不限韵>"
FORM_TOKENS = [f"<{form}>" for form in corpus.FORMS.values()]


def rhyme_token(rhyme: str) -> str:
    return f"<韵{rhyme}>" if rhyme else ANY_RHYME


def special_tokens(training: list[corpus.Poem]) -> list[str]:
    """Fixed tokens, then a token for each rhyme group that enough training poems use, commonest first."""
    rhymes = collections.Counter(poem.rhyme for poem in training if poem.rhyme)
    common = [rhyme for rhyme, count in rhymes.most_common() if count >= corpus.LEAST_RHYME]
    return [PAD, UNKNOWN, END, POEM, *FORM_TOKENS, ANY_RHYME, *map(rhyme_token, common)]


def build() -> int:
    """Write ``tokenizer.json`` and ``tokenizer_config.json`` into the model's folder; returns the vocabulary's size."""
    training = corpus.load("train")
    counts = collections.Counter()
    for poem in training:
        counts.update(poem.title + poem.body)
    specials = special_tokens(training)
    vocabulary = specials + [character for character, _ in counts.most_common()]
    flags = ("single_word", "lstrip", "rstrip", "normalized")
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": number, "content": token, "special": True, **dict.fromkeys(flags, False)}
            for number, token in enumerate(specials)
        ],
        "normalizer": None,
        "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "[\\s\\S]"}, "behavior": "Isolated", "invert": False},
        "post_processor": None,
        "decoder": {"type": "Fuse"},
        "model": {"type": "WordLevel", "vocab": {t: i for i, t in enumerate(vocabulary)}, "unk_token": UNKNOWN},
    }
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "pad_token": PAD,
        "unk_token": UNKNOWN,
        "eos_token": END,
        "clean_up_tokenization_spaces": False,
        "model_max_length": 128,
        "padding_side": "left",
    }
    paths.MODEL.mkdir(parents=True, exist_ok=True)
    for name, content in (("tokenizer.json", tokenizer), ("tokenizer_config.json", config)):
        (paths.MODEL / name).write_text(json.dumps(content, ensure_ascii=False, indent=0) + "\n", "utf-8")
    return len(vocabulary)


class Encoder:
    """Poems to id sequences: ``<form> title <诗> <rhyme> body </s>``."""

    def __init__(self) -> None:
        self.ids: dict[str, int] = json.loads((paths.MODEL / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]

    def prompt(self, poem: corpus.Poem, titled: bool = True) -> list[int]:
        """Everything that is given: form, title (left out when not ``titled``) and the poem's start."""
        return [self.ids[f"<{poem.form}>"], *(self.ids[c] for c in poem.title if titled), self.ids[POEM]]

    def answer(self, poem: corpus.Poem, rhymed: bool = True) -> list[int]:
        """Everything that is predicted: rhyme (``<不限韵>`` when not ``rhymed``), body and end."""
        rhyme = self.ids.get(rhyme_token(poem.rhyme if rhymed else ""), self.ids[ANY_RHYME])
        return [rhyme, *(self.ids[c] for c in poem.body), self.ids[END]]
