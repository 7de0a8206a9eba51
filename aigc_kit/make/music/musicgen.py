"""Make sound with MusicGen: words, or words and a sample."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from aigc_kit.core.errors import BadInput, CannotLoad
from aigc_kit.core.types import Card, Request, Words
from aigc_kit.core.types.records import ReadWords
from aigc_kit.make.music.settings import Settings
from aigc_kit.make.text.engines.hf import quiet
from aigc_kit.media.wav import RATE, resampled
from aigc_kit.worlds.sounds.sound_world import FRAMES, SOUND_NAMES, read_sound, sound_caption

LONGEST_SAMPLE = 15.0  # seconds to go on from
WORLD_SECONDS = FRAMES / 25
"""Of a sound of the closed world, all that its model has learned."""


class MusicgenEngine:
    """Hold a MusicgenForConditionalGeneration with its processor.

    Args:
        card: of it.
        folder: of its files.
        dtype: "float32" or "float16".
        device: "cpu" or "cuda".

    Raises:
        CannotLoad: the files are not those of such a model.
    """

    kind = "musicgen"

    def __init__(self, card: Card, folder: Path, *, dtype: str = "float32", device: str = "cpu") -> None:
        from transformers import AutoProcessor, MusicgenForConditionalGeneration
        from transformers.utils import logging

        told = logging.get_verbosity()
        logging.set_verbosity_error()  # the class's own start token, one behind its codes, draws a warning
        try:
            with quiet():
                self.model: Any = MusicgenForConditionalGeneration.from_pretrained(
                    folder, dtype=dtype, attn_implementation="eager"
                )
                self.processor: Any = AutoProcessor.from_pretrained(folder)
        except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
            raise CannotLoad(
                asked=Words(f"the music model in {folder.name}", f"{folder.name} 里的音乐模型"),
                found=Words(f"cannot be read: {error}", f"读不了（原话：{error}）"),
                todo=Words("take its files again", "重新取一份它的文件"),
            ) from error
        finally:
            logging.set_verbosity(told)
        self.model.eval().to(device)
        self.card = card

    @property
    def rate(self) -> int:
        """Give the samples a second that it makes."""
        return int(self.model.config.audio_encoder.sampling_rate)

    def close(self) -> None:
        """Let go of the weights."""
        self.model = None

    def sound(
        self, request: Request, settings: Settings, sample: np.ndarray | None = None
    ) -> tuple[np.ndarray, ReadWords]:
        """Make sound.

        Args:
            request: prompt, guidance (that of the card if open), seed.
            settings: seconds, temperature.
            sample: float32 (N,) at 24000 Hz to go on from; what is returned begins with it, as the codec hears it.

        Returns:
            wave float32 (N,) in [-1, 1] at 24000 Hz, resampled from the model's own rate; what its encoder read.

        Raises:
            BadInput: a sample that is empty, has no numbers, or is longer than 15 s; of a model of the closed world,
                more than 3 s in all, or words of which it knows none.
        """
        import torch

        given: dict[str, Any] = {}
        if sample is not None:
            given = {"audio": resampled(_checked(sample), RATE, self.rate), "sampling_rate": self.rate}
        words = self._worded(request.prompt, settings.seconds, 0.0 if sample is None else len(sample) / RATE)
        inputs = self.processor(text=[words.phrase or request.prompt], padding=True, return_tensors="pt", **given)
        inputs = {name: value.to(self.model.device) for name, value in inputs.items()}
        codec = self.model.config.audio_encoder
        frames = round(settings.seconds * codec.frame_rate)
        late = self.model.config.decoder.num_codebooks - 1  # steps until the last book has its first code
        torch.manual_seed(request.seed)
        with torch.inference_mode():
            values = self.model.generate(
                **inputs,
                do_sample=settings.temperature > 0,
                temperature=settings.temperature or None,
                guidance_scale=self.card.facts.guidance if request.guidance is None else request.guidance,
                max_new_tokens=frames + late,
            )
        wave = resampled(values[0, 0].float().cpu().numpy(), self.rate, RATE)
        tokens = inputs["input_ids"].shape[1]
        read = self.processor.tokenizer.decode(inputs["input_ids"][0], skip_special_tokens=True)
        return wave.clip(-1, 1).astype(np.float32), replace(words, read=read, tokens=tokens, limit=tokens)

    def _worded(self, prompt: str, seconds: float, before: float) -> ReadWords:
        """Read a prompt for a model of the closed world."""
        if self.card.parts.get("world") != "sounds":
            return ReadWords(given=prompt, read=prompt, tokens=0, limit=0)
        wish, rest = read_sound(prompt)
        if not wish.items():
            raise BadInput(
                asked=Words(f"the sound {prompt!r}", f"声音 {prompt!r}"),
                found=Words("no word of its closed world", "里面没有小世界里的词"),
                todo=Words("say such as 'flute, slow, low, rising, major'", "写“长笛，慢速，低音，上行，大调”这样的词"),
            )
        if seconds + before > WORLD_SECONDS + 1e-6:
            raise BadInput(
                asked=Words(f"{seconds:g} s after {before:g} s", f"在 {before:g} 秒之后再写 {seconds:g} 秒"),
                found=Words(
                    f"it has learned sounds of {WORLD_SECONDS:g} s", f"它学过的声音一共只有 {WORLD_SECONDS:g} 秒"
                ),
                todo=Words(
                    f"take seconds={max(0.5, WORLD_SECONDS - before):g} at most, or a shorter sample",
                    f"把 seconds 设成 {max(0.5, WORLD_SECONDS - before):g} 以内，或截短样本",
                ),
            )
        return ReadWords(
            given=prompt,
            read="",
            tokens=0,
            limit=0,
            phrase=sound_caption(wish),
            kept=tuple((SOUND_NAMES[value].zh, name, value) for name, value in wish.items()),
            dropped=tuple((word, "这个小世界里没有") for word in rest.split()),
        )


def _checked(sample: Any) -> np.ndarray:
    wave = np.asarray(sample)
    seconds = len(wave) / RATE if wave.ndim == 1 else 0.0
    if wave.dtype.kind != "f" or not 0 < seconds <= LONGEST_SAMPLE or not np.isfinite(wave).all():
        raise BadInput(
            asked=Words(
                f"to go on from {wave.dtype} {wave.shape}", f"接着 {wave.dtype}、形状 {wave.shape} 的声音往下写"
            ),
            found=Words(
                f"no sound of finite floats (N,), of at most {LONGEST_SAMPLE:g} s",
                f"不是有限浮点数、形状 (N,)、不超过 {LONGEST_SAMPLE:g} 秒的声音",
            ),
            todo=Words("give take.data, or a part of it", "给 take.data，或截取其中一段"),
        )
    return wave
