"""Speak a script as one wave, with voices and pauses."""

import re
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any, NoReturn

import numpy as np

from aigc_kit.core.errors import AigcError, BadInput
from aigc_kit.core.types import Cost, FrozenMap, Plan, Step, Take, Words
from aigc_kit.make.modality import OnStep, finish
from aigc_kit.make.speech import controls, plan_for, run
from aigc_kit.make.speech.joins import QUIET, silence, trim
from aigc_kit.make.speech.settings import LEVELS, RATIOS
from aigc_kit.make.speech.speakers import Speaker
from aigc_kit.media.wav import RATE

PAUSE = 0.5
"""Seconds between two lines where the script says nothing."""

LONGEST_PAUSE = 10.0
MOST_LINES = 200
LONGEST_ROLE = 20
_PAUSE = re.compile(
    r"[（(\[【]\s*(?:停顿|(?:停|暂停|稍停|静默|静场|沉默|无声|silence|pause|beat)(?=[\s:：)）\]】0-9半一二两三四五六七八九十几片约-]))"
    r"\s*[:：]?\s*([^)）\]】]*?)\s*[)）\]】]",
    re.I,
)
_SECONDS = re.compile(r"([0-9]+(?:\.[0-9]+)?|[半一二两三四五六七八九十]|)\s*(毫秒|ms|秒钟?|seconds?|secs?|s|)", re.I)
_NUMERALS = dict(zip("半一二两三四五六七八九十", (0.5, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10), strict=True))
_LINE = re.compile(r"([^：:（()）\[\]，。！？,!?]+?)\s*(?:[（(]([^（()）]*)[)）])?\s*[：:](.*)", re.S)
_SETTING = re.compile(r"\s*([A-Za-z_]+)\s*[=＝]\s*([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*")
_RANGES = {**LEVELS, **RATIOS}
Voice = str | Speaker | Mapping[str, Any]


@dataclass(frozen=True)
class Cue:
    """Hold one line of a script: who, what and how.

    Behind it stand `pause` seconds of silence; `number` is its line in the script.
    """

    role: str
    text: str
    pause: float
    settings: Mapping[str, int | float] = field(default_factory=FrozenMap)
    number: int = 0


@dataclass(frozen=True)
class Script:
    """Hold a script: its text and its cues, in order."""

    text: str
    cues: tuple[Cue, ...]

    @property
    def roles(self) -> tuple[str, ...]:
        """List the roles, in the order they first speak."""
        return tuple(dict.fromkeys(cue.role for cue in self.cues))


def parse(text: str, roles: tuple[str, ...] | None = None, pause: float = PAUSE) -> Script:
    """Read a script.

    Args:
        text: one line each of `role：words`, `role（speed=7，pitch=1.1）：words`, `（停顿 0.8 秒）` or `# comment`. A
            pause may also stand among the words, where it parts the line into two cues.
        roles: the names that may speak; None takes what comes.
        pause: seconds between two lines where the script names none.

    Raises:
        BadInput: a line that is none of these, an unknown role or setting, a control token that does not belong, a
            pause that is too long or has nothing before it; the error names the line.

    >>> [(c.role, c.text, c.pause) for c in parse("甲：好。\\n（停顿 1 秒）\\n乙：走吧[laugh]").cues]
    [('甲', '好。', 1.0), ('乙', '走吧[laugh]', 0.5)]
    """
    if not isinstance(text, str):
        raise BadInput(
            asked=Words(f"a script from a {type(text).__name__}", f"把 {type(text).__name__} 当作剧本"),
            found=Words("not a text", "这不是文字"),
            todo=Words("pass a str", "给一段文字（str）"),
        )
    cues: list[Cue] = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.strip()
        if not words or words.startswith("#"):
            continue
        if silent := _PAUSE.fullmatch(words):
            if not cues:
                _refuse(
                    number,
                    words,
                    Words("a pause with no line before it", "停顿的前面没有台词"),
                    Words("put it between two lines", "把它放在两行台词之间"),
                )
            cues[-1] = replace(cues[-1], pause=_pause_seconds(number, words, silent[1]))
            continue
        cues += _cues(number, words, roles, pause)
    if not 0 < len(cues) <= MOST_LINES:
        why = Words(
            f"{len(cues)} spoken lines, and 1 to {MOST_LINES} are wanted",
            f"有 {len(cues)} 行台词，要 1 到 {MOST_LINES} 行",
        )
        raise BadInput(
            asked=Words("a script", "一个剧本"),
            found=why,
            todo=Words("write lines such as 小明：你好！", "写成“小明：你好！”这样的行"),
        )
    return Script(text, tuple(cues))


