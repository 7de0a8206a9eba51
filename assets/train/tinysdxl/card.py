"""Writes the model card from ``eval.json`` and ``card_template.md``."""

import json

from assets.train import tables
from assets.train.judge import telling

from . import evaluate, network, paths, vae

TEMPLATE = paths.HERE / "card_template.md"


def verdict(report: dict) -> str:
    """One line that says which gates are missed, by the reader's eyes."""
    missed = tables.missed(report["sets"]["generated"], evaluate.GATES)
    if not missed:
        return "- By the reader every accuracy that was wanted is reached on the frozen prompts."
    return f"- **Not finished**: below what was wanted (table above): {', '.join(missed)}."


def text(report: dict) -> str:
    """The whole card."""
    settings, training, speed = report["settings"], report["training"], report["speed"]
    sizes = report["parameters"]
    nearest = [[k, f"{one['distance']:.1f}"] for k, one in enumerate(report["nearest"])]
    attributes = list(evaluate.GATES)
    curve = [[f"{row['samples']:,}", *(f"{row[name][0]:.2f}" for name in attributes)] for row in training["prefers"]]
    return TEMPLATE.read_text(encoding="utf-8").format(
        millions=f"{sum(sizes.values()) / 1e6:.1f}",
        megabytes=f"{report['bytes'] / 1e6:.1f}",
        channels=vae.SHAPE["latent_channels"],
        ratio=3 * 64 // vae.SHAPE["latent_channels"],
        unet=f"{sizes['unet'] / 1e6:.1f}",
        widths=", ".join(map(str, network.SHAPE["block_out_channels"])),
        first=f"{sizes['text_encoder'] / 1e6:.1f}",
        second=f"{sizes['text_encoder_2'] / 1e6:.1f}",
        vae=f"{sizes['vae'] / 1e6:.1f}",
        steps=settings["steps"],
        guidance=settings["guidance"],
        count=report["sets"]["generated"]["all"]["all said"]["of"],
        accuracy_table=tables.accuracy_table(report["sets"]["generated"], evaluate.GATES),
        handwritten_table=tables.handwritten_table(report["sets"]),
        pictures=f"{training['pictures']:,}",
        nearest_note="\nOf the decoder before its last training, which moves lines and no layouts.\n"
        * report.get("nearest_before", False),
        nearest_table=tables.table(["sample", "distance"], nearest),
        seconds=f"{speed['seconds']:.1f}",
        cpu_seconds=f"{speed['cpu_seconds']:.1f}",
        threads=speed["threads"],
        peak=f"{speed['peak_bytes'] / 2**20:.0f}",
        psnr=f"{report['autoencoder']['psnr']:.1f}",
        samples=f"{training['samples']:,}",
        core_minutes=f"{training['cpu'] / 60:.0f}",
        decoder_minutes=f"{training['decoder_cpu'] / 60:.0f}",
        curve_table=tables.table(["samples", *attributes], curve),
        eye=telling.told("pictures"),
        eye_zh=telling.told_zh("pictures"),
        failures=telling.failures("pictures"),
        verdict=verdict(report),
    )


def write() -> None:
    report = json.loads(paths.EVALUATION.read_text(encoding="utf-8"))
    (paths.MODEL / "README.md").write_text(text(report), encoding="utf-8")
