"""Turn pictures, arrays, tensors and lists of them into Frames."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

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
        raise BadInput(asked="frames from a list", found="the list is empty", todo="pass at least one frame")
    if isinstance(value[0], (list, tuple)):
        clip = _pick(value, batch, notes)
        if clip and isinstance(clip[0], (list, tuple)):
            raise BadInput(
                asked="frames from lists in lists in lists",
                found="deeper than 2: clips, frames",
                todo="take one level off, such as .frames[0]",
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
            asked=f"one clip of {len(arrays)} frames",
            found=f"frame 0 has shape {arrays[0].shape}, frame {where} has {arrays[where].shape}",
            todo="make all frames of one size and one number of channels",
        )
    if _is_picture(value[0]):
        return layouts.arrange(np.stack(arrays), "THWC")[0], "list of PIL images"
    name, is_guess = layouts.choose(arrays[0].shape, layout, one_frame=True)
    if set(name) & set("BT"):
        raise BadInput(asked=f"layout={name!r} of every frame", found="a list holds one frame an entry", todo=_ONE)
    if is_guess:
        notes.append(f"every frame taken as {name}, the only reading of shape {arrays[0].shape}")
    return layouts.arrange(np.stack(arrays), "T" + name)[0], f"list of {name}"


_ONE = "say the axes of one frame: layout='HW', 'HWC' or 'CHW'"


def _pick(clips: Any, batch: int | None, notes: list[str]) -> Any:
    if batch is None and len(clips) > 1:
        todo = f"pick one: batch=0 to {len(clips) - 1}"
        raise BadInput(asked="the frames of a batch", found=f"{len(clips)} clips", todo=todo)
    index = batch or 0
    if not isinstance(index, int) or not 0 <= index < len(clips):
        raise BadInput(asked=f"batch={batch}", found=f"{len(clips)} clip(s)", todo=f"choose 0 to {len(clips) - 1}")
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
                asked=f"a frame from a PIL image of mode {value.mode}",
                found="numbers whose range the picture does not say"
                if plain
                else f"modes that can be shown: {', '.join(_MODES)}, I;16",
                todo="array = np.asarray(image), then " + values.scaled(*value.getextrema())
                if plain
                else "convert it first: to_frames(image.convert('RGB'))",
            )
        return np.asarray(value.convert(_MODES[value.mode]))
    if hasattr(value, "detach") and hasattr(value, "cpu"):
        tensor = value.detach().cpu()
        return np.asarray(tensor.float().numpy() if tensor.is_floating_point() else tensor.numpy())
    if isinstance(value, np.ndarray):
        return value
    raise BadInput(
        asked=f"frames from a {type(value).__name__}",
        found="not a picture, an array, a tensor or a list of them",
        todo="pass what the pipeline returned, such as pipe(...).frames",
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
