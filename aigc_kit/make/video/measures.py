"""How well the frames of a clip hang together, in numbers that react to what an eye would mind.

difference   how much changes from frame to frame: 0 for a still picture, high for motion and for chaos alike
warping      how much of it motion does not explain: low for smooth motion, high for shapes that boil
flicker      how much the brightness trembles, whatever moves
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Take
from aigc_kit.worlds.tinyworld import clip
from aigc_kit.worlds.tinyworld.captions import canonical
from aigc_kit.worlds.tinyworld.clip_vocab import clip_phrase
from aigc_kit.worlds.tinyworld.spec import Spec

FEWEST = 3  # frames that a clip needs for its brightness to tremble
AGREE = 1.0  # pixels by which flow there and back may differ where nothing is hidden
TILES = 4  # brightness is followed on TILES x TILES parts of the picture
FRAMES = 5
Judge = Callable[[Sequence[np.ndarray], Sequence[str]], np.ndarray]
Clip = Take | tuple[np.ndarray, float]  # a take of a video run, or (frames uint8 (T, H, W, 3), frames per second)


@dataclass(frozen=True)
class Consistency:
    """What `consistency` measures, each 0..1 of the full range of brightness.

    Args:
        difference: mean absolute change between neighbouring frames.
        warping: root mean square of what is left after the earlier frame is moved along the optical flow, where flow
            there and back agree (Lai et al. 2018, equation 10, with flow by Lucas and Kanade as in scikit-image).
        flicker: root mean square of the second difference in time of the brightness of 4 x 4 tiles; what changes
            evenly, as in a slow fade, does not count.
        explained: share of pixels where flow there and back agree.
    """

    difference: float
    warping: float
    flicker: float
    explained: float


def consistency(frames: np.ndarray) -> Consistency:
    """All measures of a clip.

    Args:
        frames: uint8 (T, H, W, 3), T >= 3, sides of at least 16 pixels.

    Raises:
        BadInput: not such a clip.
    """
    frames = _checked(frames)
    warped, explained = warping_error(frames)
    return Consistency(frame_difference(frames), warped, flicker(frames), explained)


def frame_difference(frames: np.ndarray) -> float:
    """Mean absolute difference of neighbouring frames, 0..1."""
    frames = _checked(frames)
    return float(np.mean([np.abs(b.astype(np.int16) - a).mean() for a, b in itertools.pairwise(frames)]) / 255)


def flicker(frames: np.ndarray) -> float:
    """Root mean square of the second difference in time of the tiles' brightness, 0..1."""
    gray = _gray(_checked(frames))
    count, height, width = gray.shape
    rows, columns = height // TILES, width // TILES
    cut = gray[:, : rows * TILES, : columns * TILES].reshape(count, TILES, rows, TILES, columns)
    return float(np.sqrt(np.mean(np.diff(cut.mean(axis=(2, 4)), n=2, axis=0) ** 2)))


def warping_error(frames: np.ndarray) -> tuple[float, float]:
    """What motion does not explain: (root mean square 0..1, share of pixels that were compared)."""
    gray = _gray(_checked(frames))
    errors, shares = [], []
    for before, after in itertools.pairwise(gray):
        there, back = flow(before, after), flow(after, before)
        seen = np.abs(there + _moved(back, there)).max(axis=0) < AGREE
        left = (before - _moved(after[None], there)[0])[seen]
        errors.append(float(np.mean(left**2)) if seen.any() else 1.0)
        shares.append(float(seen.mean()))
    return float(np.sqrt(np.mean(errors))), float(np.mean(shares))


