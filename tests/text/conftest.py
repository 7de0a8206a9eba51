"""Fixtures of the text tests."""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: threads that wait do not burn a busy machine

import pytest
from text_making import BUDGET, TINY, build


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory):
    return build(tmp_path_factory.mktemp("tiny-llama"))


@pytest.fixture(scope="session")
def tiny(tiny_folder):
    from aigc_kit.make.text.engines.hf import TransformersEngine

    return TransformersEngine(TINY, tiny_folder, threads=1)


@pytest.fixture
def tiny_plan():
    """plan(prompt, **settings) for the tiny model."""
    from aigc_kit.core.types import Request
    from aigc_kit.make.run import resolve as plan

    def make(prompt="spring wind", seed=0, **values):
        return plan(Request(card=TINY.name, prompt=prompt, seed=seed).change(**values), BUDGET, TINY)

    return make


@pytest.fixture(scope="session")
def smollm2_file():
    """SmolLM2's GGUF file; without it the test skips, and fails under AIGC_REQUIRE_CORE=1."""
    from aigc_kit import cards, fetch

    folder = fetch.find(cards.get("smollm2-135m"))
    if folder is None:
        reason = "the bytes of 'smollm2-135m' are not on disk; run: aigc fetch smollm2-135m"
        if os.environ.get("AIGC_REQUIRE_CORE") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return sorted(folder.glob("*.gguf"))[0]
