"""From the prompt that was written to what the text encoder reads, with every change kept for the labels.

The tiny model is told the prompt in the words of its closed world; umT5 of the real Wan reads Chinese and English as
they are, and up to 512 tokens.
"""

from typing import Any

from aigc_kit import prompts
from aigc_kit.diffusion.words import ReadWords
from aigc_kit.types import Card


def words_for(prompt: str, card: Card, tokenizer: Any, *, negative: bool = False) -> ReadWords:
    """What the encoder of a model reads for a prompt.

    Args:
        prompt: not empty.
        card: its constraints say whether the model knows a closed world, and how many tokens it reads.
        tokenizer: of the pipeline.
        negative: it is the negative prompt, in which words about quality count.
    """
    read, labels, notes = prompt, list[tuple[str, Any]](), list[str]()
    if card.constraints.get("world") == "tinyworld":
        read, labels = _said(prompt, negative)
        if not read:
            what = "负面提示词" if negative else "提示词"
            notes.append(f"{what}里没有小世界认识的词" + ("" if negative else "，短片与它无关"))
    budget = prompts.budget(read, tokenizer, limit=card.constraints["max_tokens"] - 1)  # one place marks the end
    if not budget.fits:
        notes.append(f"共 {budget.used} 个 token，编码器只读前 {budget.limit} 个，后面的没有读到：{budget.cut}")
    return ReadWords(prompt, read, budget, tuple(labels), tuple(notes))


def _said(prompt: str, negative: bool) -> tuple[str, list[tuple[str, Any]]]:
    from aigc_kit.tinyworld.clip_vocab import clip_phrase

    made = clip_phrase(prompt, negative=negative)
    labels = [
        ("phrase", made.phrase),
        ("kept", tuple((k.text, k.attribute, k.value) for k in made.kept)),
        ("dropped", tuple((d.text, d.why) for d in made.dropped)),
    ]
    return made.phrase, labels
