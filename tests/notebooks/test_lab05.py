"""Lab 05's own code, taken out of the notebook and held against known truths; what it leaves is a whole work."""

from importlib.util import find_spec

import lab05_work
import numpy as np
import pytest
from skimage.measure import euler_number

from aigc_kit import topology
from aigc_kit.media import chromium
from aigc_kit.teach.notebooks import cells, execution
from tests.core_models import require_card

from .lab_notebook import functions, passed, source, unused_checks, verdicts

NOTEBOOK = cells.folder() / "05_topology.ipynb"

donut, count = functions(NOTEBOOK, {"np": np}, "donut", "count")


@pytest.mark.parametrize(
    ("mesh", "genus"), [(topology.sphere(), 0), (topology.torus(), 1), (topology.double_torus(), 2)]
)
def test_the_count_by_hand_is_right_on_genus_0_1_and_2(mesh, genus):
    v, e, f = count(mesh.vertices, mesh.faces)
    assert v - e + f == 2 - 2 * genus


def test_the_donut_by_hand_is_the_kits_at_t_0():
    places = np.random.default_rng(0).uniform(-1.5, 1.5, (3, 1000))
    inside = topology.donut_to_mug(0.0)(*places) < 0
    far = np.abs(donut(*places)) > 0.1  # the kit's dough is blended in, which lifts the surface a little
    assert np.array_equal((donut(*places) < 0)[far], inside[far])


def test_the_donut_by_hand_has_one_hole_as_scikit_image_counts_it():
    x, y, z = np.meshgrid(*[np.arange(-1.6, 1.65, 0.1)] * 3, indexing="ij")
    assert euler_number(donut(x, y, z) < 0, connectivity=1) == 0  # of the solid: 1 - genus


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """What the notebook leaves, run as a whole in the tiny tier with no hand on it."""
    if chromium.find() and find_spec("playwright"):
        pytest.skip("make browser asks this of what Run All left")
    require_card("tinysdxl")
    require_card("baker")
    folder = tmp_path_factory.mktemp("lab05")
    done = execution.execute(cells.read(NOTEBOOK), folder, offline=True)
    assert done.status == "ok", done.failure
    return folder / "05_story"


@pytest.mark.parametrize("asked", lab05_work.ASKED, ids=lambda asked: asked.__name__)
def test_what_it_leaves_is_a_whole_work(story, asked):
    asked(story)


def test_the_solutions_pass_every_check(tmp_path):
    require_card("tinysdxl")
    assert verdicts(NOTEBOOK, tmp_path) == passed("abcdefg")


def test_the_checks_of_the_notebook_are_those_of_the_lab():
    assert unused_checks(NOTEBOOK, "05") == []


def test_the_errata_of_the_lab_are_all_shown():
    said = source(NOTEBOOK)
    assert [f"E{n}" for n in range(55, 60) if f"E{n}" not in said] == []
