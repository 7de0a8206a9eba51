"""Measures the shipped pipeline on frozen prompts: one sample each, seed = index, no choosing; read by the checker."""

import json
import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from aigc_kit.worlds.tinyworld import clip_vocab
from aigc_kit.worlds.tinyworld.captions import LANGUAGES, canonical
from aigc_kit.worlds.tinyworld.checker import read_clips
from aigc_kit.worlds.tinyworld.motion import CLIP_ATTRIBUTES, MOTIONS, ClipSpec
from aigc_kit.worlds.tinyworld.reading import Reading, matches
from assets.train import measures
from assets.train.clipreader import evaluate as reader

from . import autoencoder, clips, codec, paths, sampling

GATES = {"motion": 95, "colour": 95, "subject": 90, "scene": 95, "light": 95}
NEAREST = 8
OTHER_SIZES = {"9 frames": {"frames": 9}, "64 x 112": {"width": 112}}
OTHER = 60  # of the generated prompts, for each other size
SAID_TWICE = 80  # of the generated prompts' wishes, said in both languages


def entries() -> dict[str, list[dict]]:
    """The committed prompts by set."""
    return measures.entries(paths.PROMPTS, ClipSpec, lambda prompt: clip_vocab.clip_phrase(prompt).phrase)


def judged() -> list[dict]:
    """The frozen prompts whose clips eyes judge, said in the model's words, as the kit says them."""
    said = measures.entries(paths.JUDGED, ClipSpec, lambda prompt: clip_vocab.clip_phrase(prompt).phrase)["generated"]
    return [entry | {"prompt": clip_vocab.clip_phrase(entry["prompt"]).phrase} for entry in said]


def load(threads: int = 2):
    """The shipped pipeline as a learner gets it."""
    from diffusers import WanPipeline

    torch.set_num_threads(threads)
    return WanPipeline.from_pretrained(paths.MODEL, dtype=torch.float32)


def score(readings: list[Reading], specs: list[ClipSpec]) -> dict[str, dict[str, float]]:
    """attribute -> share of the clips, among those whose prompt says the attribute, that show it."""
    return measures.score(readings, specs, GATES, "a clip of the world")


def mistakes(readings: list[Reading], specs: list[ClipSpec], most: int = 8) -> list[dict]:
    """What was asked for and what was read instead, the commonest first."""
    found: dict[tuple[str, str, str], int] = {}
    for reading, spec in zip(readings, specs, strict=True):
        for name, value in spec.known().items():
            seen = reading.labels[name] if reading.valid else "no clip of the world"
            if seen != value:
                found[name, value, seen] = found.get((name, value, seen), 0) + 1
    rows = sorted(found.items(), key=lambda item: -item[1])[:most]
    return [{"attribute": name, "asked": asked, "read": read, "count": count} for (name, asked, read), count in rows]


def speed(pipe) -> dict[str, float]:
    """One clip of 17 frames in 20 steps, guidance on."""
    return measures.speed(lambda: sampling.film(pipe, ["一只小狗跳跃，在月球上"]))


def earlier() -> dict | None:
    """The evaluation before this one, or None: what it says of trainings whose log is lost holds still."""
    return json.loads(paths.EVALUATION.read_text("utf-8")) if paths.EVALUATION.exists() else None


def log() -> list[dict]:
    """The lines of the training's log; none where nothing was trained."""
    return [json.loads(line) for line in paths.LOG.read_text("utf-8").splitlines()] if paths.LOG.exists() else []


def nearest(samples: np.ndarray, known: list[dict] | None = None) -> tuple[list[dict], np.ndarray]:
    """For each square sample the training clip whose linear latents are nearest; distance in grey levels of the pixels.

    known: rows of an earlier search, whose clips are taken again.

    Returns:
        One row per sample, and those training clips uint8 (N, 17, 64, 64, 3), rendered again.
    """
    best = [(row["chunk"], row["row"]) for row in known] if known else search(samples)
    rendered = {number: clips.render_chunk(number)[0] for number in {number for number, _ in best}}
    found = np.stack([rendered[number][row] for number, row in best])
    rows = []
    for k, (number, row) in enumerate(best):
        distance = float(np.sqrt(((samples[k].astype(np.float32) - found[k]) ** 2).mean()))
        rows.append({"distance": distance, "chunk": number, "row": row})
    return rows, found


def search(samples: np.ndarray) -> list[tuple[int, int]]:
    """(chunk, row) of the nearest training clip for each sample."""
    linear = codec.load()
    wanted = linear.encode(torch.from_numpy(samples)).flatten(1).numpy()
    best = [(math.inf, 0, 0)] * len(wanted)
    for number in clips.ready():
        if number == 0 or clips.size_of(number) != (64, 64):
            continue
        known = np.asarray(clips.read(number, "long"), np.float32).reshape(clips.CHUNK, -1)
        far = np.sqrt(((wanted[:, None] - known[None]) ** 2).mean(-1))
        for k, row in enumerate(far):
            best[k] = min(best[k], (float(row.min()), number, int(row.argmin())))
    return [(number, row) for _, number, row in best]


def reconstruction(pipe, count: int = 120) -> dict[str, float]:
    """dB on held-out renders, encoder then decoder as shipped; and what the checker reads of them."""
    video = torch.from_numpy(np.array(clips.pixels(0)[:count])).permute(0, 4, 1, 2, 3).float() / 127.5 - 1
    with torch.no_grad():
        back = [pipe.vae.decode(pipe.vae.encode(one[None]).latent_dist.mode()).sample.clamp(-1, 1) for one in video]
    return {"psnr": codec.psnr(torch.cat(back), video), "clips": count}


