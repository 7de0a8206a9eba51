"""Build triangle meshes whose genus everybody knows."""

from dataclasses import dataclass

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput


@dataclass(frozen=True)
class Mesh:
    """Hold triangles in space.

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
        rows_of_three = all(array.ndim == 2 and array.shape[1] == 3 for array in (vertices, faces))
        if not rows_of_three or faces.dtype.kind not in "iu" or vertices.dtype.kind not in "fiu":
            raise BadInput(
                asked=Words("a mesh", "一个网格"),
                found=Words(
                    f"vertices {vertices.dtype} {vertices.shape}, faces {faces.dtype} {faces.shape}",
                    f"顶点是 {vertices.dtype} {vertices.shape}，面是 {faces.dtype} {faces.shape}",
                ),
                todo=Words("pass numbers (V, 3) and whole numbers (F, 3)", "顶点给 (V, 3) 的数，面给 (F, 3) 的整数"),
            )
        if not np.isfinite(vertices).all():
            raise BadInput(
                asked=Words("a mesh", "一个网格"),
                found=Words("coordinates that are not finite", "有的坐标不是有限的数"),
                todo=Words("look for NaN or infinity", "找一找 NaN 或无穷大"),
            )
        if faces.size and (faces.min() < 0 or faces.max() >= len(vertices)):
            raise BadInput(
                asked=Words(f"a mesh with {len(vertices)} vertices", f"有 {len(vertices)} 个顶点的网格"),
                found=Words(
                    f"faces that name vertices {faces.min()} to {faces.max()}",
                    f"面里的顶点编号是 {faces.min()} 到 {faces.max()}",
                ),
                todo=Words("count vertices from 0", "顶点从 0 数起"),
            )
        object.__setattr__(self, "vertices", vertices.astype(np.float64))
        object.__setattr__(self, "faces", faces.astype(np.int64))

    def __add__(self, other: "Mesh") -> "Mesh":
        """Put both side by side, not joined."""
        faces = np.concatenate([self.faces, other.faces + len(self.vertices)])
        return Mesh(np.concatenate([self.vertices, other.vertices]), faces)

    def moved(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> "Mesh":
        """Shift the mesh."""
        return Mesh(self.vertices + np.array([x, y, z]), self.faces)

    @property
    def volume(self) -> float:
        """Measure what a closed mesh encloses, in cubic units.

        Negative when turned inside out. Source: divergence theorem, a sum of signed tetrahedra.
        """
        a, b, c = (self.vertices[self.faces[:, corner]] for corner in range(3))
        return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)


def normals(mesh: Mesh) -> np.ndarray:
    """Average faces' normals by area: unit, float64 (V, 3)."""
    a, b, c = (mesh.vertices[mesh.faces[:, corner]] for corner in range(3))
    face = np.cross(b - a, c - a)
    total = np.zeros_like(mesh.vertices)
    for axis in range(3):
        for corner in range(3):
            total[:, axis] += np.bincount(mesh.faces[:, corner], face[:, axis], minlength=len(total))
    return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)


def cube() -> Mesh:
    """Build genus 0 with corners: 8-18+12 = 2."""
    vertices = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
    squares = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    return Mesh(vertices, np.array([tri for a, b, c, d in squares for tri in ((a, b, c), (a, c, d))]))


def octahedron() -> Mesh:
    """Build genus 0 from triangles: 6-12+8 = 2."""
    vertices = np.concatenate([np.eye(3), -np.eye(3)])
    faces = [(0, 1, 2), (1, 3, 2), (3, 4, 2), (4, 0, 2), (1, 0, 5), (3, 1, 5), (4, 3, 5), (0, 4, 5)]
    return Mesh(vertices, np.array(faces))


def sphere(levels: int = 3) -> Mesh:
    """Build genus 0, an octahedron split `levels` times."""
    mesh = octahedron()
    for _ in range(levels):
        mesh = subdivide(mesh)
        mesh = Mesh(mesh.vertices / np.linalg.norm(mesh.vertices, axis=1, keepdims=True), mesh.faces)
    return mesh


