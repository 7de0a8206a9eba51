"""Parse and print bytes and seconds: the home of 1024**3.

Inside the kit a size is an integer number of bytes and a time is a float number of seconds. Binary units
(KiB, MiB, GiB = 1024**n) and decimal units (kB, MB, GB = 1000**n) are different things and are never mixed:
memory is printed in binary units, downloads and disks in decimal ones, each with its name.
"""

import re

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput

KIB, MIB, GIB, TIB = (1024**n for n in (1, 2, 3, 4))
KB, MB, GB, TB = (1000**n for n in (1, 2, 3, 4))

_BINARY = (("TiB", TIB), ("GiB", GIB), ("MiB", MIB), ("KiB", KIB))
_DECIMAL = (("TB", TB), ("GB", GB), ("MB", MB), ("kB", KB))
_FACTORS = {name.lower(): factor for name, factor in (*_BINARY, *_DECIMAL, ("B", 1))}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*")


def parse_bytes(text: str | int) -> int:
    """Read a size such as ``"8GiB"``, ``"512 MB"`` or ``1073741824``.

    Returns:
        Bytes, an integer >= 0, rounded down.

    Raises:
        BadInput: no number, a negative one, a unit that names neither 1000s nor 1024s ("8G"), or a text with a small
            number and no unit ("8": who writes it means GiB; an integer is bytes).

    >>> parse_bytes("8GiB"), parse_bytes("8 GB"), parse_bytes("1.5 KiB"), parse_bytes(7)
    (8589934592, 8000000000, 1536, 7)
    """
    if isinstance(text, int) and not isinstance(text, bool):
        if text < 0:
            raise BadInput(
                asked=Words(f"size {text}", f"大小 {text}"),
                found=Words("a negative number", "是负数"),
                todo=Words("give a size of 0 bytes or more", "给出 0 字节以上的大小"),
            )
        return text
    match = _SIZE.fullmatch(str(text))
    if not match:
        raise BadInput(
            asked=Words(f"size {text!r}", f"大小 {text!r}"),
            found=Words("not a number with a unit", "不是“数字加单位”的写法"),
            todo=Words("write it like 8GiB or 512MB", "写成 8GiB 或 512MB 这样"),
        )
    number, unit = match.groups()
    if unit.lower() not in {"", *_FACTORS}:
        raise BadInput(
            asked=Words(f"size {text!r}", f"大小 {text!r}"),
            found=Words(
                f"unit {unit!r} is not one of B, kB, MB, GB, TB, KiB, MiB, GiB, TiB",
                f"单位 {unit!r} 不在 B、kB、MB、GB、TB、KiB、MiB、GiB、TiB 之中",
            ),
            todo=Words(
                f"say which is meant: {number}GiB (1024**3) or {number}GB (1000**3)",
                f"写明是哪一种：{number}GiB（1024**3）还是 {number}GB（1000**3）",
            ),
        )
    whole, _, fraction = number.partition(".")
    if not unit and int(whole) < MB:
        raise BadInput(
            asked=Words(f"size {text!r}", f"大小 {text!r}"),
            found=Words("no unit, and too few for bytes", "没有单位；当作字节又太少"),
            todo=Words(
                f"name the unit: {number}GiB (1024**3), {number}GB (1000**3), or {number}B for bytes",
                f"写上单位：{number}GiB（1024**3）、{number}GB（1000**3），或者以字节计的 {number}B",
            ),
        )
    factor = _FACTORS.get(unit.lower(), 1)
    return int(whole) * factor + (int(fraction) * factor // 10 ** len(fraction) if fraction else 0)


def format_bytes(count: int | float, *, decimal: bool = False) -> str:
    """Print a size with three digits and its unit.

    Args:
        count: bytes; a negative count (a difference) keeps its sign.
        decimal: True for downloads and disks (MB, GB), False for memory (MiB, GiB).

    >>> format_bytes(8589934592), format_bytes(491400064, decimal=True), format_bytes(12)
    ('8.00 GiB', '491 MB', '12 B')
    """
    sign, size = ("-", -count) if count < 0 else ("", count)
    base = 1000 if decimal else 1024
    for name, factor in _DECIMAL if decimal else _BINARY:
        if size >= factor * (1 - 0.0005) or round(size / (factor // base), 0) >= base:
            return f"{sign}{_three_digits(size / factor)} {name}"
    return f"{sign}{int(size)} B"


def format_seconds(seconds: float) -> str:
    """Print a duration, from milliseconds to hours.

    >>> format_seconds(0.0123), format_seconds(1.7), format_seconds(75), format_seconds(7260)
    ('12.3 ms', '1.70 s', '1 min 15 s', '2 h 01 min')
    """
    if seconds < 0:
        return "-" + format_seconds(-seconds)
    if seconds < 0.9995:
        return f"{_three_digits(seconds * 1000)} ms"
    if seconds < 59.95:
        return f"{_three_digits(seconds)} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def _three_digits(value: float) -> str:
    for decimals, below in ((2, 9.995), (1, 99.95)):
        if value < below:
            return f"{value:.{decimals}f}"
    return f"{value:.0f}"
