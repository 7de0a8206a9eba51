"""A browser for the tests of one module, and JupyterLab for the labs and whatever else is opened in it."""

import re
import shutil
from pathlib import Path

import pytest
from browsing import ROOT, launch, sync_api
from core_models import require_card
from lab_server import lab_server

from aigc_kit.teach import labs

# What takes longest comes first, so that no process is left alone with it at the end; the rest follows by name.
FIRST = ("06", "12", "05", "02a", "15", "02b", "04", "07", "08", "test_app_browser")
LABS = {lab.number for lab in labs.every()}


def group(nodeid: str) -> str:
    """What runs in one process: the tests of one lab, whose Run All is theirs, else those of one module."""
    module, _, test = nodeid.partition("::")
    number = LABS.intersection(re.split(r"[\[\]-]", test)) if module.endswith("test_labs_browser.py") else ()
    return number.pop() if number else Path(module).stem


def pytest_collection_modifyitems(items):
    places = {name: place for place, name in enumerate(FIRST)}
    items.sort(key=lambda item: (places.get(name := group(item.nodeid), len(FIRST)), name not in LABS, name))


@pytest.hookimpl(tryfirst=True, optionalhook=True)  # without xdist there is no such hook
def pytest_xdist_make_scheduler(config, log):
    """Hand out whole groups, in their order. xdist's own --dist loadgroup does nothing with pytest 9.2."""
    from xdist.scheduler import LoadScopeScheduling

    class Groups(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return group(nodeid)

    config.option.loadscopereorder = False
    return Groups(config, log)


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as play:
        chromium = launch(play)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def classroom(tmp_path_factory):
    """The folder that JupyterLab serves: a copy of the notebooks, and nothing else of the clone beside them."""
    root = tmp_path_factory.mktemp("classroom")
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    return root


@pytest.fixture(scope="session")
def server(classroom):
    """JupyterLab as `make lab` starts it, in the classroom."""
    environment = {"AIGC_OUT": str(classroom / "out"), "AIGC_OFFLINE": "1", "AIGC_PROGRESS": "0"}
    environment |= {"PYTHONPATH": str(ROOT), "AIGC_HOME": str(require_card("baker").parents[1])}
    with lab_server(
        classroom / "home", "--LabApp.expose_app_in_browser=True", folder=classroom, **environment
    ) as started:
        yield started
