"""Writes the model card from ``eval.json`` and ``card_template.md``, and the table of gates in this folder's README."""

import json
import re

from assets.train import tables
from assets.train.judge import telling

from . import codec, evaluate, network, paths

TEMPLATE = paths.HERE / "card_template.md"
README = paths.HERE / "README.md"


def checker_table(found: dict) -> str:
    columns = {"true clips": found["true"], "reconstructed": found["reconstructed"]}
    columns = {title: column for title, column in columns.items() if column}
    names = list(found["true"])
    heads = [f"{title} ({column['valid']['of']})" for title, column in columns.items()]
    return tables.table(
        ["", *heads],
        [[name, *(f"{100 * column[name]['share']:.1f} %" for column in columns.values())] for name in names],
    )


def motion_table(found: dict) -> str:
    """Rows: motions; how many clips of the world they are, and how many show all that was said."""
    columns = ("a clip of the world", "all said")
    rows = [
        [f"{name} ({shares['all said']['of']})", *(tables.rate(shares[c]) for c in columns)]
        for name, shares in found.items()
    ]
    return tables.table(["", *columns], rows)


def verdict(report: dict) -> str:
    """One line that says which gates are missed."""
    missed = tables.missed(report["sets"]["generated"], evaluate.GATES)
    if not missed:
        return "- By the reader every accuracy that was wanted is reached on the frozen prompts."
    return f"- **Below what was wanted** (table above): {', '.join(missed)}."


def text(report: dict) -> str:
    """The whole card."""
    settings, training, speed = report["settings"], report["training"], report["speed"]
    sizes, sets = report["parameters"], report["sets"]
    nearest = [[k, f"{one['distance']:.1f}"] for k, one in enumerate(report["nearest"])]
    curve = [[f"{row['samples']:,}", *(f"{row[n]:.2f}" for n in evaluate.GATES)] for row in training["prefers"]]
    minutes = {half: training[f"{half}_cpu"] for half in ("decoder", "encoder")}
    wrong = [[m["attribute"], m["asked"], m["read"], m["count"]] for m in report["mistakes"]]
    return TEMPLATE.read_text(encoding="utf-8").format(
        millions=f"{sum(sizes.values()) / 1e6:.1f}",
        megabytes=f"{report['bytes'] / 1e6:.1f}",
        transformer=f"{sizes['transformer'] / 1e6:.1f}",
        vae=f"{sizes['vae'] / 1e6:.1f}",
        text=f"{sizes['text_encoder'] / 1e6:.2f}",
        channels=codec.CHANNELS,
        layers=network.LAYERS,
        width=network.WIDTH,
        steps=settings["steps"],
        guidance=settings["guidance"],
        negative=settings["negative"],
        count=sets["generated"]["all"]["all said"]["of"],
        accuracy_table=tables.accuracy_table(sets["generated"], evaluate.GATES),
        handwritten_table=tables.handwritten_table(sets),
        other=evaluate.OTHER,
        other_table=tables.side_by_side(report["other_sizes"]),
        motion_table=motion_table(report["by_motion"]),
        twice=evaluate.SAID_TWICE,
        twice_table=tables.side_by_side({language: report["said_twice"][language] for language in ("zh", "en")}),
        zh_only=report["said_twice"]["zh only"],
        en_only=report["said_twice"]["en only"],
        mistakes=tables.table(["attribute", "asked", "read", "times"], wrong) if wrong else "None.\n",
        checker_table=checker_table(report["checker"]),
        clips=f"{training['clips']:,}",
        nearest_table=tables.table(["sample", "distance"], nearest),
        seconds=f"{speed['seconds']:.1f}",
        cpu_seconds=f"{speed['cpu_seconds']:.1f}",
        threads=speed["threads"],
        peak=f"{speed['peak_bytes'] / 2**20:.0f}",
        psnr=f"{report['autoencoder']['psnr']:.1f}",
        samples=f"{training['samples']:,}",
        core_minutes=f"{training['cpu'] / 60:.0f}",
        halves=", ".join(f"{half} {cpu / 60:.0f}" for half, cpu in minutes.items() if cpu),
        curve_table=tables.table(["samples", *evaluate.GATES], curve),
        eye=telling.told("clips"),
        eye_zh=telling.told_zh("clips"),
        failures=telling.failures("clips"),
        verdict=verdict(report),
    )


def write() -> None:
    """The card, and the gates in the README of the training."""
    report = json.loads(paths.EVALUATION.read_text(encoding="utf-8"))
    (paths.MODEL / "README.md").write_text(text(report), encoding="utf-8")
    gates = tables.accuracy_table(report["sets"]["generated"], evaluate.GATES)
    held = README.read_text(encoding="utf-8")
    between = re.compile(r"(?<=<!-- gates -->\n).*?(?=<!-- end -->)", re.DOTALL)
    README.write_text(between.sub(lambda _: gates, held), encoding="utf-8")
