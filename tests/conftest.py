"""What all tests share: no network, a deterministic hypothesis, and core models that must not be missing in CI."""

import os
import sys
from collections import Counter
from pathlib import Path

import chinese
import pytest
from core_models import require_card
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # assets.train and tests are imported from the clone

if "PYTEST_XDIST_WORKER" in os.environ:  # every process computes on a core of its own
    os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("AIGC_OFFLINE", "1")
os.environ.setdefault("AIGC_PROGRESS", "0")

# A busy machine is no fault of the code: nothing here is judged by the clock
settings.register_profile(
    "repeatable", derandomize=True, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("repeatable")

# Files that take longest, most first (measured): each is one process's alone, so it must not be the last to begin
LONGEST = (
    "test_lab05.py", "test_leaks.py", "test_elsewhere.py", "test_lab03_chattts.py", "test_interrupt.py",
    "test_chattts_package.py", "test_classroom_grade.py", "test_xray_truth.py", "test_tinysdxl_model.py",
)  # fmt: skip


def pytest_collection_modifyitems(items):
    """Where processes share the tests, hand out what takes longest first, then the files with most tests."""
    if "PYTEST_XDIST_WORKER" in os.environ and not any("browser" in item.path.parts for item in items):
        tests, places = Counter(item.path for item in items), {name: place for place, name in enumerate(LONGEST)}
        items.sort(key=lambda item: (places.get(item.path.name, len(LONGEST)), -tests[item.path], str(item.path)))


@pytest.fixture
def smollm2():
    """Folder of SmolLM2-135M-Instruct (GGUF)."""
    return require_card("smollm2-135m")


@pytest.fixture(autouse=True)
def readable_figures(monkeypatch):
    """Every figure that any test draws can be read from the back of a classroom: labels from 14 pixels on the page.

    Its width is what the column of a notebook holds, so that no browser makes it smaller. The numbers are those of the
    page: CSS has 96 pixels an inch, matplotlib 72 points.
    """
    from aigc_kit.teach.show import plots

    draw = plots.Picture.__init__

    def measured(picture, figure, words, rows=()):
        from matplotlib.text import Text

        labels = {t.get_text(): t.get_fontsize() * 96 / 72 for t in figure.findobj(Text) if t.get_text().strip()}
        small = {words: pixels for words, pixels in labels.items() if pixels < 13.9}
        assert not small, f"labels below 14 pixels: {small}"
        assert figure.get_figwidth() * 96 <= 850, f"{figure.get_figwidth() * 96:.0f} pixels wide, 850 fit"
        draw(picture, figure, words, rows)

    monkeypatch.setattr(plots.Picture, "__init__", measured)


@pytest.fixture(autouse=True)
def chinese_errors(monkeypatch):
    """Every error that any test meets, of those that a learner can meet, says in Chinese what a notebook shows."""
    from aigc_kit.core.errors import AigcError

    wrong, init = [], AigcError.__init__

    def recorded(problem, **words):
        init(problem, **words)
        place = chinese.origin(2)
        if place is not None and chinese.enforced(place):
            wrong.extend(f"{place}: {fault}" for fault in chinese.faults(problem))

    monkeypatch.setattr(AigcError, "__init__", recorded)
    yield
    assert not wrong, "say it in Chinese too, Words(english, chinese):\n" + "\n".join(dict.fromkeys(wrong))


@pytest.fixture(scope="module")
def one_thread():
    """So small models are fastest on one thread; on two, each step waits for the slower one."""
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
