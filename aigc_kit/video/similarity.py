"""How well a clip goes with a text: the mean over its frames of what a judge of pictures says.

The judge of the tiny world is its own small CLIP, which knows pictures only: motion is not judged here (the clip
checker does that), and the text is what a frame can show of it.
"""

from collections.abc import Callable, Sequence

import numpy as np

from aigc_kit.errors import BadInput
from aigc_kit.tinyworld import clip
from aigc_kit.tinyworld.captions import canonical
from aigc_kit.tinyworld.clip_vocab import clip_phrase
from aigc_kit.tinyworld.spec import Spec

FRAMES = 5
Judge = Callable[[Sequence[np.ndarray], Sequence[str]], np.ndarray]


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
