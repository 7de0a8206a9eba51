"""Measures the shipped pipeline on frozen prompts: one sample each, seed = index, no choosing; read by the checker."""

import json
import math
import resource
import time
from statistics import NormalDist, median

import numpy as np
import torch

from aigc_kit.tinyworld import checker, vocab
from aigc_kit.tinyworld.spec import ATTRIBUTES, Spec

from . import codec, paths, pictures, sampling

GATES = {"colour": 95, "light": 95, "style": 95, "subject": 90, "scene": 90, "size": 85, "position": 85}
NEAREST = 12
SIDE = 32  # pictures are compared for likeness at 32 x 32


def wilson(right: int, count: int, level: float = 0.95) -> dict[str, float]:
    """Share in percent with its Wilson score interval. Source: Wilson 1927, J. Am. Stat. Assoc. 22."""
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share = right / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return {"percent": 100 * share, "low": 100 * low, "high": 100 * high, "right": right, "of": count}


def entries() -> dict[str, list[dict]]:
    """The committed prompts by set, each with ``prompt``, ``language`` and ``spec``.

    The hand-written ones come twice: as they are, and in the world's own words, as the kit passes them on.
    """
    sets = json.loads(paths.PROMPTS.read_text(encoding="utf-8"))
    for each in sets.values():
        for entry in each:
            entry["spec"] = Spec(**entry["expected"])
    sets["handwritten, in the world's words"] = [
        {**entry, "prompt": vocab.phrase(entry["prompt"]).phrase} for entry in sets["handwritten"]
    ]
    return sets


def load(threads: int = 2):
    """The shipped pipeline as a learner gets it."""
    from diffusers import DiffusionPipeline

    torch.set_num_threads(threads)
    return DiffusionPipeline.from_pretrained(paths.MODEL)


def score(readings: list[checker.Reading], specs: list[Spec]) -> dict[str, dict[str, float]]:
    """attribute -> share of the pictures, among those whose prompt says the attribute, that show it."""
    out = {}
    for name in ATTRIBUTES:
        marks = [checker.matches(r, s)[name] for r, s in zip(readings, specs, strict=True) if name in s.known()]
        if marks:
            out[name] = wilson(sum(marks), len(marks))
    everything = [all(checker.matches(r, s).values()) for r, s in zip(readings, specs, strict=True)]
    out["all said"] = wilson(sum(everything), len(everything))
    out["a picture of the world"] = wilson(sum(r.valid for r in readings), len(readings))
    return out


def speed(pipe, runs: int = 5) -> dict[str, float]:
    """Median seconds of one 128 x 128 picture in 20 steps, guidance on, after a warm-up; peak memory of the process."""
    prompt, seconds, spent = ["一只红色的小狗，在花丛里"], [], []
    sampling.draw(pipe, prompt)
    for _ in range(runs):
        began, cpu = time.perf_counter(), time.process_time()
        sampling.draw(pipe, prompt)
        seconds.append(time.perf_counter() - began)
        spent.append(time.process_time() - cpu)
    return {
        "seconds": median(seconds),
        "cpu_seconds": median(spent),
        "threads": torch.get_num_threads(),
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def thumbnails(images: np.ndarray) -> np.ndarray:
    """uint8 (N, 128, 128, 3) -> float32 (N, 32 * 32 * 3), averaged."""
    count, height, width, _ = images.shape
    small = images.reshape(count, SIDE, height // SIDE, SIDE, width // SIDE, 3).mean((2, 4), dtype=np.float32)
    return small.reshape(count, -1)


def nearest(samples: np.ndarray) -> list[dict]:
    """For each sample the training picture with the smallest distance at 32 x 32, root mean square in grey levels."""
    wanted = thumbnails(samples)
    best = [(math.inf, 0, 0)] * len(wanted)
    for number in pictures.ready():
        if number == 0 or pictures.size_of(number) != (128, 128):
            continue
        known = thumbnails(np.array(pictures.read(number, "images")))
        far = np.sqrt(((wanted[:, None] - known[None]) ** 2).mean(-1))
        for k, row in enumerate(far):
            best[k] = min(best[k], (float(row.min()), number, int(row.argmin())))
    return [{"distance": distance, "chunk": chunk, "row": row} for distance, chunk, row in best]


def evaluate() -> dict:
    """Run everything and write ``eval.json``."""
    pipe = load()
    report: dict = {"settings": {"steps": sampling.STEPS, "guidance": sampling.GUIDANCE, "gates": GATES}, "sets": {}}
    report["speed"] = speed(pipe)
    drawn = {}
    for name, each in entries().items():
        specs = [entry["spec"] for entry in each]
        images = drawn[name] = sampling.draw(pipe, [entry["prompt"] for entry in each])
        readings = checker.read(images)
        groups = {"all": list(range(len(each)))}
        for language in ("zh", "en"):
            groups[language] = [k for k, entry in enumerate(each) if entry["language"] == language]
        groups["held-out pairs"] = [k for k, entry in enumerate(each) if entry.get("held_out")]
        report["sets"][name] = {
            group: score([readings[k] for k in rows], [specs[k] for k in rows])
            for group, rows in groups.items()
            if rows
        }
        sampling.sheet(images[:96], 12, paths.RUN / f"sheet-{name.split(',')[0]}.png")
    report["nearest"] = nearest(drawn["generated"][:NEAREST])
    found = [pictures.read(one["chunk"], "images")[one["row"]] for one in report["nearest"]]
    sampling.sheet(
        np.concatenate([drawn["generated"][:NEAREST], np.stack(found)]), NEAREST, paths.MODEL / "nearest.jpg"
    )
    sampling.sheet(drawn["generated"][:24], 12, paths.MODEL / "samples.jpg")
    parts = ("unet", "vae", "text_encoder", "text_encoder_2")
    report["parameters"] = {name: sum(p.numel() for p in getattr(pipe, name).parameters()) for name in parts}
    report["bytes"] = sum(file.stat().st_size for file in paths.MODEL.rglob("*.safetensors"))
    report["autoencoder"] = reconstruction(pipe)
    report["training"] = training()
    paths.EVALUATION.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return report


def training() -> dict:
    """How long it was trained, and the last look of the probe."""
    lines = [json.loads(line) for line in paths.LOG.read_text(encoding="utf-8").splitlines()]
    unet = [line for line in lines if "samples" in line]
    decoder = [line for line in lines if "decoder" in line]
    found = {name: unet[-1][name] for name in ("step", "samples", "cpu")}
    found["prefers"] = [line["prefers"] | {"samples": line["samples"]} for line in unet if "prefers" in line]
    found["decoder_cpu"], found["pictures"] = decoder[-1]["cpu"], pictures.CHUNK * len(pictures.ready())
    return found


@torch.no_grad()
def reconstruction(pipe, count: int = 200) -> dict[str, float]:
    """dB on held-out renders: encoder then decoder as shipped."""
    images = codec.as_images(pictures.read(0, "images")[:count])
    decoded = pipe.vae.decode(pipe.vae.encode(images).latent_dist.mode()).sample.clamp(-1, 1)
    return {"psnr": codec.psnr(decoded, images), "pictures": count}
