"""Boxes and lines in image coordinates.

Image coordinates are continuous: (0, 0) is the outer corner of the first pixel, x goes right and
y goes down, and the pixel in row i and column j has its centre at (j + 0.5, i + 0.5).
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from e4s_studio.core.regions import Region

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class Box(NamedTuple):
    """A half-open rectangle of pixels: columns left to right - 1, rows top to bottom - 1."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def of(cls, pixels: NDArray[np.generic]) -> Self:
        """Return the box of all pixels of an (H, W, ...) array."""
        return cls(0, 0, pixels.shape[1], pixels.shape[0])

    @classmethod
    def around(cls, points: ArrayLike, margin: float = 0.0) -> Self:
        """Return the smallest box around (N, 2) points (x, y), plus a margin in pixels."""
        xy = np.asarray(points, dtype=float)
        left, top = np.floor(xy.min(axis=0) - margin).astype(int)
        right, bottom = np.floor(xy.max(axis=0) + margin).astype(int) + 1
        return cls(int(left), int(top), int(right), int(bottom))

    @classmethod
    def of_true(cls, mask: NDArray[np.bool_]) -> Self:
        """Return the smallest box around the True elements of an (H, W) mask, or an empty box."""
        rows = np.flatnonzero(mask.any(axis=1))
        if rows.size == 0:
            return cls(0, 0, 0, 0)
        columns = np.flatnonzero(mask.any(axis=0))
        return cls(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)

    @property
    def width(self) -> int:
        """Number of columns, 0 if the box is empty."""
        return max(0, self.right - self.left)

    @property
    def height(self) -> int:
        """Number of rows, 0 if the box is empty."""
        return max(0, self.bottom - self.top)

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width), like an array's."""
        return self.height, self.width

    @property
    def is_empty(self) -> bool:
        """Whether the box has no pixels."""
        return self.width == 0 or self.height == 0

    @property
    def slices(self) -> tuple[slice, slice]:
        """The index of the box in an (H, W, ...) array; no side may be negative."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)

    def intersection(self, other: Box) -> Box:
        """Return the common pixels of both boxes."""
        return Box(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        )

    def union(self, other: Box) -> Box:
        """Return the smallest box around both; an empty box adds nothing."""
        if self.is_empty:
            return other
        if other.is_empty:
            return self
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )

    @classmethod
    def joining(cls, *boxes: Box) -> Box:
        """Return the smallest box around all boxes; empty if they are."""
        return reduce(Box.union, boxes, EMPTY_BOX)

    def expanded(self, margin: int) -> Box:
        """Return the box with `margin` pixels more on every side."""
        return Box(self.left - margin, self.top - margin, self.right + margin, self.bottom + margin)

    def shifted(self, dx: int, dy: int) -> Box:
        """Return the box moved by `dx` columns and `dy` rows."""
        return Box(self.left + dx, self.top + dy, self.right + dx, self.bottom + dy)

    def centres(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the pixel centres: x of shape (1, width) and y of shape (height, 1)."""
        x = np.arange(self.left, self.left + self.width, dtype=np.float64) + 0.5
        y = np.arange(self.top, self.top + self.height, dtype=np.float64) + 0.5
        return x[None, :], y[:, None]


EMPTY_BOX = Box(0, 0, 0, 0)


class Line(NamedTuple):
    """A straight line through two points, in image coordinates."""

    x0: float
    y0: float
    x1: float
    y1: float

    def mirrored(self, points: ArrayLike) -> NDArray[np.float64]:
        """Return (N, 2) points (x, y) reflected about the line.

        Raises
        ------
        ValueError
            If the line's two points coincide.
        """
        start = np.array([self.x0, self.y0])
        along = np.array([self.x1, self.y1]) - start
        length = float(np.hypot(*along))
        if length == 0:
            raise ValueError("a mirror line needs two different points")
        along = along / length
        offset = np.asarray(points, dtype=np.float64) - start
        mirrored: NDArray[np.float64] = start + 2 * (offset @ along)[..., None] * along - offset
        return mirrored


_PAIRS = (Region.EYEBROWS, Region.EYES)
_SINGLES = (Region.NOSE, Region.LIP, Region.MOUTH)


def midline_of(label_map: NDArray[np.uint8]) -> Line:
    """Return the face's midline, fitted to the features on it.

    These are the midpoints of the brows and of the eyes, and the centres of nose, lips and mouth.
    With fewer than two of them it is the vertical line through the middle of the map.

    Parameters
    ----------
    label_map
        (H, W) uint8 regions.
    """
    height, width = label_map.shape
    centres = [
        _centre(label_map == region, halves=region in _PAIRS) for region in _PAIRS + _SINGLES
    ]
    found = np.array([centre for centre in centres if centre is not None]).reshape(-1, 2)
    xs, ys = found[:, 0], found[:, 1]
    if len(found) < 2 or np.ptp(ys) < 0.05 * height:
        return Line(width / 2, 0.0, width / 2, float(height))
    # Faces are upright in an aligned crop, so x is a function of y.
    slope, x_at_top = np.polyfit(ys, xs, 1)
    return Line(float(x_at_top), 0.0, float(x_at_top + slope * height), float(height))


def _centre(mask: NDArray[np.bool_], *, halves: bool) -> tuple[float, float] | None:
    """Return the centre of a mask, or the midpoint of the centres of its two halves.

    Left and right eye are one region; the nearer eye is larger and must not shift the centre.
    """
    rows, columns = np.nonzero(mask)
    if rows.size == 0:
        return None
    split = (columns.min() + columns.max()) / 2
    parts = [columns <= split, columns > split] if halves else [np.ones_like(columns, dtype=bool)]
    means = [(columns[part].mean(), rows[part].mean()) for part in parts if part.any()]
    x, y = np.mean(means, axis=0) + 0.5
    return float(x), float(y)
