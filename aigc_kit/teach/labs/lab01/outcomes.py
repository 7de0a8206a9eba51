"""Work out what the questions of the lab come to."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from aigc_kit.core.statistics import Mean, Share
from aigc_kit.core.types import Take
from aigc_kit.make.text import measures
from aigc_kit.worlds import verse

_WHY = {
    "entropy": "分布被压平，每一步可选的更多。",
    "surprise": "抽中冷门词元的机会多了，模型自己也更意外。",
    "distinct": "一样长才能比：长的那段总会重复用字。",
    "repetition": "抽签本来就不太重复；不抽签的写法才会打转，见 5.2。",
}


def answers(rows: Sequence[Mean]) -> dict[str, tuple[str, str]]:
    """Tell for each measure whether it rises with temperature.

    Returns:
        name -> ("升", "降" or "看不出", a sentence with the numbers). The lowest and the highest temperature are
        compared; where their 95 % intervals overlap nothing is claimed.
    """
    results = {}
    for name in dict.fromkeys(row.name for row in rows):
        curve = [row for row in rows if row.name == name]
        low, high = curve[0], curve[-1]
        apart = abs(high.mean - low.mean) > low.half + high.half
        word = ("升" if high.mean > low.mean else "降") if apart else "看不出"
        ends = "，".join(f"T = {end.at:g} 时 {end.mean:.2f} ± {end.half:.2f}" for end in (low, high))
        overlap = "" if apart else "，两个区间重叠"
        results[name] = word, f"{ends}{overlap}（{low.count} 个种子，± 是 95% 区间）。{_WHY.get(name, '')}"
    return results


def judged(poems: Sequence[tuple[float, str]], form: str) -> list[dict[str, Any]]:
    """Judge poems, (temperature, text) each, by the checker.

    Returns:
        {"temperature", "form", "rhyme", "tones", "fresh"}: the last four are bools; fresh: no other poem of its
        temperature begins with the same line.
    """
    firsts = Counter((heat, poem[:5]) for heat, poem in poems)
    verdicts = [(heat, poem, verse.check(poem, form)) for heat, poem in poems]
    return [
        {
            "temperature": heat,
            "form": verdict.form_ok,
            "rhyme": verdict.rhyme_ok,
            "tones": verse.tones(poem, form).ok,
            "fresh": firsts[heat, poem[:5]] == 1,
        }
        for heat, poem, verdict in verdicts
    ]


def repeats(takes: Mapping[str, Take]) -> dict[str, float]:
    """Measure the share of repeated characters of poems, in percent.

    Of the Chinese characters, those that stood before in the same poem; punctuation does not count.
    """
    bodies = {name: verse.HAN.findall(verse.body_of(str(take.data))) for name, take in takes.items()}
    return {name: 100 * measures.repetition(body, 1) for name, body in bodies.items()}


def falls(rows: Sequence[Share], names: Mapping[str, tuple[str, str]]) -> str:
    """Name the measure whose share falls most, in Chinese.

    From the first temperature to the last; the first one where several fall alike. `names`: measure -> (Chinese,
    English).
    """
    curves = {name: [row.share for row in rows if row.name == name] for name in names}
    return names[max(names, key=lambda name: curves[name][0] - curves[name][-1])][0]
