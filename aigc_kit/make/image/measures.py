"""Measure what a model drew: how true, how different."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from aigc_kit.core.errors import BadInput
from aigc_kit.core.statistics import Share
from aigc_kit.core.types import PHASES, Take, Words


def shows(take: Take, prompt: str | None = None) -> list[dict[str, bool]]:
    """Tell which attributes of a prompt the reader sees.

    One dict a picture, for takes of the tiny world's model: its reader shares no weights with any model that draws.

    Args:
        take: of an image model.
        prompt: what is asked for; None takes the prompt of the take.

    Raises:
        BadInput: the prompt says nothing that the tiny world knows.
    """
    from aigc_kit.worlds.tinyworld import checker

    spec = _spec(
        Words("what pictures show of", "图片里有没有画出"), take.plan.request.prompt if prompt is None else prompt
    )
    return [checker.matches(reading, spec) for reading in checker.read(take.data)]


def seen(take: Take, words: str) -> list[bool]:
    """Tell whether the reader sees all that some words name.

    Only in pictures of the world: a negative prompt that merely spoils a picture has removed nothing.

    Args:
        take: of the tiny world's model.
        words: such as "夜晚" or "a red cat".

    Raises:
        BadInput: no word of the tiny world.
    """
    from aigc_kit.worlds.tinyworld import checker

    spec = _spec(Words("whether pictures show", "图片里是否有"), words)
    return [all(checker.matches(reading, spec).values()) for reading in checker.read(take.data) if reading.valid]


def _spec(asked: Words, words: str) -> Any:
    from aigc_kit.worlds.tinyworld import vocab

    spec = vocab.spec_of(words)
    if not spec.known():
        raise BadInput(
            asked=asked + f" {words[:40]!r}",
            found=Words("no word of the tiny world", "里面没有小世界认识的词"),
            todo=Words("name one", "写上一个小世界的词，例如 cat"),
        )
    return spec


def adherence(takes: Sequence[Take]) -> float:
    """Measure the share, 0-1, of attributes that the reader sees.

    Raises:
        BadInput: no takes, or as in `shows`.
    """
    sights = [sight for take in takes for picture in shows(take) for sight in picture.values()]
    if not sights:
        raise BadInput(
            asked=Words("the adherence of no pictures", "一张图片也没有，却要量相符程度"),
            found=Words("no takes", "没有生成结果（take）"),
            todo=Words("give at least one", "至少给一个"),
        )
    return sum(sights) / len(sights)


def diversity(pictures: np.ndarray) -> float:
    """Average how pictures differ, RMS in grey levels (0-255).

    Args:
        pictures: uint8 (B, H, W, 3) of one prompt with B different seeds, B >= 2.

    Raises:
        BadInput: fewer than two pictures.
    """
    pictures = np.asarray(pictures)
    if pictures.ndim != 4 or len(pictures) < 2:
        raise BadInput(
            asked=Words(f"the diversity of {pictures.shape}", f"形状 {pictures.shape} 的多样性"),
            found=Words("not two pictures", "不到两张图片"),
            todo=Words("give (B, H, W, 3)", "给出形状为 (B, H, W, 3) 的数组，B 至少是 2"),
        )
    return float(np.mean([rms(a, b) for a, b in combinations(pictures, 2)]))


def rms(a: np.ndarray, b: np.ndarray) -> float:
    """Measure two uint8 pictures' RMS difference in grey levels."""
    return float(np.sqrt(np.mean((np.asarray(a, np.float64) - np.asarray(b, np.float64)) ** 2)))


@dataclass(frozen=True)
class Adherence:
    """Hold what one value of a dial does.

    Args:
        value: of the dial.
        right: of all pictures, how many show every attribute asked for; with the 95 % interval. The picture is what is
            counted, since the attributes of one picture fail together.
        attributes: share, 0-1, of all attributes asked for that the reader sees.
        difference: of pictures of one prompt with different seeds, in grey levels (0-255).
        clipped: share, 0-1, of the pictures' values that are 0 or 255.
    """

    value: Any
    right: Share
    attributes: float
    difference: float
    clipped: float


