"""A dialogue with roles, written as a script.

    # comment
    小明：今天的天气真不错！
    小红（speed=7，pitch=1.1）：是啊。
    （停顿 0.8 秒）
    旁白：他们一起去了公园。

`dialogue.perform` speaks it as one wave.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import NoReturn

from aigc_kit.errors import AigcError, BadInput
from aigc_kit.speech import controls
from aigc_kit.speech.settings import LEVELS, RATIOS
from aigc_kit.types import FrozenMap

PAUSE = 0.5
"""Seconds between two lines where the script says nothing."""

LONGEST_PAUSE = 10.0
MOST_LINES = 200
LONGEST_ROLE = 20

_PAUSE = re.compile(
    r"[（(\[【]\s*(?:停顿|暂停|pause)\s*[:：]?\s*([0-9]+(?:\.[0-9]+)?)\s*(?:秒|s|sec)?\s*[)）\]】]", re.I
)
_LINE = re.compile(r"([^：:（()）\[\]，。！？,!?]+?)\s*(?:[（(]([^（()）]*)[)）])?\s*[：:](.*)", re.S)
_SETTING = re.compile(r"\s*([A-Za-z_]+)\s*[=＝]\s*([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*")


@dataclass(frozen=True)
class Cue:
    """One line of a script: who says what, how, and the silence behind it in seconds; `number` is its line there."""

    role: str
    text: str
    pause: float
    settings: Mapping[str, int | float] = field(default_factory=FrozenMap)
    number: int = 0


@dataclass(frozen=True)
class Script:
    """A parsed script: its text and its cues, in order."""

    text: str
    cues: tuple[Cue, ...]

    @property
    def roles(self) -> tuple[str, ...]:
        """Names of the roles, in the order in which they first speak."""
        return tuple(dict.fromkeys(cue.role for cue in self.cues))


def parse(text: str, roles: tuple[str, ...] | None = None, pause: float = PAUSE) -> Script:
    """Read a script.

    Args:
        text: one line each of `role：words`, `role（speed=7，pitch=1.1）：words`, `（停顿 0.8 秒）` or `# comment`.
        roles: the names that may speak; None takes what comes.
        pause: seconds between two lines where the script names none.

    Raises:
        BadInput: a line that is none of these, an unknown role or setting, a control token that does not belong, a
            pause that is too long or has nothing before it; the error names the line.

    >>> [(c.role, c.text, c.pause) for c in parse("甲：好。\\n（停顿 1 秒）\\n乙：走吧[laugh]").cues]
    [('甲', '好。', 1.0), ('乙', '走吧[laugh]', 0.5)]
    """
    if not isinstance(text, str):
        raise BadInput(asked=f"a script from a {type(text).__name__}", found="not a text", todo="pass a str")
    cues: list[Cue] = []
    for number, line in enumerate(text.splitlines(), start=1):
        written = line.strip()
        if not written or written.startswith("#"):
            continue
        silent = _PAUSE.fullmatch(written)
        if silent:
            seconds = float(silent[1])
            if not cues or seconds > LONGEST_PAUSE:
                found = f"a pause of more than {LONGEST_PAUSE:g} s" if cues else "a pause with no line before it"
                _refuse(number, written, found, f"put a pause of 0 to {LONGEST_PAUSE:g} s between two lines")
            cues[-1] = replace(cues[-1], pause=seconds)
            continue
        cues.append(_cue(number, written, roles, pause))
    if not 0 < len(cues) <= MOST_LINES:
        found = f"{len(cues)} spoken lines, and 1 to {MOST_LINES} are wanted"
        raise BadInput(asked="a script", found=found, todo="write lines such as 小明：你好！")
    return Script(text, tuple(cues))


def _cue(number: int, written: str, roles: tuple[str, ...] | None, pause: float) -> Cue:
    found = _LINE.fullmatch(written)
    if not found or len(found[1].strip()) > LONGEST_ROLE:
        _refuse(number, written, "no role in front of the words", "write 角色：台词, such as 小明：你好！")
    role, words = found[1].strip(), found[3].strip()
    if roles is not None and role not in roles:
        close = get_close_matches(role, roles, n=1, cutoff=0.5)
        hint = f"; close: {close[0]}" if close else ""
        _refuse(number, written, f"no role {role!r}{hint}", f"choose from {', '.join(roles)}")
    if not words:
        _refuse(
            number, written, f"{role} says nothing", "write words behind the colon, or （停顿 1 秒） on its own line"
        )
    try:
        controls.check_inline(words)
    except AigcError as error:
        raise BadInput(asked=f"line {number}: {error.asked}", found=error.found, todo=error.todo) from None
    return Cue(role, words, pause, FrozenMap(_settings(number, written, found[2] or "")), number)


def _settings(number: int, written: str, inside: str) -> dict[str, int | float]:
    values: dict[str, int | float] = {}
    for part in re.split(r"[，,；;]", inside) if inside.strip() else ():
        found = _SETTING.fullmatch(part)
        name = {"break": "breaks"}.get(found[1], found[1]) if found else ""
        if not found or name not in {**LEVELS, **RATIOS}:
            known = ", ".join([*LEVELS, *RATIOS])
            _refuse(number, written, f"{part.strip()!r} is no setting", f"write name=number, with one of {known}")
        low, high = {**LEVELS, **RATIOS}[name]
        value = int(found[2]) if name in LEVELS and found[2].isdecimal() else float(found[2])
        if not low <= value <= high or (name in LEVELS and not isinstance(value, int)):
            _refuse(number, written, f"{name}={found[2]}", f"choose {name} from {low:g} to {high:g}")
        values[name] = value
    return values


def _refuse(number: int, written: str, found: str, todo: str) -> NoReturn:
    raise BadInput(asked=f"line {number} of the script: {written[:40]!r}", found=found, todo=todo)
