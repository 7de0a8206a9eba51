"""Models that a test needs on disk."""

import os

import pytest


def require_card(name: str):
    """The folder of a fetched card; without it the test skips, or fails under AIGC_REQUIRE_CORE=1."""
    from aigc_kit import cards, fetch

    folder = fetch.find(cards.get(name))
    if folder is None:
        reason = f"the bytes of {name!r} are not on disk; run: aigc fetch {name}"
        if os.environ.get("AIGC_REQUIRE_CORE") == "1" and name in cards.ALIASES["core"]:
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
