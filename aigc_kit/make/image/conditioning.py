"""From the prompt that was written to what the text encoders read, with every change kept for the labels.

Tiny model: the prompt is said in the words of its closed world. Models that read English only: Chinese is replaced by a
word list. Both: the weight grammar is taken off the text and kept as pieces with weights.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Card, ReadWords
from aigc_kit.make.diffusion.loading import said_in_world
from aigc_kit.make.image.settings import Settings
from aigc_kit.worlds import prompts
from aigc_kit.worlds.prompts import Piece

NAMES = ("prompt_embeds", "negative_prompt_embeds", "pooled_prompt_embeds", "negative_pooled_prompt_embeds")


def words_for(prompt: str, settings: Settings, card: Card, tokenizer: Any, *, negative: bool = False) -> ReadWords:
    """Tell what the encoders of a model read for a prompt.

    Args:
        prompt: not empty.
        settings: `weights`, `translate` and `english` count.
        card: its facts say whether the model knows a closed world, or English only.
        tokenizer: of the pipeline.
        negative: it is the negative prompt.

    Raises:
        BadInput: a bracket that does not close, an AND, which one call of a pipeline cannot do, or weights for a model
            that has no place for them.
    """
    text, fields = prompt, dict[str, Any]()
    world = card.facts.world == "tinyworld"
    if not world and card.facts.languages == ("en",):
        text, fields = _english(prompt, settings)
    pieces, notes = _pieces(text) if settings.weights else ((Piece(text, 1.0),), ())
    if world:
        pieces, fields = _said(pieces)
    read = "".join(piece.text for piece in pieces)
    weighted = any(piece.weight != 1 for piece in pieces)
    if weighted and not card.facts.weighted:
        raise BadInput(
            asked=f"weights in the prompt of {card.name}",
            found="they are applied to the embeddings of CLIP, and its text encoder is none",
            todo="write without brackets, or with weights=False, where brackets are words like any other",
        )
    limit = card.facts.max_tokens
    budget = prompts.budget([piece.text for piece in pieces] if weighted else read, tokenizer, limit=limit)
    if not read.strip():
        empty = "负面提示词里没有小世界认识的词" if negative else "提示词里没有小世界认识的词，画面与它无关"
        notes = (*notes, empty)
    if world and (old := _traditional(prompt)):
        notes = (*notes, f"有繁体字：{old}。小世界只认识简体字，请改写成简体")
    if not budget.fits:
        notes = (*notes, f"共 {budget.used} 个 token，编码器只读前 {budget.limit} 个，后面的没有读到：{budget.cut}")
    weights = tuple((piece.text, piece.weight) for piece in pieces) if weighted else ()
    return ReadWords(prompt, read, budget.used, budget.limit, budget.cut, weights=weights, notes=notes, **fields)


def _traditional(text: str) -> str:
    from aigc_kit.worlds.tinyworld.scan import traditional

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


def _english(prompt: str, settings: Settings) -> tuple[str, dict[str, Any]]:
    if settings.english is not None:
        return settings.english, {"english": settings.english, "translated_by": "edited"}
    if not settings.translate:
        return prompt, {"translated_by": "none: asked not to"}
    translation = prompts.translate(prompt)
    if translation.by == "none":
        return prompt, {}
    if not translation.en:
        raise BadInput(
            asked=f"English for {prompt[:40]!r}",
            found="the word list holds nothing of it",
            todo="write the prompt in English, or give english='...'",
        )
    told = {"english": translation.en, "translated_by": translation.by, "unknown": tuple(translation.unknown)}
    return translation.en, told


def _said(pieces: tuple[Piece, ...]) -> tuple[tuple[Piece, ...], dict[str, Any]]:
    """The prompt in the words of the tiny world. A word keeps the weight that it had where it was written."""
    from aigc_kit.worlds.tinyworld.vocab import phrase

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
    return _merged(said), said_in_world(made)


def _merged(pieces: list[Piece]) -> tuple[Piece, ...]:
    out: list[Piece] = []
    for piece in pieces:
        if out and out[-1].weight == piece.weight:
            out[-1] = Piece(out[-1].text + piece.text, piece.weight)
        elif piece.text:
            out.append(piece)
    return tuple(out)


def conditions(placed: Any, prompt: ReadWords, negative: ReadWords | None, *, guided: bool) -> dict[str, Any]:
    """The arguments that say to a pipeline what to draw.

    Args:
        placed: `aigc_kit.memory.offload.Placed`.
        prompt, negative: None: no negative prompt (SDXL then uses zeros; Kolors wants an empty one).
        guided: whether classifier-free guidance is on, so that the negative side is needed.

    Returns:
        {"prompt", "negative_prompt"} where nothing is weighted: the pipeline then encodes them itself. Otherwise the
        four tensors of `encode_prompt`: prompt_embeds float (1, 77, 768 + 1280 for SDXL) with compel's weights in it,
        pooled (1, 1280) of the plain text, since compel does not weight pooled embeddings.
    """
    empty = placed.plan.card.facts.empty_negative
    words = {"prompt": prompt.read, "negative_prompt": negative.read if negative else empty}
    if not prompt.weights and not (negative and negative.weights):
        return words
    with text_encoders(placed) as pipe:
        device = "cpu" if placed.aside else pipe._execution_device
        made = dict(
            zip(NAMES, _encoded(pipe, device, guided, words), strict=False)  # SD 1.5 has no pooled ones
        )
        for name, side in (("prompt_embeds", prompt), ("negative_prompt_embeds", negative if guided else None)):
            if side and side.weights:
                pieces = tuple(Piece(*weight) for weight in side.weights)
                made[name] = weighted(pipe, pieces, device).to(made[name])
    return {name: tensor.to(pipe.unet.dtype) for name, tensor in made.items() if tensor is not None}


def _encoded(pipe: Any, device: Any, guided: bool, words: dict[str, Any]) -> Any:
    return pipe.encode_prompt(device=device, num_images_per_prompt=1, do_classifier_free_guidance=guided, **words)


def weighted(pipe: Any, pieces: tuple[Piece, ...], device: Any = "cpu") -> Any:
    """Hidden states of the text encoders with compel's weights: of SDXL's two the last layer but one, of SD 1.5's one
    the last.

    Args:
        pipe: with tokenizer, text_encoder, tokenizer_2, text_encoder_2.
        pieces: at least one with words in it.
        device: where the encoders work.

    Returns:
        float (1, tokens, width of encoder 1 + width of encoder 2); tokens beyond the encoders' limit are cut.

    Source: compel 2.5, EmbeddingsProvider. Above 1: empty prompt + weight x (prompt - empty prompt), at the places of
    the piece. Below 1: mixed with the prompt in which the piece is masked.
    """
    import torch
    from compel.embeddings_provider import EmbeddingsProvider, ReturnedEmbeddingsType

    two = getattr(pipe, "text_encoder_2", None) is not None
    last_but_one = ReturnedEmbeddingsType.PENULTIMATE_HIDDEN_STATES_NON_NORMALIZED
    kind = last_but_one if two else ReturnedEmbeddingsType.LAST_HIDDEN_STATES_NORMALIZED
    sides = []
    for tokenizer, encoder in _encoders(pipe):
        spoken = [p for p in pieces if tokenizer(p.text, add_special_tokens=False, verbose=False)["input_ids"]]
        provider = EmbeddingsProvider(
            tokenizer,
            _At(encoder, device),
            dtype_for_device_getter=lambda device, encoder=encoder: encoder.dtype,
            returned_embeddings_type=kind,
            device=device,
        )
        with torch.no_grad():
            sides.append(
                provider.get_embeddings_for_weighted_prompt_fragments(
                    [[p.text for p in spoken]], [[p.weight for p in spoken]], device=device
                )
            )
    return torch.cat([side.to(sides[0].device) for side in sides], dim=-1)


def _encoders(pipe: Any) -> list[tuple[Any, Any]]:
    names = [("tokenizer", "text_encoder"), ("tokenizer_2", "text_encoder_2")]
    return [(getattr(pipe, t), getattr(pipe, e)) for t, e in names if getattr(pipe, e, None) is not None]


class _At:
    """A text encoder that says where it works; one whose weights are brought module by module says "meta" itself."""

    def __init__(self, encoder: Any, device: Any) -> None:
        self._encoder, self.device, self.dtype = encoder, device, encoder.dtype

    def __call__(self, *args: Any, **options: Any) -> Any:
        return self._encoder(*args, **options)


@contextmanager
def text_encoders(placed: Any) -> Iterator[Any]:
    """The pipeline with its text encoders in it, also those that a plan keeps aside on the CPU."""
    for name, part in placed.aside.items():
        setattr(placed.pipe, name, part)
    try:
        yield placed.pipe
    finally:
        for name in placed.aside:
            setattr(placed.pipe, name, None)
