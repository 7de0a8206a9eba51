"""Figures, tables and widgets of the image lab."""

from aigc_kit.show.lab02.curves import adherence, noising, peaks, per_attribute, phases, removal, seconds
from aigc_kit.show.lab02.film import Film
from aigc_kit.show.lab02.flow import flow
from aigc_kit.show.lab02.monitor import Monitor
from aigc_kit.show.lab02.pictures import channels, grid, reading, row, show, shows
from aigc_kit.show.lab02.promise import promise
from aigc_kit.show.lab02.tables import (
    ablation,
    card,
    difference,
    groups,
    parts,
    predicted,
    sides,
    times,
    translation,
    weights,
)
from aigc_kit.show.lab02.tokens import counts, token_bar, token_bars
from aigc_kit.show.lab02.widgets import composer, cookbook, dials, english

__all__ = [
    "Film",
    "Monitor",
    "ablation",
    "adherence",
    "card",
    "channels",
    "composer",
    "cookbook",
    "counts",
    "dials",
    "difference",
    "english",
    "flow",
    "grid",
    "groups",
    "noising",
    "parts",
    "peaks",
    "per_attribute",
    "phases",
    "predicted",
    "promise",
    "reading",
    "removal",
    "row",
    "seconds",
    "show",
    "shows",
    "sides",
    "times",
    "token_bar",
    "token_bars",
    "translation",
    "weights",
]