def _pause_seconds(number: int, line: str, words: str) -> float:
    """Read how long a pause lasts, or refuse the line."""
    match = _SECONDS.fullmatch(words)
    if not match or not match[1]:
        _refuse(
            number,
            line,
            Words(f"a pause of {words!r}", f"停顿的长度是 {words!r}")
            if words
            else Words("a pause of no length", "停顿没有写长度"),
            Words("write （停顿 1 秒）", "写成（停顿 1 秒）"),
        )
    seconds = float(_NUMERALS.get(match[1]) or match[1]) / (1000 if match[2].lower() in ("毫秒", "ms") else 1)
    if seconds > LONGEST_PAUSE:
        why = Words(f"a pause of more than {LONGEST_PAUSE:g} s", f"停顿超过了 {LONGEST_PAUSE:g} 秒")
        _refuse(
            number,
            line,
            why,
            Words(
                f"choose 0 to {LONGEST_PAUSE:g} s, such as （停顿 1 秒）",
                f"改成 0 到 {LONGEST_PAUSE:g} 秒，例如（停顿 1 秒）",
            ),
        )
    return seconds


def _cues(number: int, line: str, roles: tuple[str, ...] | None, pause: float) -> list[Cue]:
    """Read one spoken line, parted where it pauses."""
    plain = _PAUSE.sub(lambda match: f"（停顿 {match[1]}）", line)  # square brackets are for the voices' own controls
    whole = _cue(number, plain, roles, pause)
    pieces = _PAUSE.split(whole.text)  # words, seconds, words, ...
    if len(pieces) == 1:
        return [whole]
    words, lengths = [piece.strip() for piece in pieces[::2]], pieces[1::2]
    if not words[0] or not all(words[1:-1]):
        why = Words("a pause with no words before it", "停顿前面没有话")
        todo = Words("put one pause between words, or on a line of its own", "一处停顿写在两句话中间，或自己占一行")
        _refuse(number, line, why, todo)
    pauses = [_pause_seconds(number, line, length) for length in lengths] + [pause]
    if not words[-1]:  # at the end of the line: the pause before the next one
        words, pauses = words[:-1], pauses[:-1]
    return [replace(whole, text=piece, pause=seconds) for piece, seconds in zip(words, pauses, strict=True)]


def _cue(number: int, line: str, roles: tuple[str, ...] | None, pause: float) -> Cue:
    match = _LINE.fullmatch(line)
    if not match or len(match[1].strip()) > LONGEST_ROLE:
        _refuse(
            number,
            line,
            Words("no role in front of the words", "话的前面没有角色"),
            Words("write 角色：台词, such as 小明：你好！", "写成“角色：台词”，例如 小明：你好！"),
        )
    role, words = match[1].strip(), match[3].strip()
    if roles is not None and role not in roles:
        close = get_close_matches(role, roles, n=1, cutoff=0.5)
        hint = Words(f"; close: {close[0]}", f"；相近的有 {close[0]}") if close else ""
        _refuse(
            number,
            line,
            Words(f"no role {role!r}", f"没有角色 {role!r}") + hint,
            Words(f"choose from {', '.join(roles)}", f"从 {'、'.join(roles)} 里选"),
        )
    if not words:
        todo = Words(
            "write words behind the colon, or （停顿 1 秒） on its own line",
            "在冒号后面写上台词，或让（停顿 1 秒）自己占一行",
        )
        _refuse(number, line, Words(f"{role} says nothing", f"{role} 没有说话"), todo)
    try:
        controls.check_inline(words)
    except AigcError as error:
        raise BadInput(
            asked=Words(f"line {number}: ", f"第 {number} 行：") + error.told.asked,
            found=error.told.found,
            todo=error.told.todo,
        ) from None
    return Cue(role, words, pause, FrozenMap(_settings(number, line, match[2] or "")), number)


