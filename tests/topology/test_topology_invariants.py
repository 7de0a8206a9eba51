"""Genus of meshes whose genus is known, by a second way of counting; what is no closed surface is named."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc_kit.core.errors import BadInput
from aigc_kit.worlds.topology import (
    Mesh,
    closed,
    cube,
    double_torus,
    klein_bottle,
    octahedron,
    sphere,
    subdivide,
    topology,
    torus,
)

KNOWN = [(cube, 0), (octahedron, 0), (sphere, 0), (torus, 1), (double_torus, 2)]


def curvature(mesh: Mesh) -> float:
    """Gauss-Bonnet: the angles missing at all vertices add up to 2 pi times the Euler characteristic."""
    total = 2 * np.pi * len(mesh.vertices)
    for corner in range(3):
        here, one, two = (mesh.vertices[mesh.faces[:, (corner + k) % 3]] for k in range(3))
        a, b = one - here, two - here
        cosine = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
        total -= np.arccos(np.clip(cosine, -1, 1)).sum()
    return total / (2 * np.pi)


@pytest.mark.parametrize(("make", "genus"), KNOWN, ids=lambda value: getattr(value, "__name__", value))
def test_known_surfaces(make, genus):
    mesh = make()
    found = topology(mesh)
    assert found.genus == (genus,)
    assert found.euler == 2 - 2 * genus
    assert curvature(mesh) == pytest.approx(2 - 2 * genus, abs=1e-6)
    assert mesh.volume > 0


def test_counts_by_hand():
    (part,) = topology(cube()).parts
    assert (part.vertices, part.edges, part.faces) == (8, 18, 12)
    (part,) = topology(torus(5, 4)).parts
    assert (part.vertices, part.edges, part.faces) == (20, 60, 40)


def test_the_volume_of_a_fine_torus_is_that_of_pappus():
    assert torus(120, 80, 1.0, 0.4).volume == pytest.approx(2 * np.pi**2 * 1.0 * 0.4**2, rel=0.01)


def test_pieces_are_counted_one_by_one():
    both = torus() + cube().moved(x=9) + double_torus().moved(y=9)
    found = topology(both)
    assert found.genus == (1, 2, 0)  # most faces first
    assert found.euler == 0 - 2 + 2


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(KNOWN), st.integers(0, 2**32 - 1))
def test_names_of_vertices_and_order_of_faces_do_not_matter(known, seed):
    make, genus = known
    dice, mesh = np.random.default_rng(seed), make()
    names = dice.permutation(len(mesh.vertices))
    faces = names[mesh.faces][dice.permutation(len(mesh.faces))]
    turned = np.array([np.roll(face, dice.integers(3)) for face in faces])
    vertices = np.empty_like(mesh.vertices)
    vertices[names] = mesh.vertices
    assert topology(Mesh(vertices, turned)).genus == (genus,)


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(KNOWN), st.integers(0, 2**32 - 1), st.integers(0, 40))
def test_subdivision_does_not_change_the_genus(known, seed, splits):
    make, genus = known
    dice, mesh = np.random.default_rng(seed), make()
    for _ in range(splits):  # a new vertex inside a random face
        vertices, faces = mesh.vertices, mesh.faces
        index, new = int(dice.integers(len(faces))), len(vertices)
        a, b, c = faces[index]
        middle = vertices[[a, b, c]].mean(axis=0, keepdims=True)
        faces = np.concatenate([np.delete(faces, index, axis=0), [(a, b, new), (b, c, new), (c, a, new)]])
        mesh = Mesh(np.concatenate([vertices, middle]), faces)
    assert topology(mesh).genus == (genus,)
    assert topology(subdivide(mesh)).genus == (genus,)


def test_networkx_finds_the_same_pieces():
    import networkx

    mesh = torus(7, 5) + sphere(1) + cube()
    graph = networkx.Graph([(a, b) for a, b, c in mesh.faces] + [(b, c) for a, b, c in mesh.faces])
    sizes = sorted(len(each) for each in networkx.connected_components(graph))
    assert sorted(part.vertices for part in topology(mesh).parts) == sizes


def test_an_empty_mesh_has_no_genus():
    with pytest.raises(BadInput, match="no faces"):
        topology(Mesh(np.zeros((0, 3)), np.zeros((0, 3), int)))


def test_an_open_mesh_has_no_genus():
    mesh = sphere(2)
    with pytest.raises(BadInput, match="3 edges with one face only"):
        topology(Mesh(mesh.vertices, mesh.faces[1:]))


def test_a_third_sheet_at_an_edge_is_refused():
    mesh = octahedron()
    vertices = np.concatenate([mesh.vertices, [[3, 3, 3]]])
    fin = [(0, 1, 6), (1, 0, 6)]
    with pytest.raises(BadInput, match="1 edges with three or more"):
        topology(Mesh(vertices, np.concatenate([mesh.faces, fin])))


def test_two_solids_that_touch_in_a_point_are_refused():
    mesh = octahedron()
    other = np.where(mesh.faces == 3, 0, mesh.faces + 6)  # its left tip is the right tip of the first
    used, faces = np.unique(np.concatenate([mesh.faces, other]), return_inverse=True)
    vertices = np.concatenate([mesh.vertices, mesh.moved(x=2).vertices])[used]
    with pytest.raises(BadInput, match="pinched"):
        topology(Mesh(vertices, faces.reshape(-1, 3)))


def test_the_drawn_klein_bottle_closes_where_it_is_glued():
    mesh = klein_bottle(160, 48)
    ends = mesh.vertices[mesh.faces[:, [0, 1, 1, 2, 2, 0]]].reshape(-1, 2, 3)
    assert np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1).max() < 0.15  # of about 3: no edge goes across
    assert np.abs(mesh.vertices).max() < 1.65


def test_a_klein_bottle_has_the_euler_characteristic_of_a_torus_but_no_inside():
    mesh = klein_bottle()
    sides = {frozenset(pair) for face in mesh.faces.tolist() for pair in zip(face, face[1:] + face[:1], strict=True)}
    assert len(mesh.vertices) - len(sides) + len(mesh.faces) == 0
    with pytest.raises(BadInput, match="outside becomes the inside"):
        topology(mesh)


def test_faces_turned_at_random_are_still_a_surface():
    mesh, dice = torus(), np.random.default_rng(0)
    turned = np.where(dice.random(len(mesh.faces))[:, None] < 0.5, mesh.faces, mesh.faces[:, ::-1])
    assert topology(Mesh(mesh.vertices, turned)).genus == (1,)


@pytest.mark.parametrize(
    ("faces", "words"),
    [([(0, 1, 1)], "a corner twice"), ([(0, 1, 2), (0, 2, 1)], "1 vertices that no face uses")],
)
def test_other_faults_are_named(faces, words):
    with pytest.raises(BadInput, match=words):
        closed(Mesh(np.eye(3) if "twice" in words else np.zeros((4, 3)), np.array(faces)))


@pytest.mark.parametrize(
    ("vertices", "faces"),
    [
        (np.zeros((3, 2)), np.array([(0, 1, 2)])),
        (np.zeros((3, 3)), np.array([(0, 1, 3)])),
        (np.zeros((3, 3)), np.array([(0, 1, -1)])),
        (np.zeros((3, 3)), np.array([(0.0, 1.0, 2.0)])),
        (np.full((3, 3), np.nan), np.array([(0, 1, 2)])),
    ],
)
def test_what_is_no_mesh_is_refused(vertices, faces):
    with pytest.raises(BadInput, match="a mesh"):
        Mesh(vertices, faces)
