"""A script spoken as one wave: each line by its role's voice, with the pauses that are asked for, measured."""

import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np

from aigc_kit.errors import BadInput
from aigc_kit.speech.engines.base import RATE
from aigc_kit.speech.joins import QUIET, silence, trim
from aigc_kit.speech.run import plan_for, run
from aigc_kit.speech.script import Script
from aigc_kit.speech.speakers import Speaker
from aigc_kit.types import Cost, FrozenMap, Plan, Step, Take

Voice = str | Speaker | Mapping[str, Any]


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
        takes.append(run(plan.request, plan))
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
