"""Triangles -> pixels on the processor: which triangle is in front at each pixel, and where on it the pixel lies."""

import numpy as np

FINE = 24  # pixels: triangles up to this size are drawn in boxes of their own size, larger ones in powers of two


def rasterise(points: np.ndarray, faces: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw the triangles that face the eye into a square picture, the nearest one wins.

    Args:
        points: float (V, 3): x to the right and y down in pixels, z the distance from the eye.
        faces: int (F, 3).
        size: height and width in pixels.

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
            chosen = members[start : start + step]
            pixel, z, which, share = _covered(corners[chosen], low[chosen], int(each), size)
            np.minimum.at(depth, pixel, z)
            front = z <= depth[pixel]
            face[pixel[front]] = chosen[which[front]]
            weights[pixel[front]] = share[front]
    return face.reshape(size, size), weights.reshape(size, size, 3)


def _covered(
    corners: np.ndarray, low: np.ndarray, side: int, size: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pixels whose centre lies in a triangle: index, distance, which triangle, weights of its corners."""
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
