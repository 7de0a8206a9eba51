"""Hold measures of pictures, clips, sounds and texts.

A Fréchet distance on our reader's features is no FID, and is not called so: FID is the distance on the features of one
network of Inception-v3 alone. What needs weights that are not here is described in `NOT_RUN`, never imitated.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import FrozenMap
from aigc_kit.make.music.measures import frechet, spectral_distance
from aigc_kit.make.video import measures as clips
from aigc_kit.worlds.tinyworld import checker, clip

Pictures = Sequence[np.ndarray] | np.ndarray  # or their features


@dataclass(frozen=True)
class Meter:
    """Describe one measure.

    Args:
        title: what it is called.
        kind: "image", "video", "audio" or "text".
        needs: "set" (a set of references), "pair" (the undamaged twin), "text" (what it should show), "" (nothing).
        better: "high" or "low".
        work: (things, references or texts) -> one number, or one for each thing.
    """

    title: Words
    kind: str
    needs: str
    better: str
    work: Callable[[Any, Any], Any]

    def __call__(self, things: Any, references: Any = None) -> Any:
        """Measure things, against references where it needs them.

        Raises:
            BadInput: it needs what is not there.
        """
        if self.needs and references is None:
            raise BadInput(
                asked=self.title,
                found=Words(f"no {self.needs} to compare with", "没有可以比较的参照"),
                todo=Words(
                    "give it as second argument, or take a measure without", "第二个参数给参照，或换一种不要参照的量法"
                ),
            )
        return self.work(things, references)


def features(pictures: Sequence[np.ndarray]) -> np.ndarray:
    """Give the reader's last layer, averaged over places: (B, 128)."""
    return np.asarray(checker.activations(pictures)[-1].mean(axis=(2, 3)), float)


def fd_reader(pictures: Pictures, references: Pictures) -> float:
    """Measure two sets' Fréchet distance on our reader's features.

    Args:
        pictures, references: uint8 (H, W, 3), two or more each, or their `features`, float (B, 128). Few of them raise
            it, as they raise FID.
    """
    return frechet(_measured(pictures), _measured(references))


def _measured(some: Pictures) -> np.ndarray:
    return some if isinstance(some, np.ndarray) and some.ndim == 2 else features(list(some))


def perceptual(pictures: Sequence[np.ndarray], references: Sequence[np.ndarray]) -> np.ndarray:
    """Measure by our reader how far twins lie apart.

    Every layer is scaled to length 1 at each place, as in LPIPS, without its learnt weights: no LPIPS.

    Returns:
        float (B,), 0 for equal pictures.

    Source: Zhang et al. 2018, "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric" (the idea).
    """
    sums = np.zeros(len(pictures))
    for one, other in zip(checker.activations(pictures), checker.activations(references), strict=True):
        units = [layer / np.sqrt((layer**2).sum(axis=1, keepdims=True) + 1e-6) for layer in (one, other)]
        sums += ((units[0] - units[1]) ** 2).sum(axis=1).mean(axis=(1, 2))
    return sums


def clip_fit(pictures: Sequence[np.ndarray], texts: Sequence[str]) -> np.ndarray:
    """Measure how well pictures fit their texts: float (B,), cosines."""
    return np.diag(clip.similarity(pictures, texts))


def rms(pictures: Sequence[np.ndarray], references: Sequence[np.ndarray]) -> np.ndarray:
    """Measure the difference of pixels: float (B,), grey levels."""
    pairs = zip(pictures, references, strict=True)
    return np.array([np.sqrt(np.mean((one.astype(float) - two) ** 2)) for one, two in pairs])


def flow(frames: np.ndarray) -> float:
    """Measure how far things move between neighbouring frames, in pixels.

    Args:
        frames: uint8 (T, H, W, 3), two or more.

    Source: iterative Lucas-Kanade of scikit-image, Le Besnerais and Champagnat 2005.
    """
    from skimage.registration import optical_flow_ilk

    frames = np.asarray(frames)
    if frames.ndim != 4 or len(frames) < 2:
        raise BadInput(
            asked=Words(f"the motion of {frames.shape}", f"形状 {frames.shape} 的运动"),
            found=Words("not two frames", "不到两帧"),
            todo=Words("give uint8 (T, H, W, 3)", "给 uint8，形状 (T, H, W, 3)"),
        )
    grey = frames.astype(np.float32).mean(axis=3) / 255
    moves = [
        np.quantile(np.hypot(*optical_flow_ilk(a, b, radius=5, num_warp=3)), 0.95) if (a != b).any() else 0.0
        for a, b in pairwise(grey)
    ]
    return float(np.mean(moves))


