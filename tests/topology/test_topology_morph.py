"""The donut becomes a cup with one hole at every moment; tearing and gluing change the count when they should."""

from itertools import pairwise

import numpy as np
import pytest

from aigc_kit.core.errors import BadInput
from aigc_kit.worlds.topology import TEARING, ball, donut_to_mug, gilding, mesh_of, moment, ring, topology, topology_at

CELL = 0.08


@pytest.mark.parametrize("t", np.linspace(0, 1, 61).round(4).tolist())
def test_one_piece_with_one_hole_all_the_way(t):
    found = topology_at(donut_to_mug, t, CELL)  # refuses what is not watertight
    assert found.genus == (1,)
    assert found.euler == 0


def test_the_beginning_is_a_ring_and_the_end_holds_coffee():
    def inside(t, x, y, z):
        return donut_to_mug(t)(np.array(x), np.array(y), np.array(z)) < 0

    assert not inside(0.0, 0.0, 0.0, 0.0)  # the hole of the donut
    assert inside(0.0, 1.0, 0.0, 0.0)
    assert inside(0.0, -1.0, 0.0, 0.0)
    assert not inside(1.0, -0.36, 0.0, 0.9)  # the bowl: open above,
    assert not inside(1.0, -0.36, 0.0, -0.6)  # deep,
    assert inside(1.0, -0.36, 0.0, -0.93)  # with a bottom
    assert inside(1.0, -0.36, 0.78, 0.0)  # and walls all round
    assert inside(1.0, -0.36, -0.78, 0.0)
    assert inside(1.0, 1.16, 0.0, 0.0)  # the handle,
    assert not inside(1.0, 0.75, 0.0, 0.0)  # through which a finger goes


def test_nothing_jumps():
    volumes = [mesh_of(donut_to_mug(t), 0.1).volume for t in np.linspace(0, 1, 21)]
    assert max(abs(a - b) for a, b in pairwise(volumes)) < 0.12 * max(volumes)


def test_the_ring_is_gold_and_the_body_blue():
    handle, wall = np.array([[1.16, 0.0, 0.125]]), np.array([[-1.2, 0.0, 0.0]])
    assert gilding(1.0, handle)[0] > 0.9
    assert gilding(1.0, wall)[0] < 0.1
    assert gilding(0.0, mesh_of(donut_to_mug(0.0), 0.1).vertices).min() > 0.5


@pytest.mark.parametrize("name", TEARING)
def test_tearing_and_gluing_change_the_genus_half_way(name):
    family, before, after = TEARING[name]
    assert topology_at(family, 0.2, CELL).genus == before
    assert topology_at(family, 0.8, CELL).genus == after
    low, high = moment(family, tolerance=0.05, cell=0.06)
    assert high - low <= 0.05
    assert low - 0.1 <= 0.5 <= high + 0.1  # by construction at 0.5; the grid sees gaps from about a cell on


def test_there_is_no_such_moment_on_the_way_to_the_cup():
    with pytest.raises(BadInput, match="it is \\(1,\\) at both ends"):
        moment(donut_to_mug, cell=0.12)


def test_marching_cubes_gives_the_volume_of_the_solid():
    assert mesh_of(ball(1.0), 0.05).volume == pytest.approx(4 / 3 * np.pi, rel=0.01)
    assert mesh_of(ring(1.0, 0.3), 0.05).volume == pytest.approx(2 * np.pi**2 * 0.09, rel=0.01)


def test_a_finer_grid_has_more_faces_and_the_same_genus():
    coarse, fine = (topology(mesh_of(donut_to_mug(1.0), cell)) for cell in (0.09, 0.045))
    assert fine.parts[0].faces > 3 * coarse.parts[0].faces
    assert fine.genus == coarse.genus


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: donut_to_mug(1.5), "not in"),
        (lambda: donut_to_mug(float("nan")), "not in"),
        (lambda: mesh_of(ball(1.5), 0.2), "leaves the box"),
        (lambda: mesh_of(ball(0.001, (0.01, 0.01, 0.01)), 0.2), "no surface"),
        (lambda: mesh_of(ball(1.0), 0.0), "not a grid"),
        (lambda: mesh_of(ball(1.0), 0.001), "larger cells"),
    ],
)
def test_bad_values_are_named(call, words):
    with pytest.raises(BadInput, match=words):
        call()
