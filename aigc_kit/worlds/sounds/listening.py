"""Read sounds back into words by a network.

It was trained on the world's own clips, clean and spoilt, and never on what a model made.
"""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from aigc_kit.core import paths
from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import CannotLoad
from aigc_kit.worlds.sounds.sound_world import HOP, OWN_RATE, SOUND_CHOICES

WINDOW, BINS = 4096, 128
LOWEST_PITCH = 40.0
"""MIDI pitch of the lowest band; there are two to a semitone."""


@cache
def bands() -> np.ndarray:
    """Give triangular bands of half a semitone, float32 (2049, 128)."""
    centres = 440 * 2 ** ((LOWEST_PITCH + np.arange(-1, BINS + 1) / 2 - 69) / 12)
    frequencies = np.fft.rfftfreq(WINDOW, 1 / OWN_RATE)
    width = np.maximum(np.diff(centres), OWN_RATE / WINDOW)
    rise = (frequencies[:, None] - centres[1:-1] + width[:-1]) / width[:-1]
    fall = (centres[1:-1] + width[1:] - frequencies[:, None]) / width[1:]
    return np.maximum(0, np.minimum(rise, fall)).astype(np.float32)


@cache
def listener() -> "Listener":
    """Load the shipped reader once."""
    return Listener()


def features(wave: np.ndarray) -> np.ndarray:
    """Measure a clip as log energies of pitch bands.

    Args:
        wave: float32 (N,) at 16000 Hz; longer than 3 s is cut, shorter filled up with silence.

    Returns:
        float32 (75, 128).
    """
    length = 75 * HOP
    whole = np.zeros(length + WINDOW, np.float32)
    part = np.asarray(wave, np.float32)[:length]
    whole[WINDOW // 2 : WINDOW // 2 + len(part)] = part
    frames = np.lib.stride_tricks.sliding_window_view(whole, WINDOW)[HOP // 2 : length : HOP]
    power = np.abs(np.fft.rfft(frames * np.hanning(WINDOW).astype(np.float32), axis=1)) ** 2
    return np.log(power.astype(np.float32) @ bands() + 1e-2)


def network() -> Any:
    """Build the reader of (B, 1, 75, 128)."""
    from torch import nn

    outputs = sum(map(len, SOUND_CHOICES.values()))
    return nn.Sequential(
        nn.Conv2d(1, 16, 5, stride=(2, 2), padding=2),
        nn.ReLU(),
        nn.Conv2d(16, 24, 5, stride=(2, 2), padding=2),
        nn.ReLU(),
        nn.Conv2d(24, 32, 3, stride=(2, 2), padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(32 * 10 * 16, 64),
        nn.ReLU(),
        nn.Linear(64, outputs),
    )


class Listener:
    """Hold the reader of sounds.

    Args:
        folder: with its model.safetensors; None takes the shipped one.

    Raises:
        CannotLoad: its weights are missing or broken.
    """

    def __init__(self, folder: Path | None = None) -> None:
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        place = folder or paths.assets() / "models" / "soundreader"
        try:
            state = {name: value.float() for name, value in load_file(place / "model.safetensors").items()}
            self.network = network()
            self.network.load_state_dict(state)
        except (OSError, RuntimeError, SafetensorError) as error:
            raise CannotLoad(
                asked=Words("the reader of sounds", "听音的小网络"),
                found=Words(f"{place.name}/model.safetensors cannot be read", f"{place.name}/model.safetensors 读不了"),
                todo=Words(
                    "install from a full clone, or train it: python -m assets.train.tinymusicgen reader",
                    "从完整的克隆安装，或自己训练：python -m assets.train.tinymusicgen reader",
                ),
            ) from error
        self.network.eval()

    def read(self, waves: list[np.ndarray]) -> list[dict[str, str]]:
        """Read clips at 16000 Hz: quality -> value for each."""
        import torch

        with torch.inference_mode():
            logits = self.network(self._batch(waves)).numpy()
        rows = []
        for row in logits:
            place, found = 0, {}
            for name, values in SOUND_CHOICES.items():
                found[name] = values[int(row[place : place + len(values)].argmax())]
                place += len(values)
            rows.append(found)
        return rows

    def embed(self, waves: list[np.ndarray]) -> np.ndarray:
        """Give the reader's inner features of clips, float32 (B, 64)."""
        import torch

        with torch.inference_mode():
            return self.network[:-1](self._batch(waves)).numpy()

    def _batch(self, waves: list[np.ndarray]) -> Any:
        import torch

        return torch.from_numpy(np.stack([features(wave) for wave in waves]))[:, None]
