"""Lab 05's own code, taken out of the notebook and held against known truths; what it leaves is a whole work."""

import json

import numpy as np
import pytest
from skimage.measure import euler_number

from aigc_kit import topology, works
from aigc_kit.media.encode import probe
from aigc_kit.teach.labs.lab05 import checks
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
def done(tmp_path_factory):
    """The notebook, run as a whole in the tiny tier with no hand on it."""
    require_card("tinysdxl")
    require_card("baker")
    folder = tmp_path_factory.mktemp("lab05")
    made = execution.execute(cells.read(NOTEBOOK), folder, offline=True)
    assert made.status == "ok", made.failure
    return folder / "05_story"


def test_the_page_is_whole_and_says_of_each_part_who_made_it(done):
    assert checks.g(done / works.PAGE)
    work = works.Work.load(done)
    labels = {(part.kind, part.label) for part in work.parts}
    assert ("image", "AI 生成") in labels and ("audio", "AI 生成") in labels
    assert ("video", works.LABELS["computed"]) in labels and ("video", works.LABELS["mixed"]) in labels
    assert all(part.maker for part in work.parts)
    html = (done / works.PAGE).read_text(encoding="utf-8")
    assert all(label in html for _, label in labels)
    assert "http://" not in html and "https://" not in html


def test_the_film_is_as_long_as_its_storyboard(done):
    facts = probe(done / "animatic.mp4")
    assert abs(facts.seconds - 60) < 0.2 and abs(facts.sound_seconds - 60) < 0.2
    assert (facts.width, facts.height, facts.fps) == (640, 360, 12)
    assert (done / "animatic.vtt").read_text(encoding="utf-8").count("-->") >= 5


def test_the_picture_is_there_under_the_courses_name_with_its_record(done):
    record = json.loads((done.parent / "topology_visualization.json").read_text(encoding="utf-8"))
    assert record["outputs"].keys() == {"topology_visualization.png"}
    assert record["request"]["seed"] == 42


def test_the_solutions_pass_every_check(tmp_path):
    require_card("tinysdxl")
    assert verdicts(NOTEBOOK, tmp_path) == passed("abcdefg")


def test_the_checks_of_the_notebook_are_those_of_the_lab():
    assert unused_checks(NOTEBOOK, "05") == []


def test_the_errata_of_the_lab_are_all_shown():
    said = source(NOTEBOOK)
    assert [f"E{n}" for n in range(55, 60) if f"E{n}" not in said] == []
