"""Tell which axis of an array is what.

The readings that its shape allows, and bringing one of them to (B, T, H, W, C).
"""

import numpy as np

from aigc_kit.core.bilingual import Words
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
    request = Words(
        f"{'a frame' if one_frame else 'frames'} from an array of shape {shape}",
        f"把形状 {shape} 的数组当作{'一帧' if one_frame else '各帧'}",
    )
    if layouts:
        meanings = Words.join(*(Words(f"{name}: ", f"{name} 是") + _in_words(shape, name) for name in layouts))
        raise BadInput(
            asked=request,
            found=Words(
                f"the shape can be read in {len(layouts)} ways: {meanings}",
                f"这个形状有 {len(layouts)} 种读法：{meanings.zh}",
            ),
            todo=Words("say which: ", "说明是哪一种：")
            + Words.join(*(f"layout={name!r}" for name in layouts), en=" or ", zh=" 或 "),
        )
    example = "layout='BTCHW' (.frames[0] takes one of a batch)"
    todo = Words(
        f"pass frames as (T, H, W, 3), or say what the axes are, such as {example}",
        "给出形状为 (T, H, W, 3) 的帧，或用 layout 说明各轴，例如 layout='BTCHW'（.frames[0] 从一批里取一个）",
    )
    raise BadInput(asked=request, found=_why_not(shape, one_frame), todo=todo)


def _given(shape: tuple[int, ...], layout: str) -> str:
    name = layout.upper().replace(" ", "").replace(",", "") if isinstance(layout, str) else ""
    names = [entry for group in LAYOUTS.values() for entry in group]
    if name not in names:
        raise BadInput(
            asked=f"layout={layout!r}",
            found=Words("not a layout", "没有这种排列"),
            todo=Words(f"choose one of {', '.join(names)}", f"从 {'、'.join(names)} 里选"),
        )
    if len(name) != len(shape):
        raise BadInput(
            asked=f"layout={name!r}",
            found=Words(
                f"{len(name)} axes, but the array has shape {shape}", f"它有 {len(name)} 个轴，数组的形状却是 {shape}"
            ),
            todo=Words(
                f"choose one of {', '.join(LAYOUTS.get(len(shape), ('an array of 2 to 5 axes',)))}",
                f"从 {'、'.join(LAYOUTS.get(len(shape), ('2 到 5 个轴的数组',)))} 里选",
            ),
        )
    size = dict(zip(name, shape, strict=True))
    if size.get("C", 3) not in CHANNELS or min(shape) < 1:
        what = (
            Words("an empty axis", "空的轴")
            if min(shape) < 1
            else Words(f"{size['C']} channels", f" {size['C']} 个通道")
        )
        request = Words(f"layout={name!r} of shape {shape}", f"layout={name!r}，数组的形状是 {shape}")
        raise BadInput(
            asked=request,
            found=Words(f"that would be {what}", f"这样就有{what.zh}"),
            todo=Words("channels are 1, 3 or 4", "通道数是 1、3 或 4"),
        )
    return name


def _in_words(shape: tuple[int, ...], name: str) -> Words:
    size = dict(zip(name, shape, strict=True))
    colour = {1: Words("gray", "灰度"), 3: Words("colour", "彩色"), 4: Words("colour and alpha", "彩色加透明度")}
    of = colour[size.get("C", 1)]
    batch = Words(f"{size['B']} clips of ", f"{size['B']} 个短片，每个 ") if "B" in size else Words("", "")
    extent = f"{size['W']}x{size['H']}"
    return batch + Words(f"{size.get('T', 1)} frame(s) {extent}, {of}", f"{size.get('T', 1)} 帧 {extent}，{of.zh}")


def _why_not(shape: tuple[int, ...], one_frame: bool) -> Words:
    if min(shape, default=0) < 1:
        return Words("an axis is empty", "有一个轴是空的")
    low, high = (2, 3) if one_frame else (2, 5)
    if not low <= len(shape) <= high:
        return Words(
            f"{len(shape)} axes, where {low} to {high} can be read",
            f"有 {len(shape)} 个轴，能读的是 {low} 到 {high} 个",
        )
    return Words(
        f"no axis order gives 1, 3 or 4 channels and at least {SMALLEST} pixels a side",
        f"怎样排列各轴都得不到 1、3 或 4 个通道、每边至少 {SMALLEST} 像素",
    )


def arrange(array: np.ndarray, name: str) -> np.ndarray:
    """View any layout as (B, T, H, W, C)."""
    for axis in "BTHWC":
        if axis not in name:
            array, name = array[..., None], name + axis
    return array.transpose([name.index(axis) for axis in "BTHWC"])
