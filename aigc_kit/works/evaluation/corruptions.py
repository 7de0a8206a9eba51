"""Damage pictures, clips, sounds, texts by a known strength."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import FrozenMap
from aigc_kit.media.wav import RATE

STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Five: none, and a quarter more each time, up to what nobody could miss."""
_COMMON = "的一是不了人我在有他这中大来上国个到说们"


@dataclass(frozen=True)
class Corruption:
    """Hold one way to spoil things of a kind.

    `change`: (one thing, strength 0-1, its number) -> the spoilt one.
    """

    title: Words
    kind: str
    change: Callable[[Any, float, int], Any]

    def __call__(self, things: Sequence[Any], strength: float) -> list[Any]:
        """Spoil things, each by chance of its own.

        Strength 0 changes nothing.

        Raises:
            BadInput: no strength from 0 to 1.
        """
        if isinstance(strength, bool) or not isinstance(strength, (int, float)) or not 0 <= strength <= 1:
            raise BadInput(
                asked=Words(f"strength={strength!r}", f"强度 {strength!r}"),
                found=Words("no number from 0 to 1", "不是 0 到 1 的数"),
                todo=Words(f"choose of {STRENGTHS}", f"从 {STRENGTHS} 里选"),
            )
        return [self.change(thing, strength, number) if strength else thing for number, thing in enumerate(things)]


def _blur(picture: np.ndarray, strength: float, _: int) -> np.ndarray:
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(strength * len(picture) / 16)))


def _noise(picture: np.ndarray, strength: float, number: int) -> np.ndarray:
    rng = np.random.default_rng(number)
    return (picture + 90 * strength * rng.normal(size=picture.shape)).clip(0, 255).astype(np.uint8)


def _jpeg(picture: np.ndarray, strength: float, _: int) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=round(60 - 57 * strength))
    return np.asarray(Image.open(buffer).convert("RGB"))


def _hue(picture: np.ndarray, strength: float, _: int) -> np.ndarray:
    turned = np.array(Image.fromarray(picture).convert("HSV"))
    turned[..., 0] = turned[..., 0] + np.uint8(128 * strength)
    return np.asarray(Image.fromarray(turned, "HSV").convert("RGB"))


def _shift(picture: np.ndarray, strength: float, _: int) -> np.ndarray:
    return np.roll(picture, round(strength * len(picture) / 8), axis=1)


def _tiles(picture: np.ndarray, strength: float, number: int) -> np.ndarray:
    side, rng = len(picture) // 4, np.random.default_rng(number)
    tiles = [picture[y : y + side, x : x + side] for y in range(0, 4 * side, side) for x in range(0, 4 * side, side)]
    moved = rng.permutation(16)[: round(16 * strength)]
    order = np.arange(16)
    order[moved] = np.roll(moved, 1)
    rows = [np.concatenate([tiles[k] for k in order[row : row + 4]], axis=1) for row in range(0, 16, 4)]
    return np.concatenate(rows)


def _shuffled(frames: np.ndarray, strength: float, number: int) -> np.ndarray:
    order, rng = np.arange(len(frames)), np.random.default_rng(number)
    moved = rng.permutation(len(frames))[: max(2, round(strength * len(frames)))]
    order[moved] = np.roll(moved, 1)
    return frames[order]


def _trembling(frames: np.ndarray, strength: float, number: int) -> np.ndarray:
    light = 1 + 0.3 * strength * np.random.default_rng(number).normal(size=(len(frames), 1, 1, 1))
    return (frames * light).clip(0, 255).astype(np.uint8)


def _frozen(frames: np.ndarray, strength: float, _: int) -> np.ndarray:
    still = len(frames) - round(strength * (len(frames) - 1))
    return frames[np.minimum(np.arange(len(frames)), still - 1)]


def _hiss(wave: np.ndarray, strength: float, number: int) -> np.ndarray:
    return wave + 0.3 * strength * np.sqrt((wave**2).mean()) * np.random.default_rng(number).normal(size=len(wave))


def _clipped(wave: np.ndarray, strength: float, _: int) -> np.ndarray:
    most = np.abs(wave).max() * (1 - 0.95 * strength)
    return wave.clip(-most, most)


def _muffled(wave: np.ndarray, strength: float, _: int) -> np.ndarray:
    spectrum = np.fft.rfft(wave)
    spectrum[np.fft.rfftfreq(len(wave), 1 / RATE) > 12_000 * (1 - strength) + 300] = 0
    return np.fft.irfft(spectrum, len(wave))


def _quieter(wave: np.ndarray, strength: float, _: int) -> np.ndarray:
    return wave * (1 - 0.9 * strength)


def _late(wave: np.ndarray, strength: float, _: int) -> np.ndarray:
    return np.roll(wave, round(0.02 * strength * RATE))


def _swapped(text: str, strength: float, number: int) -> str:
    rng = np.random.default_rng(number)
    return "".join(sign if rng.random() >= 0.6 * strength else rng.choice(list(_COMMON)) for sign in text)


def _reordered(text: str, strength: float, number: int) -> str:
    moved = np.random.default_rng(number).permutation(len(text))[: round(strength * len(text))]
    signs = np.array(list(text))
    signs[moved] = signs[np.roll(moved, 1)]
    return "".join(signs)


CORRUPTIONS: Mapping[str, Corruption] = FrozenMap(
    {
        "blur": Corruption(Words("blur", "模糊"), "image", _blur),
        "noise": Corruption(Words("noise", "噪点"), "image", _noise),
        "jpeg": Corruption(Words("JPEG", "压缩"), "image", _jpeg),
        "hue": Corruption(Words("other hue", "换色"), "image", _hue),
        "shift": Corruption(Words("shifted", "平移"), "image", _shift),
        "tiles": Corruption(Words("tiles moved", "打乱方块"), "image", _tiles),
        "shuffled": Corruption(Words("frames shuffled", "打乱帧"), "video", _shuffled),
        "trembling": Corruption(Words("light trembles", "亮度抖"), "video", _trembling),
        "frozen": Corruption(Words("frozen", "定住"), "video", _frozen),
        "hiss": Corruption(Words("hiss", "嘶声"), "audio", _hiss),
        "clipping": Corruption(Words("clipping", "削波"), "audio", _clipped),
        "muffled": Corruption(Words("muffled", "发闷"), "audio", _muffled),
        "quieter": Corruption(Words("quieter", "变轻"), "audio", _quieter),
        "late": Corruption(Words("20 ms late", "晚 20 毫秒"), "audio", _late),
        "swapped": Corruption(Words("characters exchanged", "换字"), "text", _swapped),
        "reordered": Corruption(Words("characters reordered", "打乱字"), "text", _reordered),
    }
)
