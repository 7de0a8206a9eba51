"""Choose a picture's range of numbers, bring them to uint8."""

from math import isfinite

import numpy as np

from aigc_kit.core.errors import BadInput

RANGES = {"0..255": (0.0, 255.0), "[0, 1]": (0.0, 1.0), "[-1, 1]": (-1.0, 1.0), "0..65535": (0.0, 65535.0)}
SLACK = 0.1  # how far decoders overshoot their range; more is another range, or a mistake
BLOCK = 1_000_000  # numbers converted at a time: they stay in the cache, and a long clip needs no float copy of itself


def scaled(low: float, high: float) -> str:
    """Say how to show numbers of any range."""
    if low == high:  # no scale makes a picture of one number
        return "choose the level, 0 to 255, that shall stand for it: to_frames(np.full(array.shape, 128, np.uint8))"
    return "scale them: to_frames(np.interp(array, (array.min(), array.max()), (0, 1)))"


def choose(array: np.ndarray, given: str | None) -> tuple[str, list[str]]:
    """Choose the range of an array, and explain the choice.

    Returns:
        A key of RANGES, and notes.

    Raises:
        BadInput: not numbers; NaN or infinite; no range fits; or the range given does not.
    """
    if array.dtype == np.uint8:
        if given not in (None, "0..255"):
            raise BadInput(
                asked=f"range={given!r}",
                found="the array is uint8: fractions are gone already",
                todo="convert before casting: frames in [0, 1] cast to uint8 are black (E51)",
            )
        black = "no value above 1: frames in [0, 1] that were cast to uint8 look like this, black (E51)"
        return "0..255", [black] if array.max() == 1 else []
    if array.dtype.kind not in "iuf":
        what, advice = (", but a mask", "; a mask * 255") if array.dtype == bool else ("", "")
        raise BadInput(
            asked=f"frames from an array of {array.dtype}",
            found=f"not a number of a picture{what}",
            todo=f"pass uint8, or floats in [0, 1] or [-1, 1]{advice}",
        )
    low, high = float(array.min()), float(array.max())
    if not (isfinite(low) and isfinite(high)):
        bad = int(array.size - np.isfinite(array).sum())
        raise BadInput(
            asked="frames from an array with NaN or infinite values",
            found=f"{bad} of {array.size} values are not finite",
            todo="decode in float32 or bfloat16, then convert again: float16 ends at 65,504, and what is more overflows"
            if array.dtype == np.float16
            else "look for the first with np.argwhere(~np.isfinite(array))[0], and mend the step before: 0 / 0, the "
            "log of 0, or a float16 model whose values overflowed before they were cast",
        )
    if given is not None:
        _check(given, low, high)
        return given, [f"values in {given}, as you said; found {low:.3g} to {high:.3g}"]
    if array.dtype.kind in "iu":
        return _integers(low, high, wide=array.dtype == np.uint16)
    return _floats(low, high)


def _integers(low: float, high: float, *, wide: bool) -> tuple[str, list[str]]:
    if wide and high > 255:
        return "0..65535", ["16-bit integers taken as 0 to 65535"]
    if low < 0 or high > 255 or high <= 1:
        raise BadInput(
            asked="frames from an array of integers",
            found=f"values {low:.0f} to {high:.0f}",
            todo=scaled(low, high) if low < 0 or high > 255 else "say the range: range='0..255' or range='[0, 1]'",
        )
    return "0..255", ["integers taken as 0 to 255"]


def _floats(low: float, high: float) -> tuple[str, list[str]]:
    extent = f"{low:.3g} to {high:.3g}"
    if low < -1 - SLACK or high > 1 + SLACK:
        why = f"values {extent}, outside [0, 1] and [-1, 1]"
        todo = _advice(low, high)
    elif -SLACK <= low < -1e-3:
        why = f"values {extent}: a little below 0, so [0, 1] overshot or a dark [-1, 1]"
        todo = "say which: range='[0, 1]' or range='[-1, 1]'"
    else:
        name = "[0, 1]" if low >= -SLACK else "[-1, 1]"
        return name, [f"values taken as {name}, since they go from {extent}"]
    raise BadInput(asked="frames from floats", found=why, todo=todo)


def _check(given: str, low: float, high: float) -> None:
    if given not in RANGES:
        raise BadInput(asked=f"range={given!r}", found="not a range", todo=f"choose one of {', '.join(RANGES)}")
    if not _holds(given, low, high):
        raise BadInput(asked=f"range={given!r}", found=f"values {low:.3g} to {high:.3g}", todo=_advice(low, high))


def _holds(name: str, low: float, high: float) -> bool:
    """Tell whether a range holds the values, overshoot allowed."""
    bottom, top = RANGES[name]
    slack = SLACK * max(1, (top - bottom) / 2)
    return bottom - slack <= low and high <= top + slack


def _advice(low: float, high: float) -> str:
    """Name ranges that hold the values, or scale them."""
    fitting = [f"range={name!r}" for name in RANGES if _holds(name, low, high) and name != "0..65535"]
    if fitting:
        return "say the range: " + " or ".join(fitting)
    wide = "say the range: range='0..65535', or " if low >= 0 and _holds("0..65535", low, high) else ""
    return wide + scaled(low, high)


def to_uint8(array: np.ndarray, name: str) -> np.ndarray:
    """Scale to 0..255, round half to even, clip, any shape."""
    if array.dtype == np.uint8:
        return array
    bottom, top = RANGES[name]
    out = np.empty(array.shape, np.uint8)
    step = max(1, BLOCK // max(1, array[:1].size))
    buffer = np.empty((min(step, len(array)), *array.shape[1:]), np.float32)
    for start in range(0, len(array), step):
        part = array[start : start + step]
        work = buffer[: len(part)]
        np.subtract(part, bottom, out=work, casting="unsafe")
        np.multiply(work, 255 / (top - bottom), out=work)
        np.clip(np.rint(work, out=work), 0, 255, out=work)
        out[start : start + step] = work
    return out
