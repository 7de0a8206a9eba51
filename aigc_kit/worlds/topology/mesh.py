"""A triangle mesh, and a few whose genus everybody knows."""

from dataclasses import dataclass

import numpy as np

from aigc_kit.core.errors import BadInput


@dataclass(frozen=True)
class Mesh:
    """Triangles in space.

    Args:
        vertices: float64 (V, 3), finite.
        faces: int64 (F, 3), indices into `vertices`; seen from outside they run counter-clockwise.

    Raises:
        BadInput: other shapes, indices out of range, or coordinates that are not finite.
    """

    vertices: np.ndarray
    faces: np.ndarray

    def __post_init__(self) -> None:
        vertices, faces = np.asarray(self.vertices), np.asarray(self.faces)
        shaped = vertices.ndim == 2 and vertices.shape[1] == 3 and faces.ndim == 2 and faces.shape[1] == 3
        if not shaped or faces.dtype.kind not in "iu" or vertices.dtype.kind not in "fiu":
            raise BadInput(
                asked="a mesh",
                found=f"vertices {vertices.dtype} {vertices.shape}, faces {faces.dtype} {faces.shape}",
                todo="pass numbers (V, 3) and whole numbers (F, 3)",
            )
        if not np.isfinite(vertices).all():
            raise BadInput(asked="a mesh", found="coordinates that are not finite", todo="look for NaN or infinity")
        if faces.size and (faces.min() < 0 or faces.max() >= len(vertices)):
            raise BadInput(
                asked=f"a mesh with {len(vertices)} vertices",
                found=f"faces that name vertices {faces.min()} to {faces.max()}",
                todo="count vertices from 0",
            )
        object.__setattr__(self, "vertices", vertices.astype(np.float64))
        object.__setattr__(self, "faces", faces.astype(np.int64))

    def __add__(self, other: "Mesh") -> "Mesh":
        """Both side by side, not joined."""
        shifted = other.faces + len(self.vertices)
        return Mesh(np.concatenate([self.vertices, other.vertices]), np.concatenate([self.faces, shifted]))

    def moved(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> "Mesh":
        """The mesh shifted."""
        return Mesh(self.vertices + np.array([x, y, z]), self.faces)

    @property
    def volume(self) -> float:
        """What a closed mesh encloses, in cubic units; negative when its faces are turned inside out.

        Source: divergence theorem, a sum of signed tetrahedra.
        """
        a, b, c = (self.vertices[self.faces[:, corner]] for corner in range(3))
        return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)


def normals(mesh: Mesh) -> np.ndarray:
    """One unit normal a vertex, float64 (V, 3): the mean of its faces' normals, weighted by their area."""
    a, b, c = (mesh.vertices[mesh.faces[:, corner]] for corner in range(3))
    face = np.cross(b - a, c - a)
    total = np.zeros_like(mesh.vertices)
    for axis in range(3):
        for corner in range(3):
            total[:, axis] += np.bincount(mesh.faces[:, corner], face[:, axis], minlength=len(total))
    return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)


def cube() -> Mesh:
    """Genus 0 with corners: V - E + F = 8 - 18 + 12 = 2."""
    vertices = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
    squares = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    return Mesh(vertices, np.array([tri for a, b, c, d in squares for tri in ((a, b, c), (a, c, d))]))


def octahedron() -> Mesh:
    """Genus 0 from eight triangles: V - E + F = 6 - 12 + 8 = 2."""
    vertices = np.concatenate([np.eye(3), -np.eye(3)])
    faces = [(0, 1, 2), (1, 3, 2), (3, 4, 2), (4, 0, 2), (1, 0, 5), (3, 1, 5), (4, 3, 5), (0, 4, 5)]
    return Mesh(vertices, np.array(faces))


def sphere(levels: int = 3) -> Mesh:
    """Genus 0: an octahedron split `levels` times, each time into four, and blown up to radius 1."""
    mesh = octahedron()
    for _ in range(levels):
        mesh = subdivide(mesh)
        mesh = Mesh(mesh.vertices / np.linalg.norm(mesh.vertices, axis=1, keepdims=True), mesh.faces)
    return mesh