def torus(around: int = 24, tube: int = 12, radius: float = 1.0, thickness: float = 0.4) -> Mesh:
    """Build genus 1 from `around` x `tube` quadrilaterals, axis z."""
    u, v = np.meshgrid(*(2 * np.pi * np.arange(n) / n for n in (around, tube)), indexing="ij")
    ring = radius + thickness * np.cos(v)
    vertices = np.stack([ring * np.cos(u), ring * np.sin(u), thickness * np.sin(v)], axis=-1).reshape(-1, 3)
    return Mesh(vertices, _wrapped_grid(around, tube))


def double_torus() -> Mesh:
    """Build genus 2 from two tori sewn together."""
    one = torus(12, 8)
    count = len(one.vertices)
    square = [0, 8, 9, 1]  # first quadrilateral of the grid, in order
    body = one.faces[2:]  # its two triangles stand first
    other = body[:, ::-1].copy()  # a mirror image: turned round, so that both outsides meet
    twin = np.arange(count) + count
    twin[square] = square  # sewn
    vertices = np.concatenate([one.vertices, one.vertices * [-1, 1, 1] + [2.8, 0, 0]])
    in_use, faces = np.unique(np.concatenate([body, twin[other]]), return_inverse=True)
    return Mesh(vertices[in_use], faces.reshape(-1, 3))


def klein_bottle(around: int = 12, tube: int = 8) -> Mesh:
    """Build a tube that meets its own beginning from within.

    V - E + F = 0 like a torus, but it has no inside. Where it goes through itself, nothing is joined; in space of four
    dimensions it need not. Source: the bottle in one formula by R. Israel, a polynomial in sines and cosines.
    """
    faces = _wrapped_grid(around, tube)
    row, column = np.divmod(np.arange(around * tube), tube)
    seam = np.where(row == 0, (-column) % tube, np.arange(around * tube))  # the last strip meets the first one reversed
    last = (faces // tube == around - 1).any(axis=1) & (faces // tube == 0).any(axis=1)
    faces = np.where(last[:, None] & (faces // tube == 0), seam[faces], faces)
    return Mesh(_bottle(np.pi * row / around, np.pi / 2 + 2 * np.pi * column / tube), faces)


def _bottle(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Compute upright points (V, 3)."""
    s, c, w = np.sin(u), np.cos(u), np.cos(v)
    across = -2 / 15 * c * (3 * w - 30 * s + 90 * c**4 * s - 60 * c**6 * s + 5 * c * w * s)
    inner = 3 * w - 3 * c**2 * w - 48 * c**4 * w + 48 * c**6 * w - 60 * s + 5 * c * w * s
    inner += -5 * c**3 * w * s - 80 * c**5 * w * s + 80 * c**7 * w * s
    up, deep = -1 / 15 * s * inner, 2 / 15 * (3 + 5 * c * s) * np.sin(v)
    return np.stack([across, deep, up - 2.2], axis=1) * 0.65


def subdivide(mesh: Mesh) -> Mesh:
    """Split every triangle into four, which genus does not notice."""
    corners = mesh.faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2)
    edges, which = np.unique(np.sort(corners, axis=1), axis=0, return_inverse=True)
    middles = which.reshape(-1, 3) + len(mesh.vertices)
    (a, b, c), (ab, bc, ca) = mesh.faces.T, middles.T
    faces = np.concatenate([np.stack(each, 1) for each in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))])
    return Mesh(np.concatenate([mesh.vertices, mesh.vertices[edges].mean(axis=1)]), faces)


def _wrapped_grid(rows: int, columns: int) -> np.ndarray:
    here = np.arange(rows * columns)
    row, column = np.divmod(here, columns)
    right, down = row * columns + (column + 1) % columns, (row + 1) % rows * columns + column
    diagonal = (row + 1) % rows * columns + (column + 1) % columns
    return np.stack([here, down, diagonal, here, diagonal, right], axis=1).reshape(-1, 3)