def checker() -> dict:
    """The checker on true clips, and on the same after the shipped autoencoder's way there and back."""
    wanted = reader.specs()[: reader.RECONSTRUCTED]
    true = reader.renders(wanted)
    back = reader.reconstructed(true)
    return {"true": reader.score(true, wanted), "reconstructed": reader.score(back, wanted) if back else None}


def evaluate() -> dict:
    """Run everything and write ``eval.json``."""
    pipe, before = load(), earlier()
    settings = {"steps": sampling.STEPS, "guidance": sampling.GUIDANCE, "negative": sampling.NEGATIVE, "gates": GATES}
    report: dict = {"settings": settings, "sets": {}, "speed": speed(pipe)}
    filmed = {}
    for name, each in entries().items():
        specs = [entry["spec"] for entry in each]
        filmed[name] = sampling.film(pipe, [entry["prompt"] for entry in each])
        readings = read_clips(list(filmed[name]))
        report["sets"][name] = {
            group: score([readings[k] for k in rows], [specs[k] for k in rows])
            for group, rows in measures.groups(each).items()
        }
        if name == "generated":
            report["mistakes"], report["by_motion"] = mistakes(readings, specs), by_motion(readings, specs)
        paths.RUN.mkdir(parents=True, exist_ok=True)
        sampling.sheet(filmed[name][:72], 3, paths.RUN / f"sheet-{name.split(',')[0]}.png")
    report["other_sizes"], report["said_twice"] = other_sizes(pipe), said_twice(pipe)
    known = before["nearest"] if before and not trained_since(before["training"]) else None
    report["nearest"], found = nearest(filmed["generated"][:NEAREST], known)
    pairs = np.stack([filmed["generated"][:NEAREST], found], 1).reshape(-1, *found.shape[1:])
    sampling.sheet(pairs, 2, paths.MODEL / "nearest.jpg")
    sampling.sheet(filmed["generated"][:24], 3, paths.MODEL / "samples.jpg")
    parts = ("transformer", "vae", "text_encoder")
    report["parameters"] = {name: sum(p.numel() for p in getattr(pipe, name).parameters()) for name in parts}
    report["bytes"] = sum(file.stat().st_size for file in paths.MODEL.rglob("*.safetensors"))
    report["autoencoder"], report["checker"] = reconstruction(pipe), checker()
    report["training"] = training(before and before["training"])
    paths.EVALUATION.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return report


def other_sizes(pipe) -> dict:
    """The other length and the other shape that were trained, on the first generated prompts."""
    some = entries()["generated"][:OTHER]
    out = {}
    for name, options in OTHER_SIZES.items():
        made = sampling.film(pipe, [entry["prompt"] for entry in some], **options)
        out[name] = score(read_clips(list(made)), [entry["spec"] for entry in some])
    return out


def by_motion(readings: list[Reading], specs: list[ClipSpec]) -> dict:
    """motion -> shares among the clips that should show it."""
    rows = {motion: [k for k, spec in enumerate(specs) if spec.motion == motion] for motion in MOTIONS}
    return {motion: score([readings[k] for k in at], [specs[k] for k in at]) for motion, at in rows.items() if at}


def said_twice(pipe) -> dict:
    """The same wishes in both languages, each pair from the same noise: languages compared with all else equal.

    Returns:
        language -> shares; "zh only" and "en only" -> in how many pairs all that was said is right in one alone.
    """
    specs = [entry["spec"] for entry in entries()["generated"][:SAID_TWICE]]
    readings = {
        language: read_clips(list(sampling.film(pipe, [canonical(spec, language) for spec in specs])))
        for language in LANGUAGES
    }
    right = {
        language: [all(matches(r, spec).values()) for r, spec in zip(found, specs, strict=True)]
        for language, found in readings.items()
    }
    pairs = list(zip(right["zh"], right["en"], strict=True))
    out: dict = {language: score(found, specs) for language, found in readings.items()}
    return out | {"zh only": pairs.count((True, False)), "en only": pairs.count((False, True))}


def trained_since(before: Mapping[str, Any]) -> list[dict]:
    """The log's lines of the transformer's training since the one of which ``before`` tells."""
    return [line for line in log() if line.get("samples", 0) > before.get("samples", 0)]


def training(before: Mapping[str, Any] | None = None) -> dict:
    """How long it was trained, and the looks of the probe.

    before: what was said of trainings whose log may be elsewhere, and is added to; what it counted counts once.
    """
    found, lines = dict[str, Any](before or {}), log()
    if flow := trained_since(found):
        looks = [line["prefers"] | {"samples": line["samples"]} for line in flow if "prefers" in line]
        found |= {name: flow[-1][name] for name in ("step", "samples", "cpu")} | {
            "prefers": [*found.get("prefers", []), *looks],
            "clips": clips.CHUNK * len(clips.ready()),
        }
    for half in ("decoder", "encoder"):
        known = found.get(f"{half}_step") or 0
        ours = [
            line
            for line in lines
            if line.get("half") == half
            and line["step"] > known
            and line.get("shape", autoencoder.SHIPPED) == autoencoder.SHIPPED
        ]
        found[f"{half}_cpu"] = (added_up([line["cpu"] for line in ours]) or 0) + (found.get(f"{half}_cpu") or 0) or None
        found[f"{half}_step"] = max([known, *(line["step"] for line in ours)])
    return found


def added_up(seconds: list[float]) -> float | None:
    """All runs of a clock that begins anew with each: the sum of where it stood last before it fell. None: no run."""
    ends = [now for now, later in pairwise([*seconds, 0.0]) if later < now]
    return sum(ends) if ends else None


assert set(GATES) == set(CLIP_ATTRIBUTES)
