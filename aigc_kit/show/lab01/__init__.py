"""Figures, tables and widgets of the temperature lab."""

from aigc_kit.show.lab01.bars import SHOWN, filters, step, temperatures
from aigc_kit.show.lab01.curves import attention, shares, sweep, telling_head
from aigc_kit.show.lab01.tables import readings, searches, truncation, verses
from aigc_kit.show.lab01.widgets import loop, play

__all__ = [
    "SHOWN",
    "attention",
    "filters",
    "loop",
    "play",
    "readings",
    "searches",
    "shares",
    "step",
    "sweep",
    "telling_head",
    "temperatures",
    "truncation",
    "verses",
]
