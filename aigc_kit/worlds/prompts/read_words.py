"""From the prompt that was written to what a model's text encoders read, with every change kept.

Tiny models: the prompt is said in the words of their closed world. Models that read English only: Chinese is replaced
by a word list. Pictures: the weight grammar is taken off the text and kept as pieces with weights.
"""

from collections.abc import Callable
from typing import Any

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Card, ReadWords, Request
from aigc_kit.worlds.prompts.budget import budget
from aigc_kit.worlds.prompts.grammar import Piece, flatten, parse, plain
from aigc_kit.worlds.prompts.translate import translate as to_english
from aigc_kit.worlds.tinyworld.clip_vocab import clip_phrase
from aigc_kit.worlds.tinyworld.scan import traditional
from aigc_kit.worlds.tinyworld.vocab import phrase


def read_for_picture(
    prompt: str,
    card: Card,
    tokenizer: Any,
    *,
    weights: bool = True,
    translate: bool = True,
    english: str | None = None,
    negative: bool = False,
) -> ReadWords:
    """Tell what the encoders of an image model read.

    Args:
        prompt: not empty.
        card: its facts say whether the model knows a closed world, or English only.
        tokenizer: of the pipeline.
        weights, translate, english: settings of the run.
        negative: it is the negative prompt.

    Raises:
        BadInput: a bracket that does not close, an AND, which one call of a pipeline cannot do, or weights for a model
            that has no place for them.
    """
    text, fields = prompt, dict[str, Any]()
    world = card.facts.world == "tinyworld"
    if not world and card.facts.languages == ("en",):
        text, fields = _english(prompt, translate, english)
    pieces, notes = _pieces(text) if weights else ((Piece(text, 1.0),), ())
    if world:
        pieces, fields = _in_words_of_the_world(pieces)
    read = "".join(piece.text for piece in pieces)
    weighted = any(piece.weight != 1 for piece in pieces)
    if weighted and not card.facts.weighted:
        raise BadInput(
            asked=f"weights in the prompt of {card.name}",
            found="they are applied to the embeddings of CLIP, and its text encoder is none",
            todo="write without brackets, or with weights=False, where brackets are words like any other",
        )
    limit = card.facts.max_tokens
    count = budget([piece.text for piece in pieces] if weighted else read, tokenizer, limit=limit)
    if not read.strip():
        empty = "负面提示词里没有小世界认识的词" if negative else "提示词里没有小世界认识的词，画面与它无关"
        notes = (*notes, empty)
    if world and (old := traditional(prompt)):
        notes = (*notes, f"有繁体字：{old}。小世界只认识简体字，请改写成简体")
    if not count.fits:
        notes = (*notes, f"共 {count.used} 个 token，编码器只读前 {count.limit} 个，后面的没有读到：{count.cut}")
    heavy = tuple((piece.text, piece.weight) for piece in pieces) if weighted else ()
    return ReadWords(prompt, read, count.used, count.limit, count.cut, weights=heavy, notes=notes, **fields)


def read_both(read: Callable[..., ReadWords], request: Request) -> tuple[ReadWords, ...]:
    """Read the prompt of a request and, where it has one, the negative prompt."""
    words = read(request.prompt)
    return (words, read(request.negative, negative=True)) if request.negative else (words,)


def _pieces(text: str) -> tuple[tuple[Piece, ...], tuple[str, ...]]:
    tree = parse(text)
    if len(tree.conditions) > 1:
        raise BadInput(
            asked=f"AND in a prompt: {' AND '.join(plain(c)[:20] for c in tree.conditions)}",
            found=f"AND makes {len(tree.conditions)} conditions, each with a prediction of its own in every step; one "
            "call of the pipeline makes one",
            todo=r"use a comma, write \AND for the word, or add the predictions up in your own loop (lab 02 does)",
        )
    return flatten(tree.conditions[0]), tree.notes


def _english(prompt: str, wanted: bool, own: str | None) -> tuple[str, dict[str, Any]]:
    if own is not None:
        return own, {"english": own, "translated_by": "edited"}
    if not wanted:
        return prompt, {"translated_by": "none: asked not to"}
    translation = to_english(prompt)
    if translation.by == "none":
        return prompt, {}
    if not translation.en:
        raise BadInput(
            asked=f"English for {prompt[:40]!r}",
            found="the word list holds nothing of it",
            todo="write the prompt in English, or give english='...'",
        )
    return translation.en, {
        "english": translation.en,
        "translated_by": translation.by,
        "unknown": tuple(translation.unknown),
    }


def _in_words_of_the_world(pieces: tuple[Piece, ...]) -> tuple[tuple[Piece, ...], dict[str, Any]]:
    """Say it in the words of the tiny world; a word keeps the weight it was written with."""
    text, starts = "", list[int]()
    for piece in pieces:
        starts.append(len(text))
        text += piece.text

    def weight_at(place: int) -> float:
        return next(
            piece.weight for piece, start in zip(reversed(pieces), reversed(starts), strict=True) if start <= place
        )

    whole = phrase(text)
    weights = {kept.attribute: weight_at(kept.start) for kept in whole.kept}
    pieces_in_order, at = list[Piece](), 0
    for word in phrase(whole.phrase).kept:  # the canonical phrase again, to find the place of each attribute
        weight = weights.get(word.attribute, 1.0)
        if word.start > at:
            pieces_in_order.append(Piece(whole.phrase[at : word.start], 1.0))
        pieces_in_order.append(Piece(whole.phrase[word.start : word.end], weight))
        at = word.end
    pieces_in_order.append(Piece(whole.phrase[at:], 1.0))
    return _merged(pieces_in_order), _in_world(whole)


def _merged(pieces: list[Piece]) -> tuple[Piece, ...]:
    out: list[Piece] = []
    for piece in pieces:
        if out and out[-1].weight == piece.weight:
            out[-1] = Piece(out[-1].text + piece.text, piece.weight)
        elif piece.text:
            out.append(piece)
    return tuple(out)


def read_for_clip(prompt: str, card: Card, tokenizer: Any, *, negative: bool = False) -> ReadWords:
    """Tell what the encoder of a video model reads.

    Args:
        prompt: not empty.
        card: its facts say whether the model knows a closed world, and how many tokens it reads.
        tokenizer: of the pipeline.
        negative: it is the negative prompt, in which words about quality count.
    """
    wish, notes = None, list[str]()
    if card.facts.world == "tinyworld":
        wish = clip_phrase(prompt, negative=negative)
        if not wish.phrase:
            what = "负面提示词" if negative else "提示词"
            notes.append(f"{what}里没有小世界认识的词" + ("" if negative else "，短片与它无关"))
    read = prompt if wish is None else wish.phrase
    count = budget(read, tokenizer, limit=card.facts.max_tokens - 1)  # one place marks the end
    if not count.fits:
        notes.append(f"共 {count.used} 个 token，编码器只读前 {count.limit} 个，后面的没有读到：{count.cut}")
    fields = {} if wish is None else _in_world(wish)
    return ReadWords(prompt, read, count.used, count.limit, count.cut, notes=tuple(notes), **fields)


def _in_world(phrase: Any) -> dict[str, Any]:
    """Fields of ReadWords for a prompt in the words of a closed world."""
    return {
        "phrase": phrase.phrase,
        "kept": tuple((word.text, word.attribute, word.value) for word in phrase.kept),
        "dropped": tuple((word.text, word.why) for word in phrase.dropped),
    }
