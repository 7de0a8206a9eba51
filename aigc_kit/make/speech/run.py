"""One wave from one text: choose a voice, plan, speak segment by segment, join, measure."""

import os
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import replace

import numpy as np

from aigc_kit.core.errors import BadInput, NotOnDisk
from aigc_kit.core.types import Card, Change, FrozenMap, Plan, Request, Step, Take
from aigc_kit.core.types.base import check_prompt, check_text
from aigc_kit.make.meter import Meter
from aigc_kit.make.speech import speaker_store
from aigc_kit.make.speech.engines.base import Engine, Spoken
from aigc_kit.make.speech.joins import Joiner, fade, insert, pause_after, quietest, trim
from aigc_kit.make.speech.prepare import Line, Prepared, prepare
from aigc_kit.make.speech.settings import CONTROLS, Settings
from aigc_kit.media.wav import RATE
from aigc_kit.memory.plan import check_same
from aigc_kit.models import cards, loaded


def plan_for(
    text: str, *, card: str | None = None, voice: str | None = None, tier: str | None = None, **values: object
) -> Plan:
    """A plan for speaking a text: the voice that is here, with the given settings.

    Args:
        text: up to 1,000 characters; the inline tokens [uv_break] [laugh] [lbreak] may stand in it.
        card: name of a card; None chooses one on this machine.
        voice: one of the card's voices, or a kept speaker.
        tier: "tiny" or "full"; None takes what AIGC_TIER says, and without it "full" only where there is a GPU.
        values: `seed`, `controls` (tokens such as "[oral_2][laugh_0][break_6][speed_5]"), and fields of `Settings`:
            oral, laugh, breaks, speed, pitch, energy, intonation, refine, normalise, stream, ...

    Raises:
        BadInput, UnknownName: a value out of range, a misplaced token, or a name that does not exist.
        NotOnDisk: no voice is on this machine.
        DoesNotFit: the voice does not fit the memory.
    """
    from aigc_kit.make.speech import controls
    from aigc_kit.memory import device
    from aigc_kit.memory.plan import plan

    check_prompt(text)
    controls.check_inline(text)
    tokens = values.pop("controls", None)
    if tokens is not None:
        values = {**controls.parse(tokens), **values}  # type: ignore[arg-type]
    budget = device.probe()
    chosen = cards.get(card) if card is not None else _choose(tier, budget.device)
    if chosen.kind != "speech":
        raise BadInput(asked=f"speech by {card!r}", found=f"a {chosen.kind} card", todo=f"choose from {_names()}")
    if voice is not None:
        check_text("voice", voice)
        values = {**_values_of(voice, chosen), **values}
    request = Request(card=chosen.name, prompt=text).change(**values)
    Settings.of(request, chosen)
    return plan(request, budget, chosen)


def steps(request: Request, plan: Plan, engine: Engine | None = None) -> Iterator[Step]:
    """Speak a text segment by segment; leaving the loop early frees what the run holds.

    Args:
        request: what was asked; the plan must be made from it.
        plan: from `plan_for` or `aigc_kit.memory.plan.plan`.
        engine: None loads the plan's.

    Yields:
        One Step per segment (phase "synthesise"), or per part of one with stream=True on an engine that streams
        (phase "stream"). `preview()` returns the wave so far: float32 (N,) in [-1, 1] at 24000 Hz.

    Raises:
        BadInput: the text is too long, has nothing to say, or the plan belongs to another request.
    """
    return _Run(request, plan, engine).steps()


def run(
    request: Request, plan: Plan, on_step: Callable[[Step], object] | None = None, engine: Engine | None = None
) -> Take:
    """Speak a text, and measure what it cost. Arguments and errors as in `steps`.

    Returns:
        A Take whose data is the wave: float32 (N,) in [-1, 1] at 24000 Hz. Labels: model, tier, engine, voice, rate,
        licence, origin, segments (of (text, start, end), seconds), changed (of (before, after, why)), unspoken (of
        (text, why)), ignored (of (name, why): controls that this voice lacks), gain (below 1 where the wave had to be
        turned down to stay within [-1, 1]).
    """
    job = _Run(request, plan, engine)
    with closing(job.steps()) as made:
        for step in made:
            if on_step is not None:
                on_step(step)
    return job.take()


