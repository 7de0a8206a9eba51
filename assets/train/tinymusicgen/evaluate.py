"""Measures the shipped model on the frozen wishes: what it sounds is read by two readers that never heard it.

The network reader was trained on the world's own clips; the second one names the most alike of all true clips.
"""

import json
import time
from functools import cache
from random import Random
from typing import Any

import numpy as np
import torch
from transformers import AutoProcessor, MusicgenForConditionalGeneration

from aigc_kit.worlds.sounds import SOUND_CHOICES, Listener, SoundWish, features, sound_caption, wishes
from assets.train.measures import wilson

from . import codec, corpus, paths

GATES = {"instrument": 90.0, "speed": 90.0, "register": 90.0, "contour": 80.0, "mode": 80.0}
CODEC_GATE = 95.0
SETTINGS = [(1.0, 1.0), (1.0, 0.5), (1.0, 0.3), (3.0, 0.5)]  # (guidance, temperature)
BATCH = 25


def load() -> tuple[MusicgenForConditionalGeneration, Any]:
    model = MusicgenForConditionalGeneration.from_pretrained(
        paths.MODEL, dtype=torch.float32, attn_implementation="eager"
    )
    return model.eval(), AutoProcessor.from_pretrained(paths.MODEL)


def frozen() -> list[dict]:
    """The rows of the committed file, each with its wish."""
    rows = json.loads(paths.PROMPTS.read_text(encoding="utf-8"))["sounds"]
    return [row | {"wish": SoundWish(**row["expected"])} for row in rows]


def developing(count: int = 60) -> list[tuple[str, SoundWish]]:
    """Other captions, to choose guidance and temperature on."""
    draw = Random("developing sounds")
    every = [wish for wish in wishes() if wish not in corpus.held_out(list(wishes()))]
    chosen = draw.sample(every, count)
    return [(sound_caption(wish, ("zh", "en")[k % 2], draw), wish) for k, wish in enumerate(chosen)]


@torch.inference_mode()
def sound(model, processor, prompts: list[str], guidance: float, temperature: float) -> list[np.ndarray]:
    """One wave float32 (48000,) for each prompt; each batch has its seed."""
    waves = []
    for number, start in enumerate(range(0, len(prompts), BATCH)):
        torch.manual_seed(number)
        inputs = processor(text=prompts[start : start + BATCH], padding=True, return_tensors="pt")
        out = model.generate(
            **inputs,
            do_sample=True,
            guidance_scale=guidance,
            temperature=temperature,
            max_new_tokens=corpus.FRAMES + codec.BOOKS - 1,
        )
        waves += list(out[:, 0].numpy())
    return waves


def _strength(wave: np.ndarray) -> np.ndarray:
    """Amplitudes of the reader's bands, of length 1: noise below the partials counts little."""
    bands = np.exp(0.5 * features(wave).ravel())
    return bands / np.linalg.norm(bands)


@cache
def _true() -> tuple[list[SoundWish], np.ndarray]:
    clips, waves = codec.everything()
    return [wish for wish, _ in clips], np.stack([_strength(wave) for wave in waves])


def nearest(waves: list[np.ndarray]) -> list[dict[str, str]]:
    """What the true clip was wished to be that is most alike in band amplitudes (cosine)."""
    names, rows = _true()
    return [dict(names[int((rows @ _strength(wave)).argmax())].items()) for wave in waves]


def score(asked: list[SoundWish], heard: list[dict[str, str]]) -> dict[str, dict]:
    """Shares of the clips with what was asked."""
    marks: dict[str, list[bool]] = {name: [] for name in SOUND_CHOICES}
    whole = []
    for wish, found in zip(asked, heard, strict=True):
        hits = [found.get(name) == value for name, value in wish.items()]
        for (name, _), hit in zip(wish.items(), hits, strict=True):
            marks[name].append(hit)
        whole.append(all(hits))
    shares = {name: wilson(sum(hits), len(hits)) for name, hits in marks.items() if hits}
    return shares | {"all said": wilson(sum(whole), len(whole))}


