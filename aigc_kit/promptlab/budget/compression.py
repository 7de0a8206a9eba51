"""Shorten prompts by rules, by surprise, or by chance.

Self-information is -log2 P(token | what stands before), as Selective Context (Li et al. 2023) and LLMLingua (Jiang et
al. 2023) use it: what a model can guess may go. Whether the rest still answers the question is another matter.
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types.atoms import check_prompt
from aigc_kit.promptlab import bounded_regex

_CLAUSE = re.compile(r"[^，。！？；]*[，。！？；]?")


def count(engine: Any, text: str) -> int:
    """Count the tokens of a text, without special ones."""
    return len(_ids(engine, text))


def by_rules(text: str, drop: Sequence[str] = (), clauses: str = "") -> str:
    """Shorten a text by patterns.

    Args:
        text: of clauses.
        drop: patterns of what goes, in this order.
        clauses: a pattern; clauses without a match go, unless all would. "" keeps every clause.

    Raises:
        BadInput: no text, or a pattern that is none or explodes in time.
    """
    check_prompt(text)
    if clauses:
        ready = bounded_regex.compiled(clauses)
        text = "".join(part for part in _CLAUSE.findall(text) if part and bounded_regex.search(ready, part)) or text
    for pattern in drop:
        text = bounded_regex.removed(bounded_regex.compiled(pattern), text) or text
    return re.sub(r"[，。！？；]*([，。！？；])", r"\1", text).strip("，；")


def information(engine: Any, before: str, text: str) -> tuple[list[int], np.ndarray]:
    """Measure how much each token surprises a model.

    Args:
        engine: of transformers, with a chat template.
        before: what stands before the text in the prompt; may be empty.
        text: to measure.

    Returns:
        Token ids (N,), and float64 (N,) bits: -log2 P of each, given all before it.

    Raises:
        BadInput: no text; or its tokens change when it stands behind the other.
    """
    check_prompt(text)
    ids, own = engine.chat([{"role": "user", "content": before + text}]), _ids(engine, text)
    ends = [at for at in range(1, len(ids) - len(own) + 1) if list(ids[at : at + len(own)]) == own]
    if not own or not ends:
        raise BadInput(
            asked=Words("the self-information of a text", "一段文字的自信息"),
            found=Words("its tokens change behind what stands before", "接在前文后面，它的词元就变了"),
            todo=Words("end what stands before with a mark, such as ：", "让前文以标点结尾，例如：“：”"),
        )
    start = ends[-1]
    logprobs = engine.logprobs(ids[: start + len(own)], start)
    return own, -np.asarray(logprobs, dtype=np.float64) / np.log(2)


def by_chance(engine: Any, text: str, share: float, seed: int = 0) -> str:
    """Keep tokens drawn at random, to compare with.

    Args:
        engine, text: as in `information`.
        share: of the tokens that stay, in (0, 1].
        seed: of the draw.
    """
    check_prompt(text)
    ids = _ids(engine, text)
    return keep(engine, ids, np.random.default_rng(seed).random(len(ids)), share)


def keep(engine: Any, ids: Sequence[int], scores: np.ndarray, share: float) -> str:
    """Keep the tokens with the highest scores, in their order.

    Args:
        engine: that decodes them.
        ids: tokens (N,); scores: one for each.
        share: of them that stays, in (0, 1].

    Raises:
        BadInput: another share.
    """
    if not 0 < share <= 1:
        raise BadInput(
            asked=f"share={share!r}",
            found=Words("no share of the tokens", "不是要留下的比例"),
            todo=Words("give a number above 0, at most 1", "写大于 0、不超过 1 的数"),
        )
    number = max(1, round(share * len(ids)))
    best = sorted(np.argsort(-scores, kind="stable")[:number])
    return engine.decode([ids[at] for at in best])


def _ids(engine: Any, text: str) -> list[int]:
    return list(engine.tokenizer(text, add_special_tokens=False).input_ids)
