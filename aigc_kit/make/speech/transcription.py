"""Write down what a recogniser hears.

heard = transcribe(take.data)             # "今天的天气真不错"
works.evaluation.character_error(heard, text)   # how far it is from what was asked
"""

from functools import lru_cache
from typing import Any

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.media.wav import RATE, resampled
from aigc_kit.models import cards, loaded

HEARS_AT = 16_000  # Hz, what Whisper was trained on
SECONDS = 30  # its window


def transcribe(wave: np.ndarray, rate: int = RATE, *, language: str = "zh", card: str = "whisper-base") -> str:
    """Write down what a recogniser hears in a wave.

    Piece by piece of at most 30 s; greedy, so the same wave gives the same text.

    Args:
        wave: float (N,) in [-1, 1].
        rate: in Hz.
        language: "zh" or "en".
        card: name of a card of kind "listener".

    Raises:
        BadInput: not such a wave, or a card of another kind.
        NotOnDisk: the model is not on this machine; `aigc fetch whisper-base`.

    Source: Radford et al. 2022, "Robust Speech Recognition via Large-Scale Weak Supervision".
    """
    chosen = cards.get(card)
    if chosen.kind != "listener" or language not in chosen.facts.languages:
        raise BadInput(
            asked=Words(f"to hear {language!r} with {card!r}", f"用 {card!r} 听写 {language!r}"),
            found=Words(
                f"a {chosen.kind} card for {', '.join(getattr(chosen.facts, 'languages', ()))}",
                f"这张模型卡是 {chosen.kind}，语言 {'、'.join(getattr(chosen.facts, 'languages', ()))}",
            ),
            todo=Words(
                "use card='whisper-base', language='zh' or 'en'", "写 card='whisper-base'，language='zh' 或 'en'"
            ),
        )
    samples = resampled(_checked(wave), _checked_rate(rate), HEARS_AT)
    model, processor = _loaded(str(loaded.on_disk(chosen)))
    window = SECONDS * HEARS_AT
    parts = [_hear(model, processor, samples[at : at + window], language) for at in range(0, len(samples), window)]
    return "".join(parts).strip()


def _checked_rate(rate: Any) -> int:
    if not isinstance(rate, int) or not 1000 <= rate <= 384_000:
        raise BadInput(
            asked=f"rate={rate!r}",
            found=Words("not a sampling rate in Hz", "这不是采样率（Hz）"),
            todo=Words("the kit's speech has 24000", "工具包的语音是 24000"),
        )
    return rate


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
            asked=Words("to hear a wave", "听写一段波形"),
            found=Words(
                f"{samples.dtype} {samples.shape}, or values that are not finite",
                f"{samples.dtype} {samples.shape}，或有不是有限数的值",
            ),
            todo=Words("pass float (N,) in [-1, 1], such as take.data", "给一维浮点波形，范围 -1 到 1，例如 take.data"),
        )
    return samples
