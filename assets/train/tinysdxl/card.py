"""Writes the model card from ``eval.json`` and ``card_template.md``."""

import json

from . import evaluate, network, paths, vae

TEMPLATE = paths.HERE / "card_template.md"
SETS = {"generated": "frozen prompts", "handwritten": "as written", "handwritten, in the world's words": "rephrased"}


def rate(share: dict) -> str:
    return f"{share['percent']:.1f} % ({share['low']:.1f} to {share['high']:.1f})"


def table(head: list[str], rows: list[list]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(map(str, line)) + " |\n" for line in lines)


def accuracy_table(groups: dict[str, dict]) -> str:
    """Rows: attributes with their gates; columns: all, zh, en, held-out pairs."""
    rows = []
    for name, share in groups["all"].items():
        gate = evaluate.GATES.get(name)
        cells = [rate(group[name]) if name in group else "" for group in groups.values()]
        rows.append([name, f"{gate} %" if gate else "", *cells])
        if gate and share["percent"] < gate:
            rows[-1][1] += ", **missed**"
    heads = [f"{name} ({group['a picture of the world']['of']})" for name, group in groups.items()]
    return table(["", "wanted", *heads], rows)


def handwritten_table(sets: dict[str, dict]) -> str:
    shown = {SETS[name]: groups["all"] for name, groups in sets.items() if name != "generated"}
    names = list(next(iter(shown.values())))
    return table(["", *shown], [[name, *(rate(found[name]) for found in shown.values())] for name in names])


def verdict(report: dict) -> str:
    """One line that says which gates are missed."""
    found = report["sets"]["generated"]["all"]
    missed = [name for name, gate in evaluate.GATES.items() if found[name]["percent"] < gate]
    if not missed:
        return "- Every accuracy that was wanted is reached on the frozen prompts."
    missing = ", ".join(missed)
    return f"- **Not finished**: below what was wanted (table above): {missing}."


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
        accuracy_table=accuracy_table(report["sets"]["generated"]),
        handwritten_table=handwritten_table(report["sets"]),
        pictures=f"{training['pictures']:,}",
        nearest_table=table(["sample", "distance"], nearest),
        seconds=f"{speed['seconds']:.1f}",
        cpu_seconds=f"{speed['cpu_seconds']:.1f}",
        threads=speed["threads"],
        peak=f"{speed['peak_bytes'] / 2**20:.0f}",
        psnr=f"{report['autoencoder']['psnr']:.1f}",
        samples=f"{training['samples']:,}",
        core_minutes=f"{training['cpu'] / 60:.0f}",
        decoder_minutes=f"{training['decoder_cpu'] / 60:.0f}",
        curve_table=table(["samples", *attributes], curve),
        verdict=verdict(report),
    )


def write() -> None:
    report = json.loads(paths.EVALUATION.read_text(encoding="utf-8"))
    (paths.MODEL / "README.md").write_text(text(report), encoding="utf-8")
