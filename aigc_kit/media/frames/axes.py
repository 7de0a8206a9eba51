"""Tell which axis of an array is what.

The readings that its shape allows, and bringing one of them to (B, T, H, W, C).
"""

import numpy as np

from aigc_kit.core.errors import BadInput

# What libraries return; B batch, T time, C channels. An array in a list is one frame, so it has no T there.
LAYOUTS = {2: ("HW",), 3: ("HWC", "CHW", "THW"), 4: ("THWC", "TCHW", "CTHW"), 5: ("BTHWC", "BTCHW", "BCTHW")}
CHANNELS = (1, 3, 4)  # gray, colour, colour with alpha
SMALLEST = 8  # pixels a side below which an axis is not taken for height or width


def readings(shape: tuple[int, ...], *, one_frame: bool = False) -> list[str]:
    """List the layouts that a shape allows.

    Channels are 1, 3 or 4, height and width at least 8.

    >>> readings((17, 64, 64, 3)), readings((3, 17, 64, 64)), readings((3, 3, 64, 64))
    (['THWC'], ['CTHW'], ['TCHW', 'CTHW'])
    >>> readings((3, 64, 64)), readings((3, 64, 64), one_frame=True)
    (['CHW', 'THW'], ['CHW'])
    """
    names = [name for name in LAYOUTS.get(len(shape), ()) if not (one_frame and set(name) & set("BT"))]
    sizes = {name: dict(zip(name, shape, strict=True)) for name in names if min(shape) >= 1}
    return [n for n, s in sizes.items() if s.get("C", 3) in CHANNELS and min(s["H"], s["W"]) >= SMALLEST]


def choose(shape: tuple[int, ...], layout: str | None, *, one_frame: bool = False) -> tuple[str, bool]:
    """Choose the layout of an array, and say whether guessed.

    Raises:
        BadInput: the layout given does not fit the shape; none does; or several do.
    """
    if layout is not None:
        return _given(shape, layout), False
    layouts = readings(shape, one_frame=one_frame)
    longer = {tuple(axis for axis, size in zip(name, shape, strict=True) if size > 1) for name in layouts}
    if len(longer) == 1:  # axes of size 1 make no difference
        return layouts[0], True
    request = f"{'a frame' if one_frame else 'frames'} from an array of shape {shape}"
    if layouts:
        meanings = "; ".join(f"{name}: {_in_words(shape, name)}" for name in layouts)
        raise BadInput(
            asked=request,
            found=f"the shape can be read in {len(layouts)} ways: {meanings}",
            todo="say which: " + " or ".join(f"layout={name!r}" for name in layouts),
        )
    example = "layout='BTCHW' (.frames[0] takes one of a batch)"
    todo = f"pass frames as (T, H, W, 3), or say what the axes are, such as {example}"
    raise BadInput(asked=request, found=_why_not(shape, one_frame), todo=todo)


def _given(shape: tuple[int, ...], layout: str) -> str:
    name = layout.upper().replace(" ", "").replace(",", "") if isinstance(layout, str) else ""
    names = [entry for group in LAYOUTS.values() for entry in group]
    if name not in names:
        raise BadInput(asked=f"layout={layout!r}", found="not a layout", todo=f"choose one of {', '.join(names)}")
    if len(name) != len(shape):
        raise BadInput(
            asked=f"layout={name!r}",
            found=f"{len(name)} axes, but the array has shape {shape}",
            todo=f"choose one of {', '.join(LAYOUTS.get(len(shape), ('an array of 2 to 5 axes',)))}",
        )
    size = dict(zip(name, shape, strict=True))
    if size.get("C", 3) not in CHANNELS or min(shape) < 1:
        what = "an empty axis" if min(shape) < 1 else f"{size['C']} channels"
        request = f"layout={name!r} of shape {shape}"
        raise BadInput(asked=request, found=f"that would be {what}", todo="channels are 1, 3 or 4")
    return name


def _in_words(shape: tuple[int, ...], name: str) -> str:
    size = dict(zip(name, shape, strict=True))
    colour = {1: "gray", 3: "colour", 4: "colour and alpha"}[size.get("C", 1)]
    batch = f"{size['B']} clips of " if "B" in size else ""
    return f"{batch}{size.get('T', 1)} frame(s) {size['W']}x{size['H']}, {colour}"


def _why_not(shape: tuple[int, ...], one_frame: bool) -> str:
    if min(shape, default=0) < 1:
        return "an axis is empty"
    low, high = (2, 3) if one_frame else (2, 5)
    if not low <= len(shape) <= high:
        return f"{len(shape)} axes, where {low} to {high} can be read"
    return f"no axis order gives 1, 3 or 4 channels and at least {SMALLEST} pixels a side"


def arrange(array: np.ndarray, name: str) -> np.ndarray:
    """View any layout as (B, T, H, W, C)."""
    for axis in "BTHWC":
        if axis not in name:
            array, name = array[..., None], name + axis
    return array.transpose([name.index(axis) for axis in "BTHWC"])
