"""A browser for the tests of one module."""

import pytest
from browsing import launch, sync_api


def pytest_collection_modifyitems(items):
    """Keep the tests of one lab, and those of one module, in one process: Run All and the servers are theirs."""
    for item in items:
        lab = item.callspec.params.get("page") if hasattr(item, "callspec") else None
        item.add_marker(pytest.mark.xdist_group(lab if isinstance(lab, str) else item.path.stem))


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as play:
        chromium = launch(play)
        yield chromium
        chromium.close()
