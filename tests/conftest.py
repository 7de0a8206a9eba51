"""What all tests share: no network, a deterministic hypothesis, and core models that must not be missing in CI."""

import os

import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("AIGC_OFFLINE", "1")
os.environ.setdefault("AIGC_PROGRESS", "0")

# A busy machine is no fault of the code: nothing here is judged by the clock
settings.register_profile(
    "repeatable", derandomize=True, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("repeatable")


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


@pytest.fixture
def smollm2():
    """Folder of SmolLM2-135M-Instruct (GGUF)."""
    return require_card("smollm2-135m")
