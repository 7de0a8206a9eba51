"""Sample, name, blend and write down speakers.

A speaker of ChatTTS is a vector of 768 numbers; of it only the direction counts (the model normalises it), so a blend
is the line between two directions. Written down it is ChatTTS's own string: the numbers as float16, LZMA2, base16384.
A speaker of the embedded voices is a set of settings: pitch, energy, speed, or a mixture of the model's own voices.
"""

import lzma
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import exp, isfinite, log
from typing import Any, Literal, NoReturn

import numpy as np

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import FrozenMap, Words
from aigc_kit.core.types.atoms import freeze, plain, shown
from aigc_kit.make.speech.base16384 import decode_base16384, encode_base16384

DIM = 768
LONGEST_CODE = 4096  # characters; a speaker of 768 numbers has about 900
LONGEST_NAME = 40
Kind = Literal["chattts", "fastspeech2", "kokoro"]
KINDS: tuple[Kind, ...] = ("chattts", "fastspeech2", "kokoro")
RANGES: Mapping[str, tuple[float, float]] = {"pitch": (0.5, 2.0), "energy": (0.5, 2.0), "speed": (0, 9)}
_WRITE = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME}]
_READ = [{"id": lzma.FILTER_LZMA2, "dict_size": 4096}]  # no dictionary larger than the 1,536 bytes can be needed


@dataclass(frozen=True)
class Speaker:
    """Hold a voice with a name.

    Args:
        name: 1..40 characters.
        engine: "chattts", "fastspeech2" or "kokoro".
        code: ChatTTS's string; empty for the other engines.
        settings: for the other engines: "pitch" and "energy" 0.5..2 (ratios), "speed" 0..9, "voice" (a name), and for
            kokoro "mix": {voice: weight}, weights >= 0 that sum to 1.

    Raises:
        BadInput: any value outside the above.
    """

    name: str
    engine: Kind
    code: str = ""
    settings: Mapping[str, object] = field(default_factory=FrozenMap)

    def __post_init__(self) -> None:
        check_name(self.name)
        if not isinstance(self.settings, Mapping):
            _refuse(
                self.name,
                f"settings={shown(self.settings)}",
                Words('say {"pitch": 1.2} or the like', '写成 {"pitch": 1.2} 这样'),
            )
        freeze(self, "settings")
        if self.engine not in KINDS:
            _refuse(
                self.name,
                f"engine={shown(self.engine)}",
                Words(f"choose one of {', '.join(KINDS)}", f"从 {'、'.join(KINDS)} 里选"),
            )
        if self.engine == "chattts":
            decode(self.code, dim=None)
            if self.settings:
                _refuse(
                    self.name,
                    Words("settings on a speaker of ChatTTS", "ChatTTS 的说话人不带设置"),
                    Words("pass speed and the like with the request", "语速等设置写在请求里"),
                )
        elif self.code:
            _refuse(
                self.name,
                Words(
                    f"a ChatTTS string on a speaker of {self.engine}", f"{self.engine} 的说话人却带着 ChatTTS 的字符串"
                ),
                Words('say engine="chattts"', '写 engine="chattts"'),
            )
        else:
            object.__setattr__(self, "settings", _checked(self.name, self.settings))

    @property
    def vector(self) -> np.ndarray:
        """Read the float16 (768,) of a speaker of ChatTTS.

        Raises:
            BadInput: a speaker of another engine has none.
        """
        if self.engine != "chattts":
            _refuse(
                self.name,
                Words(f"no vector: it is a speaker of {self.engine}", f"没有向量：它是 {self.engine} 的说话人"),
                Words("look at its settings", "看它的 settings"),
            )
        return decode(self.code, dim=None)

    def values(self) -> dict[str, Any]:
        """List what `speech.plan_for` takes to speak with this voice.

        >>> Speaker("a", "kokoro", settings={"mix": {"zf_a": 0.7, "zf_b": 0.3}, "speed": 4}).values()
        {'speed': 4, 'voice': 'zf_a:0.7+zf_b:0.3'}
        """
        if self.engine == "chattts":
            return {"voice": self.code}
        values = dict(self.settings)
        mix = values.pop("mix", None)
        if isinstance(mix, Mapping):
            values["voice"] = "+".join(f"{name}:{share:g}" for name, share in mix.items())
        return values


def encode(vector: np.ndarray) -> str:
    """Write ChatTTS's string of a speaker.

    Args:
        vector: float (D,), finite, not all zero; stored as float16.

    Raises:
        BadInput: another shape or values.
    """
    values = np.asarray(vector, dtype=np.float16)
    _check_vector(values, None)
    return encode_base16384(lzma.compress(values.astype("<f2").tobytes(), format=lzma.FORMAT_RAW, filters=_WRITE))


