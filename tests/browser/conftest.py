"""A browser for the tests of one module."""

import pytest
from browsing import launch, sync_api


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as play:
        chromium = launch(play)
        yield chromium
        chromium.close()
