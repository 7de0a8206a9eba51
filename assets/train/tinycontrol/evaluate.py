"""Measures the shipped ControlNet on the frozen masks: one sample each, seed = index, no choosing; writes eval.json."""

import hashlib
import json
import multiprocessing
import random
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import torch
from PIL import Image

from aigc_kit.core.statistics import bootstrap
from aigc_kit.make.train import controlled, load_control, read_weights, save_control
from aigc_kit.teach.labs.lab06 import painting
from aigc_kit.teach.labs.lab06.silhouettes import iou, subject_of
from aigc_kit.worlds import tinyworld
from aigc_kit.worlds.tinyworld import checker
from aigc_kit.worlds.tinyworld.spec import COLOURS, SUBJECTS, Spec
from assets.train.tinysdxl.sampling import sheet

from . import hints, paths, train

GATE = 0.85  # mean IoU
STEPS, BATCH, COLUMNS = 12, 12, 20
PART, PROCESSES = 40, 3
LINES = 40  # masks that are also given as outlines
SHEET = 24  # the first of a fixed shuffle, not chosen
PARTS = ("unet/diffusion_pytorch_model", "text_encoder/model", "text_encoder_2/model")


def frozen() -> tuple[list[np.ndarray], list[dict]]:
    """The masks, bool (128, 128) each, and their rows."""
    rows = json.loads(paths.MASKS.read_text(encoding="utf-8"))
    page = np.asarray(Image.open(paths.MASKS.with_name("control_masks.png")).convert("L")) > 0
    side = hints.SIDE
    tiles = [page[k // COLUMNS * side :, k % COLUMNS * side :][:side, :side] for k in range(len(rows))]
    return tiles, rows


def base_digests() -> dict[str, str]:
    """sha256 of the files that it was trained on: U-Net and text encoders."""
    files = {name: paths.BASE / f"{name}.safetensors" for name in PARTS}
    return {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in files.items()}


def export() -> None:
    """Writes the running average of the checkpoint as a ControlNetModel in float16."""
    pipe = train.base()
    network = train.new_control(pipe)
    network.load_state_dict(torch.load(paths.CHECKPOINT, weights_only=True)["averaged"])
    file = save_control(pipe, network, paths.MODEL)
    file.chmod(0o644)
    print(file.stat().st_size, "bytes", len(read_weights(file)), "tensors")


def draw(both, shown: list[np.ndarray], rows: list[dict], scale: float = 1.0, first: int = 0) -> np.ndarray:
    """One picture of each hint, uint8 (N, 128, 128, 3); the seed of the first is ``first``."""
    out = []
    for start in range(0, len(rows), BATCH):
        part = slice(start, start + BATCH)
        pages = torch.from_numpy(np.stack(shown[part])).permute(0, 3, 1, 2).float() / 255
        prompts = [row["prompt"] for row in rows[part]]
        more = {"image": pages, "controlnet_conditioning_scale": scale, "steps": STEPS}
        out.append(painting.paint(both, prompts, first + start, **more))
    return np.concatenate(out)


def _draw_part(task: tuple) -> np.ndarray:
    """A part of `draw` in a process of its own, which loads the shipped network."""
    torch.set_num_threads(1)
    pipe = train.base()
    pipe.set_progress_bar_config(disable=True)
    return draw(controlled(pipe, load_control(pipe, paths.MODEL)), *task)


def draw_all(shown: list[np.ndarray], rows: list[dict], scale: float = 1.0) -> np.ndarray:
    """As `draw`, in parts of 80 that processes share."""
    starts = range(0, len(rows), PART)
    tasks = [(shown[k : k + PART], rows[k : k + PART], scale, k) for k in starts]
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
        return np.concatenate(list(pool.map(_draw_part, tasks)))


def ruler(count: int = 240) -> dict:
    """IoU of the subject found by colours with the true mask, on renders."""
    rng, values = random.Random("ruler"), []
    for number in range(count):
        subject, colour = SUBJECTS[number % len(SUBJECTS)], rng.choice(COLOURS[:-1])
        spec = Spec(subject=subject, colour=colour, scene="plain", style="flat", light="day").fill(rng)
        page, mask = tinyworld.paint(spec, hints.actor(spec, rng), hints.SIDE, hints.SIDE, rng)
        values.append(iou(subject_of(page), mask))
    return summary(values)


def summary(values: list[float]) -> dict:
    """Mean with a bootstrap interval."""
    low, high = bootstrap(np.asarray(values), seed=0)
    return {"mean": float(np.mean(values)), "low": low, "high": high, "of": len(values)}


def evaluate() -> dict:
    """Everything that the card tells."""
    masks, rows = frozen()
    pictures = draw_all([hints.silhouette(mask) for mask in masks], rows)
    report: dict = {}
    values = [iou(subject_of(page), mask) for page, mask in zip(pictures, masks, strict=True)]
    report["iou"] = {"all": summary(values)}
    for kind in ("usual", "free", "shape"):
        report["iou"][kind] = summary([v for v, row in zip(values, rows, strict=True) if row["kind"] == kind])
    for subject in dict.fromkeys(row["expected"].get("subject", "shape") for row in rows):
        some = [v for v, row in zip(values, rows, strict=True) if row["expected"].get("subject", "shape") == subject]
        report["iou"][subject] = summary(some)
    order = np.random.default_rng(0).permutation(len(rows))
    lined = sorted(order[:LINES].tolist())
    few = [rows[k] for k in lined]
    outlines = draw_all([hints.outline(masks[k]) for k in lined], few)
    report["lines"] = summary([iou(subject_of(p), masks[k]) for p, k in zip(outlines, lined, strict=True)])
    alone = draw_all([hints.silhouette(masks[k]) for k in lined], few, 0.0)
    report["scale 0"] = summary([iou(subject_of(p), masks[k]) for p, k in zip(alone, lined, strict=True)])
    readings = checker.read(pictures)
    said = [(r, row) for r, row in zip(readings, rows, strict=True) if "subject" in row["expected"]]
    report["subject"] = [sum(r.labels["subject"] == row["expected"]["subject"] for r, row in said), len(said)]
    report["ruler"] = ruler()
    report["worst"] = [int(k) for k in np.argsort(values)[:5]]
    report["base"] = base_digests()
    report["training"] = [json.loads(line) for line in paths.LOG.read_text(encoding="utf-8").splitlines()][-1]
    shown = order[:SHEET]
    tiles = np.concatenate(
        [[hints.silhouette(masks[k]) for k in shown[:12]], pictures[shown[:12]],
         [hints.silhouette(masks[k]) for k in shown[12:]], pictures[shown[12:]]]
    )  # fmt: skip
    sheet(tiles, 12, paths.MODEL / "samples.jpg")
    paths.EVALUATION.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return report
