"""Run a voice as a generator, write its result."""

import time
from collections.abc import Generator
from dataclasses import replace
from typing import Any

import numpy as np

from aigc_kit.core.types import Change, FrozenMap, Plan, Step, Take, Words
from aigc_kit.make.meter import Meter
from aigc_kit.make.modality import Work
from aigc_kit.make.speech import MODALITY
from aigc_kit.make.speech.engines.base import Engine, Spoken
from aigc_kit.make.speech.joins import Joiner, fade, insert, pause_after, quietest, trim
from aigc_kit.make.speech.prepare import Line, Prepared, prepare
from aigc_kit.make.speech.settings import CONTROLS, Settings
from aigc_kit.media import wav
from aigc_kit.media.wav import RATE


def work(plan: Plan, *, using: Engine | None = None) -> Work:
    """Speak a text segment by segment, and return its Take.

    Args:
        plan: of a voice.
        using: an engine that is loaded already; None loads the plan's.

    Yields:
        One Step per segment (phase "synthesise"), or per part of one with stream=True on an engine that streams
        (phase "stream"). `preview()` returns the wave so far: float32 (N,) in [-1, 1] at 24000 Hz.

    Returns:
        A Take whose data is the wave: float32 (N,) in [-1, 1] at 24000 Hz. Labels: model, tier, engine, voice, rate,
        licence, origin, segments (of (text, start, end), seconds), changed (of (before, after, why)), unspoken (of
        (text, why)), ignored (of (name, why): controls that this voice lacks), gain (below 1 where the wave had to be
        turned down to stay within [-1, 1]).

    Raises:
        BadInput: the text is too long, or has nothing to say.
    """
    settings, meter, joiner = Settings.of(plan.request, plan.card), Meter(plan), Joiner()
    engine: Engine = using or MODALITY.engine(plan, meter.start_loading)
    plan = _without_effect(plan, engine)
    meter.start("synthesise")
    text = prepare(plan.request.prompt, settings, engine)
    total, last = len(text.lines), time.perf_counter()
    waves: list[Spoken] = []
    phases = _speak(text.lines, settings, plan.request.seed, engine, joiner, waves)
    try:
        for index, phase in enumerate(phases):
            now = time.perf_counter()
            meter.step()
            yield Step(index, max(total, index + 1), phase, now - last, joiner.wave)
            last = now
    finally:
        phases.close()
        meter.stop()
    wave = joiner.wave()
    gain = 1 / max(float(np.abs(wave).max(initial=0.0)), 1.0)
    if gain < 1:
        wave = (wave * gain).clip(-1, 1).astype(np.float32)
    labels = _labels(plan, settings, engine, joiner, [text, *waves])
    return Take("speech", wave, plan, meter.cost(), FrozenMap(labels, gain=gain))


def files(take: Take) -> dict[str, bytes]:
    """Write a 16-bit WAV that says it is AI-made."""
    return {".wav": wav.to_bytes(take.data, info=wav.made_by(take))}


def _speak(
    lines: tuple[Line, ...], settings: Settings, seed: int, engine: Engine, joiner: Joiner, waves: list[Spoken]
) -> Generator[str, None, None]:
    """Speak lines into the joiner, collecting sounds in `waves`."""
    if settings.stream and hasattr(engine, "stream"):
        for line in lines:
            joiner.gap()
            for part in engine.stream(line.segment, settings, seed=seed):
                waves.append(part)
                joiner.extend(line.segment.text, _checked(part.wave, engine), _pause(line, settings, engine))
                yield "stream"
        return
    segments = [line.segment for line in lines]
    sounds = (engine.speak(segment, settings, seed=seed) for segment in segments)
    if hasattr(engine, "speak_all"):
        sounds = engine.speak_all(segments, settings, seed=seed)
    for line, sound in zip(lines, sounds, strict=True):
        waves.append(sound)
        joiner.gap()
        joiner.add(line.segment.text, _with_silences(line, sound, engine), _pause(line, settings, engine))
        yield "synthesise"


def _pause(line: Line, settings: Settings, engine: Engine) -> float:
    level = settings.breaks if engine.has["breaks"].whose == "kit" else None
    inside = [seconds for at, seconds in line.places if at < 0]  # the line was cut there
    return inside[0] if inside else pause_after(line.segment.text, level or 0)


def _labels(
    plan: Plan, settings: Settings, engine: Engine, joiner: Joiner, parts: list[Prepared | Spoken]
) -> dict[str, Any]:
    return {
        **getattr(engine, "labels", {}),
        "model": plan.card.name,
        "tier": plan.card.tier,
        "engine": engine.kind,
        "voice": settings.voice or (engine.voices[0] if engine.voices else None),
        "rate": RATE,
        "origin": "AI 生成",
        "licence": plan.card.licence,
        "segments": tuple((span.text, span.start, span.end) for span in joiner.spans),
        "changed": tuple((change.before, change.after, change.why) for part in parts for change in part.changes),
        "unspoken": tuple((silence.text, silence.why) for part in parts for silence in part.unspoken),
        "ignored": tuple((c.what, c.why.zh) for c in plan.changes if c.given is None and c.what in CONTROLS),
    }


def _without_effect(plan: Plan, engine: Engine) -> Plan:
    """Note the controls in the plan that this voice lacks."""
    settings = {name: plan.request.extra.get(name) for name in CONTROLS if engine.has[name].whose == "none"}
    changes = tuple(
        Change(name, value, None, Words(f"the voice {plan.card.name} has no such control", engine.has[name].why_zh))
        for name, value in settings.items()
        if value is not None
    )
    return replace(plan, changes=(*plan.changes, *changes)) if changes else plan


def _with_silences(line: Line, sound: Spoken, engine: Engine) -> np.ndarray:
    """Trim a segment, its silences put at the nearest marks."""
    wave = _checked(sound.wave, engine)
    inside = [(at, seconds) for at, seconds in line.places if at >= 0]
    if inside and sound.marks:
        nearest = {at: min(sound.marks, key=lambda mark: abs(mark[0] - at))[1] for at, _ in inside}
        wave = insert(wave, [(quietest(wave, nearest[at]), seconds) for at, seconds in inside])
    return trim(wave)


def _checked(wave: np.ndarray, engine: Engine) -> np.ndarray:
    if wave.ndim != 1 or not np.isfinite(wave).all():
        raise RuntimeError(f"{engine.kind} made a wave of shape {wave.shape} with values that are no numbers")
    return fade(wave, start=False, end=False)
