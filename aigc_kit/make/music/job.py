"""Run a music model stepwise, write its files."""

import time
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import FrozenMap, Plan, Step, Take
from aigc_kit.core.types.records import ReadWords
from aigc_kit.make.meter import Meter
from aigc_kit.make.modality import Work
from aigc_kit.make.music import MODALITY
from aigc_kit.make.music.midi import to_midi
from aigc_kit.make.music.settings import Settings
from aigc_kit.make.music.synthesis import perform, sound
from aigc_kit.media import wav
from aigc_kit.media.wav import RATE, resampled
from aigc_kit.worlds.sounds import listener
from aigc_kit.worlds.tunes.hearing import hear
from aigc_kit.worlds.tunes.tune import BAR, PHRASE, Tune, tokens_of, tune_of
from aigc_kit.worlds.tunes.wishes import CHOICES, NAMES, TuneWish, caption, read_wish, wish_of


def work(plan: Plan, *, using: Any = None, sample: np.ndarray | None = None) -> Work:
    """Make music, and return its Take.

    Args:
        plan: of a music model.
        using: an engine that is loaded already; None loads the plan's.
        sample: float32 (N,) at 24000 Hz to go on from, for models of sound; None begins anew.

    Yields:
        One Step for each bar (phase "bar"; `preview()` returns the notes so far as text), or for each second of sound
        (phase "sound").

    Returns:
        A Take whose data is the wave: float32 (N,) in [-1, 1] at 24000 Hz. Labels: model, tier, engine, licence,
        origin, rate; of tunes also notes (tokens), bpm, instrument, heard (quality -> what a program reads of them),
        bars_right, in_scale; of sound own_rate, the model's Hz, from which it was resampled, and of the closed world
        heard, what a network that never heard the model reads of it.

    Raises:
        BadInput: the model wrote no notes, or a sample for a model that takes none.
    """
    settings, meter = Settings.of(plan.request, plan.card), Meter(plan)
    engine = using or MODALITY.engine(plan, meter.start_loading)
    tuneful = plan.card.parts["engine"] == "melody"
    if tuneful and sample is not None:
        raise BadInput(
            asked=Words(f"{plan.card.name} with a sample of sound", f"给 {plan.card.name} 一段声音"),
            found=Words("it goes on from notes", "它只能接着音符写"),
            todo=Words("give motif='60:4 62:4'", "改用 motif='60:4 62:4'"),
        )
    meter.start("write" if tuneful else "sound")
    take = _tune(plan, settings, engine, meter) if tuneful else _sound(plan, settings, engine, meter, sample)
    return (yield from take)


def wish_in(plan: Plan) -> tuple[TuneWish, ReadWords]:
    """Read a plan's wish: settings first, then its words."""
    settings = Settings.of(plan.request, plan.card)
    reading = read_wish(plan.request.prompt)
    said = {name: getattr(settings, name) for name in CHOICES}
    wish = wish_of(dict(reading.wish.items()) | {name: value for name, value in said.items() if value})
    inside = [(NAMES[value].zh, name, value) for name, value in wish.items()]
    dropped = tuple((word, "这个小世界里没有") for word in reading.dropped.split())
    tokens = wish.tokens()
    words = ReadWords(
        given=plan.request.prompt,
        read=" ".join(tokens),
        tokens=len(tokens),
        limit=len(tokens),
        phrase=caption(wish) or "（什么也没有限定）",
        kept=tuple(inside),
        dropped=dropped,
    )
    return wish, words


def tune_in(take: Take) -> Tune:
    """Read the tune of a take.

    Raises:
        BadInput: it is a take of sound.
    """
    notes = take.labels.get("notes")
    if notes is None:
        raise BadInput(
            asked=Words("the notes of a take", "取出音符"),
            found=Words(f"{take.labels.get('model')} made sound, no notes", "这个模型做的是声音，里面没有音符"),
            todo=Words("take one of the melody model, card='tunes'", "换旋律模型的结果：card='tunes'"),
        )
    return tune_of(notes)


def files(take: Take) -> dict[str, bytes]:
    """Write a WAV that says AI, and perhaps MIDI."""
    data = {".wav": wav.to_bytes(take.data, info=wav.made_by(take))}
    if "notes" in take.labels:
        settings = Settings.of(take.plan.request, take.plan.card)
        tune = tune_in(take)
        events = perform(tune, settings, take.plan.request.seed)
        note = f"AI 生成 (AI-generated); model {take.labels['model']}"
        data[".mid"] = to_midi(events, settings.bpm or tune.bpm, settings.instrument, note)
    return data


def _tune(plan: Plan, settings: Settings, engine: Any, meter: Meter) -> Work:
    wish, words = wish_in(plan)
    tokens: list[str] = []
    last, index = time.perf_counter(), 0
    try:
        for token in engine.write(wish, settings, plan.request.seed):
            tokens.append(token)
            if token in (BAR, PHRASE):
                now = time.perf_counter()
                meter.step()
                yield Step(index, 16, "bar", now - last, partial(" ".join, tuple(tokens)))
                last, index = now, index + 1
    finally:
        meter.stop()
    tune = tune_of(tokens)
    if not any(note.pitch is not None for note in tune.notes):
        raise BadInput(
            asked=Words(f"a tune of {plan.request.prompt!r}", f"按 {plan.request.prompt!r} 写一首曲子"),
            found=Words("the model wrote no note", "模型一个音也没写"),
            todo=Words("take another seed, or a lower temperature", "换一个种子，或把温度调低"),
        )
    wave = sound(perform(tune, settings, plan.request.seed), settings.instrument)
    heard = hear(tune, wish.metre)
    labels = _labels(plan, engine) | {
        "notes": tuple(tokens_of(tune)),
        "bpm": settings.bpm or tune.bpm,
        "instrument": settings.instrument,
        "heard": FrozenMap(dict(heard.wish.items())),
        "bars_right": heard.bars_right,
        "in_scale": heard.in_scale,
    }
    return Take("music", wave, plan, meter.cost(), FrozenMap(labels), (words,))


def _sound(plan: Plan, settings: Settings, engine: Any, meter: Meter, sample: np.ndarray | None) -> Work:
    last = time.perf_counter()
    try:
        wave, read = engine.sound(plan.request, settings, sample)
        meter.step()
        yield Step(0, 1, "sound", time.perf_counter() - last, lambda: wave)
    finally:
        meter.stop()
    labels = _labels(plan, engine) | {"own_rate": engine.rate}
    if read.phrase is not None:
        (heard,) = listener().read([resampled(wave, RATE, engine.rate)])
        labels["heard"] = FrozenMap(heard)
    return Take("music", wave, plan, meter.cost(), FrozenMap(labels), (replace(read, given=plan.request.prompt),))


def _labels(plan: Plan, engine: Any) -> dict[str, Any]:
    return {
        "model": plan.card.name,
        "tier": plan.card.tier,
        "engine": engine.kind,
        "rate": RATE,
        "origin": "AI 生成",
        "licence": plan.card.licence,
    }
