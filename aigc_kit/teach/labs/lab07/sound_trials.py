"""Ask the tiny MusicGen in batches, and count."""

import random
from collections.abc import Sequence
from typing import Any

import numpy as np

from aigc_kit.core.statistics import wilson
from aigc_kit.teach.labs.lab07.obedience import Obeyed
from aigc_kit.worlds.sounds import SOUND_CHOICES, SoundWish, render, sound_caption, wishes


def sound_batch(
    engine: Any, asked: Sequence[SoundWish], temperature: float = 0.3, guidance: float = 1.0, seed: int = 0
) -> list[np.ndarray]:
    """Make one sound for each wish, all at once.

    Args:
        engine: the loaded tiny MusicGen.
        asked: said to it in Chinese.
        temperature: above 0.
        guidance: 1 is none.
        seed: of torch's draws.

    Returns:
        waves float32 (48000,) at 16000 Hz.
    """
    import torch

    texts = [sound_caption(wish) for wish in asked]
    inputs = engine.processor(text=texts, padding=True, return_tensors="pt")
    torch.manual_seed(seed)
    with torch.inference_mode():
        waves = engine.model.generate(
            **inputs, do_sample=True, temperature=temperature, guidance_scale=guidance, max_new_tokens=78
        )
    return list(waves[:, 0].numpy())


def some_sounds(count: int, seed: int = 0) -> tuple[list[SoundWish], list[np.ndarray]]:
    """Draw wishes of the closed world, and render them."""
    draw = random.Random(f"lab 07 sounds {seed}")
    asked = draw.sample(list(wishes()), count)
    return asked, [render(wish, draw.randrange(3)) for wish in asked]


def told(asked: Sequence[SoundWish], heard: Sequence[dict[str, str]]) -> list[Obeyed]:
    """Count qualities that are heard as they were asked."""
    marks: dict[str, list[bool]] = {name: [] for name in SOUND_CHOICES}
    for wish, found in zip(asked, heard, strict=True):
        for name, value in wish.items():
            marks[name].append(found[name] == value)
    return [Obeyed(name, *wilson(sum(hits), len(hits)), len(hits)) for name, hits in marks.items() if hits]
