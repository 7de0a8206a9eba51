"""From the prompt that was written to what the text encoders read, with every change kept for the labels.

Tiny model: the prompt is said in the words of its closed world. Models that read English only: Chinese is replaced by a
word list. Both: the weight grammar is taken off the text and kept as pieces with weights.
"""

from dataclasses import dataclass
from typing import Any

from aigc_kit import prompts
from aigc_kit.diffusion.words import ReadWords
from aigc_kit.errors import BadInput
from aigc_kit.image.settings import Settings
from aigc_kit.prompts import Piece
from aigc_kit.types import Card


@dataclass(frozen=True)
class Words(ReadWords):
    """A prompt on its way to the text encoders of an image model.

    Args:
        pieces: what is read, in pieces with weights; empty when every weight is 1.
    """

    pieces: tuple[Piece, ...] = ()


def words_for(prompt: str, settings: Settings, card: Card, tokenizer: Any, *, negative: bool = False) -> Words:
    """What the encoders of a model read for a prompt.

    Args:
        prompt: not empty.
        settings: `weights`, `translate` and `english` count.
        card: its constraints say whether the model knows a closed world, or English only.
        tokenizer: of the pipeline.
        negative: it is the negative prompt.

    Raises:
        BadInput: a bracket that does not close, an AND, which one call of a pipeline cannot do, or weights for a model
            that has no place for them.
    """
    text, labels = prompt, list[tuple[str, Any]]()
    world = card.constraints.get("world") == "tinyworld"
    if not world and card.constraints.get("languages") == ("en",):
        text, labels = _english(prompt, settings)
    pieces, notes = _pieces(text) if settings.weights else ((Piece(text, 1.0),), ())
    if world:
        pieces, labels = _said(pieces)
    read = "".join(piece.text for piece in pieces)
    weighted = any(piece.weight != 1 for piece in pieces)
    if weighted and not card.constraints.get("weighted", True):
        raise BadInput(
            asked=f"weights in the prompt of {card.name}",
            found="they are applied to the embeddings of CLIP, and its text encoder is none",
            todo="write without brackets, or with weights=False, where brackets are words like any other",
        )
    limit = card.constraints.get("max_tokens")
    budget = prompts.budget([piece.text for piece in pieces] if weighted else read, tokenizer, limit=limit)
    if not read.strip():
        empty = "负面提示词里没有小世界认识的词" if negative else "提示词里没有小世界认识的词，画面与它无关"
        notes = (*notes, empty)
    if world and (old := _traditional(prompt)):
        notes = (*notes, f"有繁体字：{old}。小世界只认识简体字，请改写成简体")
    if not budget.fits:
        notes = (*notes, f"共 {budget.used} 个 token，编码器只读前 {budget.limit} 个，后面的没有读到：{budget.cut}")
    return Words(prompt, read, budget, tuple(labels), notes, pieces if weighted else ())


def _traditional(text: str) -> str:
    from aigc_kit.tinyworld.scan import traditional

    return traditional(text)


def _pieces(text: str) -> tuple[tuple[Piece, ...], tuple[str, ...]]:
    tree = prompts.parse(text)
    if len(tree.conditions) > 1:
        raise BadInput(
            asked=f"AND in a prompt: {' AND '.join(prompts.plain(c)[:20] for c in tree.conditions)}",
            found=f"AND makes {len(tree.conditions)} conditions, each with a prediction of its own in every step; one "
            "call of the pipeline makes one",
            todo=r"use a comma, write \AND for the word, or add the predictions up in your own loop (lab 02 does)",
        )
    return prompts.flatten(tree.conditions[0]), tree.notes


def _english(prompt: str, settings: Settings) -> tuple[str, list[tuple[str, Any]]]:
    if settings.english is not None:
        return settings.english, [("english", settings.english), ("translated_by", "edited")]
    if not settings.translate:
        return prompt, [("translated_by", "none: asked not to")]
    made = prompts.translate(prompt)
    if made.by == "none":
        return prompt, []
    if not made.en:
        raise BadInput(
            asked=f"English for {prompt[:40]!r}",
            found="the word list holds nothing of it",
            todo="write the prompt in English, or give english='...'",
        )
    return made.en, [("english", made.en), ("translated_by", made.by), ("unknown", made.unknown)]


def _said(pieces: tuple[Piece, ...]) -> tuple[tuple[Piece, ...], list[tuple[str, Any]]]:
    """The prompt in the words of the tiny world. A word keeps the weight that it had where it was written."""
    from aigc_kit.tinyworld.vocab import phrase

    text, starts = "", list[int]()
    for piece in pieces:
        starts.append(len(text))
        text += piece.text

    def weight_at(place: int) -> float:
        return next(
            piece.weight for piece, start in zip(reversed(pieces), reversed(starts), strict=True) if start <= place
        )

    made = phrase(text)
    weights = {kept.attribute: weight_at(kept.start) for kept in made.kept}
    said, at = list[Piece](), 0
    for word in phrase(made.phrase).kept:  # the canonical phrase again, to find the place of each attribute
        weight = weights.get(word.attribute, 1.0)
        if word.start > at:
            said.append(Piece(made.phrase[at : word.start], 1.0))
        said.append(Piece(made.phrase[word.start : word.end], weight))
        at = word.end
    said.append(Piece(made.phrase[at:], 1.0))
    labels = [
        ("phrase", made.phrase),
        ("kept", tuple((k.text, k.attribute, k.value) for k in made.kept)),
        ("dropped", tuple((d.text, d.why) for d in made.dropped)),
    ]
    return _merged(said), labels


def _merged(pieces: list[Piece]) -> tuple[Piece, ...]:
    out: list[Piece] = []
    for piece in pieces:
        if out and out[-1].weight == piece.weight:
            out[-1] = Piece(out[-1].text + piece.text, piece.weight)
        elif piece.text:
            out.append(piece)
    return tuple(out)
