"""Count pieces and holes of meshes by V-E+F."""

from dataclasses import dataclass

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.worlds.topology.mesh import Mesh


@dataclass(frozen=True)
class Part:
    """Count one connected piece of a closed surface."""

    vertices: int
    edges: int
    faces: int

    @property
    def euler(self) -> int:
        """Compute V - E + F, 2 for a sphere."""
        return self.vertices - self.edges + self.faces

    @property
    def genus(self) -> int:
        """Count holes that go through: (2 - euler) / 2."""
        return (2 - self.euler) // 2


@dataclass(frozen=True)
class Topology:
    """List a mesh's pieces, most faces first."""

    parts: tuple[Part, ...]

    @property
    def euler(self) -> int:
        """Sum over the pieces."""
        return sum(part.euler for part in self.parts)

    @property
    def genus(self) -> tuple[int, ...]:
        """List the genus of each piece."""
        return tuple(part.genus for part in self.parts)

    def __str__(self) -> str:
        return "; ".join(f"V {p.vertices} - E {p.edges} + F {p.faces} = {p.euler}, genus {p.genus}" for p in self.parts)


def topology(mesh: Mesh) -> Topology:
    """Count a mesh: Euler characteristic and genus of every piece.

    Raises:
        BadInput: an empty mesh, or no closed orientable surface; says what stands against it (see `closed`).

    Source: Euler-Poincare formula for closed orientable surfaces, chi = 2 - 2g.

    >>> from aigc_kit.worlds.topology.mesh import torus
    >>> str(topology(torus(8, 6)))
    'V 48 - E 144 + F 96 = 0, genus 1'
    """
    closed(mesh)
    edges, _ = _edges(mesh.faces)
    label = _labels(len(mesh.vertices), edges)
    count = int(label.max()) + 1
    corners = np.bincount(label, minlength=count)
    sides = np.bincount(label[edges[:, 0]], minlength=count)
    faces = np.bincount(label[mesh.faces[:, 0]], minlength=count)
    parts = (Part(int(v), int(e), int(f)) for v, e, f in zip(corners, sides, faces, strict=True))
    return Topology(tuple(sorted(parts, key=lambda part: (-part.faces, part.genus))))


def closed(mesh: Mesh) -> None:
    """Check that genus is defined.

    It is for a watertight surface, everywhere like a plane, with an inside and an outside.

    Raises:
        BadInput: empty; a face with a corner twice, or there twice; a vertex in no face; an edge with one face (a
            gap) or with three or more; a vertex where pieces touch in a point; no way to turn all faces outward.
    """
    if not len(mesh.faces):
        _refuse(
            Words("no faces at all", "一个面也没有"),
            Words("check that the surface lies inside the grid", "看看曲面是不是在网格范围之内"),
        )
    a, b, c = mesh.faces.T
    if ((a == b) | (b == c) | (c == a)).any():
        _refuse(
            Words("a face that names a corner twice", "有一个面把同一个顶点写了两次"),
            Words("take such faces out, and join what they joined", "去掉这样的面，再把它们连接的地方接上"),
        )
    lonely = len(mesh.vertices) - len(np.unique(mesh.faces))
    if lonely:
        _refuse(
            Words(f"{lonely} vertices that no face uses", f"有 {lonely} 个顶点不在任何面上"),
            Words("take them out; they would count in V", "去掉它们；它们会算进 V 里"),
        )
    edges, which = _edges(mesh.faces)
    _every_edge_has_two_faces(np.bincount(which, minlength=len(edges)))
    _is_a_surface(mesh, which)


def _every_edge_has_two_faces(uses: np.ndarray) -> None:
    if (uses == 1).any():
        _refuse(
            Words(
                f"{int((uses == 1).sum())} edges with one face only: the surface has gaps",
                f"有 {int((uses == 1).sum())} 条边只属于一个面：曲面有缺口",
            ),
            Words(
                "close it; genus by 2 - 2g = V - E + F holds for closed surfaces",
                "把它补上；公式 2 - 2g = V - E + F 只对闭合的曲面成立",
            ),
        )
    if (uses > 2).any():
        _refuse(
            Words(
                f"{int((uses > 2).sum())} edges with three or more faces: not a surface there",
                f"有 {int((uses > 2).sum())} 条边属于三个或更多的面：那里不是曲面",
            ),
            Words("take the extra sheets apart", "把多出来的面片拆开"),
        )


