"""Measures the shipped reader on renders that it never saw; writes ``assets/models/clipreader/eval.json``.

The renders come from seeds that training never used, of 17 and of 9 frames, square and wide; 240 of them show a pair
that the video model is never shown. All are read again after they were softened as a small decoder softens them, and,
where the video model is here, after its autoencoder's way there and back.
"""

import json
import random

import numpy as np
from PIL import Image, ImageFilter

from aigc_kit.core import paths as kit_paths
from aigc_kit.core import statistics
from aigc_kit.worlds.tinyworld.checker import read_clips, sampled
from aigc_kit.worlds.tinyworld.motion import CLIP_ATTRIBUTES, CLIP_HELD_OUT, ClipSpec, film
from aigc_kit.worlds.tinyworld.reading import matches

from .negatives import KINDS
from .paths import EVALUATION, MODEL

GATES = {**dict.fromkeys(CLIP_ATTRIBUTES, 98), "valid": 98, "refused": 95}
SIZES = ((17, 64, 64), (17, 64, 64), (9, 64, 64), (17, 64, 112))
FREE, PER_PAIR, REFUSALS, RECONSTRUCTED = 1200, 30, 150, 240
FIRST_SEED = 9_000_000_000


def specs() -> list[ClipSpec]:
    """The free ones, then those of held-out pairs."""
    rng = random.Random(FIRST_SEED)
    found = [ClipSpec.sample(rng, training=True) for _ in range(FREE)]
    for one, value, other, its in CLIP_HELD_OUT:
        found += [ClipSpec(**{one: value, other: its}).fill(rng) for _ in range(PER_PAIR)]
    return found


def renders(wanted: list[ClipSpec]) -> list[np.ndarray]:
    """One clip for each spec."""
    return [film(spec, *SIZES[k % len(SIZES)], seed=FIRST_SEED + k) for k, spec in enumerate(wanted)]


def softened(clip: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Half size and back, a little blur, noise and a tint: as a small decoder's frames look."""
    tint, out = rng.uniform(-5, 5, 3), []
    for frame in clip:
        height, width = frame.shape[:2]
        image = Image.fromarray(frame).resize((width // 2, height // 2), Image.Resampling.BILINEAR)
        image = image.resize((width, height), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(0.7))
        out.append(np.clip(np.asarray(image, np.float32) + rng.normal(0, 5, frame.shape) + tint, 0, 255))
    return np.stack(out).astype(np.uint8)


def reconstructed(clips: list[np.ndarray]) -> list[np.ndarray] | None:
    """Through the video model's autoencoder and back; None where it is not here."""
    import torch

    folder = kit_paths.assets() / "models" / "tinywan" / "vae"
    if not (folder / "config.json").is_file():
        return None
    from diffusers import AutoencoderKLWan

    vae = AutoencoderKLWan.from_pretrained(folder, dtype=torch.float32)
    out = []
    with torch.no_grad():
        for clip in clips:
            video = torch.from_numpy(clip).permute(3, 0, 1, 2)[None].float() / 127.5 - 1
            made = vae.decode(vae.encode(video).latent_dist.mode()).sample[0].permute(1, 2, 3, 0)
            out.append(((made.clamp(-1, 1) + 1) * 127.5).round().byte().numpy())
    return out


def wilson(right: int, count: int) -> dict[str, float]:
    """Share with its 95 % Wilson interval."""
    share, low, high = statistics.wilson(right, count)
    return {"share": round(share, 4), "low": round(low, 4), "high": round(high, 4), "of": count}


def score(clips: list[np.ndarray], wanted: list[ClipSpec]) -> dict:
    """attribute -> share right, valid or not; and the share called valid."""
    readings = read_clips(clips)
    pairs = list(zip(readings, wanted, strict=True))
    out = {
        name: wilson(sum(r.labels[name] == s.known()[name] for r, s in pairs), len(pairs)) for name in CLIP_ATTRIBUTES
    }
    out["valid"] = wilson(sum(r.valid for r in readings), len(readings))
    return out


def refused() -> dict:
    """kind of clip that is none -> share refused; and wrong captions: how often one wrong attribute is noticed."""
    rng, chance = np.random.default_rng(77), random.Random(77)
    out = {}
    for name, make in KINDS.items():
        clips = []
        for k in range(REFUSALS):
            spec, other = ClipSpec.sample(chance), ClipSpec.sample(chance)
            pair = [
                sampled(film(s, 5, 64, 64, seed=FIRST_SEED + 50_000 + 2 * k + j)) for j, s in enumerate((spec, other))
            ]
            clips.append(make(rng, *pair, spec.motion == "bounce"))
        out[name] = wilson(sum(not reading.valid for reading in read_clips(clips)), REFUSALS)
    return out


def wrong_captions(clips: list[np.ndarray], wanted: list[ClipSpec]) -> dict:
    """attribute -> how often a caption in which only it is wrong is refused."""
    rng, out = random.Random(78), {}
    readings = read_clips(clips)
    for name, values in CLIP_ATTRIBUTES.items():
        noticed = count = 0
        for reading, spec in zip(readings, wanted, strict=True):
            value = rng.choice([v for v in values if v != spec.known()[name]])
            try:
                wrong = ClipSpec(**{**spec.known(), name: value})
            except ValueError:  # the subject cannot make that motion
                continue
            count += 1
            noticed += not all(matches(reading, wrong).values())
        out[name] = wilson(noticed, count)
    return out


def evaluate() -> dict:
    """Run everything and write ``eval.json``."""
    wanted = specs()
    clips = renders(wanted)
    rng = np.random.default_rng(79)
    report = {
        "gates": GATES,
        "fresh": score(clips[:FREE], wanted[:FREE]),
        "held_out_pairs": score(clips[FREE:], wanted[FREE:]),
        "softened": score([softened(clip, rng) for clip in clips], wanted),
        "refused": refused(),
        "wrong_captions": wrong_captions(clips[:FREE], wanted[:FREE]),
        "bytes": (MODEL / "model.safetensors").stat().st_size,
    }
    back = reconstructed(clips[:RECONSTRUCTED])
    report["reconstructed"] = score(back, wanted[:RECONSTRUCTED]) if back is not None else None
    EVALUATION.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    for name in ("fresh", "held_out_pairs", "softened", "reconstructed", "refused", "wrong_captions"):
        print(name, {key: value["share"] for key, value in (report[name] or {}).items()}, flush=True)
    return report
