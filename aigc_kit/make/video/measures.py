"""Measure how well the frames of a clip hang together.

difference   how much changes from frame to frame: 0 for a still picture, high for motion and for chaos alike
disorder     neighbours' difference over any two frames' difference: low where motion goes on, 1 where order is lost
flicker      how much the brightness trembles from frame to frame; shuffled frames tremble too
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Take, Words
from aigc_kit.make.video.job import FEW, evenly
from aigc_kit.worlds.tinyworld import clip
from aigc_kit.worlds.tinyworld.captions import canonical
from aigc_kit.worlds.tinyworld.clip_vocab import clip_phrase
from aigc_kit.worlds.tinyworld.spec import Spec

FEWEST = 3  # frames that a clip needs for its brightness to tremble
TILES = 4  # brightness is followed on TILES x TILES parts of the picture
Judge = Callable[[Sequence[np.ndarray], Sequence[str]], np.ndarray]
Clip = Take | tuple[np.ndarray, float]  # a take of a video run, or (frames uint8 (T, H, W, 3), frames per second)


@dataclass(frozen=True)
class Consistency:
    """Hold measures of a clip.

    Args:
        difference: mean absolute change between neighbouring frames, 0..1 of the range.
        disorder: that change over the mean absolute change between any two frames; 0 for a still picture, below 1 where
            what moves goes on, about 1 for frames in any order, above 1 for a clip that jumps to and fro at every
            frame. What returns within a few frames (bouncing, turning) is near 1 in its right order too.
        flicker: root mean square of the second difference in time of the brightness of 4 x 4 tiles; what changes
            evenly, as in a slow fade, does not count; 0..1.
    """

    difference: float
    disorder: float
    flicker: float


def consistency(frames: np.ndarray) -> Consistency:
    """Take all measures of a clip.

    Args:
        frames: uint8 (T, H, W, 3), T >= 3, sides of at least 16 pixels.

    Raises:
        BadInput: not such a clip.
    """
    frames = _checked(frames)
    return Consistency(frame_difference(frames), disorder(frames), flicker(frames))


def frame_difference(frames: np.ndarray) -> float:
    """Measure the mean absolute difference of neighbouring frames, 0..1."""
    frames = _checked(frames)
    return float(np.mean([np.abs(b.astype(np.int16) - a).mean() for a, b in itertools.pairwise(frames)]) / 255)


def flicker(frames: np.ndarray) -> float:
    """Measure how the brightness of tiles trembles, RMS 0..1."""
    gray = _gray(_checked(frames))
    count, height, width = gray.shape
    rows, columns = height // TILES, width // TILES
    cut = gray[:, : rows * TILES, : columns * TILES].reshape(count, TILES, rows, TILES, columns)
    return float(np.sqrt(np.mean(np.diff(cut.mean(axis=(2, 4)), n=2, axis=0) ** 2)))


def disorder(frames: np.ndarray) -> float:
    """Compare neighbouring frames with any two frames, 0 and up."""
    frames = _checked(frames)
    between = [np.abs(first.astype(np.int16) - second).mean() for first, second in itertools.combinations(frames, 2)]
    every = float(np.mean(between))
    return frame_difference(frames) * 255 / every if every else 0.0


def _gray(frames: np.ndarray) -> np.ndarray:
    """Take BT.709's luma, (T, H, W) float32 in 0..1."""
    return frames.astype(np.float32) @ np.array([0.2126, 0.7152, 0.0722], np.float32) / 255


def _checked(frames: np.ndarray) -> np.ndarray:
    shape: tuple[int, ...] = getattr(frames, "shape", ())
    dtype = getattr(frames, "dtype", type(frames).__name__)
    wish = Words("the consistency of a clip", "一段短片的一致性")
    if dtype != np.uint8 or len(shape) != 4 or shape[3] != 3:
        todo = Words(
            "pass uint8 (T, H, W, 3), such as aigc_kit.media.frames.to_frames(...).data",
            "给 uint8 (T, H, W, 3)，例如 aigc_kit.media.frames.to_frames(...).data",
        )
        raise BadInput(asked=wish, found=f"{dtype} {shape}", todo=todo)
    if shape[0] < FEWEST or min(shape[1:3]) < 16:
        todo = Words(f"it needs {FEWEST} frames of at least 16x16 pixels", f"至少要 {FEWEST} 帧，每帧至少 16x16 像素")
        raise BadInput(
            asked=wish,
            found=Words(f"{shape[0]} frames of {shape[2]}x{shape[1]}", f"{shape[0]} 帧，{shape[2]}x{shape[1]}"),
            todo=todo,
        )
    return frames


