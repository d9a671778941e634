"""Draw triangles with a depth buffer: which triangle is seen at which pixel, and where on it.

Vertices are (x, y, z) in pixels: whole numbers are pixel centres, x to the right, y down, and of
two surfaces at one pixel the one with the smaller z, nearer to the camera, is seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numba
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Compiled = Callable[..., None]

NOTHING: Final = -1
"""The triangle of a pixel at which nothing is drawn."""


@dataclass(frozen=True)
class Drawing:
    """What is seen at each pixel.

    Parameters
    ----------
    triangle
        (H, W) int32, the index of the triangle, `NOTHING` where there is none.
    weights
        (H, W, 3) float32, barycentric weights of its corners, which sum to 1; zeros elsewhere.
    depth
        (H, W) float32 z; infinity elsewhere.
    """

    triangle: NDArray[np.int32]
    weights: NDArray[np.float32]
    depth: NDArray[np.float32]

    def interpolate(
        self, values: NDArray[np.floating], triangles: NDArray[np.int32]
    ) -> NDArray[np.float32]:
        """Return values of the vertices, (V, C), at each pixel: (H, W, C) float32, 0 elsewhere."""
        seen = self.triangle != NOTHING
        drawn = np.zeros((*self.triangle.shape, values.shape[1]), np.float32)
        corners = values[triangles[self.triangle[seen]]].astype(np.float32)  # (N, 3, C)
        drawn[seen] = np.einsum("nk,nkc->nc", self.weights[seen], corners)
        return drawn


def draw(
    vertices: NDArray[np.floating], triangles: NDArray[np.int32], size: tuple[int, int]
) -> Drawing:
    """Draw triangles from both sides with a depth buffer.

    Parameters
    ----------
    vertices
        (V, 3) in pixels.
    triangles
        (T, 3) int32 indices of vertices.
    size
        Height and width of the picture in pixels.
    """
    drawing = Drawing(
        np.full(size, NOTHING, np.int32),
        np.zeros((*size, 3), np.float32),
        np.full(size, np.inf, np.float32),
    )
    corners = np.ascontiguousarray(vertices, np.float64)
    indices = np.ascontiguousarray(triangles, np.int32)
    _fill(corners, indices, drawing.triangle, drawing.weights, drawing.depth)
    return drawing


def normals(vertices: NDArray[np.floating], triangles: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return the outward unit normal of each vertex, the mean of its triangles' by area.

    Parameters
    ----------
    vertices
        (V, 3).
    triangles
        (T, 3) int32.

    Returns
    -------
    ndarray
        (V, 3) float64; zeros at a vertex of no triangle.
    """
    total = np.zeros((len(vertices), 3))
    faces = face_normals(vertices, triangles)
    for corner in range(3):
        for axis in range(3):
            total[:, axis] += np.bincount(triangles[:, corner], faces[:, axis], len(vertices))
    length = np.linalg.norm(total, axis=1, keepdims=True)
    total /= np.where(length > 0, length, 1)
    return total


def face_normals(
    vertices: NDArray[np.floating], triangles: NDArray[np.int32]
) -> NDArray[np.float64]:
    """Return the outward normal of each triangle, (T, 3) float64, as long as twice its area."""
    a, b, c = (np.asarray(vertices, np.float64)[triangles[:, k]] for k in range(3))
    crossed: NDArray[np.float64] = np.cross(b - a, c - a)
    return crossed


def visible(
    vertices: NDArray[np.floating], drawing: Drawing, tolerance: float
) -> NDArray[np.bool_]:
    """Return which vertices the drawing shows, (V,) bool: inside it and behind nothing.

    Parameters
    ----------
    vertices
        (V, 3) in pixels, those that were drawn.
    drawing
        The drawing of them.
    tolerance
        Pixels by which a vertex may lie behind the surface at its pixel.
    """
    height, width = drawing.triangle.shape
    x, y = np.rint(vertices[:, :2]).astype(np.int64).T
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    seen = np.zeros(len(vertices), bool)
    seen[inside] = vertices[inside, 2] <= drawing.depth[y[inside], x[inside]] + tolerance
    return seen


def _compiled(function: Compiled) -> Compiled:
    """Compile for the processor; the machine code is kept on disk where a folder can be written."""
    given = [
        numba.types.Array(kind, 2, "C", readonly=True) for kind in (numba.float64, numba.int32)
    ]
    made = [numba.int32[:, ::1], numba.float32[:, :, ::1], numba.float32[:, ::1]]
    signature = numba.void(*given, *made)
    try:
        return numba.njit(signature, cache=True)(function)
    except RuntimeError:  # no folder for the cache
        return numba.njit(signature)(function)


@_compiled
def _fill(
    vertices: NDArray[np.float64],
    triangles: NDArray[np.int32],
    triangle: NDArray[np.int32],
    weights: NDArray[np.float32],
    depth: NDArray[np.float32],
) -> None:
    height, width = triangle.shape
    for t in range(triangles.shape[0]):
        ax, ay, az = vertices[triangles[t, 0]]
        bx, by, bz = vertices[triangles[t, 1]]
        cx, cy, cz = vertices[triangles[t, 2]]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if area == 0 or not np.isfinite(area):
            continue
        left = max(0, int(np.ceil(min(ax, bx, cx))))
        right = min(width - 1, int(np.floor(max(ax, bx, cx))))
        top = max(0, int(np.ceil(min(ay, by, cy))))
        bottom = min(height - 1, int(np.floor(max(ay, by, cy))))
        for y in range(top, bottom + 1):
            for x in range(left, right + 1):
                # Twice the areas of the parts opposite to a, b and c. Neighbours get the same
                # numbers for a common edge, up to the sign, so no gap opens between them.
                u = (bx - x) * (cy - y) - (by - y) * (cx - x)
                v = (cx - x) * (ay - y) - (cy - y) * (ax - x)
                w = (ax - x) * (by - y) - (ay - y) * (bx - x)
                if min(u, v, w) < 0 < max(u, v, w):
                    continue
                u, v, w = u / area, v / area, w / area
                z = u * az + v * bz + w * cz
                if z < depth[y, x]:
                    depth[y, x] = z
                    triangle[y, x] = t
                    weights[y, x, 0] = u
                    weights[y, x, 1] = v
                    weights[y, x, 2] = w
