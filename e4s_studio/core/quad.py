"""The alignment quad: which square of a photograph becomes the crop.

Points are (x, y) in pixels of the photograph, x to the right, y down, and whole numbers are pixel
centres. A crop's outer edge lies half a pixel outside its first and last pixel centres.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from e4s_studio.core.errors import FaceError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Point = tuple[float, float]

# The published crop (FFHQ, section 3 of Karras et al. 2019; E4S uses the same numbers).
EYE_REACH: Final = 2.0
_MOUTH_REACH: Final = 1.8
_DROP: Final = 0.1

_SMALLEST_SIDE: Final = 4.0
"""Pixels: a quad whose shortest side is less holds no face."""


@dataclass(frozen=True)
class Quad:
    """The square of a photograph that becomes the crop: its alignment quad.

    Parameters
    ----------
    corners
        Four (x, y) points: top left, bottom left, bottom right and top right as the face sees
        them (the published order), on the crop's outer edges.

    Raises
    ------
    FaceError
        If the corners are not finite, not convex in that order, or nearly coincide.
    """

    corners: tuple[Point, Point, Point, Point]

    def __post_init__(self) -> None:
        points = self.points
        if points.shape != (4, 2) or not np.isfinite(points).all():
            raise FaceError("An alignment quad needs four corners with finite coordinates.")
        edges = np.roll(points, -1, axis=0) - points
        turns = _cross(edges, np.roll(edges, -1, axis=0))
        if (turns >= 0).any() or np.linalg.norm(edges, axis=1).min() < _SMALLEST_SIDE:
            raise FaceError(
                "The alignment quad is folded or too small; drag its corners apart around the face."
            )

    @classmethod
    def of(cls, points: ArrayLike) -> Quad:
        """Return the quad with these corners, (4, 2)."""
        array = np.asarray(points, dtype=np.float64)
        return cls(tuple((float(x), float(y)) for x, y in array))  # type: ignore[arg-type]

    @classmethod
    def whole(cls, width: int, height: int) -> Quad:
        """Return the quad of an image that is an aligned crop already."""
        right, bottom = width - 0.5, height - 0.5
        return cls(((-0.5, -0.5), (-0.5, bottom), (right, bottom), (right, -0.5)))

    @property
    def points(self) -> NDArray[np.float64]:
        """The corners, (4, 2) float64."""
        return np.array(self.corners, dtype=np.float64)

    @property
    def centre(self) -> Point:
        """The mean of the corners."""
        x, y = self.points.mean(axis=0)
        return float(x), float(y)

    @property
    def side(self) -> float:
        """The mean length of the four sides in pixels: a crop of this size loses no detail."""
        points = self.points
        return float(np.linalg.norm(np.roll(points, -1, axis=0) - points, axis=1).mean())

    @property
    def angle(self) -> float:
        """How far the face is turned clockwise in the photograph, in degrees, (-180, 180]."""
        points = self.points
        x, y = points[2] + points[3] - points[0] - points[1]
        return float(np.degrees(np.arctan2(y, x)))

    def moved(self, dx: float, dy: float) -> Quad:
        """Return the quad shifted by (dx, dy) pixels."""
        return Quad.of(self.points + np.array([dx, dy]))

    def turned(self, degrees: float) -> Quad:
        """Return the quad turned clockwise about its centre."""
        angle = np.radians(degrees)
        cos, sin = np.cos(angle), np.sin(angle)
        turn = np.array([[cos, sin], [-sin, cos]])  # for row vectors, y pointing down
        return Quad.of((self.points - self.centre) @ turn + self.centre)

    def scaled(self, factor: float) -> Quad:
        """Return the quad enlarged about its centre by `factor` (above 0)."""
        if not factor > 0:
            raise FaceError("An alignment quad can only be scaled by a factor above zero.")
        return Quad.of((self.points - self.centre) * factor + self.centre)

    def to_crop(self, size: int) -> NDArray[np.float64]:
        """Return the (3, 3) matrix from photograph to crop pixels, both (x, y, 1) at centres.

        Parameters
        ----------
        size
            The crop's width and height in pixels.
        """
        edge = size - 0.5
        square = np.array([(-0.5, -0.5), (-0.5, edge), (edge, edge), (edge, -0.5)])
        return _homography(self.points, square)

    def to_photo(self, size: int) -> NDArray[np.float64]:
        """Return the (3, 3) matrix from crop to photograph pixels, the inverse of `to_crop`."""
        return np.asarray(np.linalg.inv(self.to_crop(size)), dtype=np.float64)


def quad_from_landmarks(
    left_eye: Point, right_eye: Point, mouth_left: Point, mouth_right: Point
) -> Quad:
    """Return the published alignment quad of a face.

    With d from eye to eye and v from the eyes' middle e to the mouth's: x = d - rot90(v), set to
    length max(2 |d|, 1.8 |v|), is half the quad's width; its centre is e + 0.1 v (FFHQ).

    Parameters
    ----------
    left_eye, right_eye
        Centres of the eyes (mean of each eye's outline); "left" is the one at the photograph's
        left when the face is upright.
    mouth_left, mouth_right
        Corners of the mouth, the photograph's left one first.

    Raises
    ------
    FaceError
        If the points coincide, so that no square follows from them.
    """
    eyes = (np.asarray(left_eye, float) + np.asarray(right_eye, float)) / 2
    across = np.asarray(right_eye, float) - np.asarray(left_eye, float)
    down = (np.asarray(mouth_left, float) + np.asarray(mouth_right, float)) / 2 - eyes
    x = np.array([across[0] + down[1], across[1] - down[0]])
    length = float(np.linalg.norm(x))
    if not length > 0:
        raise FaceError("The eyes and the mouth lie on one point; place them apart on the face.")
    reach = max(EYE_REACH * np.linalg.norm(across), _MOUTH_REACH * np.linalg.norm(down))
    x *= reach / length
    y = np.array([-x[1], x[0]])
    centre = eyes + _DROP * down
    return Quad.of([centre - x - y, centre - x + y, centre + x + y, centre + x - y])


def _cross(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    cross: NDArray[np.float64] = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    return cross


def _homography(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Solve the 8 coefficients exactly in float64 (OpenCV takes the points as float32)."""
    rows = []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
    solution = np.linalg.solve(np.array(rows), target.reshape(-1))
    return np.append(solution, 1.0).reshape(3, 3)
