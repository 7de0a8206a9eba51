"""Assign users to arms by a hash, the same everywhere.

A user's place in an experiment is a number in [0, 1). Who lies below the rollout gets the new prompt: raising the
rollout moves nobody out. Another experiment hashes anew, so that its arms say nothing about the arms here.
"""

from hashlib import blake2b
from typing import Any

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types.atoms import check_text, plain, shown

OLD, NEW = "A", "B"


def place(user: str, experiment: str) -> float:
    """Give a user's place in an experiment, in [0, 1).

    The first 53 bits of BLAKE2b (RFC 7693) over length and name of the experiment and the user: `hash()` would differ
    in every process.

    Args:
        user, experiment: names, not empty.

    >>> round(place("user0", "prompt-v2"), 4)
    0.6036
    """
    for name, value in (("user", user), ("experiment", experiment)):
        check_text(name, value)
        if not value.strip():
            raise BadInput(
                asked=f"{name}={value!r}",
                found=Words("no name", "这不是名字"),
                todo=Words(
                    "give a name that stays the same, such as an account's number", "给一个不会变的名字，例如账号"
                ),
            )
    digest = blake2b(f"{len(experiment)}:{experiment}:{user}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2**53


def arm(user: str, experiment: str, rollout: float = 0.1) -> str:
    """Tell which prompt a user gets: old or new.

    Args:
        user, experiment: names.
        rollout: share of the new prompt, in [0, 1].

    Returns:
        "A", the old one, or "B", the new one.

    Raises:
        BadInput: no names, or no share.
    """
    return NEW if place(user, experiment) < checked_share("rollout", rollout) else OLD


def checked_share(name: str, value: Any, *, inside: bool = False) -> float:
    """Check a share in [0, 1], or within (0, 1)."""
    share = plain(value)
    fine = isinstance(share, (int, float)) and not isinstance(share, bool) and 0 <= share <= 1
    if not fine or (inside and not 0 < share < 1):
        ends = (
            Words("between 0 and 1, both excluded", "在 0 和 1 之间，不含两端")
            if inside
            else Words("from 0 to 1", "从 0 到 1")
        )
        raise BadInput(
            asked=f"{name}={shown(value)}",
            found=Words("no share ", "这不是比例，它应当") + ends,
            todo=Words(f"give one, such as {name}=0.1", f"给一个比例，例如 {name}=0.1"),
        )
    return float(share)
