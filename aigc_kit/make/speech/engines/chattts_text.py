"""Bring a text into the alphabet of ChatTTS, openly.

ChatTTS 0.2.5 keeps Chinese characters (U+4E00 to U+9FFF), Latin letters, `，。、,.` and the space. It turns `！；（）`
into a comma or a full stop and deletes everything else without a word: digits, question marks, quotes, emoji. Here
each of these is told. The result is a text of which its normaliser changes nothing any more (a test says so); it
is therefore not called, which also saves its just-in-time compilation of 3 to 20 seconds.
Source: `norm.py` of ChatTTS 0.2.5.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.make.speech import controls
from aigc_kit.make.speech.engines.base import Segment
from aigc_kit.make.speech.frontend import Change, Unspoken
from aigc_kit.make.speech.settings import Settings

_HAN = "\u4e00-\u9fff"
_KEPT = re.compile(rf"[{_HAN}A-Za-z，。、,. ]")
_WORDS = re.compile(r"\b[A-Za-z]+\b")
_STOP, _COMMA = "读作句号的停顿", "读作逗号的停顿"
_MARKS = {
    **dict.fromkeys("！？…", ("。", _STOP)),
    **dict.fromkeys("!?", (".", _STOP)),
    **dict.fromkeys("：；（）【】『』「」《》－—～", ("，", _COMMA)),
    **dict.fromkeys(":;()<>-~", (",", _COMMA)),
}
_SILENT = "“”‘’\"'`"  # told as marks that are not heard
_SPACE = "\n\t\r\u3000\u00a0"
_WIDE = str.maketrans(",.", "，。")
MOST_REFINED = 384  # tokens of a rewritten text


@dataclass
class Ready:
    """Hold a text for the model, with all its changes."""

    text: str
    changes: list[Change] = field(default_factory=list)
    unspoken: list[Unspoken] = field(default_factory=list)


def fit(text: str, homophones: Mapping[str, str]) -> Ready:
    """Bring a text into the alphabet.

    Args:
        text: may contain inline tokens.
        homophones: characters that the model reads better as another of the same sound; `homophones_of` reads them.

    Raises:
        BadInput: a bracket that ChatTTS would stumble over, or nothing that can be said.
    """
    result, changes, unspoken = "", dict[tuple[str, str], str](), dict[str, str]()
    for piece, is_token in controls.pieces(text):
        if is_token:
            result += piece
            continue
        for character in piece:
            sign, why, heard = _read(character)
            homophone = homophones.get(sign, sign)
            if homophone != sign:
                why = why or "ChatTTS 的同音字表：读音相同的字，它读得更准"
            result += homophone
            if not heard:
                unspoken[character] = why
            elif why:
                changes[character, homophone] = why
    if _is_chinese(text) or _is_chinese(result):
        result = result.translate(_WIDE)
    if not any(c.isalpha() for c in controls.without_tokens(result)):
        raise BadInput(
            asked=Words(f"speech of {text[:40]!r} by ChatTTS", f"用 ChatTTS 朗读 {text[:40]!r}"),
            found=Words(
                "nothing of it is in its alphabet: Chinese characters and Latin letters",
                "里面没有它认识的字：汉字和拉丁字母",
            ),
            todo=Words(
                "write numbers and signs in words, or leave normalise=True, which does",
                "把数字和符号写成字，或保留 normalise=True，由它来写",
            ),
        )
    return Ready(
        result,
        [Change(before, after, why) for (before, after), why in changes.items()],
        [Unspoken(character, why) for character, why in unspoken.items()],
    )


def homophones_of(folder: Path) -> dict[str, str]:
    """Read the homophones {character: character} of the installed package's folder."""
    table = json.loads((folder / "res" / "homophones_map.json").read_text(encoding="utf-8"))
    return {str(a): str(b) for a, b in table.items()}


def lost(before: str, after: str) -> str:
    """List the letters of `before` that `after` lacks, in order.

    Marks, tokens and case do not count.

    >>> lost("今天天气好[laugh]", "今天 天气 [uv_break] 嗯"), lost("OK 好", "ok 好")
    ('好', '')
    """
    have = Counter(letters(after))
    missing = ""
    for character in letters(before):
        if have[character] > 0:
            have[character] -= 1
        else:
            missing += character
    return missing


def letters(text: str) -> str:
    """List a text's letters in lower case, without anything bracketed."""
    return "".join(c for c in re.sub(r"\[[^\]]*\]", "", text).lower() if c.isalpha())


def _read(character: str) -> tuple[str, str, bool]:
    """Give one character's (replacement, why or "", is heard)."""
    same = " " if character in _SPACE else character
    if _KEPT.match(same):
        return same, "", True
    if character in _MARKS:
        mark, pause = _MARKS[character]
        what = "没有问号，疑问语气靠用词" if character in "?？" else f"没有它，{pause}"
        return mark, f"ChatTTS 的字表里{what}", True
    if character in _SILENT:
        return "", "ChatTTS 的字表里没有引号", False
    return "", "不在 ChatTTS 的字表里（只有汉字、拉丁字母和，。、），它自己会不声不响地删去", False


