"""Measures the shipped pipeline on frozen prompts: one sample each, seed = index, no choosing; read by the checker."""

import json
import math
from dataclasses import replace

import numpy as np
import torch

from aigc_kit.worlds.tinyworld import checker, vocab
from aigc_kit.worlds.tinyworld.spec import ATTRIBUTES, Spec
from assets.train import measures

from . import codec, paths, pictures, sampling

GATES = {"colour": 95, "light": 95, "style": 95, "subject": 90, "scene": 90, "size": 85, "position": 85}
NEAREST = 12
SIDE = 32  # pictures are compared for likeness at 32 x 32


def entries() -> dict[str, list[dict]]:
    """The committed prompts by set, as the kit passes them on: a small face is asked for at medium size.

    The hand-written ones as they are stay as they are.
    """
    sets = measures.entries(paths.PROMPTS, Spec, lambda prompt: vocab.phrase(prompt).phrase)
    return {name: each if name == "handwritten" else [fitted(entry) for entry in each] for name, each in sets.items()}


def fitted(entry: dict) -> dict:
    """An entry whose prompt and ``spec`` the model promises to draw; ``fitted`` says whether they were changed."""
    read = vocab.promised(vocab.phrase(entry["prompt"]))
    if all(piece.why != "coarse" for piece in read.dropped):
        return entry | {"fitted": False}
    return entry | {"prompt": read.phrase, "spec": replace(entry["spec"], size="medium"), "fitted": True}


def load(threads: int = 2):
    """The shipped pipeline as a learner gets it."""
    from diffusers import DiffusionPipeline

    torch.set_num_threads(threads)
    return DiffusionPipeline.from_pretrained(paths.MODEL)


def score(readings: list[checker.Reading], specs: list[Spec]) -> dict[str, dict[str, float]]:
    """attribute -> share of the pictures, among those whose prompt says the attribute, that show it."""
    return measures.score(readings, specs, ATTRIBUTES, "a picture of the world")


def speed(pipe) -> dict[str, float]:
    """One 128 x 128 picture in 20 steps, guidance on."""
    return measures.speed(lambda: sampling.draw(pipe, ["一只红色的小狗，在花丛里"]))


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
    pipe, before = load(), earlier()
    report: dict = {"settings": {"steps": sampling.STEPS, "guidance": sampling.GUIDANCE, "gates": GATES}, "sets": {}}
    report["speed"] = speed(pipe)
    drawn = {}
    for name, each in entries().items():
        specs = [entry["spec"] for entry in each]
        images = drawn[name] = sampling.draw(pipe, [entry["prompt"] for entry in each])
        readings = checker.read(images)
        report["sets"][name] = {
            group: score([readings[k] for k in rows], [specs[k] for k in rows])
            for group, rows in measures.groups(each).items()
        }
        sampling.sheet(images[:96], 12, paths.RUN / f"sheet-{name.split(',')[0]}.png")
    if known() < before.get("training", {}).get("pictures", 0):  # not all that it was trained on is here
        report["nearest"], report["nearest_before"] = before["nearest"], True
    else:
        report["nearest"] = nearest(drawn["generated"][:NEAREST])
        found = [pictures.read(one["chunk"], "images")[one["row"]] for one in report["nearest"]]
        pairs = np.concatenate([drawn["generated"][:NEAREST], np.stack(found)])
        sampling.sheet(pairs, NEAREST, paths.MODEL / "nearest.jpg")
    sampling.sheet(drawn["generated"][:24], 12, paths.MODEL / "samples.jpg")
    parts = ("unet", "vae", "text_encoder", "text_encoder_2")
    report["parameters"] = {name: sum(p.numel() for p in getattr(pipe, name).parameters()) for name in parts}
    report["bytes"] = sum(file.stat().st_size for file in paths.MODEL.rglob("*.safetensors"))
    report["autoencoder"] = reconstruction(pipe)
    report["training"] = training(before.get("training", {}))
    paths.EVALUATION.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return report


def known() -> int:
    """How many rendered pictures are here."""
    return pictures.CHUNK * len(pictures.ready())


def earlier() -> dict:
    """The evaluation that is shipped, where there is one."""
    return json.loads(paths.EVALUATION.read_text(encoding="utf-8")) if paths.EVALUATION.exists() else {}


def training(before: dict) -> dict:
    """How long it was trained, and the looks of the probe: what the log tells, on top of what was known before."""
    lines = [json.loads(line) for line in paths.LOG.read_text(encoding="utf-8").splitlines()]
    unet = [line for line in lines if "samples" in line]
    decoder = [line for line in lines if "decoder" in line]
    found = dict(before)
    if unet:
        found |= {name: unet[-1][name] for name in ("step", "samples", "cpu")}
        looks = [line["prefers"] | {"samples": line["samples"]} for line in unet if "prefers" in line]
        first = min((look["samples"] for look in looks), default=math.inf)
        found["prefers"] = [look for look in before.get("prefers", []) if look["samples"] < first] + looks
    if decoder:
        found["decoder_cpu"] = decoder[-1]["cpu"]
    found["pictures"] = max(known(), before.get("pictures", 0))
    return found


@torch.no_grad()
def reconstruction(pipe, count: int = 200) -> dict[str, float]:
    """dB on held-out renders: encoder then decoder as shipped."""
    images = codec.as_images(pictures.read(0, "images")[:count])
    decoded = pipe.vae.decode(pipe.vae.encode(images).latent_dist.mode()).sample.clamp(-1, 1)
    return {"psnr": codec.psnr(decoded, images), "pictures": count}
