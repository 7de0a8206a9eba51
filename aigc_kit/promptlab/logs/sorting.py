"""Accept what two ways read alike, queue the rest."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aigc_kit.promptlab.logs.labeller import Labeller
from aigc_kit.promptlab.logs.line_patterns import PATTERN, by_pattern, cleaned
from aigc_kit.worlds.logs.lines import FIELDS

LIMIT = 0.85  # the course's: what is surer counts as sure


@dataclass(frozen=True)
class Reading:
    """Hold what two ways read in one line.

    Args:
        text: the line, or what can be shown of it.
        pattern: its fields by the pattern, None where it does not fit.
        labels, sure: its fields by the labeller, and how sure it is of each, 0-1.
        reason: why a person must look, in Chinese; empty when accepted.
    """

    text: str
    pattern: Mapping[str, str] | None
    labels: Mapping[str, str]
    sure: Mapping[str, float]
    reason: str = ""

    @property
    def least(self) -> float:
        """Give the confidence of the field that is least sure."""
        return min(self.sure.get(name, 0.0) for name in FIELDS)


class Log2Align:
    """Read lines by patterns and by a labeller.

    Args:
        labeller: that has learned.
        patterns: tried in this order.
        limit: confidence that every field must exceed.
    """

    def __init__(self, labeller: Labeller, patterns: Sequence[str] = (PATTERN,), limit: float = LIMIT) -> None:
        self.labeller, self.patterns, self.limit = labeller, tuple(patterns), limit

    def read(self, lines: Iterable[str | bytes]) -> list[Reading]:
        """Read lines, in their order; nothing a line holds raises."""
        every = [cleaned(raw) for raw in lines]
        labels = iter(self.labeller.read([text for text, wrong in every if not wrong]))
        return [
            Reading(text, None, {}, {}, wrong) if wrong else self._judged(text, *next(labels)) for text, wrong in every
        ]

    def sort(self, lines: Iterable[str | bytes]) -> tuple[list[Reading], list[Reading]]:
        """Part lines into accepted and doubtful ones."""
        readings = self.read(lines)
        return [each for each in readings if not each.reason], [each for each in readings if each.reason]

    def _judged(self, text: str, labels: Mapping[str, str], sure: Mapping[str, float]) -> Reading:
        pattern = by_pattern(text, self.patterns)
        reading = Reading(text, pattern, labels, sure)
        missing = [name for name in FIELDS if name not in labels]
        if pattern is None:
            reason = "没有一条正则认得这种格式"
        elif missing:
            reason = f"标注器没找到 {'、'.join(missing)}"
        elif other := [name for name in FIELDS if labels[name] != pattern.get(name)]:
            reason = f"两种读法的 {'、'.join(other)} 不一样"
        elif reading.least <= self.limit:
            reason = f"标注器最没把握的字段只有 {reading.least:.2f}"
        else:
            return reading
        return Reading(text, pattern, labels, sure, reason)


def field_scores(
    truths: Sequence[Mapping[str, str]], readings: Sequence[Mapping[str, str] | None]
) -> dict[str, tuple[float, float, float]]:
    """Score fields: precision, recall and F1 of each.

    A field is right when its text is exactly the true one.

    >>> field_scores([{"ts": "1"}, {"ts": "2"}], [{"ts": "1"}, None])["ts"]
    (1.0, 0.5, 0.6666666666666666)
    """
    scores = {}
    for name in FIELDS:
        told = sum(bool(each) and name in each for each in readings if each)
        there = sum(name in truth for truth in truths)
        right = sum(
            bool(each) and each.get(name) == truth[name]
            for truth, each in zip(truths, readings, strict=True)
            if name in truth and each
        )
        precision, recall = right / told if told else 0.0, right / there if there else 0.0
        scores[name] = (precision, recall, 2 * precision * recall / (precision + recall) if right else 0.0)
    return scores
