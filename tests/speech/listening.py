"""A recogniser that writes down what it hears, so that what was said can be checked against it.

transcribe(take.data)                                   # "今天的天气真不错"
character_error_rate(text, transcribe(take.data))       # how far it is from what was asked
"""

from collections.abc import Sequence
from functools import lru_cache
from math import gcd
from typing import Any

import numpy as np

from aigc_kit.core.errors import BadInput
from aigc_kit.media.wav import RATE
from aigc_kit.models import cards, loaded

HEARS_AT = 16_000  # Hz, what Whisper was trained on
SECONDS = 30  # its window


def transcribe(wave: np.ndarray, rate: int = RATE, *, language: str = "zh", card: str = "whisper-base") -> str:
    """What a recogniser hears in a wave, piece by piece of at most 30 s; greedy, so the same wave gives the same text.

    Args:
        wave: float (N,) in [-1, 1].
        rate: in Hz.
        language: "zh" or "en".
        card: name of a card of kind "listener".

    Raises:
        BadInput: not such a wave, or a card of another kind.
        NotOnDisk: the model is not on this machine; `aigc fetch whisper-base`.
    """
    chosen = cards.get(card)
    if chosen.kind != "listener" or language not in chosen.facts.languages:
        raise BadInput(
            asked=f"to hear {language!r} with {card!r}",
            found=f"a {chosen.kind} card for {', '.join(getattr(chosen.facts, 'languages', ()))}",
            todo="use card='whisper-base', language='zh' or 'en'",
        )
    samples = resampled(_checked(wave), rate)
    model, processor = _loaded(str(loaded.on_disk(chosen)))
    window = SECONDS * HEARS_AT
    parts = [_hear(model, processor, samples[at : at + window], language) for at in range(0, len(samples), window)]
    return "".join(parts).strip()


def character_error_rate(said: str, heard: str) -> float:
    """Fewest insertions, deletions and replacements that turn one text into the other, per character of `said`.

    >>> character_error_rate("今天天气", "今天天起了")
    0.5
    """
    if not said:
        raise BadInput(asked="a character error rate", found="an empty reference", todo="give the text that was said")
    return edit_distance(said, heard) / len(said)


def edit_distance(a: Sequence, b: Sequence) -> int:
    """Levenshtein's distance."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]


def resampled(wave: np.ndarray, rate: int) -> np.ndarray:
    """float32 at 16 kHz, by a polyphase filter (scipy)."""
    from scipy.signal import resample_poly

    if not isinstance(rate, int) or not 1000 <= rate <= 384_000:
        raise BadInput(asked=f"rate={rate!r}", found="not a sampling rate in Hz", todo="the kit's speech has 24000")
    common = gcd(rate, HEARS_AT)
    return np.asarray(resample_poly(wave, HEARS_AT // common, rate // common), np.float32)


def _hear(model: Any, processor: Any, samples: np.ndarray, language: str) -> str:
    import torch

    features = processor(samples, sampling_rate=HEARS_AT, return_tensors="pt", return_attention_mask=True)
    with torch.inference_mode():
        ids = model.generate(
            features.input_features,
            attention_mask=features.attention_mask,
            language=language,
            task="transcribe",
            do_sample=False,
        )
    return str(processor.batch_decode(ids, skip_special_tokens=True)[0])


@lru_cache(maxsize=1)
def _loaded(folder: str) -> tuple[Any, Any]:
    import torch
    from transformers import WhisperForConditionalGeneration, WhisperProcessor

    model = WhisperForConditionalGeneration.from_pretrained(
        folder, local_files_only=True, use_safetensors=True, dtype=torch.float32
    )
    return model.eval(), WhisperProcessor.from_pretrained(folder, local_files_only=True)


def _checked(wave: Any) -> np.ndarray:
    samples = np.asarray(wave)
    if samples.ndim != 1 or samples.dtype.kind != "f" or not len(samples) or not np.isfinite(samples).all():
        raise BadInput(
            asked="to hear a wave",
            found=f"{samples.dtype} {samples.shape}, or values that are not finite",
            todo="pass float (N,) in [-1, 1], such as take.data",
        )
    return samples