def si_sdr(wave: np.ndarray, reference: np.ndarray) -> float:
    """Measure signal over distortion in dB, whatever the loudness.

    100 where nothing differs.

    Args:
        wave, reference: float (N,), of one length; the reference is not silent.

    Source: Le Roux et al. 2019, "SDR - half-baked or well done?", equation 5.

    >>> import numpy as np
    >>> si_sdr(np.array([2.0, 0.0, 2.0, 1.0]), np.array([1.0, 0.0, 1.0, 0.0])) > 8
    True
    """
    one, two = np.asarray(wave, float), np.asarray(reference, float)
    if one.shape != two.shape or one.ndim != 1 or not (two**2).sum():
        raise BadInput(
            asked=Words(f"SI-SDR of {one.shape} and {two.shape}", f"{one.shape} 与 {two.shape} 的 SI-SDR"),
            found=Words("not of one length, or a silent reference", "长短不一样，或者参照没有声音"),
            todo=Words("cut both to one length", "把两段剪成一样长"),
        )
    target = (one @ two) / (two @ two) * two
    power, error = (target**2).sum(), ((one - target) ** 2).sum()
    return float(10 * np.log10(max(power, 1e-30) / max(error, 1e-10 * power, 1e-30)))


def character_error(heard: str, said: str) -> float:
    """Count the share of characters that must be changed.

    Insertions, deletions and exchanges; spaces and punctuation do not count. It can exceed 1.

    Raises:
        BadInput: nothing was said.

    >>> character_error("今天天汽好", "今天天气真好")
    0.3333333333333333
    """
    one, two = ([sign for sign in text if sign.isalnum()] for text in (heard, said))
    if not two:
        raise BadInput(
            asked=Words("a character error", "字错率"),
            found=Words("nothing was said", "原文里没有字"),
            todo=Words("give the text that was read aloud", "给朗读的原文"),
        )
    row = list(range(len(one) + 1))
    for number, wanted in enumerate(two, 1):
        new = [number]
        for place, sign in enumerate(one, 1):
            new.append(min(row[place] + 1, new[-1] + 1, row[place - 1] + (sign != wanted)))
        row = new
    return row[-1] / len(two)


def bits_per_character(text: str) -> float:
    """Measure how little a model foresees, in bits a character.

    Args:
        text: Chinese, three characters or more; the first is given.
    """
    from aigc_kit.make import text as texts
    from aigc_kit.make.text.measures import likelihood

    engine = texts.engine(texts.plan_for("春", card="poem", engine="transformers"))
    told = likelihood(engine, text[0], text[1:])
    return float(told.nll / np.log(2) / (len(text) - 1))


def _each(function: Callable[[Any, Any], float]) -> Callable[[Any, Any], np.ndarray]:
    return lambda some, others: np.array([function(one, two) for one, two in zip(some, others, strict=True)])


def _alone(function: Callable[[Any], float]) -> Callable[[Any, Any], np.ndarray]:
    return lambda some, _: np.array([function(one) for one in some])


METERS: Mapping[str, Meter] = FrozenMap(
    {
        "rms": Meter(Words("pixel difference", "像素差"), "image", "pair", "low", rms),
        "perceptual": Meter(Words("reader's distance", "读图器距离"), "image", "pair", "low", perceptual),
        "fd-reader": Meter(Words("FD-reader", "FD-读图器"), "image", "set", "low", fd_reader),
        "clip": Meter(Words("mini-CLIP", "小 CLIP"), "image", "text", "high", clip_fit),
        "flicker": Meter(Words("flicker", "闪烁"), "video", "", "low", _alone(clips.flicker)),
        "disorder": Meter(Words("disorder", "乱序"), "video", "", "low", _alone(clips.disorder)),
        "flow": Meter(Words("motion (pixels)", "运动（像素）"), "video", "", "low", _alone(flow)),
        "si-sdr": Meter(Words("SI-SDR (dB)", "信号失真比 SI-SDR（dB）"), "audio", "pair", "high", _each(si_sdr)),
        "lsd": Meter(Words("LSD (dB)", "对数谱距离（dB）"), "audio", "pair", "low", _each(spectral_distance)),
        "bits": Meter(Words("bits a character", "每字比特"), "text", "", "low", _alone(bits_per_character)),
        "cer": Meter(Words("character error", "字错率"), "text", "pair", "low", _each(character_error)),
    }
)

NOT_RUN: Mapping[str, Words] = FrozenMap(
    {
        "FID": Words(
            "the features of one Inception-v3 file, thousands of pictures; pip install torch-fidelity",
            "要 Inception-v3 的那一份权重，和成千上万张图；torch-fidelity 里有",
        ),
        "LPIPS": Words(
            "AlexNet or VGG weights and learnt scales, a reference; pip install lpips",
            "要 AlexNet 或 VGG 的权重和学出来的系数，还要参照图；lpips 里有",
        ),
        "FAD": Words(
            "VGGish or CLAP weights, a set of references; pip install frechet-audio-distance",
            "要 VGGish 或 CLAP 的权重，和一组参照；frechet-audio-distance 里有",
        ),
        "PESQ": Words(
            "the undistorted original, speech at 8 or 16 kHz: no judge of music or voices (E40); pip install pesq",
            "要同一句话没有失真的原声，8 或 16 kHz：不能单独评音乐或合成语音（E40）；pesq 里有",
        ),
        "MOS": Words(
            "people who listen; here a blind ABX by the learner takes its place",
            "要许多人来听；这里由你自己做一次盲听 ABX",
        ),
    }
)
"""Measures that courses name and that are not run here, with what each would need."""
