"""Speak by Kokoro-82M on ONNX Runtime, with mixed styles.

Several Mandarin speakers; the front end is ours.
Source: the model card of hexgrad/Kokoro-82M (Apache-2.0); a voice is a table of 510 style vectors, one per length.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from aigc_kit.core.errors import BadInput, CannotLoad, missing_extra
from aigc_kit.core.types import Card, FrozenMap, Words
from aigc_kit.make.speech.engines.base import KIT_CONTROLS, Control, Segment, Spoken, no_chinese
from aigc_kit.make.speech.engines.fastspeech2 import length_ratio
from aigc_kit.make.speech.frontend.ipa import phonetic
from aigc_kit.make.speech.frontend.pinyin import syllables
from aigc_kit.make.speech.settings import Settings

STYLE = 256  # numbers of a style vector: 128 for the decoder, 128 for the prosody
MOST_SIGNS = 500

# Numbers of the signs that Mandarin needs, out of the model's 178
SIGNS: Mapping[str, int] = FrozenMap(
    {";": 1, ":": 2, ",": 3, ".": 4, "!": 5, "?": 6, " ": 16, "ʦ": 20, "ʨ": 21, "ꭧ": 23, "a": 43, "e": 47, "f": 48}
    | {"i": 51, "j": 52, "k": 53, "l": 54, "m": 55, "n": 56, "o": 57, "p": 58, "s": 61, "t": 62, "u": 63, "w": 65}
    | {"x": 66, "y": 67, "ɔ": 76, "ɕ": 77, "ə": 83, "ɚ": 85, "ɛ": 86, "ɥ": 99, "ɨ": 101, "ŋ": 112, "ɻ": 126, "ʂ": 130}
    | {"ʊ": 135, "ɤ": 140, "ʰ": 162, "↓": 169, "→": 171, "↗": 172, "↘": 173}
)
_MARKS = {"，": ", ", "、": ", ", "。": ". ", "！": "! ", "？": "? ", "；": "; ", "：": ": "}


class KokoroEngine:
    """Speak by Kokoro's Mandarin voices, as `engines.base.Engine`.

    The card's folder holds onnx/model_quantized.onnx and voices/*.bin; no threads are one.

    Raises:
        MissingExtra: onnxruntime is not installed.
        CannotLoad: the files are not what they are called.
    """

    kind = "kokoro"
    reads_english = False
    places = False
    inline: tuple[str, ...] = ()
    has: Mapping[str, Control] = FrozenMap(
        KIT_CONTROLS,
        speed=Control("model", "模型自己的语速；档位到比例的换算是本工具的：5 为原速"),
        pitch=Control("none", "这个声音不能调音高：换一个说话人，或把两个混合"),
        energy=Control("none", "这个声音不能调能量"),
        intonation=Control("none", "这个声音不能调起伏"),
    )

    def __init__(self, card: Card, folder: Path, *, threads: int | None = None) -> None:
        try:
            import onnxruntime
        except ImportError:
            raise missing_extra("onnxruntime", "kokoro", Words(f"the voice {card.name}", f"声音 {card.name}")) from None
        self.card, self.voices = card, tuple(card.facts.voices)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads or 1, 1
        try:
            self._session: Any = onnxruntime.InferenceSession(
                str(folder / "onnx" / "model_quantized.onnx"), options, providers=["CPUExecutionProvider"]
            )
            files = {name: folder / "voices" / f"{name}.bin" for name in self.voices}
            self._styles = {name: np.fromfile(file, np.float32).reshape(510, STYLE) for name, file in files.items()}
        except Exception as error:  # ONNX Runtime's errors share no class
            raise CannotLoad(
                asked=Words(f"the voice {card.name}", f"声音 {card.name}"),
                found=Words(f"its files cannot be read: {error}", f"读不了它的文件（原话：{error}）"),
                todo=Words(
                    f"check them with `aigc fetch --verify {card.name}`, or fetch them anew",
                    f"在终端检查文件：`aigc fetch --verify {card.name}`，或重新下载",
                ),
            ) from error
        self._names = [entry.name for entry in self._session.get_inputs()]  # tokens or input_ids, style, speed

    def speak(self, segment: Segment, settings: Settings, *, seed: int = 0) -> Spoken:
        """Speak a segment, without drawing anything, so without seed.

        Raises:
            BadInput: nothing that can be said, a voice that is not there, or more than `MOST_SIGNS` signs.
        """
        signs = self.signs(segment.spoken)
        if not signs.strip(" ,.!?;:"):
            raise no_chinese(segment)
        if len(signs) > MOST_SIGNS:
            request = Words(f"{len(signs)} signs in one go", f"一口气 {len(signs)} 个音标")
            raise BadInput(
                asked=request,
                found=Words(f"at most {MOST_SIGNS}", f"最多 {MOST_SIGNS} 个"),
                todo=Words("put a full stop into it", "在中间加一个句号"),
            )
        ids = [SIGNS[sign] for sign in signs]
        style = self.style(segment.voice or self.voices[0])[min(len(ids), 510) - 1]
        speed = np.array([1 / length_ratio(settings.speed)], np.float32)
        values = zip(self._names, (np.array([[0, *ids, 0]], np.int64), style[None], speed), strict=True)
        wave = self._session.run(None, dict(values))[0]
        return Spoken(np.asarray(wave, np.float32).ravel().clip(-1, 1))

    def heard(self, spoken: str) -> set[int]:
        """List the indices of characters it can say."""
        return {s.index for s in syllables(spoken) if phonetic(s.pinyin, s.tone)}

    def signs(self, spoken: str) -> str:
        """Write the phonetic signs of a normalised text, marks included."""
        signs = {s.index: phonetic(s.pinyin, s.tone) for s in syllables(spoken)}
        return "".join(signs.get(i, _MARKS.get(c, "")) for i, c in enumerate(spoken)).strip()

    def style(self, voice: str) -> np.ndarray:
        """Mix the style vectors of a voice: float32 (510, 256).

        "a:0.7+b:0.3" mixes two by their weights.

        Raises:
            BadInput: an unknown voice, or weights that do not add up to something positive.
        """
        styles, total = np.zeros((510, STYLE), np.float32), 0.0
        for part in voice.split("+"):
            name, _, weight = part.partition(":")
            share = _share(weight or "1")
            if name not in self._styles or share < 0:
                raise BadInput(
                    asked=f"voice={voice!r}",
                    found=Words(
                        f"{part!r} is not one of {', '.join(self.voices)} with a weight",
                        f"{part!r} 不是 {'、'.join(self.voices)} 之一，或比例写得不对",
                    ),
                    todo=Words(
                        f"say {self.voices[0]!r}, or a mixture such as '{self.voices[0]}:0.7+{self.voices[-1]}:0.3'",
                        f"写 {self.voices[0]!r}，或写混合，例如 '{self.voices[0]}:0.7+{self.voices[-1]}:0.3'",
                    ),
                )
            styles += share * self._styles[name]
            total += share
        if total <= 0:
            raise BadInput(
                asked=f"voice={voice!r}",
                found=Words("weights of 0", "所有比例都是 0"),
                todo=Words("give one of them a weight", "给其中一个大于 0 的比例"),
            )
        return styles / np.float32(total)

    def close(self) -> None:
        """Free the model."""
        self._session = None


def _share(text: str) -> float:
    try:
        return float(text) if np.isfinite(float(text)) else -1
    except ValueError:
        return -1
