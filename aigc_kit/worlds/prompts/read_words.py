"""Tell what a model's text encoders read of a prompt.

Every change is kept. Tiny models: the prompt is said in the words of their closed world. Models that read English only:
Chinese is replaced by a word list. Pictures: the weight grammar is taken off the text and kept as pieces with weights.
"""

from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate
from typing import Any

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Card, ReadWords, Request, Words
from aigc_kit.worlds.prompts.budget import TokenBudget, budget
from aigc_kit.worlds.prompts.grammar import Piece, flatten, joined, parse, plain
from aigc_kit.worlds.prompts.signs import elsewhere, of_pictures
from aigc_kit.worlds.prompts.translate import translate as to_english
from aigc_kit.worlds.tinyworld.captions import canonical
from aigc_kit.worlds.tinyworld.clip_vocab import clip_phrase
from aigc_kit.worlds.tinyworld.motion import ClipSpec, nameable
from aigc_kit.worlds.tinyworld.negation import negated_spans
from aigc_kit.worlds.tinyworld.scan import scan, traditional
from aigc_kit.worlds.tinyworld.vocab import phrase, promised


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
    text, fields, about = prompt, dict[str, Any](), tuple[str, ...]()
    world = card.facts.world == "tinyworld"
    if not world and card.facts.languages == ("en",):
        text, fields, about = _english(prompt, translate, english, negative)
    pieces, notes = _pieces(text) if weights else ((Piece(text, 1.0),), tuple(elsewhere(text)))
    notes = (*notes, *about)
    if world:
        pieces, fields = _in_words_of_the_world(pieces, negative)
    read = "".join(piece.text for piece in pieces)
    weights_differ = any(piece.weight != 1 for piece in pieces)
    if weights_differ and not card.facts.weighted:
        raise BadInput(
            asked=Words(f"weights in the prompt of {card.name}", f"{card.name} 的提示词里有权重"),
            found=Words(
                "they are applied to the embeddings of CLIP, and its text encoder is none",
                "权重是乘在 CLIP 的编码上的，它的文本编码器不是 CLIP",
            ),
            todo=Words(
                "write without brackets, or with weights=False, where brackets are words like any other",
                "不写括号，或写 weights=False，括号就只是普通的字",
            ),
        )
    heavy = tuple((piece.text, piece.weight) for piece in pieces) if weights_differ else ()
    count = budget([text for text, _ in heavy] or read, tokenizer, limit=card.facts.max_tokens)
    if not read.strip():
        empty = "负面提示词里没有小世界认识的词" if negative else "提示词里没有小世界认识的词，画面与它无关"
        notes = (*notes, empty)
    if world:
        notes = (*notes, *_old_writing(prompt))
    return _counted(prompt, read, count, notes, weights=heavy, **fields)


def _old_writing(prompt: str) -> tuple[str, ...]:
    old = traditional(prompt)
    return (f"有繁体字：{old}。小世界只认识简体字，请改写成简体",) if old else ()


def _counted(prompt: str, read: str, count: TokenBudget, notes: tuple[str, ...], **fields: Any) -> ReadWords:
    if not count.fits:
        notes = (*notes, f"共 {count.used} 个 token，编码器只读前 {count.limit} 个，后面的没有读到：{count.cut}")
    return ReadWords(prompt, read, count.used, count.limit, count.cut, notes=notes, **fields)


def read_both(read: Callable[..., ReadWords], request: Request) -> tuple[ReadWords, ...]:
    """Read a request's prompt and, where there, its negative one.

    A negative prompt of nothing ("") is read as nothing: no English is looked for, and no word of a world.
    """
    words = read(request.prompt)
    if request.negative is None:
        return (words,)
    if not request.negative.strip():
        return words, ReadWords(request.negative, "", 0, words.limit)
    return words, read(request.negative, negative=True)


def _pieces(text: str) -> tuple[tuple[Piece, ...], tuple[str, ...]]:
    tree = parse(text)
    if len(tree.conditions) > 1:
        raise BadInput(
            asked=Words(
                f"AND in a prompt: {' AND '.join(plain(c)[:20] for c in tree.conditions)}",
                f"提示词里的 AND：“{' AND '.join(plain(c)[:20] for c in tree.conditions)}”",
            ),
            found=Words(
                f"AND makes {len(tree.conditions)} conditions, each with a prediction of its own in every step; one "
                "call of the pipeline makes one",
                f"AND 得到 {len(tree.conditions)} 个条件，每一步各要预测一次；一次调用管线只预测一个",
            ),
            todo=Words(
                r"use a comma, write \AND for the word, or add the predictions up in your own loop (lab 02 does)",
                r"改用逗号；要写这个词本身，就写 \AND；或在自己的循环里把预测加起来（实验 02 就这样做）",
            ),
        )
    return flatten(tree.conditions[0]), tree.notes


