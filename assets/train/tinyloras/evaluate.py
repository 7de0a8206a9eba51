"""Measures the shipped LoRAs on frozen prompts: one sample each, seed = index, no choosing; writes eval.json."""

import json
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import torch

from aigc_kit.make.train import load_lora
from aigc_kit.teach.labs.lab06 import painting, reader
from aigc_kit.worlds.tinyworld import checker
from assets.train import measures
from assets.train.tinycontrol.evaluate import base_digests
from assets.train.tinysdxl.sampling import sheet

from . import paths, pictures, train

GATES = {"style": 90, "subject": 85}
STEPS, BATCH, PROCESSES = 12, 12, 3


def prompts() -> dict[str, list[dict]]:
    """The frozen prompts by set."""
    return json.loads(paths.PROMPTS.read_text(encoding="utf-8"))


def draw(pipe, rows: list[dict], strengths: dict[str, float]) -> np.ndarray:
    """One picture of each prompt, uint8 (N, 128, 128, 3)."""
    texts = [row["prompt"] for row in rows]
    parts = [
        painting.with_loras(pipe, strengths, texts[k : k + BATCH], k, steps=STEPS) for k in range(0, len(texts), BATCH)
    ]
    return np.concatenate(parts)


def _draw(task: tuple[list[dict], str]) -> np.ndarray:
    """As `draw`, by the LoRA of that name or by the base alone, in a process of its own."""
    torch.set_num_threads(1)
    rows, name = task
    pipe = train.base()
    if name:
        load_lora(pipe, paths.MODEL / f"{name}.safetensors", name)
    return draw(pipe, rows, {name: 1.0} if name else {})


def remembered(images: np.ndarray, rows: list[dict]) -> dict:
    """Of the world's own prompts, in how many the kit's reader finds the subject."""
    read = checker.read(images)
    right = sum(
        r.valid and r.labels["subject"] == row["expected"]["subject"] for r, row in zip(read, rows, strict=True)
    )
    return measures.wilson(right, len(rows))


def evaluate() -> dict:
    """Everything that the card tells."""
    sets = prompts()
    kinds = {"blueprint": "style", "papercut": "style", "rocket": "rocket"}
    tasks = [(rows, "") for rows in sets.values()] + [(sets[kinds[name]], name) for name in pictures.NAMES]
    tasks.append((sets["usual"], "rocket"))
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
        drawn = list(pool.map(_draw, tasks))
    plain = dict(zip(sets, drawn, strict=False))
    report: dict = {"gates": GATES, "loras": {}, "reader": train.reader_right()}
    tiles = [plain["style"][:12]]
    for name, images in zip(pictures.NAMES, drawn[len(sets) :], strict=False):
        rows, seen = sets[kinds[name]], reader.read(images)
        one: dict = {}
        if kinds[name] == "style":
            one["style"] = measures.wilson(sum(each.style == name for each in seen), len(rows))
            right = sum(each.subject == row["expected"]["subject"] for each, row in zip(seen, rows, strict=True))
        else:
            right = sum(each.subject == "rocket" for each in seen)
            one["usual"] = remembered(drawn[-1], sets["usual"])
        one["subject"] = measures.wilson(right, len(rows))
        report["loras"][name] = one
        tiles.append(images[:12])
    report["base alone"] = {
        "subject": measures.wilson(
            sum(
                a.subject == b["expected"]["subject"]
                for a, b in zip(reader.read(plain["style"]), sets["style"], strict=True)
            ),
            len(sets["style"]),
        ),
        "rocket": measures.wilson(
            sum(each.subject == "rocket" for each in reader.read(plain["rocket"])), len(sets["rocket"])
        ),
        "usual": remembered(plain["usual"], sets["usual"]),
        "new styles": measures.wilson(
            sum(each.style in ("blueprint", "papercut") for each in reader.read(plain["style"])), len(sets["style"])
        ),
    }
    pipe = train.base()
    before = draw(pipe, sets["style"][:BATCH], {})
    for name in pictures.NAMES:
        load_lora(pipe, paths.MODEL / f"{name}.safetensors", name)
    again = draw(pipe, sets["style"][:BATCH], {})
    report["off again"] = bool((again == before).all())
    report["base"] = base_digests()
    report["training"] = [json.loads(line) for line in (paths.RUN / "training.jsonl").read_text().splitlines()]
    sheet(np.concatenate(tiles), 12, paths.MODEL / "samples.jpg")
    paths.EVALUATION.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return report