def _settings(number: int, line: str, inside: str) -> dict[str, int | float]:
    values: dict[str, int | float] = {}
    for part in re.split(r"[，,；;]", inside) if inside.strip() else ():
        match = _SETTING.fullmatch(part)
        name = {"break": "breaks"}.get(match[1], match[1]) if match else ""
        if not match or name not in _RANGES:
            todo = Words(
                f"write name=number, with one of {', '.join(_RANGES)}",
                f"写成 名字=数，名字从 {'、'.join(_RANGES)} 里选",
            )
            _refuse(number, line, Words(f"{part.strip()!r} is no setting", f"{part.strip()!r} 不是设置"), todo)
        low, high = _RANGES[name]
        value = int(match[2]) if name in LEVELS and match[2].isdecimal() else float(match[2])
        if not low <= value <= high or (name in LEVELS and not isinstance(value, int)):
            _refuse(
                number,
                line,
                f"{name}={match[2]}",
                Words(f"choose {name} from {low:g} to {high:g}", f"{name} 选 {low:g} 到 {high:g}"),
            )
        values[name] = value
    return values


def _refuse(number: int, line: str, why: Words | str, todo: Words) -> NoReturn:
    raise BadInput(
        asked=Words(f"line {number} of the script: {line[:40]!r}", f"剧本第 {number} 行：{line[:40]!r}"),
        found=why,
        todo=todo,
    )


def plans(script: Script, cast: Mapping[str, Voice], **values: Any) -> list[Plan]:
    """Plan each cue.

    Args:
        script: of `parse`.
        cast: role -> the name of a voice, a Speaker, or settings such as {"voice": "baker-low", "speed": 4}; a card can
            be named there too. A role's settings give way to those of a line.
        values: for all of them, as in `speech.plan_for`: card, tier, seed, refine, ...

    Raises:
        BadInput: a role without a voice; and what `speech.plan_for` raises, with the line.
    """
    missing = [role for role in script.roles if role not in cast]
    if missing:
        request = ", ".join(script.roles)
        todo = Words(
            f"name one in the cast: cast={{{missing[0]!r}: 'a voice', ...}}",
            "在 cast 里写上一个：cast={{missing[0]!r}: '声音的名字', ...}",
        )
        raise BadInput(
            asked=Words(f"a script with {request}", f"剧本，角色有 {request}"),
            found=Words(f"no voice for {', '.join(missing)}", f"没有给 {'、'.join(missing)} 安排声音"),
            todo=todo,
        )
    work = []
    for cue in script.cues:
        with _naming(cue):
            work.append(plan_for(cue.text, **{**values, **_values_of(cast[cue.role]), **cue.settings}))
    return work


@contextmanager
def _naming(cue: Cue) -> Iterator[None]:
    """Name the line of a cue in errors."""
    try:
        yield
    except AigcError as error:
        request = Words(f"line {cue.number} of the script: ", f"剧本第 {cue.number} 行：") + error.told.asked
        raise type(error)(asked=request, found=error.told.found, todo=error.told.todo) from error


def steps(script: Script, cast: Mapping[str, Voice], **values: Any) -> Generator[Step, None, Take]:
    """Speak a script line by line.

    Arguments and errors as in `plans`.

    Yields:
        One Step per cue, phase "cue"; `preview()` returns the wave so far.

    Returns:
        The Take, as `perform` does.
    """
    work, takes, last = plans(script, cast, **values), list[Take](), time.perf_counter()
    for index, (cue, plan) in enumerate(zip(script.cues, work, strict=True)):
        with _naming(cue):
            takes.append(run(plan))
        now = time.perf_counter()
        so_far = tuple(takes)
        yield Step(index, len(work), "cue", now - last, lambda takes=so_far: mix(script, takes)[0])  # type: ignore[misc]
        last = now
    return _take(script, takes)