def flow(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Optical flow (2, H, W) in pixels, rows then columns: before[y, x] is after[y + flow[0], x + flow[1]].

    Args:
        before, after: float (H, W) in 0..1.
    """
    from skimage.registration import optical_flow_ilk

    return np.asarray(optical_flow_ilk(before, after, radius=5), np.float32)


def _moved(layers: np.ndarray, along: np.ndarray) -> np.ndarray:
    """(C, H, W) read at the places where the flow leads, bilinear, edges repeated."""
    from scipy.ndimage import map_coordinates

    y, x = np.mgrid[: along.shape[1], : along.shape[2]]
    places = np.stack([y + along[0], x + along[1]])
    return np.stack([map_coordinates(layer, places, order=1, mode="nearest") for layer in layers])


def _gray(frames: np.ndarray) -> np.ndarray:
    """(T, H, W) float32 in 0..1, luma of BT.709."""
    return frames.astype(np.float32) @ np.array([0.2126, 0.7152, 0.0722], np.float32) / 255


def _checked(frames: np.ndarray) -> np.ndarray:
    shape: tuple[int, ...] = getattr(frames, "shape", ())
    if getattr(frames, "dtype", None) != np.uint8 or len(shape) != 4 or shape[3] != 3:
        raise BadInput(
            asked="the consistency of a clip",
            found=f"{getattr(frames, 'dtype', type(frames).__name__)} {shape}",
            todo="pass uint8 (T, H, W, 3), such as aigc_kit.media.frames.to_frames(...).data",
        )
    if shape[0] < FEWEST or min(shape[1:3]) < 16:
        raise BadInput(
            asked="the consistency of a clip",
            found=f"{shape[0]} frames of {shape[2]}x{shape[1]}",
            todo=f"it needs {FEWEST} frames of at least 16x16 pixels",
        )
    return frames


def text_similarity(frames: np.ndarray, prompts: Sequence[str], judge: Judge | None = None) -> np.ndarray:
    """Cosine of a clip with each prompt, the mean of at most five frames at equal distances.

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
        raise BadInput(
            asked="the similarity of a clip with a text",
            found="no text, or one without a word that a frame can show",
            todo="name a subject, a colour, a scene or a light",
        )
    judge = judge or clip.similarity
    chosen = np.unique(np.linspace(0, len(frames) - 1, min(FRAMES, len(frames))).round().astype(int))
    said: np.ndarray = np.asarray(judge([frames[k] for k in chosen], texts), np.float64)
    return said.mean(axis=0)


def frame_words(prompt: str) -> str:
    """What one frame can show of a prompt, in the words of the tiny world; "" when it is nothing."""
    made = clip_phrase(prompt)
    known = {name: value for name, value in made.spec.known().items() if name != "motion"}
    return canonical(Spec(**known), made.language) if known else ""


def frames_of(shown: Clip) -> tuple[np.ndarray, float]:
    """Take frames and their rate out of a clip.

    Returns:
        frames uint8 (T, H, W, 3) and frames per second, of a take or of a pair that is one already.

    Raises:
        BadInput: a take of something else than a clip.
    """
    if not isinstance(shown, Take):
        return shown
    if shown.kind != "video":
        raise BadInput(
            asked=f"a clip of a {shown.kind} take", found="no frames", todo="pass a take of aigc_kit.make.video"
        )
    return shown.data, float(shown.plan.request.fps or 16)


@dataclass(frozen=True)
class ClipMeasures(Consistency):
    """The consistency of a named clip; similarity: cosine with a prompt, -1 to 1, or None where it was not judged."""

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
    judged = bool(prompt) and clip.available() and bool(frame_words(prompt))
    rows = []
    for name, shown in clips.items():
        frames, _ = frames_of(shown)
        similarity = float(text_similarity(frames, [prompt])[0]) if judged else None
        rows.append(ClipMeasures(**asdict(consistency(frames)), name=name, similarity=similarity))
    return rows


@dataclass(frozen=True)
class Brightness:
    """Mean brightness of one frame, 0..1, and when it is shown, in seconds."""

    name: str
    seconds: float
    brightness: float


def brightness(clips: Mapping[str, Clip]) -> list[Brightness]:
    """Measure the mean brightness of every frame.

    Args:
        clips: name -> clip.

    Returns:
        A row for each frame, clip by clip.
    """
    rows = []
    for name, shown in clips.items():
        frames, fps = frames_of(shown)
        values = frames.mean(axis=(1, 2, 3)) / 255
        rows += [Brightness(name, index / fps, float(value)) for index, value in enumerate(values)]
    return rows


@dataclass(frozen=True)
class ClipReading:
    """What an independent reader sees in a clip.

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
    """Read several clips; the reader shares no weight with a model.

    Args:
        clips: name -> clip.

    Raises:
        CannotLoad: the reader is not on this machine.
    """
    from aigc_kit.worlds.tinyworld.checker import read_clips
    from aigc_kit.worlds.tinyworld.motion import ClipSpec

    rows = []
    for name, reading in zip(clips, read_clips([frames_of(shown)[0] for shown in clips.values()]), strict=True):
        labels = dict(reading.labels)
        try:
            sentence = canonical(ClipSpec(**labels), "zh")
        except ValueError:  # a subject and a motion that do not go together
            sentence = "，".join(labels.values())
        sure = min(reading.confidence.values())
        rows.append(ClipReading(name, labels, sentence, sure, reading.validity, reading.valid))
    return rows
