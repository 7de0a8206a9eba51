"""Turn pictures, arrays, tensors and lists of them into Frames."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.media.frames import axes as layouts
from aigc_kit.media.frames import values

_MODES = {"RGB": "RGB", "L": "RGB", "1": "RGB", "P": "RGBA", "PA": "RGBA", "RGBA": "RGBA", "LA": "RGBA", "CMYK": "RGB"}


@dataclass(frozen=True, eq=False)
class Frames:
    """Hold a clip, and how it was read.

    Args:
        data: uint8 (T, H, W, 3).
        layout: of what was given, such as "BTHWC", or "list of PIL images".
        range: "0..255", "[0, 1]" or "[-1, 1]".
        notes: what was guessed, picked or changed, in English sentences; empty when nothing was.
    """

    data: np.ndarray
    layout: str
    range: str
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[np.ndarray]:
        return iter(self.data)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.data, dtype=dtype, copy=copy)


def to_frames(value: Any, *, layout: str | None = None, range: str | None = None, batch: int | None = None) -> Frames:
    """Turn what shows frames into uint8 (T, H, W, 3).

    Args:
        value: a PIL image; an array or torch tensor of 2 to 5 axes (HW, HWC, CHW, THW, THWC, TCHW, CTHW, BTHWC, BTCHW,
            BCTHW; C is 1, 3 or 4; uint8, or floats in [0, 1] or [-1, 1]); a list of frames; a list of such lists; or a
            pipeline's output with `.frames` or `.images`; a Take, or Frames themselves.
        layout: the axes, when the shape leaves a doubt, as letters.
        range: "[0, 1]", "[-1, 1]", "0..255" or "0..65535", when the values leave a doubt.
        batch: which clip of several, 0-based.

    Returns:
        A new array, or `value` itself where it was uint8 (T, H, W, 3) already. Alpha is laid over white.

    Raises:
        BadInput: nothing to show; more than one reading is possible (the error lists them); NaN or infinite values;
            frames of different sizes; several clips and none was picked.
    """
    if isinstance(getattr(value, "data", None), np.ndarray):  # a Take, or Frames
        value = value.data
    for name in ("frames", "images"):
        if hasattr(value, name) and not isinstance(value, np.ndarray):
            value = getattr(value, name)
    notes: list[str] = []
    array, layout_name = _stack(value, layout, batch, notes)
    range_name, more = values.choose(array, range)
    notes += more
    data = values.to_uint8(array, range_name)
    return Frames(np.ascontiguousarray(_three_channels(data, notes)), layout_name, range_name, tuple(notes))


def _stack(value: Any, layout: str | None, batch: int | None, notes: list[str]) -> tuple[np.ndarray, str]:
    if isinstance(value, (list, tuple)):
        return _stack_list(value, layout, batch, notes)
    array = _array(value)
    if _is_picture(value):
        return layouts.arrange(array, "HWC")[0], "one PIL image"
    name, is_guess = layouts.choose(array.shape, layout)
    if is_guess:
        notes.append(f"axes taken as {name}, the only reading of shape {array.shape}")
    clips = layouts.arrange(array, name)
    return clips[0] if len(clips) == 1 and batch in (None, 0) else _pick(clips, batch, notes), name


def _stack_list(value: Sequence[Any], layout: str | None, batch: int | None, notes: list[str]) -> tuple[Any, str]:
    if not value:
        raise BadInput(
            asked=Words("frames from a list", "把列表当作帧"),
            found=Words("the list is empty", "列表是空的"),
            todo=Words("pass at least one frame", "至少给一帧"),
        )
    if isinstance(value[0], (list, tuple)):
        clip = _pick(value, batch, notes)
        if clip and isinstance(clip[0], (list, tuple)):
            raise BadInput(
                asked=Words("frames from lists in lists in lists", "把列表套列表再套列表当作帧"),
                found=Words("deeper than 2: clips, frames", "超过了两层：短片、帧"),
                todo=Words("take one level off, such as .frames[0]", "去掉一层，例如 .frames[0]"),
            )
    elif not _is_picture(value[0]) and _array(value[0]).ndim > 3:
        clip = _pick(value, batch, notes)
    else:
        return _stack_frames(value, layout, notes)
    array, name = _stack(clip, layout, None, notes)
    return array, f"list of clips: {name}"


def _stack_frames(value: Sequence[Any], layout: str | None, notes: list[str]) -> tuple[np.ndarray, str]:
    arrays = [_array(item) for item in value]
    where = next((index for index, array in enumerate(arrays) if array.shape != arrays[0].shape), 0)
    if where:
        raise BadInput(
            asked=Words(f"one clip of {len(arrays)} frames", f"一个短片，共 {len(arrays)} 帧"),
            found=Words(
                f"frame 0 has shape {arrays[0].shape}, frame {where} has {arrays[where].shape}",
                f"第 0 帧的形状是 {arrays[0].shape}，第 {where} 帧是 {arrays[where].shape}",
            ),
            todo=Words("make all frames of one size and one number of channels", "让所有帧的大小和通道数都一样"),
        )
    if _is_picture(value[0]):
        return layouts.arrange(np.stack(arrays), "THWC")[0], "list of PIL images"
    name, is_guess = layouts.choose(arrays[0].shape, layout, one_frame=True)
    if set(name) & set("BT"):
        raise BadInput(
            asked=Words(f"layout={name!r} of every frame", f"每一帧的 layout={name!r}"),
            found=Words("a list holds one frame an entry", "列表里每一项只是一帧"),
            todo=_ONE,
        )
    if is_guess:
        notes.append(f"every frame taken as {name}, the only reading of shape {arrays[0].shape}")
    return layouts.arrange(np.stack(arrays), "T" + name)[0], f"list of {name}"


_ONE = Words("say the axes of one frame: layout='HW', 'HWC' or 'CHW'", "说明一帧的各轴：layout='HW'、'HWC' 或 'CHW'")


def _pick(clips: Any, batch: int | None, notes: list[str]) -> Any:
    if batch is None and len(clips) > 1:
        todo = Words(f"pick one: batch=0 to {len(clips) - 1}", f"选一个：batch=0 到 {len(clips) - 1}")
        raise BadInput(
            asked=Words("the frames of a batch", "一批短片里的帧"),
            found=Words(f"{len(clips)} clips", f"有 {len(clips)} 个短片"),
            todo=todo,
        )
    index = batch or 0
    if not isinstance(index, int) or not 0 <= index < len(clips):
        raise BadInput(
            asked=f"batch={batch}",
            found=Words(f"{len(clips)} clip(s)", f"共 {len(clips)} 个短片"),
            todo=Words(f"choose 0 to {len(clips) - 1}", f"从 0 到 {len(clips) - 1} 里选"),
        )
    notes.append(f"clip {index} of {len(clips)}")
    return clips[index]


def _is_picture(value: Any) -> bool:
    return hasattr(value, "getbands") and hasattr(value, "convert")


def _array(value: Any) -> np.ndarray:
    """Turn frames into numpy without changing their values."""
    if _is_picture(value):
        if value.mode.startswith("I;16"):  # 16 bits of gray: the high byte, rounded
            gray = np.rint(np.asarray(value).astype(np.float64) / 257).astype(np.uint8)
            return np.repeat(gray[..., None], 3, axis=-1)
        if value.mode not in _MODES:
            plain = value.mode in ("I", "F")
            raise BadInput(
                asked=Words(
                    f"a frame from a PIL image of mode {value.mode}", f"把 mode 为 {value.mode} 的 PIL 图片当作一帧"
                ),
                found=Words("numbers whose range the picture does not say", "里面的数没有说明取值范围")
                if plain
                else Words(
                    f"modes that can be shown: {', '.join(_MODES)}, I;16",
                    f"能显示的 mode 有：{'、'.join(_MODES)}、I;16",
                ),
                todo=Words("array = np.asarray(image), then ", "先 array = np.asarray(image)，再")
                + values.scaled(*value.getextrema())
                if plain
                else Words(
                    "convert it first: to_frames(image.convert('RGB'))", "先转换：to_frames(image.convert('RGB'))"
                ),
            )
        return np.asarray(value.convert(_MODES[value.mode]))
    if hasattr(value, "detach") and hasattr(value, "cpu"):
        tensor = value.detach().cpu()
        return np.asarray(tensor.float().numpy() if tensor.is_floating_point() else tensor.numpy())
    if isinstance(value, np.ndarray):
        return value
    raise BadInput(
        asked=Words(f"frames from a {type(value).__name__}", f"把 {type(value).__name__} 当作帧"),
        found=Words("not a picture, an array, a tensor or a list of them", "不是图片、数组、张量，也不是它们的列表"),
        todo=Words(
            "pass what the pipeline returned, such as pipe(...).frames", "给管线返回的结果，例如 pipe(...).frames"
        ),
    )


def _three_channels(clip: np.ndarray, notes: list[str]) -> np.ndarray:
    """Bring uint8 to three channels, alpha laid over white."""
    if clip.shape[-1] == 1:
        notes.append("gray, repeated on three channels")
        return np.repeat(clip, 3, axis=-1)
    if clip.shape[-1] == 4:
        if (clip[..., 3] < 255).any():
            notes.append("alpha laid over white")
        alpha = clip[..., 3:].astype(np.uint16)
        return ((clip[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
    return clip
