"""Figures, tables, players, forms and the wizard of the cross-modal lab."""

from aigc_kit.show.lab05.clips import excerpt, film
from aigc_kit.show.lab05.forms import Marks, Table, marks, shots
from aigc_kit.show.lab05.pictures import coarse, gallery, points, sheet, timeline
from aigc_kit.show.lab05.solids import bottle, counts, explore, solid, stages, tearing, viewer
from aigc_kit.show.lab05.tables import differences, engines, findings, parts, phrases, rubric, storyboard
from aigc_kit.show.lab05.wizard import Wizard, preview, wizard

__all__ = [
    "Marks",
    "Table",
    "Wizard",
    "bottle",
    "coarse",
    "counts",
    "differences",
    "engines",
    "excerpt",
    "explore",
    "film",
    "findings",
    "gallery",
    "marks",
    "parts",
    "phrases",
    "points",
    "preview",
    "rubric",
    "sheet",
    "shots",
    "solid",
    "stages",
    "storyboard",
    "tearing",
    "timeline",
    "viewer",
    "wizard",
]
