"""Count and picture the topology of changing solids.

mesh = mesh_of(donut_to_mug(0.5))     # marching cubes of scikit-image; anew for every t
topology(mesh).genus                  # (1,): one piece, one hole
render(mesh)                          # uint8 (320, 320, 3), on the processor
moment(TEARING["剪断"][0])            # when a cut takes the hole away: (before, after)
"""

from aigc_kit.worlds.topology.fields import TEARING, Field, ball, barrel, cut, donut_to_mug, gilding, ring, union
from aigc_kit.worlds.topology.invariants import Part, Topology, closed, topology
from aigc_kit.worlds.topology.marching import CELL, Count, coarse, counts, mesh_of, moment, topology_at
from aigc_kit.worlds.topology.mesh import (
    Mesh,
    cube,
    double_torus,
    klein_bottle,
    normals,
    octahedron,
    sphere,
    subdivide,
    torus,
)
from aigc_kit.worlds.topology.shading import Camera, render

__all__ = [
    "CELL",
    "TEARING",
    "Camera",
    "Count",
    "Field",
    "Mesh",
    "Part",
    "Topology",
    "ball",
    "barrel",
    "closed",
    "coarse",
    "counts",
    "cube",
    "cut",
    "donut_to_mug",
    "double_torus",
    "gilding",
    "klein_bottle",
    "mesh_of",
    "moment",
    "normals",
    "octahedron",
    "render",
    "ring",
    "sphere",
    "subdivide",
    "topology",
    "topology_at",
    "torus",
    "union",
]
