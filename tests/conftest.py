"""What all tests share: no network, a deterministic hypothesis, and core models that must not be missing in CI."""

import os

import pytest
from core_models import require_card
from hypothesis import HealthCheck, settings

os.environ.setdefault("AIGC_OFFLINE", "1")
os.environ.setdefault("AIGC_PROGRESS", "0")

# A busy machine is no fault of the code: nothing here is judged by the clock
settings.register_profile(
    "repeatable", derandomize=True, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("repeatable")


@pytest.fixture
def smollm2():
    """Folder of SmolLM2-135M-Instruct (GGUF)."""
    return require_card("smollm2-135m")
