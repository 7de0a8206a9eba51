"""Players, figures, tables and widgets of the video lab."""

from aigc_kit.show.lab03.flow import flow
from aigc_kit.show.lab04.curves import brightness, consistency
from aigc_kit.show.lab04.players import player, players, scrub, sheet
from aigc_kit.show.lab04.policy import ladder, placements, timeline
from aigc_kit.show.lab04.tables import Progress, measures, readings, words

__all__ = [
    "Progress",
    "brightness",
    "consistency",
    "flow",
    "ladder",
    "measures",
    "placements",
    "player",
    "players",
    "readings",
    "scrub",
    "sheet",
    "timeline",
    "words",
]
