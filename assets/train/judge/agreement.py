"""How far two judges agree, and how far a reader agrees with them."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import combinations
from types import MappingProxyType

import numpy as np

from aigc_kit.worlds.tinyworld.motion import nameable
from aigc_kit.worlds.tinyworld.reading import Reading
from aigc_kit.worlds.tinyworld.spec import FACES
from assets.train.measures import wilson

from .items import SOURCES, Item
from .labels import Label, Labels

TOGETHER = "together"  # the reader's name for what all judges saw alike
THRESHOLDS = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)


def kappa(one: Sequence[Hashable], other: Sequence[Hashable]) -> float | None:
    """Cohen's kappa of two series of labels: agreement beyond chance, at most 1; None where chance alone agrees.

    Source: Cohen 1960, "A coefficient of agreement for nominal scales".
    """
    if len(one) != len(other) or not one:
        raise ValueError(f"asked for two series of one length, found {len(one)} and {len(other)} labels")
    seen = sum(a == b for a, b in zip(one, other, strict=True)) / len(one)
    chance = sum(one.count(value) * other.count(value) for value in set(one)) / len(one) ** 2
    return None if chance == 1 else (seen - chance) / (1 - chance)


def named_right(item: Item, label: Label) -> bool:
    """Whether the eye names what was asked, clear or rough."""
    return label.subject == item.asked


def by_source(items: Sequence[Item], labels: Labels) -> dict:
    """source -> how many were named as asked, how many of these clearly, and how many are nothing."""
    out = {}
    for source in SOURCES:
        pairs = [(item, labels.of[item.name]) for item in items if item.source == source]
        if pairs:
            out[source] = {
                "named as asked": wilson(sum(named_right(*pair) for pair in pairs), len(pairs)),
                "clearly": wilson(sum(named_right(*pair) and pair[1].clear for pair in pairs), len(pairs)),
                "none": wilson(sum(label.subject == "none" for _, label in pairs), len(pairs)),
            }
    return out


def between(items: Sequence[Item], one: Labels, other: Labels) -> dict:
    """Cohen's kappa of two judges, on the subject and on whether it is clear, and how often they are of one mind."""
    pairs = [(one.of[item.name], other.of[item.name]) for item in items]
    questions: dict[str, Callable[[Label], Hashable]] = {
        "subject": lambda label: label.subject,
        "clear": lambda label: label.clear,
    }
    out: dict = {"readers": [one.reader, other.reader]}
    for question, of in questions.items():
        answers = [[of(label) for label in column] for column in zip(*pairs, strict=True)]
        agreed = wilson(sum(a == b for a, b in zip(*answers, strict=True)), len(pairs))
        out[question] = {"kappa": kappa(*answers), "agreed": agreed}
    return out


def together(items: Sequence[Item], judges: Sequence[Labels]) -> Labels:
    """What all judges saw; where they name different subjects it counts as nothing, clear is what all call clear."""
    of = {}
    for item in items:
        seen = [each.of[item.name] for each in judges]
        alone = len({label.subject for label in seen}) > 1
        of[item.name] = Label("none" if alone else seen[0].subject, not alone and all(label.clear for label in seen))
    return Labels(TOGETHER, of)


def _face(item: Item, size: str | None) -> str | None:
    """Small or larger, with a face or without; None where no size was asked for."""
    if size is None:
        return None
    return f"{'small' if size == 'small' else 'larger'} {'with' if item.asked in FACES else 'without'} face"


def _promise(item: Item) -> str | None:
    """Whether the kit promises a clip of this wish; None of a picture."""
    if item.pixels.ndim == 3:
        return None
    return "promised" if nameable(item.asked, item.manner) else "beyond it"


def by_wish(items: Sequence[Item], labels: Labels, reads: Mapping[str, bool], sizes: Mapping[str, str]) -> dict:
    """Of generated items: attribute -> value -> how many were named as asked, clearly, as nothing, and read as asked.

    reads: item's name -> whether the machine says that it shows what was asked; sizes: item's name -> size asked for.
    """
    generated = [item for item in items if item.source == "generated"]
    values: dict[str, Callable[[Item], str | None]] = {
        "all": lambda item: "all",
        "promise": _promise,
        "subject": lambda item: item.asked,
        "manner": lambda item: item.manner,
        "size": lambda item: sizes.get(item.name),
        "face": lambda item: _face(item, sizes.get(item.name)),
    }
    out: dict = {}
    for attribute, value in values.items():
        out[attribute] = {}
        for wish in sorted({value(item) for item in generated} - {None}):
            group = [item for item in generated if value(item) == wish]
            machine = wilson(sum(reads[item.name] for item in group), len(group))
            out[attribute][wish] = by_source(group, labels)["generated"] | {"read as asked": machine}
    return out


def says_so(reading: Reading, item: Item, least: float) -> bool:
    """Whether the machine calls the item one of the world, of the subject that was asked."""
    return reading.validity >= least and reading.labels["subject"] == item.asked


def against(items: Sequence[Item], labels: Labels, readings: Sequence[Reading], least: float) -> dict:
    """The machine beside one judge: both yes, machine alone, eye alone, both no; kappa. Yes: "shows what was asked".

    least: the validity from which the machine says yes.
    """
    eye = [named_right(item, labels.of[item.name]) for item in items]
    machine = [says_so(reading, item, least) for item, reading in zip(items, readings, strict=True)]
    counts = np.zeros((2, 2), int)
    for a, b in zip(machine, eye, strict=True):
        counts[int(a), int(b)] += 1
    return {
        "items": len(items),
        "validity from": least,
        "both yes": int(counts[1, 1]),
        "machine alone": int(counts[1, 0]),
        "eye alone": int(counts[0, 1]),
        "both no": int(counts[0, 0]),
        "agreed": wilson(int(counts.trace()), len(items)),
        "kappa": kappa(machine, eye),
    }


def best(items: Sequence[Item], labels: Labels, readings: Sequence[Reading]) -> float:
    """The validity, of `THRESHOLDS`, from which the machine agrees best with a judge; the lowest of equals."""

    def agreement(least: float) -> float:
        found = against(items, labels, readings, least)["kappa"]
        return -1.0 if found is None else found

    return max(THRESHOLDS, key=lambda least: (agreement(least), -least))


def report(
    items: Sequence[Item],
    judges: Sequence[Labels],
    readings: Sequence[Reading],
    least: float,
    sizes: Mapping[str, str] = MappingProxyType({}),
) -> dict:
    """Everything: judges by source and with each other; the machine on the half by which nothing is chosen.

    least: the validity from which the shipped reader says yes; sizes: item's name -> the size that was asked for.
    """
    halves = {side: [k for k, item in enumerate(items) if item.frozen == side] for side in (False, True)}
    out: dict = {"items": len(items), "by_source": {}, "machine": {}}
    out["between"] = [between(items, *pair) for pair in combinations(judges, 2)]
    everybody = [*judges, together(items, judges)] if len(judges) > 1 else judges
    reads = {item.name: says_so(reading, item, least) for item, reading in zip(items, readings, strict=True)}
    out["by_wish"] = by_wish(items, everybody[-1], reads, sizes)
    for one in everybody:
        out["by_source"][one.reader] = by_source(items, one)
        parts = {side: ([items[k] for k in at], one, [readings[k] for k in at]) for side, at in halves.items()}
        out["machine"][one.reader] = {
            "frozen half, as shipped": against(*parts[True], least),
            "frozen half, threshold of the other half": against(*parts[True], best(*parts[False])),
        }
    return out
