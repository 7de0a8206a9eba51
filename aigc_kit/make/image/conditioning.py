"""From what the text encoders read to embeddings, with weights applied."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aigc_kit.core.types import ReadWords
from aigc_kit.worlds.prompts import Piece

NAMES = ("prompt_embeds", "negative_prompt_embeds", "pooled_prompt_embeds", "negative_pooled_prompt_embeds")


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