def round_trip(model, listener: Listener) -> dict:
    """What the reader hears after the codec, and the signal-to-noise ratio in dB: every wish once, by one tonic."""
    clips, waves = (part[1::3] for part in codec.everything())
    with torch.inference_mode():
        out = []
        for part in torch.from_numpy(waves).split(63):
            inside = model.audio_encoder.encode(part[:, None])
            out.append(model.audio_encoder.decode(inside.audio_codes, inside.audio_scales).audio_values[:, 0])
    back = torch.cat(out).numpy()
    found = score([wish for wish, _ in clips], listener.read(list(back)))
    with np.load(paths.CODEC) as file, np.load(paths.CODES) as coded:
        codes, axes = coded["codes"][1::3], file["axes"]
        plain = sum(book[codes[:, k]] for k, book in enumerate(file["books"])) @ axes.T
    spectra = codec.frames(waves) @ codec.transform()
    return {"dB": decibels(waves, back), "plain_dB": decibels(spectra, plain), "shares": found}


def decibels(truth: np.ndarray, other: np.ndarray) -> float:
    """Signal-to-noise ratio."""
    return 10 * float(np.log10((truth**2).sum() / ((truth - other) ** 2).sum()))


def evaluate() -> dict:
    torch.set_num_threads(1)
    model, processor = load()
    listener = Listener(paths.READER)
    captions, asked = zip(*developing(), strict=True)
    trials = {}
    for guidance, temperature in SETTINGS:
        waves = sound(model, processor, list(captions), guidance, temperature)
        found = score(list(asked), listener.read(waves))
        trials[f"{guidance:g} / {temperature:g}"] = {name: round(v["percent"], 1) for name, v in found.items()}
        print(guidance, temperature, trials[f"{guidance:g} / {temperature:g}"], flush=True)
    chosen = max(trials, key=lambda name: sum(trials[name].values()))
    guidance, temperature = map(float, chosen.split(" / "))
    rows = frozen()
    began = time.process_time()
    waves = sound(model, processor, [row["prompt"] for row in rows], guidance, temperature)
    seconds = (time.process_time() - began) / len(rows)
    heard, near = listener.read(waves), nearest(waves)
    groups = {
        "all": range(len(rows)),
        "zh": [k for k, row in enumerate(rows) if row["language"] == "zh"],
        "en": [k for k, row in enumerate(rows) if row["language"] == "en"],
        "held out": [k for k, row in enumerate(rows) if row["held_out"]],
    }
    sets = {
        name: score([rows[k]["wish"] for k in places], [heard[k] for k in places]) for name, places in groups.items()
    }
    sets["most alike"] = score([row["wish"] for row in rows], near)
    state = torch.load(paths.CHECKPOINT, weights_only=True)
    levels = [20 * np.log10(max(1e-9, float(np.sqrt((wave**2).mean())))) for wave in waves]
    report = {
        "prompts": len(rows),
        "gates": GATES,
        "guidance": guidance,
        "temperature": temperature,
        "developing": trials,
        "sets": sets,
        "codec": round_trip(model, listener),
        "codec_gate": CODEC_GATE,
        "seconds_each": seconds,
        "rms_dB": [min(levels), float(np.median(levels)), max(levels)],
        "steps": state["step"],
        "clips_trained": state["step"] * 32,
        "cpu_seconds": round(state["cpu"]),
        "parameters": {
            "text": sum(p.numel() for p in model.text_encoder.parameters()),
            "decoder": sum(p.numel() for p in model.decoder.parameters()),
            "codec": sum(p.numel() for p in model.audio_encoder.parameters()),
        },
    }
    paths.EVALUATION.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return {name: {k: round(v["percent"], 1) for k, v in part.items()} for name, part in sets.items()}
