"""Players, figures, tables and widgets of the speech lab."""

from aigc_kit.show.lab03.curves import arrivals, durations
from aigc_kit.show.lab03.flow import flow
from aigc_kit.show.lab03.players import ab, compressed, player, players
from aigc_kit.show.lab03.sounds import sound, sounds, timeline
from aigc_kit.show.lab03.tables import Progress, changes, controls, measures, readings
from aigc_kit.show.lab03.widgets import play

__all__ = [
    "Progress",
    "ab",
    "arrivals",
    "changes",
    "compressed",
    "controls",
    "durations",
    "flow",
    "measures",
    "play",
    "player",
    "players",
    "readings",
    "sound",
    "sounds",
    "timeline",
]
