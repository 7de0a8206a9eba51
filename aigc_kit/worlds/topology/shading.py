"""Picture meshes on the processor, in gold and blue."""

from dataclasses import dataclass

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.worlds.topology.fields import Field
from aigc_kit.worlds.topology.mesh import Mesh, normals

FINE = 24  # pixels: triangles up to this size are drawn in boxes of their own size, larger ones in powers of two
GOLD, BLUE = np.array([1.0, 0.70, 0.24]), np.array([0.24, 0.60, 1.0])
NIGHT = np.array([0.030, 0.045, 0.105])
FLOOR = -1.5  # height at which the grid lies
SMALLEST, LARGEST = 16, 1024


def rasterise(points: np.ndarray, faces: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw triangles that face the eye, nearest on top.

    Args:
        points: float (V, 3): x to the right and y down in pixels, z the distance from the eye.
        faces: int (F, 3).

    Returns:
        face int64 (size, size), -1 where there is none; weights float32 (size, size, 3) of its corners.
    """
    corners = points[faces].astype(np.float32)
    one, two = (corners[:, k, :2] - corners[:, 0, :2] for k in (1, 2))
    facing = one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0] < 0  # counter-clockwise from outside, with y down
    low = np.floor(corners[:, :, :2].min(axis=1)).astype(int)
    side = (np.ceil(corners[:, :, :2].max(axis=1)).astype(int) - low).max(axis=1)
    side = np.where(side > FINE, 2 ** np.ceil(np.log2(np.maximum(side, 1))).astype(int), side)
    depth = np.full(size * size, np.inf, np.float32)
    face = np.full(size * size, -1)
    weights = np.zeros((size * size, 3), np.float32)
    for each in np.unique(side[facing]):
        members = np.flatnonzero(facing & (side == each))
        step = max(1, 1_000_000 // int(each) ** 2)
        for start in range(0, len(members), step):
            batch = members[start : start + step]
            pixel, z, which, share = _covered(corners[batch], low[batch], int(each), size)
            np.minimum.at(depth, pixel, z)
            front = z <= depth[pixel]
            face[pixel[front]] = batch[which[front]]
            weights[pixel[front]] = share[front]
    return face.reshape(size, size), weights.reshape(size, size, 3)


def _covered(
    corners: np.ndarray, low: np.ndarray, side: int, size: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Find pixels in triangles: index, distance, triangle, weights of corners."""
    row, column = np.divmod(np.arange(max(side, 1) ** 2), max(side, 1))
    x, y = low[:, :1] + column, low[:, 1:] + row  # (F, side^2)
    a, b, c = (corners[:, k, None, :] for k in range(3))
    with np.errstate(divide="ignore", invalid="ignore"):
        area = (b[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (c[..., 0] - a[..., 0])
        px, py = x.astype(np.float32) + np.float32(0.5), y.astype(np.float32) + np.float32(0.5)
        wb = ((px - a[..., 0]) * (c[..., 1] - a[..., 1]) - (py - a[..., 1]) * (c[..., 0] - a[..., 0])) / area
        wc = ((b[..., 0] - a[..., 0]) * (py - a[..., 1]) - (b[..., 1] - a[..., 1]) * (px - a[..., 0])) / area
        wa = 1 - wb - wc
        inside = (wa >= 0) & (wb >= 0) & (wc >= 0) & (x >= 0) & (y >= 0) & (x < size) & (y < size)
    which, place = np.nonzero(inside)
    share = np.stack([wa[which, place], wb[which, place], wc[which, place]], axis=1)
    z = (share * corners[which, :, 2]).sum(axis=1)
    return y[which, place] * size + x[which, place], z, which, share


@dataclass(frozen=True)
class Camera:
    """Look from somewhere at the origin, z up.

    Args:
        turn: degrees round z; 0 looks along +y, at a ring's hole.
        rise: degrees above the horizon, up to 89.
        distance: from the origin, in units of the meshes.
        zoom: 1 shows about 3.6 units from side to side at the origin.
    """

    turn: float = 0.0
    rise: float = 20.0
    distance: float = 7.0
    zoom: float = 1.0

    def axes(self) -> np.ndarray:
        """Give right, up and towards the eye: float64 (3, 3)."""
        turn, rise = np.radians(self.turn), np.radians(self.rise)
        back = np.array([-np.sin(turn) * np.cos(rise), -np.cos(turn) * np.cos(rise), np.sin(rise)])
        right = np.array([np.cos(turn), -np.sin(turn), 0.0])
        return np.stack([right, np.cross(back, right), back])

    def project(self, points: np.ndarray, size: int) -> np.ndarray:
        """Project points (..., 3) to pixels x, y and distance."""
        view = points @ self.axes().T
        away = self.distance - view[..., 2]
        scale = size * self.zoom / 3.6 * self.distance / away
        return np.stack([size / 2 + view[..., 0] * scale, size / 2 - view[..., 1] * scale, away], axis=-1)


def render(
    mesh: Mesh,
    camera: Camera | None = None,
    *,
    size: int = 320,
    gold: float | np.ndarray = 1.0,
    field: Field | None = None,
    lines: bool = True,
    floor: bool = True,
) -> np.ndarray:
    """Draw one picture of a mesh: uint8 (size, size, 3).

    Args:
        mesh: about 3 units large, round the origin.
        camera: default: from the front, a little above.
        size: pixels of each side; drawn at twice that, then averaged. BadInput below 16 or above 1024.
        gold: 1 golden, 0 blue; one number, or one a vertex (V,).
        field: of the same solid; corners and hollows then get less light.
        lines, floor: glowing lines of equal height on the surface; the grid with the shadow below.
    """
    if not SMALLEST <= size <= LARGEST:
        raise BadInput(
            asked=f"size={size}",
            found=Words("not a picture", "这样的尺寸画不成图"),
            todo=Words(f"choose {SMALLEST} to {LARGEST} pixels", f"从 {SMALLEST} 到 {LARGEST} 像素里选"),
        )
    camera, full = camera or Camera(), 2 * size
    picture = _background(camera, size, mesh if floor else None).repeat(2, axis=0).repeat(2, axis=1)
    if len(mesh.faces):
        face, weights = rasterise(camera.project(mesh.vertices, full), mesh.faces, full)
        inside = face >= 0
        golden = np.broadcast_to(np.asarray(gold, float), len(mesh.vertices))
        facts = np.column_stack([mesh.vertices, normals(mesh), _light(mesh, field), golden])
        here = (facts[mesh.faces[face[inside]]] * weights[inside][..., None]).sum(axis=1)
        picture[inside] = _shaded(here[:, :3], here[:, 3:6], here[:, 6], here[:, 7:], camera, lines)
    small = picture.reshape(size, 2, size, 2, 3).mean(axis=(1, 3))
    glow = _blurred(np.maximum(small - 0.62, 0), max(size // 40, 1))
    return np.rint(np.clip(small + 0.55 * glow, 0, 1) ** (1 / 1.12) * 255).astype(np.uint8)


def _light(mesh: Mesh, field: Field | None) -> np.ndarray:
    """Measure how open vertices lie, 0.25 to 1."""
    if field is None:
        return np.ones(len(mesh.vertices))
    direction, total = normals(mesh), np.zeros(len(mesh.vertices))
    for step in (0.12, 0.3, 0.6):
        x, y, z = (mesh.vertices + step * direction).T
        total += np.clip(field(x, y, z) / step, 0, 1)
    return 0.25 + 0.75 * total / 3


def _shaded(
    place: np.ndarray, normal: np.ndarray, open_: np.ndarray, gold: np.ndarray, camera: Camera, lines: bool
) -> np.ndarray:
    """Compute colours (N, 3), 0 to about 1.3."""
    normal = normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    right, up, back = camera.axes()
    eye = back * camera.distance - place
    eye /= np.linalg.norm(eye, axis=1, keepdims=True)
    facing = np.clip((normal * eye).sum(axis=1), 0, 1)
    base = gold * GOLD + (1 - gold) * BLUE
    other = gold * BLUE + (1 - gold) * GOLD
    colour = base * (0.16 * open_)[:, None]
    for lamp, tint, power in (
        (-0.5 * right + 0.9 * up + 0.9 * back, np.array([1.0, 0.97, 0.92]), 0.72),
        (0.9 * right + 0.1 * up + 0.3 * back, other * 0.6 + 0.3, 0.30),
    ):
        light = lamp / np.linalg.norm(lamp)
        hit = np.clip((normal @ light + 0.15) / 1.15, 0, 1) * open_
        half = light + eye
        half /= np.linalg.norm(half, axis=1, keepdims=True)
        gleam = np.clip((normal * half).sum(axis=1), 0, 1) ** 48 * open_
        colour = colour + base * tint * (power * hit)[:, None] + tint * (0.55 * power * gleam)[:, None]
    if lines:
        colour = colour + other * (0.5 * _lines(place, camera.distance))[:, None] * (0.35 + 0.65 * open_)[:, None]
    return colour + other * (0.75 * (1 - facing) ** 3 * (0.3 + 0.7 * open_))[:, None]


def _lines(place: np.ndarray, distance: float) -> np.ndarray:
    """Give the strength of lines of equal height."""
    away = np.abs((place[:, 2] / 0.2 + 0.5) % 1 - 0.5) * 0.2
    return np.exp(-((away / (0.0016 * distance)) ** 2))


def _background(camera: Camera, size: int, mesh: Mesh | None) -> np.ndarray:
    """Draw night, floor and shadow: float64 (size, size, 3)."""
    right, up, back = camera.axes()
    axis = (np.arange(size) + 0.5 - size / 2) / (size * camera.zoom / 3.6 * camera.distance)
    ray = axis[None, :, None] * right - axis[:, None, None] * up - back
    height = np.arange(size)[:, None] / size
    picture = NIGHT * (0.8 + 0.9 * height[..., None]) * np.ones((size, size, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        far = (FLOOR - back[2] * camera.distance) / ray[..., 2]
        spot = back[:2] * camera.distance + ray[..., :2] * far[..., None]
    floor = (ray[..., 2] < 0) & (far > 0)
    radius = np.hypot(spot[..., 0], spot[..., 1])
    strength = np.where(floor, np.exp(-((radius / 3.0) ** 2)), 0.0)
    thin = 0.0045 * np.where(floor, np.clip(far, 0, 100), 1.0)
    near = np.abs((np.where(floor[..., None], spot, 0.25) / 0.5 + 0.5) % 1 - 0.5) * 0.5
    grid = np.exp(-((near / thin[..., None]) ** 2)).max(axis=-1)
    picture += BLUE * (strength * (0.10 + 0.34 * grid))[..., None]
    if mesh is not None and len(mesh.vertices):
        picture *= (1 - 0.75 * _shadow(mesh, np.where(floor[..., None], spot, 99.0)))[..., None]
    return picture


def _shadow(mesh: Mesh, spot: np.ndarray) -> np.ndarray:
    """Darken the floor at spots (..., 2), 0 to 1."""
    cells, reach = 64, 2.4
    over = np.floor((mesh.vertices[:, :2] + reach) / (2 * reach) * cells).astype(int)
    column, row = over[((over >= 0) & (over < cells)).all(axis=1)].T
    dark = np.zeros((cells, cells, 1))
    dark[column, row] = 1.0
    dark = _blurred(dark, 3)[..., 0]
    index = np.floor((spot + reach) / (2 * reach) * cells).astype(int)
    near = np.asarray(((index >= 0) & (index < cells)).all(axis=-1))
    index = np.where(near[..., None], index, 0)
    return np.where(near, dark[index[..., 0], index[..., 1]], 0.0)


def _blurred(picture: np.ndarray, radius: int) -> np.ndarray:
    """Blur (H, W, C) by three boxes, about a Gaussian."""
    width = 2 * radius + 1
    for axis in (0, 1):
        for _ in range(3):
            padding = [(radius + 1, radius) if k == axis else (0, 0) for k in range(picture.ndim)]
            total = np.cumsum(np.pad(picture, padding), axis=axis)
            last, first = [slice(None)] * picture.ndim, [slice(None)] * picture.ndim
            last[axis], first[axis] = slice(width, None), slice(None, -width)
            picture = (total[tuple(last)] - total[tuple(first)]) / width
    return picture