def decode(code: str, dim: int | None = DIM) -> np.ndarray:
    """Read the numbers of a ChatTTS string, float16 (dim,).

    A string from elsewhere is read with bounded memory.

    Args:
        code: at most 4,096 characters.
        dim: how many numbers the model wants; None takes any number from 1 to 768.

    Raises:
        BadInput: too long, damaged, not that many numbers, or numbers that are no speaker (NaN, infinite, all zero).
    """
    request = Words("a speaker from a ChatTTS string", "从 ChatTTS 的字符串读出说话人")
    if not isinstance(code, str) or not code:
        raise BadInput(
            asked=request,
            found=Words("no text", "没有文字"),
            todo=Words("paste the string that `export` or ChatTTS gave", "粘贴 `export` 或 ChatTTS 给出的字符串"),
        )
    data = decode_base16384(code, LONGEST_CODE)
    most = 2 * (dim or DIM)
    try:
        reader = lzma.LZMADecompressor(format=lzma.FORMAT_RAW, filters=_READ)
        raw = reader.decompress(data, max_length=most + 1)
        whole = reader.eof and not reader.unused_data
    except (lzma.LZMAError, EOFError):
        raise BadInput(
            asked=request,
            found=Words("it does not unpack", "解不开"),
            todo=Words("copy the whole string again", "重新复制整个字符串"),
        ) from None
    if len(raw) > most or not whole or len(raw) % 2:
        size = f"more than {most}" if len(raw) > most else str(len(raw))
        size_zh = f"超过 {most}" if len(raw) > most else size
        why = Words(
            f"{size} bytes{'' if whole else ', cut off'}, and {most} are a speaker of this model",
            f"{size_zh} 个字节{'' if whole else '（被截断）'}，这个模型的说话人是 {most} 个",
        )
        raise BadInput(
            asked=request,
            found=why,
            todo=Words("use a string of the same model, and copy all of it", "用同一个模型的字符串，并完整复制"),
        )
    vector = np.frombuffer(raw, dtype="<f2").astype(np.float16)
    _check_vector(vector, dim)
    return vector