def adherence_by(takes: Mapping[Any, Sequence[Take]]) -> list[Adherence]:
    """Measure adherence and diversity for each value of a dial.

    Args:
        takes: value of the dial -> takes of several prompts, each with a batch of at least two seeds.

    Raises:
        BadInput: as in `shows` and `diversity`.
    """
    rows = []
    for value, group in takes.items():
        right = Share.of("right", (all(picture.values()) for take in group for picture in shows(take)), value)
        difference = float(np.mean([diversity(take.data) for take in group]))
        ends = float(np.mean([np.mean((take.data == 0) | (take.data == 255)) for take in group]))
        rows.append(Adherence(value, right, adherence(group), difference, ends))
    return rows


def per_attribute(takes: Sequence[Take]) -> list[Share]:
    """Count for each attribute how often the reader sees it.

    Returns:
        A row an attribute, in the order of the prompts; `name` is the attribute. Errors as in `shows`.
    """
    outcomes: dict[str, list[bool]] = {}
    for picture in (picture for take in takes for picture in shows(take)):
        for name, sight in picture.items():
            outcomes.setdefault(name, []).append(sight)
    return [Share.of(name, sights) for name, sights in outcomes.items()]


@dataclass(frozen=True)
class Removal:
    """Hold how often pictures show what a prompt forbids."""

    name: str
    without: Share
    named: Share


def removal(cases: Mapping[str, tuple[Sequence[bool], Sequence[bool]]]) -> list[Removal]:
    """Count what pictures show without and with a negative prompt.

    Args:
        cases: what is named -> (without, with): for each picture, whether the reader sees it, as `seen` gives it.
    """
    return [
        Removal(name, Share.of(name, without, "without"), Share.of(name, within, "named"))
        for name, (without, within) in cases.items()
    ]


@dataclass(frozen=True)
class PictureReading:
    """Hold what the tiny world's reader sees in one picture.

    Args:
        seed: of the picture.
        valid: it is a picture of the tiny world at all.
        attributes: attribute that the prompt sets -> (asked for, seen, whether they agree).
    """

    seed: int
    valid: bool
    attributes: Mapping[str, tuple[str, str, bool]]


def read(take: Take) -> list[PictureReading]:
    """Read each picture beside what was asked for.

    Raises:
        BadInput: as in `shows`.
    """
    from aigc_kit.worlds.tinyworld import checker, vocab

    spec = vocab.spec_of(take.plan.request.prompt).known()
    rows = []
    for seed, sights, reading in zip(take.labels["seeds"], shows(take), checker.read(take.data), strict=True):
        attributes = {name: (wish, reading.labels[name], sights[name]) for name, wish in spec.items()}
        rows.append(PictureReading(seed, reading.valid, attributes))
    return rows


@dataclass(frozen=True)
class PhasePeak:
    """Hold the highest memory, bytes, of one phase.

    Args:
        phase: "text_encoder", "denoise", "decode", ...
        peak_bytes: weights and live tensors.
        weights_bytes: of the whole pipeline, which stay after the run.
    """

    phase: str
    peak_bytes: int
    weights_bytes: int


def phase_peaks(take: Take) -> list[PhasePeak]:
    """List the peak of every phase that was followed.

    Args:
        take: whose cost has peaks (`follow=True` on a CPU), of a model that is still loaded.
    """
    from aigc_kit.make.image import engine, weight_bytes

    resident = weight_bytes(engine(take.plan))
    phases = ((phase.name, phase.peak_bytes) for phase in take.cost.phases)
    return [PhasePeak(name, peak, resident) for name, peak in phases if peak is not None]


@dataclass(frozen=True)
class PhaseSeconds:
    """Hold a phase's seconds in two runs, None without it."""

    phase: str
    first: float | None
    following: float | None


def phase_seconds(first: Take, following: Take) -> list[PhaseSeconds]:
    """Lay two runs' phases beside each other.

    Returns:
        A row for each phase that one of them has, in the order of the work, and at last "total".
    """
    a, b = ({phase.name: phase.seconds for phase in take.cost.phases} for take in (first, following))
    rows = [PhaseSeconds(name, a.get(name), b.get(name)) for name in PHASES if name in a or name in b]
    return [*rows, PhaseSeconds("total", first.cost.seconds, following.cost.seconds)]
