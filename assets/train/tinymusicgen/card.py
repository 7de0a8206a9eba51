"""Writes both cards from ``eval.json``: no number of them is typed."""

import json

import numpy as np

from aigc_kit.worlds.sounds import SOUND_CHOICES, Listener
from assets.train.measures import wilson
from assets.train.tables import missed, rate, side_by_side, table

from . import network, paths, reader


def text() -> str:
    report = json.loads(paths.EVALUATION.read_text(encoding="utf-8"))
    sets, trip = report["sets"], report["codec"]["shares"]
    rows = []
    for name, gate in report["gates"].items():
        share = sets["all"][name]
        verdict = "reached" if share["percent"] >= gate else "**missed**"
        rows.append([name, f"{gate:g} %", rate(share), verdict, rate(trip[name])])
    below = missed(sets, report["gates"])
    quiet, middle, loud = report["rms_dB"]
    return (
        (paths.HERE / "card_template.md")
        .read_text(encoding="utf-8")
        .format(
            **report["parameters"],
            layers=network.LAYERS,
            width=network.WIDTH,
            clips=report["clips_trained"],
            steps=report["steps"],
            minutes=report["cpu_seconds"] / 60,
            decibel=report["codec"]["dB"],
            plain=f"{report['codec']['plain_dB']:.1f}",
            prompts=report["prompts"],
            guidance=report["guidance"],
            temperature=report["temperature"],
            codec_gate=report["codec_gate"],
            gates=table(["", "wanted", "measured", "", "codec"], rows),
            sets=side_by_side(sets),
            trials="; ".join(f"{name}: {found['all said']:g}" for name, found in report["developing"].items()),
            quiet=quiet,
            middle=middle,
            loud=loud,
            seconds=report["seconds_each"],
            missed=f"- Below what was wanted: {', '.join(below)}." if below else "- Every gate is met.",
        )
    )


def reader_text(count: int = 300) -> str:
    """Read clips spoilt anew."""
    rng = np.random.default_rng(99)
    truth, heard = reader.spoilt_clips(rng, count)
    found = Listener(paths.READER).read(heard)
    rates = []
    for name in SOUND_CHOICES:
        marks = [
            row[name] == getattr(wish, name) for row, wish in zip(found, truth, strict=True) if getattr(wish, name)
        ]
        rates.append(f"{name} {rate(wilson(sum(marks), len(marks)))}")
    template = (paths.HERE / "reader_template.md").read_text(encoding="utf-8")
    return template.format(count=count, rates=", ".join(rates))


def write() -> None:
    (paths.MODEL / "README.md").write_text(text(), encoding="utf-8")
    (paths.READER / "README.md").write_text(reader_text(), encoding="utf-8")
