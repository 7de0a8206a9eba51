"""Turn fields into meshes and count on them."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.worlds.topology.fields import BOX, Box, Family, Field
from aigc_kit.worlds.topology.invariants import Topology, topology
from aigc_kit.worlds.topology.mesh import Mesh

CELL = 0.05
"""Edge of a grid cell. Walls and gaps thinner than about two cells are not seen."""

MOST_CELLS = 20_000_000


def mesh_of(field: Field, cell: float = CELL, box: Box = BOX) -> Mesh:
    """Turn the surface field = 0 into triangles.

    Args:
        field: below 0 inside.
        cell: edge of a grid cell, in the units of the box.
        box: low and high corner.

    Raises:
        BadInput: the surface leaves the box, there is none in it, or the grid would be too fine.

    Source: marching cubes with its ambiguous cases solved, Lewiner et al. 2003; scikit-image.
    """
    from skimage.measure import marching_cubes

    values, low = sample(field, cell, box)
    if values.min() >= 0:
        raise BadInput(
            asked=Words("a mesh", "一个网格"),
            found=Words("no surface in the box", "范围里没有曲面"),
            todo=Words("check the field, or take smaller cells", "检查函数，或把格子取小一点"),
        )
    if any(np.take(values, end, axis=axis).min() <= 0 for axis in range(3) for end in (0, -1)):
        raise BadInput(
            asked=Words("a mesh", "一个网格"),
            found=Words("the solid leaves the box", "立体伸出了范围"),
            todo=Words("take a larger box", "把范围取大一点"),
        )
    vertices, faces, _, _ = marching_cubes(values, 0.0, spacing=(cell,) * 3, gradient_direction="descent")
    return Mesh(vertices + low, faces)


def sample(field: Field, cell: float, box: Box) -> tuple[np.ndarray, np.ndarray]:
    """Sample a field: float32 (X, Y, Z), first place (3,)."""
    low, high = np.array(box[0], float), np.array(box[1], float)
    if not cell > 0 or (high <= low).any():
        raise BadInput(
            asked=Words(f"cells of {cell} in {box}", f"{box} 里边长 {cell} 的格子"),
            found=Words("not a grid", "这样分不成格子"),
            todo=Words("cell > 0, low corner < high corner", "cell > 0，低的角 < 高的角"),
        )
    counts = np.ceil((high - low) / cell).astype(int) + 1
    if counts.prod(dtype=float) > MOST_CELLS:
        raise BadInput(
            asked=Words(f"a grid of {'x'.join(map(str, counts))}", f"{'x'.join(map(str, counts))} 的格子"),
            found=Words(f"more than {MOST_CELLS:,} points", f"超过了 {MOST_CELLS:,} 个点"),
            todo=Words("take larger cells", "把格子取大一点"),
        )
    axes = [first + cell * np.arange(count) for first, count in zip(low, counts, strict=True)]
    x, y, z = (axis.reshape([-1 if i == k else 1 for k in range(3)]) for i, axis in enumerate(axes))
    return np.broadcast_to(field(x, y, z), counts).astype(np.float32), low


def topology_at(family: Family, t: float, cell: float = CELL) -> Topology:
    """Find the topology of a family at t."""
    return topology(mesh_of(family(t), cell))


@dataclass(frozen=True)
class Count:
    """Hold what was counted on one mesh.

    name, t: of the family; "" and None of a single field. genus: of each piece; the other counts are of all.
    """

    name: str
    t: float | None
    cell: float
    vertices: int
    edges: int
    faces: int
    euler: int
    genus: tuple[int, ...]

    @classmethod
    def of(cls, mesh: Mesh, cell: float = CELL, t: float | None = None, name: str = "") -> "Count":
        """Count on a mesh."""
        pieces = topology(mesh)
        vertices, edges, faces = (sum(numbers) for numbers in zip(*map(astuple, pieces.parts), strict=True))
        return cls(name, t, cell, vertices, edges, faces, pieces.euler, pieces.genus)


def counts(family: Family, times: Iterable[float], cell: float = CELL) -> list[Count]:
    """Count on a new mesh of `mesh_of` for every t."""
    return [Count.of(mesh_of(family(t), cell), cell, float(t)) for t in times]


def coarse(field: Field, cells: Iterable[float]) -> list[Count]:
    """Count on meshes of one solid with several `cells`."""
    return [Count.of(mesh_of(field, cell), cell) for cell in cells]


def moment(
    family: Family, low: float = 0.0, high: float = 1.0, tolerance: float = 0.01, cell: float = CELL
) -> tuple[float, float]:
    """Find when the topology changes, by halving (before, after).

    Args:
        family: t -> Field.
        low, high: t with different topology at both ends.
        tolerance: of the interval's length, in t. The grid sees gaps and walls only from about a cell on, so the true
            moment may lie beside the interval by as long as the family needs to move by a cell.

    Raises:
        BadInput: the same topology at both ends: nothing to look for.
    """
    first, last = (topology_at(family, t, cell).genus for t in (low, high))
    if first == last:
        raise BadInput(
            asked=Words(
                f"when the genus changes between t={low} and t={high}", f"亏格在 t={low} 和 t={high} 之间何时改变"
            ),
            found=Words(f"it is {first} at both ends", f"两端都是 {first}"),
            todo=Words("take another interval, or be glad: nothing tore", "换一段区间；也可以高兴一下：什么也没有撕破"),
        )
    while high - low > tolerance:
        middle = (low + high) / 2
        same = topology_at(family, middle, cell).genus == first
        low, high = (middle, high) if same else (low, middle)
    return low, high
