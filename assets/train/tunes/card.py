"""Writes the model card from ``eval.json``: no number of it is typed."""

import json

from assets.train.tables import side_by_side, table

from . import corpus, evaluate, paths
from .train import SHAPE


def text() -> str:
    report = json.loads(paths.EVALUATION.read_text(encoding="utf-8"))
    first = report["sets"]["T = 0.7"]
    rows = []
    for name, gate in report["gates"].items():
        share = first[name]
        verdict = "reached" if share["percent"] >= gate else "**missed**"
        rows.append(
            [name, f"{gate:g} %", f"{share['percent']:.1f} ({share['low']:.1f} to {share['high']:.1f})", verdict]
        )
    copied = report["copying"]
    return (
        (paths.HERE / "card_template.md")
        .read_text(encoding="utf-8")
        .format(
            millions=f"{report['parameters'] / 1e6:.2f}",
            layers=SHAPE.layers,
            width=SHAPE.width,
            tunes=f"{report['tunes_trained']:,}",
            corpus=f"{corpus.TUNES:,}",
            steps=f"{report['steps']:,}",
            minutes=f"{report['cpu_seconds'] / 60:.0f}",
            nats=f"{report['held_out_nats']:.3f}",
            prompts=report["prompts"],
            gates=table(["", "wanted", "measured, % (95 % Wilson interval)", ""], rows),
            sets=side_by_side(report["sets"]),
            run=evaluate.RUN,
            written=f"{copied['written']:.1f}",
            held=f"{copied['held_out']:.1f}",
            seconds=f"{report['seconds_each']:.2f}",
        )
    )


def write() -> None:
    (paths.MODEL / "README.md").write_text(text(), encoding="utf-8")
