"""Offer the nouns of the kit, as frozen records.

    Request --plan()--> Plan --load()--> Pipeline --run()--> Take --encode()--> files --record()--> Record

A record holds facts and never acts. Sizes are bytes (int), times are seconds (float), unless a name says otherwise.
"""

from aigc_kit.core.bilingual import Words, named
from aigc_kit.core.types.atoms import FIGURES, HOW, PHASES, Figure, FrozenMap, How, Tier, as_json
from aigc_kit.core.types.card import Budget, Card, Piece, RemoteFile, Source
from aigc_kit.core.types.records import Change, Cost, Phase, Plan, ReadWords, Record, Request, Step, Take
