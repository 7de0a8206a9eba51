"""What can be measured on pictures that a model drew: whether they show what was asked for, and how they differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from aigc_kit.core.errors import BadInput
from aigc_kit.core.statistics import Share
from aigc_kit.core.types import PHASES, Take


def shows(take: Take, prompt: str | None = None) -> list[dict[str, bool]]:
    """For each picture of a take, and each attribute that the prompt sets: whether the tiny world's reader sees it.

    The reader shares no weights with any model that draws. It knows the tiny world only, so this is for takes of its
    model.

    Args:
        take: of an image model.
        prompt: what is asked for; None takes the prompt of the take.

    Raises:
        BadInput: the prompt says nothing that the tiny world knows.
    """
    from aigc_kit.worlds.tinyworld import checker, vocab

    asked = take.plan.request.prompt if prompt is None else prompt
    spec = vocab.spec_of(asked)
    if not spec.known():
        raise BadInput(
            asked=f"what pictures show of {asked[:40]!r}", found="no word of the tiny world", todo="name one"
        )
    return [checker.matches(reading, spec) for reading in checker.read(take.data)]


def seen(take: Take, words: str) -> list[bool]:
    """Whether the reader sees all that some words name, for each picture of a take that is one of the world at all.

    Pictures that are none are left out: a negative prompt that only spoils a picture has removed nothing.

    Args:
        take: of the tiny world's model.
        words: such as "夜晚" or "a red cat".

    Raises:
        BadInput: no word of the tiny world.
    """
    from aigc_kit.worlds.tinyworld import checker, vocab

    spec = vocab.spec_of(words)
    if not spec.known():
        raise BadInput(
            asked=f"whether pictures show {words[:40]!r}", found="no word of the tiny world", todo="name one"
        )
    read = [reading for reading in checker.read(take.data) if reading.valid]
    return [all(checker.matches(reading, spec).values()) for reading in read]


def adherence(takes: Sequence[Take]) -> float:
    """Share, 0-1, of all attributes asked for that the reader sees in the pictures.

    Raises:
        BadInput: no takes, or as in `shows`.
    """
    seen = [held for take in takes for found in shows(take) for held in found.values()]
    if not seen:
        raise BadInput(asked="the adherence of no pictures", found="no takes", todo="give at least one")
    return sum(seen) / len(seen)


def diversity(pictures: np.ndarray) -> float:
    """Root mean square difference of two pictures, averaged over all pairs, in grey levels (0-255).

    Args:
        pictures: uint8 (B, H, W, 3) of one prompt with B different seeds, B >= 2.

    Raises:
        BadInput: fewer than two pictures.
    """
    pictures = np.asarray(pictures)
    if pictures.ndim != 4 or len(pictures) < 2:
        raise BadInput(asked=f"the diversity of {pictures.shape}", found="not two pictures", todo="give (B, H, W, 3)")
    apart = [rms(a, b) for a, b in combinations(pictures, 2)]
    return float(np.mean(apart))


def rms(a: np.ndarray, b: np.ndarray) -> float:
    """Root mean square difference of two uint8 pictures of one shape, in grey levels."""
    return float(np.sqrt(np.mean((np.asarray(a, np.float64) - np.asarray(b, np.float64)) ** 2)))


@dataclass(frozen=True)
class Adherence:
    """What one value of a dial does.

    Args:
        value: of the dial.
        seen: of all attributes asked for, how many the reader sees; with the 95 % interval.
        difference: of pictures of one prompt with different seeds, in grey levels (0-255).
    """

    value: Any
    seen: Share
    difference: float


def adherence_by(takes: Mapping[Any, Sequence[Take]]) -> list[Adherence]:
    """Measure adherence and diversity for each value of a dial.

    Args:
        takes: value of the dial -> takes of several prompts, each with a batch of at least two seeds.

    Raises:
        BadInput: as in `shows` and `diversity`.
    """
    return [
        Adherence(
            value,
            Share.of("seen", [held for take in group for picture in shows(take) for held in picture.values()], value),
            float(np.mean([diversity(take.data) for take in group])),
        )
        for value, group in takes.items()
    ]


def per_attribute(takes: Sequence[Take]) -> list[Share]:
    """Count for each attribute how often the reader sees what was asked for.

    Returns:
        One row an attribute, in the order in which the prompts name them; `name` is the attribute.

    Raises:
        BadInput: as in `shows`.
    """
    outcomes: dict[str, list[bool]] = {}
    for picture in (picture for take in takes for picture in shows(take)):
        for name, held in picture.items():
            outcomes.setdefault(name, []).append(held)
    return [Share.of(name, held) for name, held in outcomes.items()]


@dataclass(frozen=True)
class Removal:
    """How often pictures show what a negative prompt names: without that prompt, and with it."""

    name: str
    without: Share
    named: Share


def removal(cases: Mapping[str, tuple[Sequence[bool], Sequence[bool]]]) -> list[Removal]:
    """Count what pictures show without and with a negative prompt.

    Args:
        cases: what is named -> (without, with): for each picture, whether the reader sees it, as `seen` gives it.
    """
    return [
        Removal(name, Share.of(name, without, "without"), Share.of(name, named, "named"))
        for name, (without, named) in cases.items()
    ]


@dataclass(frozen=True)
class PictureReading:
    """What the tiny world's reader sees in one picture.

    Args:
        seed: of the picture.
        valid: it is a picture of the tiny world at all.
        attributes: attribute that the prompt sets -> (asked for, seen, whether they agree).
    """

    seed: int
    valid: bool
    attributes: Mapping[str, tuple[str, str, bool]]


def read(take: Take) -> list[PictureReading]:
    """Read each picture of a take beside what was asked for.

    Raises:
        BadInput: as in `shows`.
    """
    from aigc_kit.worlds.tinyworld import checker, vocab

    spec = vocab.spec_of(take.plan.request.prompt).known()
    return [
        PictureReading(
            seed,
            reading.valid,
            {name: (asked, reading.labels[name], held[name]) for name, asked in spec.items()},
        )
        for seed, held, reading in zip(take.labels["seeds"], shows(take), checker.read(take.data), strict=True)
    ]


@dataclass(frozen=True)
class PhasePeak:
    """The highest memory of one phase of a run, in bytes.

    Args:
        phase: "text_encoder", "denoise", "decode", ...
        peak_bytes: weights and live tensors.
        weights_bytes: of the whole pipeline, which stay after the run.
    """

    phase: str
    peak_bytes: int
    weights_bytes: int


def phase_peaks(take: Take) -> list[PhasePeak]:
    """List the peak of every phase of a run that was followed.

    Args:
        take: whose cost has peaks (`follow=True` on a CPU), of a model that is still loaded.
    """
    from aigc_kit.make.image import engine, weight_bytes

    resident = weight_bytes(engine(take.plan))
    return [
        PhasePeak(phase.name, phase.peak_bytes, resident) for phase in take.cost.phases if phase.peak_bytes is not None
    ]


@dataclass(frozen=True)
class PhaseSeconds:
    """Seconds of one phase in two runs, by the wall clock; None in a run without it; "total" is their sum."""

    phase: str
    first: float | None
    following: float | None


def phase_seconds(first: Take, following: Take) -> list[PhaseSeconds]:
    """Lay the phases of a first run beside those of the next one.

    Returns:
        A row for each phase that one of them has, in the order of the work, and at last "total".
    """
    one, two = ({phase.name: phase.seconds for phase in take.cost.phases} for take in (first, following))
    rows = [PhaseSeconds(name, one.get(name), two.get(name)) for name in PHASES if name in one or name in two]
    return [*rows, PhaseSeconds("total", first.cost.seconds, following.cost.seconds)]
