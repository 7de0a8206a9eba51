"""A segment's text on its way into ChatTTS: checked, in its alphabet, rewritten by the model where that is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aigc_kit.errors import BadInput
from aigc_kit.speech import controls
from aigc_kit.speech.engines.base import Segment
from aigc_kit.speech.engines.chattts_text import fit, letters, lost
from aigc_kit.speech.frontend import Change, Unspoken
from aigc_kit.speech.settings import Settings

MOST_REFINED = 384  # tokens of a rewritten text


@dataclass
class Ready:
    """A text as the model gets it, and what became of what was written."""

    text: str
    changes: list[Change] = field(default_factory=list)
    unspoken: list[Unspoken] = field(default_factory=list)


def ready(
    chat: Any, homophones: Mapping[str, str], group: Sequence[Segment], settings: Settings, seed: int
) -> list[Ready]:
    """The texts of some segments, ready to be spoken.

    Args:
        chat: a loaded `ChatTTS.Chat`.
        homophones: of `chattts_text.homophones_of`.
        group: segments that are spoken together.
        settings, seed: of the run.

    Raises:
        BadInput: a control without effect or at the wrong layer, or nothing in ChatTTS's alphabet.
    """
    check(settings, [segment.spoken for segment in group])
    made = []
    for segment in group:
        fitted = fit(segment.spoken.strip(), homophones)
        made.append(Ready(fitted.text, [*fitted.changes], [*fitted.unspoken, *_unknown(chat, fitted.text)]))
    if settings.refine:
        _refine(chat, made, settings, seed)
    return made


def check(settings: Settings, texts: Sequence[str]) -> None:
    """Refuse controls that would have no effect, or that stand at the wrong layer.

    Raises:
        BadInput: as it says.
    """
    for name in ("pitch", "energy", "intonation"):
        if getattr(settings, name) not in (None, 1.0):
            found = "ChatTTS has no such control"
            raise BadInput(asked=f"{name}={getattr(settings, name)} on ChatTTS", found=found, todo=f"leave {name} out")
    rewriting = [name for name in ("oral", "laugh", "breaks") if getattr(settings, name) is not None]
    if rewriting and not settings.refine:
        raise BadInput(
            asked=f"{', '.join(rewriting)} with refine=False",
            found="these act on the rewriting of the text, which is switched off",
            todo="say refine=True, or put [uv_break], [laugh], [lbreak] into the text",
        )
    for text in texts:
        tokens = [piece for piece, is_token in controls.pieces(text) if is_token]
        if tokens and settings.refine:
            raise BadInput(
                asked=f"{tokens[0]} in the text with refine=True",
                found="the rewriting sets these tokens itself, and may move or drop yours",
                todo="say refine=False to place them by hand, or take them out",
            )


def _refine(chat: Any, texts: list[Ready], settings: Settings, seed: int) -> None:
    levels = {"oral": settings.oral, "laugh": settings.laugh, "breaks": settings.breaks}
    params = chat.RefineTextParams(
        prompt=controls.show(levels, "refine"),
        max_new_token=MOST_REFINED,
        show_tqdm=False,
        ensure_non_empty=False,
        manual_seed=seed,
    )
    made = _refined_ids(chat, [one.text for one in texts], params)
    for one, ids in zip(texts, made, strict=True):
        kept = ids[ids.less(chat.tokenizer.break_0_ids)]
        refined = chat.tokenizer.decode([kept])[0].strip() if len(kept) else ""
        if len(ids) >= MOST_REFINED or not letters(refined):
            why = f"改写没有写完（到了 {MOST_REFINED} 个 token）" if len(ids) else "改写的结果是空的"
            one.changes.append(Change(one.text, one.text, f"{why}，这一段照原文念"))
            continue
        missing = lost(one.text, refined)
        one.changes.append(Change(one.text, refined, "模型改写（refine）"))
        if missing:
            one.unspoken.append(Unspoken(missing, "模型改写时丢掉的字；refine=False 就照原文念"))
        one.text = refined


def _refined_ids(chat: Any, texts: list[str], params: Any) -> list[Any]:
    """Token ids of each text as rewritten; one that ends at once ends its batch, so that each is then done alone."""
    try:
        return list(chat._refine_text(list(texts), chat.device, params).ids)
    except StopIteration:
        if len(texts) > 1:
            return [_refined_ids(chat, [text], params)[0] for text in texts]
        import torch

        return [torch.zeros(0, dtype=torch.long)]


def _unknown(chat: Any, text: str) -> list[Unspoken]:
    """Characters that are in the alphabet but not in the tokenizer: the model sees [UNK] in their place."""
    tokenizer = chat.tokenizer._tokenizer
    found = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    places = zip(found["input_ids"], found["offset_mapping"], strict=True)
    missing = dict.fromkeys(text[a:b] for token, (a, b) in places if token == tokenizer.unk_token_id)
    return [Unspoken(word, "不在 ChatTTS 的词表里，模型认不出") for word in missing]