def text_similarity(frames: np.ndarray, prompts: Sequence[str], judge: Judge | None = None) -> np.ndarray:
    """Compare a clip with each prompt by their cosine.

    The mean of at most five frames at equal distances.

    Args:
        frames: uint8 (T, H, W, 3).
        prompts: as written; for the tiny world's judge they are said in its words first.
        judge: (pictures, texts) -> cosines float (pictures, texts); None: the tiny world's small CLIP.

    Returns:
        float64 (prompts,), -1 to 1.

    Raises:
        BadInput: no prompts, or one of which a frame can show nothing.
        CannotLoad: the small CLIP is not on this machine.

    Source: CLIPSIM (Wu et al. 2021, arXiv 2104.14806), with a judge of our own.
    """
    texts = [frame_words(prompt) for prompt in prompts] if judge is None else list(prompts)
    if not texts or not all(texts):
        reason = Words("no text, or one without a word that a frame can show", "没有文字，或文字里没有画面能表现的词")
        todo = Words("name a subject, a colour, a scene or a light", "写上主体、颜色、场景或光线")
        raise BadInput(
            asked=Words("the similarity of a clip with a text", "短片与文字的相似程度"), found=reason, todo=todo
        )
    judge = judge or clip.similarity
    cosines: np.ndarray = np.asarray(judge(evenly(frames, FEW), texts), np.float64)
    return cosines.mean(axis=0)


def frame_words(prompt: str) -> str:
    """Say a prompt's visible part in the tiny world's words."""
    phrase = clip_phrase(prompt)
    words = {name: value for name, value in phrase.spec.known().items() if name != "motion"}
    return canonical(Spec(**words), phrase.language) if words else ""


def frames_of(film: Clip) -> tuple[np.ndarray, float]:
    """Take frames and their rate out of a clip.

    Returns:
        frames uint8 (T, H, W, 3), and frames per second.

    Raises:
        BadInput: a take of something else than a clip.
    """
    if not isinstance(film, Take):
        return film
    if film.kind != "video":
        todo = Words("pass a take of aigc_kit.make.video", "给 aigc_kit.make.video 的结果（take）")
        raise BadInput(
            asked=Words(f"a clip of a {film.kind} take", f"把 {film.kind} 的结果当作短片"),
            found=Words("no frames", "里面没有帧"),
            todo=todo,
        )
    return film.data, float(film.plan.request.fps or 16)


@dataclass(frozen=True)
class ClipMeasures(Consistency):
    """Hold a clip's measures, its similarity where it was judged."""

    name: str
    similarity: float | None


def reports(clips: Mapping[str, Clip], prompt: str = "") -> list[ClipMeasures]:
    """Measure several clips, one row each.

    Args:
        clips: name -> clip.
        prompt: for the similarity; judged where the small CLIP is here and the prompt says what a frame can show.

    Raises:
        BadInput: as in `consistency`.
    """
    judge = bool(prompt) and clip.available() and bool(frame_words(prompt))
    rows = []
    for name, film in clips.items():
        frames, _ = frames_of(film)
        similarity = float(text_similarity(frames, [prompt])[0]) if judge else None
        rows.append(ClipMeasures(**asdict(consistency(frames)), name=name, similarity=similarity))
    return rows


@dataclass(frozen=True)
class Brightness:
    """Hold the mean brightness, 0..1, of the frame at `seconds`."""

    name: str
    seconds: float
    brightness: float


def brightness(clips: Mapping[str, Clip]) -> list[Brightness]:
    """Measure the mean brightness of every frame, clip by clip."""
    rows = []
    for name, film in clips.items():
        frames, fps = frames_of(film)
        values = frames.mean(axis=(1, 2, 3)) / 255
        rows += [Brightness(name, index / fps, float(value)) for index, value in enumerate(values)]
    return rows


@dataclass(frozen=True)
class ClipReading:
    """Hold what an independent reader sees in a clip.

    Args:
        name: of the clip.
        labels: attribute -> value that the reader takes for the likeliest.
        sentence: the same in Chinese.
        confidence: of the attribute that it is least sure of, in [0, 1].
        validity: how much the clip is one of the tiny world, in [0, 1]; valid: enough.
    """

    name: str
    labels: Mapping[str, str]
    sentence: str
    confidence: float
    validity: float
    valid: bool


def readings(clips: Mapping[str, Clip]) -> list[ClipReading]:
    """Read several clips by a reader of its own weights.

    Raises:
        CannotLoad: the reader is not on this machine.
    """
    from aigc_kit.worlds.tinyworld.checker import read_clips
    from aigc_kit.worlds.tinyworld.motion import ClipSpec

    rows = []
    for name, reading in zip(clips, read_clips([frames_of(film)[0] for film in clips.values()]), strict=True):
        labels = dict(reading.labels)
        try:
            sentence = canonical(ClipSpec(**labels), "zh")
        except ValueError:  # a subject and a motion that do not go together
            sentence = "，".join(labels.values())
        sure = min(reading.confidence.values())
        rows.append(ClipReading(name, labels, sentence, sure, reading.validity, reading.valid))
    return rows