Notes = tuple[str, ...]


def _english(prompt: str, wanted: bool, own: str | None, negative: bool) -> tuple[str, dict[str, Any], Notes]:
    if own is not None:
        return own, {"english": own, "translated_by": "edited"}, () if negative else _named_by_no(own)
    if not wanted:
        return prompt, {"translated_by": "none: asked not to"}, ()
    translation = to_english(prompt, negative=negative)
    if translation.by == "none":
        return prompt, {}, () if negative else _named_by_no(prompt)
    if not translation.en.strip(" ."):
        only = translation.negated
        raise BadInput(
            asked=Words(f"English for {prompt[:40]!r}", f"{prompt[:40]!r} 的英文"),
            found=Words("it says only what must not be there", "它只说了不要什么")
            if only
            else Words("the word list holds nothing of it", "词表里一个词也没有"),
            todo=Words(
                "write what shall be seen, and the rest as negative='...'", "写出想看到什么，其余写进 negative='...'"
            )
            if only
            else Words("write the prompt in English, or give english='...'", "用英文写提示词，或给出 english='...'"),
        )
    fields = {"english": translation.en, "translated_by": translation.by, "unknown": translation.unknown}
    left_out = f"说了不要的没有读进去：{'、'.join(translation.negated)}。请写进负面提示词"
    return translation.en, fields, (left_out,) if translation.negated else ()


def _named_by_no(text: str) -> Notes:
    """Say that an encoder reads what an English no names."""
    spans = negated_spans(text, scan(text))
    named = "、".join(text[start:end] for start, end in spans)
    return (f"编码器几乎不懂“不要”，会照样读到后面的词：{named}。请写进负面提示词",) if spans else ()


def _in_words_of_the_world(pieces: tuple[Piece, ...], negative: bool) -> tuple[tuple[Piece, ...], dict[str, Any]]:
    """Say it in the tiny world's words, weights kept."""
    starts = list(accumulate((len(piece.text) for piece in pieces), initial=0))[:-1]
    whole = promised(phrase("".join(piece.text for piece in pieces), negative=negative))
    weights = {word.attribute: pieces[bisect_right(starts, word.start) - 1].weight for word in whole.kept}
    own, at = list[Piece](), 0
    for word in phrase(whole.phrase).kept:  # the canonical phrase again, to find the place of each attribute
        own.append(Piece(whole.phrase[at : word.start], 1.0))
        own.append(Piece(whole.phrase[word.start : word.end], weights.get(word.attribute, 1.0)))
        at = word.end
    own.append(Piece(whole.phrase[at:], 1.0))
    return joined(piece for piece in own if piece.text), _in_world(whole)


def read_for_clip(prompt: str, card: Card, tokenizer: Any, *, negative: bool = False) -> ReadWords:
    """Tell what the encoder of a video model reads.

    Args:
        prompt: not empty.
        card: its facts say whether the model knows a closed world, and how many tokens it reads.
        tokenizer: of the pipeline.
        negative: it is the negative prompt, in which words about quality count.
    """
    read, notes, fields = prompt, tuple(of_pictures(prompt)), dict[str, Any]()
    if card.facts.world == "tinyworld":
        wish = clip_phrase(prompt, negative=negative)
        read, fields = wish.phrase, _in_world(wish)
        notes = (*notes, *_blurred(wish.spec, negative))
        if not read:
            empty = "负面提示词里没有小世界认识的词" if negative else "提示词里没有小世界认识的词，短片与它无关"
            notes = (*notes, empty)
        notes = (*notes, *_old_writing(prompt))
    count = budget(read, tokenizer, limit=card.facts.max_tokens - 1)  # one place marks the end
    return _counted(prompt, read, count, notes, **fields)


def _blurred(spec: ClipSpec, negative: bool) -> tuple[str, ...]:
    """Say which wish is beyond what is promised."""
    if negative or nameable(spec.subject, spec.motion):
        return ()
    wish = canonical(ClipSpec(subject=spec.subject, motion=spec.motion), "zh")
    return (f"“{wish}”不在保证之内：小视频模型画得出颜色、位置和动作，主体可能认不清",)


def _in_world(phrase: Any) -> dict[str, Any]:
    """Name what a closed world keeps and drops, for ReadWords."""
    return {
        "phrase": phrase.phrase,
        "kept": tuple((word.text, word.attribute, word.value) for word in phrase.kept),
        "dropped": tuple((word.text, word.why) for word in phrase.dropped),
    }