def _is_a_surface(mesh: Mesh, which: np.ndarray) -> None:
    """Refuse points where pieces touch, and a single side."""
    surplus = _fans(mesh.faces, which) - len(mesh.vertices)
    if surplus:
        _refuse(
            Words(
                f"a point where pieces touch (pinched): {surplus} more fans of faces than vertices",
                f"有一点只是几片相触（夹点）：面扇比顶点多 {surplus} 个",
            ),
            Words(
                "split the point; a pinched surface is no manifold, so it has no genus",
                "把这一点拆成两点；有夹点的不是流形，没有亏格",
            ),
        )
    if not _orientable(mesh.faces, which):
        _refuse(
            Words(
                "no inside: going round it, the outside becomes the inside (as on a Klein bottle)",
                "分不出里外：绕一圈，外面就成了里面（像克莱因瓶）",
            ),
            Words(
                "2 - 2g = V - E + F holds for surfaces that have two sides",
                "公式 2 - 2g = V - E + F 只对有两面的曲面成立",
            ),
        )


def _refuse(found: Words, todo: Words) -> None:
    raise BadInput(asked=Words("the genus of a mesh", "一个网格的亏格"), found=found, todo=todo)


def _edges(faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find edges' vertices (E, 2) and sides' edges (3 F,)."""
    sides = np.sort(faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    high = int(faces.max()) + 1
    keys, which = np.unique(sides[:, 0] * high + sides[:, 1], return_inverse=True)
    return np.stack(np.divmod(keys, high), axis=1), which


def _labels(count: int, pairs: np.ndarray) -> np.ndarray:
    """Number the pieces, whose things' pairs (N, 2) belong together.

    Every root hooks onto the lowest root that it meets, then all ways to roots are shortened: O(log N) rounds.
    """
    root = np.arange(count)
    while True:
        one, two = root[pairs[:, 0]], root[pairs[:, 1]]
        if (one == two).all():
            return np.unique(root, return_inverse=True)[1]
        np.minimum.at(root, np.maximum(one, two), np.minimum(one, two))
        while (root != root[root]).any():
            root = root[root]


def _fans(faces: np.ndarray, which: np.ndarray) -> int:
    """Count fans, more than vertices if one is pinched."""
    first, second = _pairs(which)
    corner = np.arange(faces.size).reshape(-1, 3)
    flat, starts, ends = faces.ravel(), corner.ravel(), np.roll(corner, -1, axis=1).ravel()
    straight = flat[starts[first]] == flat[starts[second]]
    here = np.stack([starts[first], np.where(straight, starts[second], ends[second])], axis=1)
    there = np.stack([ends[first], np.where(straight, ends[second], starts[second])], axis=1)
    return int(_labels(faces.size, np.concatenate([here, there])).max()) + 1


def _orientable(faces: np.ndarray, which: np.ndarray) -> bool:
    """Tell whether faces can be turned to agree.

    Each face is there as it is and turned over; an edge joins the copies that agree. A surface with two sides then
    falls into two copies, one with one side does not.
    """
    first, second = _pairs(which)
    flat = faces.ravel()
    agree = flat[first] != flat[second]  # the two sides start at different ends: they run in opposite ways
    one, two, count = first // 3, second // 3, len(faces)
    same = np.stack([one, np.where(agree, two, two + count)], axis=1)
    other = np.stack([one + count, np.where(agree, two + count, two)], axis=1)
    label = _labels(2 * count, np.concatenate([same, other]))
    return bool((label[:count] != label[count:]).all())


def _pairs(which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the two sides that meet at each edge."""
    order = np.argsort(which, kind="stable").reshape(-1, 2)
    return order[:, 0], order[:, 1]
