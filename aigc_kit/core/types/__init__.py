"""The nouns of the kit: frozen records that every lab shares.

    Request --plan()--> Plan --load()--> Pipeline --run()--> Take --encode()--> files --record()--> Record

A record holds facts and never acts. Sizes are bytes (int), times are seconds (float), unless a name says otherwise.
"""

from aigc_kit.core.types.base import HOW_ZH, Figure, FrozenMap, How, Kind, Tier, as_json
from aigc_kit.core.types.facts import Budget, Card, Piece, RemoteFile, Source
from aigc_kit.core.types.run import Change, Cost, Phase, Plan, Reason, Record, Request, Step, Take

__all__ = [
    "HOW_ZH",
    "Budget",
    "Card",
    "Change",
    "Cost",
    "Figure",
    "FrozenMap",
    "How",
    "Kind",
    "Phase",
    "Piece",
    "Plan",
    "Reason",
    "Record",
    "RemoteFile",
    "Request",
    "Source",
    "Step",
    "Take",
    "Tier",
    "as_json",
]
