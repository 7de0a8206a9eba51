"""From the learner's scales to what the embedded voice wants. The tables were measured with it."""

from collections.abc import Sequence

import numpy as np

from aigc_kit.speech.settings import NORMAL_SPEED

# (shift in standard deviations, ratio that was measured: median pitch, RMS), means over four sentences
PITCH = ((-1.5, 0.803), (-1.0, 0.855), (-0.5, 0.926), (0.0, 1.0), (0.5, 1.087), (1.0, 1.159), (1.5, 1.193))
LOUDNESS = ((-1.0, 0.449), (-0.5, 0.721), (0.0, 1.0), (0.5, 1.224), (1.0, 1.384), (1.5, 1.482))


def interpolate(table: Sequence[tuple[float, float]], ratio: float) -> float:
    """The shift that gives a ratio; ratios beyond the table give its ends.

    >>> interpolate(((0.0, 1.0), (1.0, 1.2)), 1.1)
    0.5
    """
    shifts, ratios = zip(*table, strict=True)
    return round(float(np.interp(ratio, ratios, shifts)), 6)


def loudness_shift(ratio: float | None) -> float:
    """The shift of the energy for a ratio of the loudness (of amplitudes); 0 for None."""
    return 0.0 if ratio is None else interpolate(LOUDNESS, ratio)


def length_ratio(speed: int | None) -> float:
    """How much longer a sound lasts at a speed of 0..9: 2 at 0, 1 at 5, 0.57 at 9; the kit's own mapping.

    >>> length_ratio(None), length_ratio(0), length_ratio(5)
    (1.0, 2.0, 1.0)
    """
    return 1.0 if speed is None else 2.0 ** ((NORMAL_SPEED - speed) / 5)
