"""What all tests share: no network, a deterministic hypothesis, and core models that must not be missing in CI."""

import os
import sys
from pathlib import Path

import pytest
from core_models import require_card
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # assets.train and tests are imported from the clone

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


@pytest.fixture(scope="module")
def one_thread():
    """So small models are fastest on one thread; on two, each step waits for the slower one."""
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
