"""Choose a picture's range of numbers, bring them to uint8."""

from math import isfinite

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput

RANGES = {"0..255": (0.0, 255.0), "[0, 1]": (0.0, 1.0), "[-1, 1]": (-1.0, 1.0), "0..65535": (0.0, 65535.0)}
SLACK = 0.1  # how far decoders overshoot their range; more is another range, or a mistake
BLOCK = 1_000_000  # numbers converted at a time: they stay in the cache, and a long clip needs no float copy of itself


def scaled(low: float, high: float) -> Words:
    """Say how to show numbers of any range."""
    if low == high:  # no scale makes a picture of one number
        level = "to_frames(np.full(array.shape, 128, np.uint8))"
        return Words(
            f"choose the level, 0 to 255, that shall stand for it: {level}", f"选一个 0 到 255 的灰度来表示它：{level}"
        )
    scale = "to_frames(np.interp(array, (array.min(), array.max()), (0, 1)))"
    return Words(f"scale them: {scale}", f"按比例换算：{scale}")


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
                found=Words("the array is uint8: fractions are gone already", "数组是 uint8：小数已经没有了"),
                todo=Words(
                    "convert before casting: frames in [0, 1] cast to uint8 are black (E51)",
                    "转成 uint8 之前就要换算：[0, 1] 的帧直接转成 uint8 会全黑（E51）",
                ),
            )
        black = "no value above 1: frames in [0, 1] that were cast to uint8 look like this, black (E51)"
        return "0..255", [black] if array.max() == 1 else []
    if array.dtype.kind not in "iuf":
        what, advice = (", but a mask", "; a mask * 255") if array.dtype == bool else ("", "")
        raise BadInput(
            asked=Words(f"frames from an array of {array.dtype}", f"把 {array.dtype} 的数组当作帧"),
            found=Words(
                f"not a number of a picture{what}",
                "这是蒙版（bool），不是图片的数" if array.dtype == bool else "这不是图片的数",
            ),
            todo=Words(
                f"pass uint8, or floats in [0, 1] or [-1, 1]{advice}",
                f"给 uint8，或取值在 [0, 1]、[-1, 1] 的浮点数{'；蒙版就乘以 255' if array.dtype == bool else ''}",
            ),
        )
    low, high = float(array.min()), float(array.max())
    if not (isfinite(low) and isfinite(high)):
        bad = int(array.size - np.isfinite(array).sum())
        raise BadInput(
            asked=Words("frames from an array with NaN or infinite values", "把含有 NaN 或无穷大的数组当作帧"),
            found=Words(f"{bad} of {array.size} values are not finite", f"{array.size} 个值里有 {bad} 个不是有限的数"),
            todo=Words(
                "decode in float32 or bfloat16, then convert again: float16 ends at 65,504, and what is more overflows",
                "用 float32 或 bfloat16 解码，再转换一次：float16 最大是 65504，再大就溢出",
            )
            if array.dtype == np.float16
            else Words(
                "look for the first with np.argwhere(~np.isfinite(array))[0], and mend the step before: 0 / 0, the "
                "log of 0, or a float16 model whose values overflowed before they were cast",
                "用 np.argwhere(~np.isfinite(array))[0] 找出第一个，再修正前一步："
                "可能是 0 / 0、0 的对数，或 float16 模型的值在转换之前就溢出了",
            ),
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
            asked=Words("frames from an array of integers", "把整数数组当作帧"),
            found=Words(f"values {low:.0f} to {high:.0f}", f"取值从 {low:.0f} 到 {high:.0f}"),
            todo=scaled(low, high)
            if low < 0 or high > 255
            else Words(
                "say the range: range='0..255' or range='[0, 1]'", "说明取值范围：range='0..255' 或 range='[0, 1]'"
            ),
        )
    return "0..255", ["integers taken as 0 to 255"]


def _floats(low: float, high: float) -> tuple[str, list[str]]:
    extent = f"{low:.3g} to {high:.3g}"
    if low < -1 - SLACK or high > 1 + SLACK:
        why = Words(
            f"values {extent}, outside [0, 1] and [-1, 1]", f"取值从 {low:.3g} 到 {high:.3g}，超出了 [0, 1] 和 [-1, 1]"
        )
        todo = _advice(low, high)
    elif -SLACK <= low < -1e-3:
        why = Words(
            f"values {extent}: a little below 0, so [0, 1] overshot or a dark [-1, 1]",
            f"取值从 {low:.3g} 到 {high:.3g}：略小于 0，可能是 [0, 1] 超出了一点，也可能是偏暗的 [-1, 1]",
        )
        todo = Words("say which: range='[0, 1]' or range='[-1, 1]'", "说明是哪一种：range='[0, 1]' 或 range='[-1, 1]'")
    else:
        name = "[0, 1]" if low >= -SLACK else "[-1, 1]"
        return name, [f"values taken as {name}, since they go from {extent}"]
    raise BadInput(asked=Words("frames from floats", "把浮点数当作帧"), found=why, todo=todo)


def _check(given: str, low: float, high: float) -> None:
    if given not in RANGES:
        raise BadInput(
            asked=f"range={given!r}",
            found=Words("not a range", "没有这种取值范围"),
            todo=Words(f"choose one of {', '.join(RANGES)}", f"从 {'、'.join(RANGES)} 里选"),
        )
    if not _holds(given, low, high):
        raise BadInput(
            asked=f"range={given!r}",
            found=Words(f"values {low:.3g} to {high:.3g}", f"取值从 {low:.3g} 到 {high:.3g}"),
            todo=_advice(low, high),
        )


def _holds(name: str, low: float, high: float) -> bool:
    """Tell whether a range holds the values, overshoot allowed."""
    bottom, top = RANGES[name]
    slack = SLACK * max(1, (top - bottom) / 2)
    return bottom - slack <= low and high <= top + slack


def _advice(low: float, high: float) -> Words:
    """Name ranges that hold the values, or scale them."""
    fitting = [f"range={name!r}" for name in RANGES if _holds(name, low, high) and name != "0..65535"]
    say = Words("say the range: ", "说明取值范围：")
    if fitting:
        return say + Words.join(*fitting, en=" or ", zh=" 或 ")
    is_wide = low >= 0 and _holds("0..65535", low, high)
    wide = say + Words("range='0..65535', or ", "range='0..65535'，或") if is_wide else Words("", "")
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