class _Run:
    """One run: its steps, then its Take."""

    def __init__(self, request: Request, plan: Plan, engine: Engine | None) -> None:
        check_same(request, plan)
        self._plan, self._given = plan, engine
        self._settings = Settings.of(plan.request, plan.card)
        self._meter = Meter(plan)
        self._joiner = Joiner()
        self._prepared = Prepared((), (), ())
        self._told: list[Spoken] = []  # what the engine itself changed

    def steps(self) -> Generator[Step, None, None]:
        if self._given is None and not loaded.is_loaded(self._plan):
            self._meter.start("load")
        self._engine = engine = self._given or loaded.engine(self._plan)
        self._plan = _told_without_effect(self._plan, engine)
        self._meter.start("synthesise")
        self._prepared = prepare(self._plan.request.prompt, self._settings, engine)
        total, last = len(self._prepared.lines), time.perf_counter()
        spoken = self._speak(engine)
        try:
            for index, phase in enumerate(spoken):
                now = time.perf_counter()
                self._meter.step()
                yield Step(index, max(total, index + 1), phase, now - last, self._joiner.wave)
                last = now
        finally:
            spoken.close()
            self._meter.stop()

    def _speak(self, engine: Engine) -> Generator[str, None, None]:
        lines, settings, seed = self._prepared.lines, self._settings, self._plan.request.seed
        segments = [line.segment for line in lines]
        if settings.stream and hasattr(engine, "stream"):
            for line in lines:
                self._joiner.gap()
                for part in engine.stream(line.segment, settings, seed=seed):
                    self._told.append(part)
                    self._joiner.extend(line.segment.text, _checked(part.wave, engine), self._pause(line))
                    yield "stream"
            return
        if hasattr(engine, "speak_all"):
            made = iter(engine.speak_all(segments, settings, seed=seed))
        else:
            made = (engine.speak(segment, settings, seed=seed) for segment in segments)
        for line, spoken in zip(lines, made, strict=True):
            self._told.append(spoken)
            self._joiner.gap()
            self._joiner.add(line.segment.text, _with_silences(line, spoken, engine), self._pause(line))
            yield "synthesise"

    def _pause(self, line: Line) -> float:
        level = self._settings.breaks if self._engine.has["breaks"].whose == "kit" else None
        inside = [seconds for at, seconds in line.places if at < 0]  # the line was cut there
        return inside[0] if inside else pause_after(line.segment.text, level or 0)

    def take(self) -> Take:
        card, engine = self._plan.card, self._engine
        wave, gain = self._joiner.wave(), 1.0
        peak = float(np.abs(wave).max(initial=0.0))
        if peak > 1:
            gain = 1 / peak
            wave = (wave * gain).clip(-1, 1).astype(np.float32)
        told: list[Prepared | Spoken] = [self._prepared, *self._told]
        labels = FrozenMap(
            **getattr(engine, "labels", {}),
            model=card.name,
            tier=card.tier,
            engine=engine.kind,
            voice=self._settings.voice or (engine.voices[0] if engine.voices else None),
            rate=RATE,
            origin="AI 生成",
            licence=card.licence,
            segments=tuple((span.text, span.start, span.end) for span in self._joiner.spans),
            changed=tuple((c.before, c.after, c.why) for said in told for c in said.changes),
            unspoken=tuple((u.text, u.why) for said in told for u in said.unspoken),
            ignored=tuple((c.what, c.why_zh) for c in self._plan.changes if c.given is None and c.what in CONTROLS),
            gain=gain,
        )
        return Take("speech", wave, self._plan, self._meter.cost(), labels)


def _told_without_effect(plan: Plan, engine: Engine) -> Plan:
    """The plan, with a change for every control that was asked for and that this voice does not have."""
    asked = {name: plan.request.extra.get(name) for name in CONTROLS if engine.has[name].whose == "none"}
    lost = tuple(
        Change(name, value, None, f"the voice {plan.card.name} has no such control", engine.has[name].why_zh)
        for name, value in asked.items()
        if value is not None
    )
    return replace(plan, changes=(*plan.changes, *lost)) if lost else plan


def _with_silences(line: Line, spoken: Spoken, engine: Engine) -> np.ndarray:
    """The segment's wave, trimmed, with the kit's silences at the marks nearest to where they were asked."""
    wave = _checked(spoken.wave, engine)
    inside = [(at, seconds) for at, seconds in line.places if at >= 0]
    if inside and spoken.marks:
        nearest = {at: min(spoken.marks, key=lambda mark: abs(mark[0] - at))[1] for at, _ in inside}
        wave = insert(wave, [(quietest(wave, nearest[at]), seconds) for at, seconds in inside])
    return trim(wave)


def _checked(wave: np.ndarray, engine: Engine) -> np.ndarray:
    if wave.ndim != 1 or not np.isfinite(wave).all():
        raise RuntimeError(f"{engine.kind} made a wave of shape {wave.shape} with values that are no numbers")
    return fade(wave, start=False, end=False)


def _choose(tier: str | None, device: str) -> Card:
    from aigc_kit.models import fetch

    tier = tier or os.environ.get("AIGC_TIER") or None
    if tier not in (None, "tiny", "full"):
        raise BadInput(asked=f"tier={tier!r}", found="no tier of that name", todo="say 'tiny', 'full' or nothing")
    allowed = {tier} if tier else ({"tiny", "full"} if device == "cuda" else {"tiny"})
    fitting = [card for card in cards.of_kind("speech") if card.tier in allowed]
    for card in fitting:
        if fetch.find(card) is not None:
            return card
    names = " | ".join(card.name for card in fitting)
    raise NotOnDisk(
        asked="a voice" + (f" in the {tier} tier" if tier else ""),
        found="none is on this machine",
        todo=f"fetch one of them: aigc fetch {names}",
    )


def _values_of(voice: str, card: Card) -> dict[str, object]:
    """The settings of a voice: its name, or what a kept speaker of this engine is."""
    listed = card.constraints.get("voices", ())
    if card.parts["engine"] == "chattts" or any(part.split(":")[0] in listed for part in voice.split("+")):
        return {"voice": voice}  # ChatTTS looks its speakers up itself
    try:
        speaker = speaker_store.get(voice)
    except BadInput:
        return {"voice": voice}  # the plan names the voices that there are
    if speaker.engine != card.parts["engine"]:
        raise BadInput(
            asked=f"the speaker {voice!r} on {card.name}",
            found=f"it is one of {speaker.engine}",
            todo=f"choose one of {', '.join(listed)}, or a card of that engine",
        )
    return speaker.values()


def _names() -> str:
    return ", ".join(card.name for card in cards.of_kind("speech"))