def sample(mean: np.ndarray, std: np.ndarray, seed: int) -> np.ndarray:
    """Draw a random speaker as ChatTTS does, float16 (D,).

    Args:
        mean, std: float16 (D,), of the loaded model: each number is normal around what its speakers have.
        seed: of this draw alone. Keep the speaker, not its seed: another version of torch may draw otherwise.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    numbers = torch.randn(len(mean), dtype=torch.float16, generator=generator)
    return numbers.mul_(torch.from_numpy(std.copy())).add_(torch.from_numpy(mean.copy())).numpy()


def blend(a: Speaker, b: Speaker, weight: float, name: str | None = None) -> Speaker:
    """Blend two voices of the same engine.

    Args:
        a, b: weight 0 is the voice of `a`, 1 that of `b`.
        weight: 0..1.
        name: of the new speaker; None makes one from theirs.

    Returns:
        ChatTTS: the line between the two directions, both at length 1. Others: pitch and energy at the geometric mean
        (halfway between 0.5 and 2 is 1), speed rounded, mixtures added with their weights.

    Raises:
        BadInput: different engines, a weight outside 0..1, opposite directions, or voices that cannot be mixed.
    """
    weight = plain(weight)
    if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not 0 <= weight <= 1:
        raise BadInput(
            asked=f"weight={shown(weight)}",
            found=Words("not a number from 0 to 1", "不是 0 到 1 的数"),
            todo=Words("0.5 is halfway", "0.5 正好是一半"),
        )
    if a.engine != b.engine:
        why = Words(
            f"{a.name!r} is a voice of {a.engine}, {b.name!r} of {b.engine}",
            f"{a.name!r} 是 {a.engine} 的声音，{b.name!r} 是 {b.engine} 的",
        )
        raise BadInput(
            asked=Words("a blend of two speakers", "混合两个说话人"),
            found=why,
            todo=Words("choose two of one engine", "选同一个引擎的两个声音"),
        )
    name = name or f"{a.name[:16]}+{b.name[:16]}@{weight:.2f}"
    if weight in (0, 1):
        same = b if weight else a
        return Speaker(name, same.engine, same.code, same.settings)
    if a.engine == "chattts":
        return Speaker(name, "chattts", encode(_between(a.vector, b.vector, weight)))
    return Speaker(name, a.engine, settings=_blend_settings(a.settings, b.settings, weight))


def check_name(name: str) -> str:
    """Refuse a name that cannot be shown or stored.

    Raises:
        BadInput: empty, over 40 characters, or with characters other than letters, digits, space and + - _ . @ ( ).
    """
    fine = isinstance(name, str) and 0 < len(name) <= LONGEST_NAME and name == name.strip()
    if not fine or not all(c.isalnum() or c in " +-_.@()·" for c in name) or len(name.encode()) > 160:
        raise BadInput(
            asked=Words(f"a speaker named {shown(name)}", f"名叫 {shown(name)} 的说话人"),
            found=Words(
                f"no name of 1 to {LONGEST_NAME} letters, digits, spaces and + - _ . @ ( )",
                f"名字要 1 到 {LONGEST_NAME} 个字：文字、数字、空格和 + - _ . @ ( )",
            ),
            todo=Words("choose a name such as 小明 or narrator-2", "取一个名字，例如 小明 或 narrator-2"),
        )
    return name


def _between(a: np.ndarray, b: np.ndarray, weight: float) -> np.ndarray:
    if a.shape != b.shape:
        why = Words(
            f"vectors of {len(a)} and {len(b)} numbers: they are of different models",
            f"向量的长度是 {len(a)} 和 {len(b)}：它们属于不同的模型",
        )
        raise BadInput(
            asked=Words("a blend of two speakers", "混合两个说话人"),
            found=why,
            todo=Words("blend speakers of one model", "混合同一个模型的说话人"),
        )
    start, end = (v.astype(np.float64) / np.linalg.norm(v.astype(np.float64)) for v in (a, b))
    line = (1 - weight) * start + weight * end
    if np.linalg.norm(line) < 1e-3:
        why = Words(
            "the two voices are opposite: what lies between them has no direction", "两个声音正好相反：它们中间没有方向"
        )
        request = Words(f"a blend with weight {weight:g}", f"按 {weight:g} 的比例混合")
        raise BadInput(
            asked=request, found=why, todo=Words("choose another weight or another voice", "换一个比例或换一个声音")
        )
    return line.astype(np.float16)


def _blend_settings(a: Mapping, b: Mapping, weight: float) -> dict[str, object]:
    values: dict[str, object] = {}
    for key in ("pitch", "energy"):
        if key in a or key in b:
            values[key] = exp((1 - weight) * log(a.get(key, 1.0)) + weight * log(b.get(key, 1.0)))
    if "speed" in a or "speed" in b:
        values["speed"] = round((1 - weight) * a.get("speed", 5) + weight * b.get("speed", 5))
    voices: dict[str, float] = {}
    for settings, share in ((a, 1 - weight), (b, weight)):
        for voice, part in settings.get("mix", {settings["voice"]: 1.0} if "voice" in settings else {}).items():
            voices[voice] = voices.get(voice, 0.0) + share * part
    if len(voices) == 1 and "mix" not in a and "mix" not in b:
        values["voice"] = next(iter(voices))
    elif voices:
        values["mix"] = FrozenMap(voices)
    return values


def _checked(name: str, settings: Mapping) -> FrozenMap:
    values: dict[str, object] = {}
    for key in settings:
        value = plain(settings[key])
        if key in RANGES:
            low, high = RANGES[key]
            number = isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)
            if not number or not low <= value <= high or (key == "speed" and value != int(value)):
                _refuse(
                    name,
                    f"{key}={shown(value)}",
                    Words(f"choose {key} from {low:g} to {high:g}", f"{key} 选 {low:g} 到 {high:g}"),
                )
        elif key == "voice":
            if not isinstance(value, str) or not value:
                _refuse(name, f"voice={shown(value)}", Words("name one of the engine's voices", "写这个引擎的一个声音"))
        elif key == "mix":
            value = _checked_mix(name, value)
        else:
            _refuse(
                name,
                Words(f"the setting {shown(key)}", f"设置 {shown(key)}"),
                Words(
                    f"choose from {', '.join([*RANGES, 'voice', 'mix'])}",
                    f"从 {'、'.join([*RANGES, 'voice', 'mix'])} 里选",
                ),
            )
        values[key] = value
    if "mix" in values and "voice" in values:
        _refuse(
            name,
            Words("both a voice and a mixture", "既有一个声音，又有混合"),
            Words("keep one of the two", "两样只留一样"),
        )
    return FrozenMap(values)


def _checked_mix(name: str, mix: object) -> FrozenMap:
    shares = {voice: plain(weight) for voice, weight in mix.items()} if isinstance(mix, Mapping) else {}
    good = all(isinstance(w, (int, float)) and not isinstance(w, bool) and w >= 0 for w in shares.values())
    good = good and all(isinstance(v, str) and v for v in shares) and 0 < len(shares) <= 16
    if not good or abs(sum(shares.values()) - 1) >= 1e-3:
        _refuse(
            name,
            f"mix={shown(mix)}",
            Words('say {"voice": weight, ...} with weights that sum to 1', '写成 {"声音": 比例, ...}，比例加起来是 1'),
        )
    return FrozenMap({voice: float(weight) for voice, weight in shares.items()})


def _check_vector(values: np.ndarray, dim: int | None) -> None:
    why = None
    if values.ndim != 1 or not 1 <= len(values) <= DIM or (dim is not None and len(values) != dim):
        why = Words(
            f"shape {values.shape}, and ({dim or DIM},) is wanted", f"形状是 {values.shape}，要的是 ({dim or DIM},)"
        )
    elif not np.isfinite(values).all():
        why = Words("numbers that are not finite", "有的数不是有限的数")
    elif not values.any():
        why = Words("nothing but zeros: no direction, no voice", "全是零：没有方向，也就没有声音")
    if why:
        raise BadInput(
            asked=Words("a speaker of ChatTTS", "一个 ChatTTS 说话人"),
            found=why,
            todo=Words("sample one, or import another string", "抽一个说话人，或导入另一个字符串"),
        )


def _refuse(name: str, why: Words | str, todo: Words) -> NoReturn:
    raise BadInput(asked=Words(f"the speaker {name!r}", f"说话人 {name!r}"), found=why, todo=todo)
