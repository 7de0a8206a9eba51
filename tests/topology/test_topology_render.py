"""Pictures: the nearest triangle wins, the hole is seen through, sizes are as asked."""

import numpy as np
import pytest

from aigc_kit.core.errors import BadInput
from aigc_kit.worlds.topology import Camera, Mesh, donut_to_mug, mesh_of, render, sphere, torus
from aigc_kit.worlds.topology.shading import rasterise


def test_the_nearest_triangle_wins_at_every_pixel():
    points = np.array([[0, 0, 5], [0, 20, 5], [20, 0, 5], [0, 0, 1], [0, 10, 1], [10, 0, 1]], float)
    face, weights = rasterise(points, np.array([[0, 1, 2], [3, 4, 5]]), 20)
    for y in range(20):
        for x in range(20):
            expected = 1 if x + y + 1 < 10 else 0 if x + y + 1 < 20 else None
            if x + y + 1 not in (10, 20):  # pixel centres on an edge may fall either way
                assert face[y, x] == (-1 if expected is None else expected)
    seen = face >= 0
    assert np.allclose(weights[seen].sum(axis=1), 1, atol=1e-5)
    middle = (weights[..., None] * points[np.array([[0, 1, 2], [3, 4, 5]])[face]]).sum(axis=2)
    rows, columns = np.nonzero(seen)
    assert np.allclose(middle[seen][:, 0], columns + 0.5, atol=1e-3)
    assert np.allclose(middle[seen][:, 1], rows + 0.5, atol=1e-3)


def test_triangles_seen_from_behind_are_left_out():
    points = np.array([[0, 0, 1], [0, 10, 1], [10, 0, 1]], float)
    assert (rasterise(points, np.array([[0, 1, 2]]), 10)[0] >= 0).any()
    assert not (rasterise(points, np.array([[0, 2, 1]]), 10)[0] >= 0).any()


def test_a_triangle_larger_than_the_picture_fills_it():
    points = np.array([[-500, -500, 1], [-500, 900, 1], [900, -500, 1]], float)
    assert (rasterise(points, np.array([[0, 1, 2]]), 32)[0] == 0).all()


def test_a_sphere_covers_its_disc():
    camera = Camera(rise=0.0, distance=1000.0)
    face, _ = rasterise(camera.project(sphere(4).vertices, 200), sphere(4).faces, 200)
    radius = 200 / 3.6
    assert (face >= 0).sum() == pytest.approx(np.pi * radius**2, rel=0.02)


def test_one_looks_through_the_hole_of_a_donut_but_not_through_a_ball():
    mesh = mesh_of(donut_to_mug(0.0), 0.1)
    empty = render(Mesh(np.zeros((0, 3)), np.zeros((0, 3), int)), Camera(rise=0.0), size=64, floor=False)
    seen = render(mesh, Camera(rise=0.0), size=64, floor=False, lines=False)
    assert seen.shape == (64, 64, 3) and seen.dtype == np.uint8
    assert np.abs(seen[32, 32].astype(int) - empty[32, 32]).max() < 12
    solid = render(sphere(3), Camera(rise=0.0), size=64, floor=False)
    assert np.abs(solid[32, 32].astype(int) - empty[32, 32]).max() > 60


def test_gold_and_blue():
    gold, blue = (render(torus(), Camera(rise=89.0), size=48, gold=share, lines=False) for share in (1.0, 0.0))
    ring = np.s_[22:26, 8:14]
    assert gold[ring].mean(axis=(0, 1))[0] > gold[ring].mean(axis=(0, 1))[2] + 30
    assert blue[ring].mean(axis=(0, 1))[2] > blue[ring].mean(axis=(0, 1))[0] + 30


def test_the_camera_keeps_lengths_square_and_up_up():
    camera = Camera(turn=0.0, rise=0.0)
    origin, right, up = camera.project(np.array([[0, 0, 0], [1, 0, 0], [0, 0, 1]], float), 360)
    assert origin[:2] == pytest.approx([180, 180])
    assert right[:2] == pytest.approx([280, 180])
    assert up[:2] == pytest.approx([180, 80])
    assert np.allclose(Camera(40, 33).axes() @ Camera(40, 33).axes().T, np.eye(3))


@pytest.mark.parametrize("size", [0, 5000])
def test_sizes_that_are_none_are_refused(size):
    with pytest.raises(BadInput, match="size"):
        render(torus(), size=size)
