"""Speak Mandarin by FastSpeech2 and multi-band MelGAN on LiteRT.

pinyin -> mel -> wave. Only the two graphs and the table of symbols are taken from their package; text, tones, joins and
controls are ours. FastSpeech2 says how long each symbol lasts, so the end of every syllable is known exactly.
Source: Ren et al. 2020 (arXiv 2006.04558); Yang et al. 2020 (arXiv 2005.05106).
"""

import copy
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from aigc_kit.core.errors import BadInput, CannotLoad
from aigc_kit.core.types import Card, FrozenMap, Words
from aigc_kit.make.speech.engines.base import KIT_CONTROLS, Control, Segment, Spoken, no_chinese
from aigc_kit.make.speech.frontend.pinyin import Syllable, syllables
from aigc_kit.make.speech.settings import NORMAL_SPEED, Settings
from aigc_kit.media.wav import RATE
from aigc_kit.models.fetch.common import sha256_of

# (shift in standard deviations, ratio that was measured: median pitch, RMS), means over four sentences
PITCH = ((-1.5, 0.803), (-1.0, 0.855), (-0.5, 0.926), (0.0, 1.0), (0.5, 1.087), (1.0, 1.159), (1.5, 1.193))
LOUDNESS = ((-1.0, 0.449), (-0.5, 0.721), (0.0, 1.0), (0.5, 1.224), (1.0, 1.384), (1.5, 1.482))
HOP = 300  # samples per mel frame: 12.5 ms
CHUNK, CONTEXT = 256, 32  # frames; the vocoder hears fewer than 32 to either side
MOST_SYLLABLES = 48  # in one go: the decoder has 2,048 places, and a slow syllable takes 40 of them
COMMAS = "，、；：,;:"
VOICES: Mapping[str, float] = FrozenMap({"baker": 1.0, "baker-low": 0.86, "baker-high": 1.15})
"""Voices: name -> ratio of the pitch. There is one speaker; the others are she, with the pitch moved."""

SHIFTED = {b"Identity_3": b"f0_shift", b"Identity_4": b"energy_shift"}


def interpolate(table: Sequence[tuple[float, float]], ratio: float) -> float:
    """Find the shift that gives a ratio, within the table.

    >>> interpolate(((0.0, 1.0), (1.0, 1.2)), 1.1)
    0.5
    """
    shifts, ratios = zip(*table, strict=True)
    return round(float(np.interp(ratio, ratios, shifts)), 6)


def length_ratio(speed: int | None) -> float:
    """Tell how much longer a sound lasts at a speed.

    2 at 0, 1 at 5, 0.57 at 9: the kit's own mapping.

    >>> length_ratio(None), length_ratio(0), length_ratio(5)
    (1.0, 2.0, 1.0)
    """
    return 1.0 if speed is None else 2.0 ** ((NORMAL_SPEED - speed) / 5)