def torus(around: int = 24, tube: int = 12, radius: float = 1.0, thickness: float = 0.4) -> Mesh:
    """Genus 1: a grid bent round twice; `around` x `tube` quadrilaterals, its axis is z."""
    u, v = np.meshgrid(*(2 * np.pi * np.arange(n) / n for n in (around, tube)), indexing="ij")
    ring = radius + thickness * np.cos(v)
    vertices = np.stack([ring * np.cos(u), ring * np.sin(u), thickness * np.sin(v)], axis=-1).reshape(-1, 3)
    return Mesh(vertices, _wrapped_grid(around, tube))


def double_torus() -> Mesh:
    """Genus 2: two tori, each with one quadrilateral taken out, sewn together along the four edges of the gap."""
    one = torus(12, 8)
    count = len(one.vertices)
    square = [0, 8, 9, 1]  # first quadrilateral of the grid, in order
    body = one.faces[2:]  # its two triangles stand first
    other = body[:, ::-1].copy()  # a mirror image: turned round, so that both outsides meet
    twin = np.arange(count) + count
    twin[square] = square  # sewn
    vertices = np.concatenate([one.vertices, one.vertices * [-1, 1, 1] + [2.8, 0, 0]])
    vertices, faces = _compacted(vertices, np.concatenate([body, twin[other]]))
    return Mesh(vertices, faces)


def klein_bottle(around: int = 12, tube: int = 8) -> Mesh:
    """A tube whose end goes through its own side and meets its beginning from within: V - E + F = 0 like a torus, but
    it has no inside. Where it goes through itself, nothing is joined; in space of four dimensions it need not.

    Source: the bottle in one formula by R. Israel, a polynomial in sines and cosines.
    """
    faces = _wrapped_grid(around, tube)
    row, column = np.divmod(np.arange(around * tube), tube)
    seam = np.where(row == 0, (-column) % tube, np.arange(around * tube))  # the last strip meets the first one reversed
    last = (faces // tube == around - 1).any(axis=1) & (faces // tube == 0).any(axis=1)
    faces = np.where(last[:, None] & (faces // tube == 0), seam[faces], faces)
    return Mesh(_bottle(np.pi * row / around, np.pi / 2 + 2 * np.pi * column / tube), faces)


def _bottle(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Points (V, 3) of the bottle, upright, about 3 high; (pi, v) is (0, pi - v)."""
    s, c, w = np.sin(u), np.cos(u), np.cos(v)
    across = -2 / 15 * c * (3 * w - 30 * s + 90 * c**4 * s - 60 * c**6 * s + 5 * c * w * s)
    inner = 3 * w - 3 * c**2 * w - 48 * c**4 * w + 48 * c**6 * w - 60 * s + 5 * c * w * s
    inner += -5 * c**3 * w * s - 80 * c**5 * w * s + 80 * c**7 * w * s
    up, deep = -1 / 15 * s * inner, 2 / 15 * (3 + 5 * c * s) * np.sin(v)
    return np.stack([across, deep, up - 2.2], axis=1) * 0.65


def subdivide(mesh: Mesh) -> Mesh:
    """Every triangle becomes four, with new vertices in the middle of the edges: genus does not notice."""
    corners = mesh.faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2)
    edges, which = np.unique(np.sort(corners, axis=1), axis=0, return_inverse=True)
    middles = which.reshape(-1, 3) + len(mesh.vertices)
    (a, b, c), (ab, bc, ca) = mesh.faces.T, middles.T
    faces = np.concatenate([np.stack(each, 1) for each in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))])
    return Mesh(np.concatenate([mesh.vertices, mesh.vertices[edges].mean(axis=1)]), faces)


def _wrapped_grid(rows: int, columns: int) -> np.ndarray:
    row, column = np.divmod(np.arange(rows * columns), columns)
    right, down = row * columns + (column + 1) % columns, (row + 1) % rows * columns + column
    diagonal = (row + 1) % rows * columns + (column + 1) % columns
    here = np.arange(rows * columns)
    return np.stack([here, down, diagonal, here, diagonal, right], axis=1).reshape(-1, 3)


def _compacted(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Without the vertices that no face names."""
    used, faces = np.unique(faces, return_inverse=True)
    return vertices[used], faces.reshape(-1, 3)
