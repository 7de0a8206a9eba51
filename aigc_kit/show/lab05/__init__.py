"""Figures, tables, forms and the wizard of the cross-modal lab."""

from aigc_kit.show.lab05.forms import Marks, Table, marks, shots
from aigc_kit.show.lab05.solids import counts, explore, solid, stages, tearing, viewer
from aigc_kit.show.lab05.tables import findings, parts, phrases, rubric, storyboard
from aigc_kit.show.lab05.wizard import Wizard, preview, wizard

__all__ = [
    "Marks",
    "Table",
    "Wizard",
    "counts",
    "explore",
    "findings",
    "marks",
    "parts",
    "phrases",
    "preview",
    "rubric",
    "shots",
    "solid",
    "stages",
    "storyboard",
    "tearing",
    "viewer",
    "wizard",
]