class FastSpeech2Engine:
    """Speak by the Baker voice, as `engines.base.Engine`.

    The folder holds the card's two graphs and the mapper. Threads are of each graph; None is one (a syllable
    is too small to share).

    Raises:
        CannotLoad: ai-edge-litert is missing, or the graphs are not the ones that are known.
    """

    kind = "fastspeech2"
    voices = tuple(VOICES)
    reads_english = False
    places = True
    inline: tuple[str, ...] = ()
    has: Mapping[str, Control] = FrozenMap(
        KIT_CONTROLS,
        speed=Control("model", "模型自己的时长比例；档位到比例的换算是本工具的：5 为原速，9 约 0.57 倍时长"),
        pitch=Control("model", "平移模型预测的音高：0.80～1.20（再高再低它没学过）"),
        energy=Control("model", "平移模型预测的能量：响度约 0.45～1.45 倍"),
        intonation=Control("model", "模型自己的音高比例：0 没有起伏，1 原样，2 夸张"),
    )

    def __init__(self, card: Card, folder: Path, *, threads: int | None = None) -> None:
        self.card = card
        _check_bytes(card, folder)
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError as error:
            raise CannotLoad(
                asked=Words(f"the voice {card.name}", f"声音 {card.name}"),
                found=Words(
                    f"the package ai-edge-litert cannot be imported: {error}",
                    f"软件包 ai-edge-litert 不能导入（原话：{error}）",
                ),
                todo=Words(
                    "pip install ai-edge-litert, then restart the kernel", "运行 pip install ai-edge-litert，再重启内核"
                ),
            ) from error

        mapper = json.loads((folder / "baker_mapper.json").read_text(encoding="utf-8"))
        self._ids: dict[str, int] = mapper["symbol_to_id"]
        self._parts: dict[str, list[str]] = mapper["pinyin_dict"]
        graph = with_shifts((folder / "fastspeech2_quan.tflite").read_bytes())
        with _quiet():
            self._acoustic: Any = Interpreter(model_content=graph, num_threads=threads or 1)
            self._vocoder: Any = Interpreter(str(folder / "mb_melgan.tflite"), num_threads=threads or 1)
            self.speak(Segment("好", "好"), Settings())  # what is set up once belongs to loading, not to the first run

    def speak(self, segment: Segment, settings: Settings, *, seed: int = 0) -> Spoken:
        """Speak a segment, always the same way, whatever the seed.

        Raises:
            BadInput: no character that has a reading, or an unknown voice.
        """
        voice = segment.voice or self.voices[0]
        if voice not in VOICES:
            has = Words(f"{self.card.name} has {', '.join(VOICES)}", f"{self.card.name} 有 {'、'.join(VOICES)}")
            raise BadInput(asked=f"voice={voice!r}", found=has, todo=Words("choose one of these", "从里面选一个"))
        run = self._run(segment.spoken)
        if not run:
            raise no_chinese(segment)
        waves, marks, seconds = [], list[tuple[int, float]](), 0.0
        count = -(-len(run) // MOST_SYLLABLES)
        for low, high in pairwise(round(len(run) * i / count) for i in range(count + 1)):
            mel, ends = self.mel(run[low:high], segment.spoken, settings, VOICES[voice])
            waves.append(self.vocode(mel))
            marks += [(at, seconds + second) for at, second in ends]
            seconds += len(waves[-1]) / RATE
        return Spoken(np.concatenate(waves), tuple(marks))

    def heard(self, spoken: str) -> set[int]:
        """List the indices of characters it can say."""
        return {syllable.index for syllable in self._run(spoken)}

    def _run(self, spoken: str) -> list[Syllable]:
        return [s for s in syllables(spoken) if s.pinyin in self._parts or s.pinyin in ("n", "m", "ng")]

    def mel(
        self, group: list[Syllable], spoken: str, settings: Settings, voice: float = 1.0
    ) -> tuple[np.ndarray, list[tuple[int, float]]]:
        """Compute the mel spectrogram of some syllables.

        Args:
            group: at most `MOST_SYLLABLES`.
            spoken: the text they are from; a comma between two of them becomes the pause that the model knows.
            settings: speed, pitch, energy and intonation are used.
            voice: ratio of the pitch.

        Returns:
            (float32 (1, T, 80) normalised log-mel, T frames of 12.5 ms; (index in `spoken` behind a syllable, its end
            in seconds) for all but the last).
        """
        symbols, ends = self._symbols(group, spoken)
        values = {
            "input_ids": [[self._ids[s] for s in symbols]],
            "speaker_ids": [0],
            "speed_ratios": [length_ratio(settings.speed)],
            "f0_ratios": [1.0 if settings.intonation is None else settings.intonation],
            "energy_ratios": [1.0],
            "f0_shift": [[interpolate(PITCH, (settings.pitch or 1.0) * voice)]],
            "energy_shift": [[interpolate(LOUDNESS, settings.energy or 1.0)]],
        }
        tensors = self._invoke(self._acoustic, {k: np.array(v) for k, v in values.items()})
        frames = np.cumsum(tensors[2][0].astype(int))
        return tensors[1], [(index, float(frames[at] * HOP / RATE)) for index, at in ends[:-1]]

    def vocode(self, mel: np.ndarray) -> np.ndarray:
        """Turn mel, float32 (1, T, 80), into float32 (300 T,).

        In chunks that give the same samples as the whole would: a second of sound takes 50 MB while it is made.
        """
        waves, frames = [], mel.shape[1]
        for start in range(0, frames, CHUNK):
            low, stop = max(0, start - CONTEXT), min(frames, start + CHUNK)
            part = mel[:, low : min(frames, stop + CONTEXT)]
            wave = self._invoke(self._vocoder, {"mels": part})[0][0, :, 0]
            waves.append(wave[(start - low) * HOP : (stop - low) * HOP])
        return np.concatenate(waves).astype(np.float32)

    def close(self) -> None:
        """Free both graphs."""
        self._acoustic = self._vocoder = None

    def _symbols(self, group: list[Syllable], spoken: str) -> tuple[list[str], list[tuple[int, int]]]:
        """List symbols for the model, and ends of syllables.

        An end is (index in `spoken` behind it, place of the sign behind it). The model gives a good part of a vowel's
        length to the sign "#0" behind it, so that a syllable ends with that.
        """
        symbols, ends = ["sil"], list[tuple[int, int]]()
        for i, syllable in enumerate(group):
            following = group[i + 1] if i + 1 < len(group) else None
            if syllable.character == "儿" and syllable.tone == 5 and i:
                symbols.append("er5")
            else:
                initial, final = self._parts["en" if syllable.pinyin in ("n", "m", "ng") else syllable.pinyin]
                symbols += [initial, f"{final}{syllable.tone}"]
            between = spoken[syllable.index + 1 : following.index] if following else ""
            has_comma = any(mark in between for mark in COMMAS)
            ends.append((syllable.index + 1 + has_comma, len(symbols)))
            symbols.append("sil" if following is None else "#3" if between.strip() else "#0")
        return [*symbols, "eos"], ends

    def _invoke(self, graph: Any, values: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        inputs = {d["name"].removeprefix("serving_default_").split(":")[0]: d for d in graph.get_input_details()}
        for name, value in values.items():
            if (value.ndim > 1 and value.shape[1] > 1) or name == "input_ids":
                graph.resize_tensor_input(inputs[name]["index"], value.shape)
        graph.allocate_tensors()
        for name, value in values.items():
            graph.set_tensor(inputs[name]["index"], value.astype(inputs[name]["dtype"]))
        graph.invoke()
        return [graph.get_tensor(detail["index"]) for detail in graph.get_output_details()]


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep off the screen what LiteRT writes past Python."""
    screen, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(screen, 2)
        os.close(screen)
        os.close(nowhere)


def _check_bytes(card: Card, folder: Path) -> None:
    """Refuse graphs other than the card's.

    What is changed in them is found by place.
    """
    for file in card.sources[0].files:
        path = folder / file.path
        if not path.is_file() or sha256_of(path) != file.sha256:
            raise CannotLoad(
                asked=Words(f"the voice {card.name}", f"声音 {card.name}"),
                found=Words(
                    f"{file.path} is missing or not the file that its card names",
                    f"没有 {file.path}，或它不是卡里写的那个文件",
                ),
                todo=Words(f"fetch it anew: aigc fetch {card.name}", f"在终端重新下载：aigc fetch {card.name}"),
            )


def with_shifts(data: bytes) -> bytes:
    """Change the .tflite graph's bytes to need no extension.

    It gets shifts of pitch and energy, and loses its dropout; the sha256 was checked before.
    """
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(data, 0)
    graph = model.subgraphs[0]
    _drop_dropout(model, graph, schema)
    _add_shifts(model, graph, schema)
    builder = flatbuffers.Builder(len(data))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _code(model: Any, builtin: int) -> int:
    """Find an operation that the graph already uses."""
    return next(
        i
        for i, code in enumerate(model.operatorCodes)
        if max(code.builtinCode, code.deprecatedBuiltinCode) == builtin and not code.customCode
    )


def _drop_dropout(model: Any, graph: Any, schema: Any) -> None:
    fill = _code(model, schema.BuiltinOperator.FILL)
    scale = next(i for i, tensor in enumerate(graph.tensors) if tensor.name == b"dropout_56/dropout/Const")
    model.buffers[graph.tensors[scale].buffer].data = np.frombuffer(np.float32(1).tobytes(), np.uint8)
    for operation in graph.operators:
        if model.operatorCodes[operation.opcodeIndex].customCode == b"FlexRandomUniform":
            operation.opcodeIndex, operation.customOptions = fill, None
            operation.builtinOptionsType = schema.BuiltinOptions.FillOptions
            operation.builtinOptions = schema.FillOptionsT()
            operation.inputs = np.array([operation.inputs[0], scale], np.int32)  # a mask of ones, since 1 >= 0.5
    for code in model.operatorCodes:
        if code.customCode == b"FlexRandomUniform":  # no operation uses it any more, and it must not be looked for
            code.customCode = None
            code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.FILL


def _add_shifts(model: Any, graph: Any, schema: Any) -> None:
    add = _code(model, schema.BuiltinOperator.ADD)
    names = {i: SHIFTED[t.name] for i, t in enumerate(graph.tensors) if t.name in SHIFTED}
    scalar = next(t for t in graph.tensors if t.name == b"ExpandDims_2")  # float32 (1, 1)
    operations = []
    for operation in graph.operators:
        operations.append(operation)
        for value in set(map(int, operation.outputs)) & set(names):
            shift = _tensor(graph, scalar, names[value])
            sum_at = _tensor(graph, graph.tensors[value], names[value] + b"_moved")
            for user in graph.operators:
                if user is not operation and value in user.inputs:
                    user.inputs = np.array([sum_at if i == value else i for i in user.inputs], np.int32)
            sum_of = schema.OperatorT()
            sum_of.opcodeIndex = add
            sum_of.inputs, sum_of.outputs = np.array([value, shift], np.int32), np.array([sum_at], np.int32)
            sum_of.builtinOptionsType = schema.BuiltinOptions.AddOptions
            sum_of.builtinOptions = schema.AddOptionsT()
            operations.append(sum_of)
            graph.inputs = np.append(graph.inputs, np.int32(shift)).astype(np.int32)
    graph.operators = operations


def _tensor(graph: Any, like: Any, name: bytes) -> int:
    tensor = copy.copy(like)
    tensor.name, tensor.buffer = name, 0
    graph.tensors.append(tensor)
    return len(graph.tensors) - 1
