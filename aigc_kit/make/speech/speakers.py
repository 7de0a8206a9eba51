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
from aigc_kit.core.types import FrozenMap
from aigc_kit.core.types.atoms import freeze, plain, shown

_FIRST, _MARK = 0x4E00, 0x3D00
_BITS = 14
_GROUP_BYTES, _GROUP_CHARACTERS = 7, 4
DIM = 768
LONGEST_CODE = 4096  # characters; a speaker of 768 numbers has about 900
LONGEST_NAME = 40
Kind = Literal["chattts", "fastspeech2", "kokoro"]
KINDS: tuple[Kind, ...] = ("chattts", "fastspeech2", "kokoro")
RANGES: Mapping[str, tuple[float, float]] = {"pitch": (0.5, 2.0), "energy": (0.5, 2.0), "speed": (0, 9)}
_WRITE = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME}]
_READ = [{"id": lzma.FILTER_LZMA2, "dict_size": 4096}]  # no dictionary larger than the 1,536 bytes can be needed


def encode_base16384(data: bytes) -> str:
    """Write bytes as characters of base16384.

    >>> encode_base16384(b"ChatTTS"), encode_base16384(b"a")
    ('廚吗彑打', '晀㴁')
    """
    rest = len(data) % _GROUP_BYTES
    count = -(-len(data) * 8 // _BITS)
    bits = int.from_bytes(data, "big") << (count * _BITS - len(data) * 8)
    codes = [(bits >> (_BITS * (count - 1 - i))) & 0x3FFF for i in range(count)]
    return "".join(chr(_FIRST + code) for code in codes) + (chr(_MARK + rest) if rest else "")


def decode_base16384(text: str, longest: int = 4096) -> bytes:
    """Read the bytes of such characters.

    More than `longest` are refused before anything is computed.

    Raises:
        BadInput: too long, a character that does not belong, or a number of them that cannot be.
    """
    if len(text) > longest:
        _refuse_base16384(f"{len(text)} characters, and at most {longest} are read")
    rest = ord(text[-1]) - _MARK if text else 0
    body, rest = (text[:-1], rest) if 0 < rest < _GROUP_BYTES else (text, 0)
    for at, character in enumerate(body):
        if not 0 <= ord(character) - _FIRST < 1 << _BITS:
            _refuse_base16384(f"the character {character!r} at {at}, which the notation does not have")
    tail = -(-rest * 8 // _BITS)
    if len(body) < tail or (len(body) - tail) % _GROUP_CHARACTERS:
        why = "which is no whole number of groups: it was cut, or something was lost"
        _refuse_base16384(f"{len(body)} characters, {why}")
    size = (len(body) - tail) // _GROUP_CHARACTERS * _GROUP_BYTES + rest
    bits = 0
    for character in body:
        bits = bits << _BITS | ord(character) - _FIRST
    spare = len(body) * _BITS - size * 8
    if bits & ((1 << spare) - 1):
        _refuse_base16384("bits behind the last byte: something was changed")
    return (bits >> spare).to_bytes(size, "big")


def _refuse_base16384(why: str) -> NoReturn:
    request, todo = "bytes from a text in base16384 (a ChatTTS speaker)", "from its first to its last character"
    raise BadInput(asked=request, found=why, todo=f"copy the whole text again, {todo}")


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
            _refuse(self.name, f"settings={shown(self.settings)}", 'say {"pitch": 1.2} or the like')
        freeze(self, "settings")
        if self.engine not in KINDS:
            _refuse(self.name, f"engine={shown(self.engine)}", f"choose one of {', '.join(KINDS)}")
        if self.engine == "chattts":
            decode(self.code, dim=None)
            if self.settings:
                _refuse(self.name, "settings on a speaker of ChatTTS", "pass speed and the like with the request")
        elif self.code:
            _refuse(self.name, f"a ChatTTS string on a speaker of {self.engine}", 'say engine="chattts"')
        else:
            object.__setattr__(self, "settings", _checked(self.name, self.settings))

    @property
    def vector(self) -> np.ndarray:
        """Read the float16 (768,) of a speaker of ChatTTS.

        Raises:
            BadInput: a speaker of another engine has none.
        """
        if self.engine != "chattts":
            _refuse(self.name, f"no vector: it is a speaker of {self.engine}", "look at its settings")
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
    request = "a speaker from a ChatTTS string"
    if not isinstance(code, str) or not code:
        raise BadInput(asked=request, found="no text", todo="paste the string that `export` or ChatTTS gave")
    data = decode_base16384(code, LONGEST_CODE)
    most = 2 * (dim or DIM)
    try:
        reader = lzma.LZMADecompressor(format=lzma.FORMAT_RAW, filters=_READ)
        raw = reader.decompress(data, max_length=most + 1)
        whole = reader.eof and not reader.unused_data
    except (lzma.LZMAError, EOFError):
        raise BadInput(asked=request, found="it does not unpack", todo="copy the whole string again") from None
    if len(raw) > most or not whole or len(raw) % 2:
        size = f"more than {most}" if len(raw) > most else str(len(raw))
        why = f"{size} bytes{'' if whole else ', cut off'}, and {most} are a speaker of this model"
        raise BadInput(asked=request, found=why, todo="use a string of the same model, and copy all of it")
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
        raise BadInput(asked=f"weight={shown(weight)}", found="not a number from 0 to 1", todo="0.5 is halfway")
    if a.engine != b.engine:
        why = f"{a.name!r} is a voice of {a.engine}, {b.name!r} of {b.engine}"
        raise BadInput(asked="a blend of two speakers", found=why, todo="choose two of one engine")
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
            asked=f"a speaker named {shown(name)}",
            found=f"no name of 1 to {LONGEST_NAME} letters, digits, spaces and + - _ . @ ( )",
            todo="choose a name such as 小明 or narrator-2",
        )
    return name


def _between(a: np.ndarray, b: np.ndarray, weight: float) -> np.ndarray:
    if a.shape != b.shape:
        why = f"vectors of {len(a)} and {len(b)} numbers: they are of different models"
        raise BadInput(asked="a blend of two speakers", found=why, todo="blend speakers of one model")
    start, end = (v.astype(np.float64) / np.linalg.norm(v.astype(np.float64)) for v in (a, b))
    line = (1 - weight) * start + weight * end
    if np.linalg.norm(line) < 1e-3:
        why = "the two voices are opposite: what lies between them has no direction"
        request = f"a blend with weight {weight:g}"
        raise BadInput(asked=request, found=why, todo="choose another weight or another voice")
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
                _refuse(name, f"{key}={shown(value)}", f"choose {key} from {low:g} to {high:g}")
        elif key == "voice":
            if not isinstance(value, str) or not value:
                _refuse(name, f"voice={shown(value)}", "name one of the engine's voices")
        elif key == "mix":
            value = _checked_mix(name, value)
        else:
            _refuse(name, f"the setting {shown(key)}", f"choose from {', '.join([*RANGES, 'voice', 'mix'])}")
        values[key] = value
    if "mix" in values and "voice" in values:
        _refuse(name, "both a voice and a mixture", "keep one of the two")
    return FrozenMap(values)


def _checked_mix(name: str, mix: object) -> FrozenMap:
    shares = {voice: plain(weight) for voice, weight in mix.items()} if isinstance(mix, Mapping) else {}
    good = all(isinstance(w, (int, float)) and not isinstance(w, bool) and w >= 0 for w in shares.values())
    good = good and all(isinstance(v, str) and v for v in shares) and 0 < len(shares) <= 16
    if not good or abs(sum(shares.values()) - 1) >= 1e-3:
        _refuse(name, f"mix={shown(mix)}", 'say {"voice": weight, ...} with weights that sum to 1')
    return FrozenMap({voice: float(weight) for voice, weight in shares.items()})


def _check_vector(values: np.ndarray, dim: int | None) -> None:
    why = ""
    if values.ndim != 1 or not 1 <= len(values) <= DIM or (dim is not None and len(values) != dim):
        why = f"shape {values.shape}, and ({dim or DIM},) is wanted"
    elif not np.isfinite(values).all():
        why = "numbers that are not finite"
    elif not values.any():
        why = "nothing but zeros: no direction, no voice"
    if why:
        raise BadInput(asked="a speaker of ChatTTS", found=why, todo="sample one, or import another string")


def _refuse(name: str, why: str, todo: str) -> NoReturn:
    raise BadInput(asked=f"the speaker {name!r}", found=why, todo=todo)