def perform(script: Script, cast: Mapping[str, Voice], on_step: OnStep | None = None, **values: Any) -> Take:
    """Speak a script as one wave.

    Arguments and errors as in `plans`.

    Returns:
        A Take: float32 (N,) in [-1, 1] at 24000 Hz. Labels: cues, of (role, text, start, end, pause asked, pause
        measured) in seconds, the last pause None; roles; voices; changed, unspoken, licence, ... of all lines.
    """
    return finish(steps(script, cast, **values), on_step)


def mix(script: Script, takes: tuple[Take, ...] | list[Take]) -> tuple[np.ndarray, list[tuple[float, float]]]:
    """Join the waves of the first cues with their pauses.

    What a voice leaves silent at its ends counts as part of the pause, so that the silence that is heard is the one
    that the script asks for, unless that is shorter than what the voices leave.

    Returns:
        wave: float32 (N,); places: (start, end) of each cue in seconds, silence at its ends included.
    """
    parts: list[np.ndarray] = []
    places, length, rest = [], 0, 0
    for cue, take in zip(script.cues, takes, strict=False):
        wave = trim(take.data)
        before, behind = _quiet_ends(wave)
        gap = silence(max(rest - before, 0) / RATE)
        parts += [gap, wave]
        length += len(gap)
        places.append((length / RATE, (length + len(wave)) / RATE))
        length += len(wave)
        rest = round(cue.pause * RATE) - behind
    return np.concatenate(parts) if parts else silence(0), places


def measured_pauses(wave: np.ndarray, places: list[tuple[float, float]]) -> list[float]:
    """Measure the silence between cues, in seconds, from `mix`.

    Silent is what lies 50 dB and more below the loudest sample of each.
    """
    cut = [(round(start * RATE), round(end * RATE)) for start, end in places]
    ends = [_quiet_ends(wave[start:end]) for start, end in cut]
    return [(ends[i][1] + cut[i + 1][0] - cut[i][1] + ends[i + 1][0]) / RATE for i in range(len(cut) - 1)]


def _take(script: Script, takes: list[Take]) -> Take:
    wave, places = mix(script, takes)
    pauses = [*measured_pauses(wave, places), None]
    cues = tuple(
        (cue.role, cue.text, start, end, cue.pause if heard is not None else None, heard)
        for cue, (start, end), heard in zip(script.cues, places, pauses, strict=True)
    )
    first = takes[0]
    labels = first.labels
    common = {
        name: tuple(dict.fromkeys(entry for take in takes for entry in take.labels.get(name, ())))
        for name in ("changed", "unspoken")
    }
    for name in ("model", "engine", "tier", "licence", "weights", "weights_licence", "code_licence"):
        values = tuple(dict.fromkeys(str(take.labels[name]) for take in takes if name in take.labels))
        if values:
            common[name] = " + ".join(values)  # type: ignore[assignment]
    voices = {cue.role: take.labels.get("voice") for cue, take in zip(script.cues, takes, strict=True)}
    plan = replace(first.plan, request=replace(first.plan.request, prompt=script.text))
    labels = FrozenMap({**labels, **common, "cues": cues, "roles": script.roles, "voices": FrozenMap(voices)})
    cost = Cost(tuple(phase for take in takes for phase in take.cost.phases))
    return Take("speech", wave, plan, cost, labels)


def _quiet_ends(wave: np.ndarray) -> tuple[int, int]:
    """Count the samples at both ends that are not heard."""
    loud = np.flatnonzero(np.abs(wave) > QUIET * max(float(np.abs(wave).max(initial=0.0)), 1e-6))
    return (int(loud[0]), int(len(wave) - 1 - loud[-1])) if len(loud) else (len(wave), 0)


def _values_of(voice: Voice) -> dict[str, Any]:
    return {"voice": voice} if isinstance(voice, str) else voice.values() if isinstance(voice, Speaker) else dict(voice)
