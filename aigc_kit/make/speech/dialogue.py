"""A script spoken as one wave: each line by its role's voice, with the pauses that are asked for, measured."""

import re
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any, NoReturn

import numpy as np

from aigc_kit.core.errors import AigcError, BadInput
from aigc_kit.core.types import Cost, FrozenMap, Plan, Step, Take
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
    r"[（(\[【]\s*(?:停顿|暂停|pause)\s*[:：]?\s*([0-9]+(?:\.[0-9]+)?)\s*(?:秒|s|sec)?\s*[)）\]】]", re.I
)
_LINE = re.compile(r"([^：:（()）\[\]，。！？,!?]+?)\s*(?:[（(]([^（()）]*)[)）])?\s*[：:](.*)", re.S)
_SETTING = re.compile(r"\s*([A-Za-z_]+)\s*[=＝]\s*([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*")
Voice = str | Speaker | Mapping[str, Any]


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


def plans(script: Script, cast: Mapping[str, Voice], **values: Any) -> list[Plan]:
    """A plan for each cue.

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
        raise BadInput(
            asked=f"a script with {', '.join(script.roles)}",
            found=f"no voice for {', '.join(missing)}",
            todo=f"name one in the cast: cast={{{missing[0]!r}: 'a voice', ...}}",
        )
    made = []
    for cue in script.cues:
        given = {**values, **_values_of(cast[cue.role]), **cue.settings}
        try:
            made.append(plan_for(cue.text, **given))
        except BadInput as error:
            todo = error.todo
            raise BadInput(
                asked=f"line {cue.number} of the script: {error.asked}", found=error.found, todo=todo
            ) from None
    return made


def steps(script: Script, cast: Mapping[str, Voice], **values: Any) -> Generator[Step, None, Take]:
    """Speak a script line by line. Arguments and errors as in `plans`.

    Yields:
        One Step per cue, phase "cue"; `preview()` returns the wave so far.

    Returns:
        The Take, as `perform` does.
    """
    work, takes, last = plans(script, cast, **values), list[Take](), time.perf_counter()
    for index, plan in enumerate(work):
        takes.append(run(plan))
        now = time.perf_counter()
        done = tuple(takes)
        yield Step(index, len(work), "cue", now - last, lambda done=done: mix(script, done)[0])  # type: ignore[misc]
        last = now
    return _take(script, takes)


def perform(
    script: Script, cast: Mapping[str, Voice], on_step: Callable[[Step], object] | None = None, **values: Any
) -> Take:
    """Speak a script as one wave. Arguments and errors as in `plans`.

    Returns:
        A Take: float32 (N,) in [-1, 1] at 24000 Hz. Labels: cues, of (role, text, start, end, pause asked, pause
        measured) in seconds, the last pause None; roles; voices; changed, unspoken, licence, ... of all lines.
    """
    with closing(steps(script, cast, **values)) as made:
        while True:
            try:
                step = next(made)
            except StopIteration as done:
                return done.value
            if on_step is not None:
                on_step(step)


def mix(script: Script, takes: tuple[Take, ...] | list[Take]) -> tuple[np.ndarray, list[tuple[float, float]]]:
    """The waves of the first cues with their pauses between them.

    What a voice leaves silent at its ends counts as part of the pause, so that the silence that is heard is the one
    that the script asks for, unless that is shorter than what the voices leave.

    Returns:
        wave: float32 (N,); places: (start, end) of each cue in seconds, silence at its ends included.
    """
    parts: list[np.ndarray] = []
    places, length, owed = [], 0, 0
    for cue, take in zip(script.cues, takes, strict=False):
        wave = trim(take.data)
        before, behind = _quiet_ends(wave)
        gap = silence(max(owed - before, 0) / RATE)
        parts += [gap, wave]
        length += len(gap)
        places.append((length / RATE, (length + len(wave)) / RATE))
        length += len(wave)
        owed = round(cue.pause * RATE) - behind
    return np.concatenate(parts) if parts else silence(0), places


def measured_pauses(wave: np.ndarray, places: list[tuple[float, float]]) -> list[float]:
    """Seconds of silence that are heard between each cue and the next: 50 dB and more below the loudest sample of each.

    Args:
        wave, places: of `mix`.
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
    joined = {
        name: tuple(dict.fromkeys(entry for take in takes for entry in take.labels.get(name, ())))
        for name in ("changed", "unspoken")
    }
    for name in ("model", "engine", "tier", "licence", "weights", "weights_licence", "code_licence"):
        found = tuple(dict.fromkeys(str(take.labels[name]) for take in takes if name in take.labels))
        if found:
            joined[name] = found[0] if len(found) == 1 else " + ".join(found)  # type: ignore[assignment]
    voices = {cue.role: take.labels.get("voice") for cue, take in zip(script.cues, takes, strict=True)}
    plan = replace(first.plan, request=replace(first.plan.request, prompt=script.text))
    labels = FrozenMap({**labels, **joined, "cues": cues, "roles": script.roles, "voices": FrozenMap(voices)})
    cost = Cost(tuple(phase for take in takes for phase in take.cost.phases))
    return Take("speech", wave, plan, cost, labels)


def _quiet_ends(wave: np.ndarray) -> tuple[int, int]:
    """Samples at the beginning and at the end that are not heard."""
    loud = np.flatnonzero(np.abs(wave) > QUIET * max(float(np.abs(wave).max(initial=0.0)), 1e-6))
    return (int(loud[0]), int(len(wave) - 1 - loud[-1])) if len(loud) else (len(wave), 0)


def _values_of(voice: Voice) -> dict[str, Any]:
    """What a cast entry means for `plan_for`."""
    if isinstance(voice, str):
        return {"voice": voice}
    return voice.values() if isinstance(voice, Speaker) else dict(voice)