def _is_chinese(text: str) -> bool:
    """Decide as ChatTTS: more Chinese characters than Latin words."""
    return len(re.findall(f"[{_HAN}]", text)) > len(_WORDS.findall(text))


def ready(
    chat: Any, homophones: Mapping[str, str], group: Sequence[Segment], settings: Settings, seed: int
) -> list[Ready]:
    """Make the texts of a group of segments ready.

    Args:
        chat: a loaded `ChatTTS.Chat`.
        homophones: of `homophones_of`.
        group: segments that are spoken together.
        settings, seed: of the run.

    Raises:
        BadInput: a control without effect or at the wrong layer, or nothing in ChatTTS's alphabet.
    """
    check(settings, [segment.spoken for segment in group])
    texts = [fit(segment.spoken.strip(), homophones) for segment in group]
    for text in texts:
        text.unspoken += _unknown(chat, text.text)
    if settings.refine:
        _refine(chat, texts, settings, seed)
    return texts


def check(settings: Settings, texts: Sequence[str]) -> None:
    """Refuse controls without effect or misplaced, by BadInput."""
    for name in ("pitch", "energy", "intonation"):
        if getattr(settings, name) not in (None, 1.0):
            request = Words(
                f"{name}={getattr(settings, name)} on ChatTTS", f"ChatTTS 的 {name}={getattr(settings, name)}"
            )
            raise BadInput(
                asked=request,
                found=Words("ChatTTS has no such control", "ChatTTS 没有这种控制"),
                todo=Words(f"leave {name} out", f"不写 {name}"),
            )
    rewriting = [name for name in ("oral", "laugh", "breaks") if getattr(settings, name) is not None]
    if rewriting and not settings.refine:
        raise BadInput(
            asked=Words(f"{', '.join(rewriting)} with refine=False", f"{'、'.join(rewriting)}，却写了 refine=False"),
            found=Words(
                "these act on the rewriting of the text, which is switched off",
                "它们作用在改写文字这一步，而这一步关掉了",
            ),
            todo=Words(
                "say refine=True, or put [uv_break], [laugh], [lbreak] into the text",
                "写 refine=True，或在正文里写 [uv_break]、[laugh]、[lbreak]",
            ),
        )
    for text in texts:
        tokens = [piece for piece, is_token in controls.pieces(text) if is_token]
        if tokens and settings.refine:
            raise BadInput(
                asked=Words(f"{tokens[0]} in the text with refine=True", f"正文里有 {tokens[0]}，又写了 refine=True"),
                found=Words(
                    "the rewriting sets these tokens itself, and may move or drop yours",
                    "改写时模型自己放这些控制词，可能挪动或丢掉你的",
                ),
                todo=Words(
                    "say refine=False to place them by hand, or take them out",
                    "写 refine=False 由自己安排，或把它们去掉",
                ),
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
    rows = _refined_ids(chat, [entry.text for entry in texts], params)
    for entry, ids in zip(texts, rows, strict=True):
        ids_of_text = ids[ids.less(chat.tokenizer.break_0_ids)]
        words = chat.tokenizer.decode([ids_of_text])[0].strip() if len(ids_of_text) else ""
        if len(ids) >= MOST_REFINED or not letters(words):
            why = f"改写没有写完（到了 {MOST_REFINED} 个 token）" if len(ids) else "改写的结果是空的"
            entry.changes.append(Change(entry.text, entry.text, f"{why}，这一段照原文念"))
            continue
        missing = lost(entry.text, words)
        entry.changes.append(Change(entry.text, words, "模型改写（refine）"))
        if missing:
            entry.unspoken.append(Unspoken(missing, "模型改写时丢掉的字；refine=False 就照原文念"))
        entry.text = words


def _refined_ids(chat: Any, texts: list[str], params: Any) -> list[Any]:
    """Rewrite texts as token ids, singly where need be."""
    try:
        return list(chat._refine_text(list(texts), chat.device, params).ids)
    except StopIteration:
        if len(texts) > 1:
            return [_refined_ids(chat, [text], params)[0] for text in texts]
        import torch

        return [torch.zeros(0, dtype=torch.long)]


def _unknown(chat: Any, text: str) -> list[Unspoken]:
    """List characters that the tokenizer lacks, seen as [UNK]."""
    tokenizer = chat.tokenizer._tokenizer
    tokens = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    places = zip(tokens["input_ids"], tokens["offset_mapping"], strict=True)
    missing = dict.fromkeys(text[a:b] for token, (a, b) in places if token == tokenizer.unk_token_id)
    return [Unspoken(word, "不在 ChatTTS 的词表里，模型认不出") for word in missing]
