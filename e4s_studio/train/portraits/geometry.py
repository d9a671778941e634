"""From pixels to head coordinates: FFHQ's alignment and the head's pose; outlines."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from e4s_studio.train.portraits.fields import Field, Profile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from e4s_studio.train.portraits.shape import Eyes, Mouth, Shape

SKULL_TOP: Final = -0.495
"""The v at which the skull ends."""

OUTSIDE: Final = -1.0
"""A signed distance far outside any shape."""


Box: TypeAlias = tuple[slice, slice]


@dataclass(frozen=True)
class Frame:
    """A rectangle of the picture, with the head coordinates of each pixel's centre.

    `u`, `v` are the frontal head's coordinates, `x`, `y` the picture plane's before alignment
    (all (H, W) float32); `pixel` is a pixel's size in the same unit; `box` its place.
    """

    u: Field
    v: Field
    x: Field
    y: Field
    pixel: float
    box: Box
    place: Alignment

    def crop(self, rows: slice, columns: slice) -> Frame:
        """Return the given part, as views."""
        box = rows, columns
        return replace(self, u=self.u[box], v=self.v[box], x=self.x[box], y=self.y[box], box=box)

    def mirrored(self) -> Frame:
        """Return the same pixels with u reversed, so that one side's drawing serves both."""
        return replace(self, u=-self.u, x=-self.x)


def lids(eyes: Eyes, a: Field) -> tuple[Field, Field]:
    """Heights b of the upper and the lower lid's edge at a (-1 inner corner, 1 outer corner)."""
    inside = np.maximum(1.0 - a * a, 0.0)
    upper = -eyes.upper * inside**0.62 * (1.0 + eyes.peak * a)
    lower = eyes.lower * inside**0.80 * (1.0 + 0.28 * a)
    return upper, lower


def eye_axes(eyes: Eyes) -> tuple[float, float]:
    """Cosine and sine of the eye's tilt: the outer corner lies higher for a positive one."""
    return float(np.cos(eyes.tilt)), float(np.sin(eyes.tilt))


def _eye_centre(eyes: Eyes) -> NDArray[np.float64]:
    """Mean of six points on the lids of the eye at u > 0, in head coordinates, shape (2,)."""
    a = np.array([-1.0, -0.4, 0.4, 1.0])
    upper, lower = lids(eyes, a)
    local = np.stack([np.r_[a, a[1:3]] * eyes.width, np.r_[upper, lower[1:3]]], axis=1)
    cosine, sine = eye_axes(eyes)
    turned = local @ np.array([[cosine, -sine], [sine, cosine]])
    return np.asarray(turned.mean(axis=0) + np.array([eyes.spacing, EYE_LINE]))


EYE_LINE: Final = -0.025
"""The v of the eyes' centre line."""


def _mouth_corner(mouth: Mouth) -> tuple[float, float]:
    """Head coordinates of the mouth's corner at u > 0."""
    return mouth.width, mouth.centre - mouth.lift


def _dome(x: Field, y: Field, pose: tuple[float, float]) -> Field:
    """How far a point of the head moves with its turn: most in the middle and at the nose."""
    head = np.exp(-0.5 * ((x / 0.23) ** 2 + ((y - 0.04) / 0.34) ** 2))
    nose_x, nose_y = x - 1.4 * pose[0], y - 0.10 - 1.4 * pose[1]
    return head + 0.40 * np.exp(-0.5 * ((nose_x / 0.055) ** 2 + (nose_y / 0.085) ** 2))


def _posed(shape: Shape, points: NDArray[np.float64], rounds: int = 24) -> NDArray[np.float64]:
    """Move points (N, 2) from the frontal head to the picture plane, by fixed-point iteration."""
    turn = np.asarray(shape.pose)
    plane = points.copy()
    for _ in range(rounds):
        plane = points + turn * _dome(plane[:, 0], plane[:, 1], shape.pose)[:, None]
    return plane


@dataclass(frozen=True)
class Alignment:
    """FFHQ's alignment quad: its centre and its half axis to the right, in the plane's unit."""

    centre: tuple[float, float]
    axis: tuple[float, float]

    def to_plane(self, size: int) -> tuple[Field, Field]:
        """Return x and y, (size, size) each, of the pixels' centres."""
        t = ((np.arange(size) + 0.5) * (2.0 / size) - 1.0).astype(np.float32)
        right, down = t[None, :], t[:, None]
        (cx, cy), (ax, ay) = self.centre, self.axis
        return cx + right * ax - down * ay, cy + right * ay + down * ax

    def to_pixels(self, points: NDArray[np.float64], size: int) -> NDArray[np.float64]:
        """Return plane points (N, 2) in pixels, the centre of the first pixel being (0, 0)."""
        offset = points - np.asarray(self.centre)
        axes = np.array([self.axis, (-self.axis[1], self.axis[0])]).T
        local = offset @ axes / np.dot(self.axis, self.axis)
        return np.asarray((local + 1.0) * (size / 2.0) - 0.5)


def _aligned_by(points: NDArray[np.float64]) -> Alignment:
    """FFHQ's formula on left eye, right eye, left and right mouth corner, (4, 2)."""
    left, right, mouth_left, mouth_right = points
    middle, across = (left + right) / 2, right - left
    down = (mouth_left + mouth_right) / 2 - middle
    axis = across - np.array([-down[1], down[0]])
    axis *= max(2.0 * np.hypot(*across), 1.8 * np.hypot(*down)) / np.hypot(*axis)
    centre = middle + 0.1 * down
    return Alignment((float(centre[0]), float(centre[1])), (float(axis[0]), float(axis[1])))


def _plane_points(shape: Shape) -> NDArray[np.float64]:
    eye, corner = _eye_centre(shape.eyes), np.array(_mouth_corner(shape.mouth))
    flip = np.array([-1.0, 1.0])
    return _posed(shape, np.array([eye * flip, eye, corner * flip, corner]))


def alignment(shape: Shape) -> Alignment:
    """Return the quad that FFHQ's formula gives for this head: the picture is cut along it."""
    return _aligned_by(_plane_points(shape))


def alignment_points(shape: Shape, size: int) -> NDArray[np.float64]:
    """Return where the eyes and the mouth's corners lie in the portrait.

    Returns
    -------
    (4, 2) float64, (x, y) in pixels of a picture `size` wide, the centre of its first pixel being
    (0, 0): left eye (mean of its six lid points), right eye, left and right corner of the mouth,
    "left" as seen in the picture.
    """
    return alignment(shape).to_pixels(_plane_points(shape), size)


def frame(shape: Shape, size: int) -> Frame:
    """Return the whole picture's frame."""
    place = alignment(shape)
    x, y = place.to_plane(size)
    moved = _dome(x, y, shape.pose)
    return Frame(
        u=x - shape.pose[0] * moved,
        v=y - shape.pose[1] * moved,
        x=x,
        y=y,
        pixel=2.0 * float(np.hypot(*place.axis)) / size,
        box=(slice(0, size), slice(0, size)),
        place=place,
    )


def window(
    whole: Frame, shape: Shape, low: tuple[float, float], high: tuple[float, float]
) -> Frame:
    """Return the part of the picture that holds a rectangle (u, v) of the head."""
    size = whole.u.shape[0]
    corners = np.array([[u, v] for u in (low[0], high[0]) for v in (low[1], high[1])])
    pixels = whole.place.to_pixels(_posed(shape, corners, rounds=2), size)
    margin = 2.0 + 0.005 * size  # two rounds of `_posed` miss by less than that
    (left, top), (right, bottom) = pixels.min(axis=0) - margin, pixels.max(axis=0) + margin
    return whole.crop(_clipped(top, bottom, size), _clipped(left, right, size))


def _clipped(low: float, high: float, size: int) -> slice:
    """Return the pixels from `low` to `high` that exist, at least one."""
    first = min(max(int(low), 0), size - 1)
    return slice(first, min(max(int(high) + 1, first + 1), size))


class Outline:
    """A body symmetric about u = 0, as wide at every v as its profile says."""

    def __init__(self, points: list[tuple[float, float]], blur: float = 0.012) -> None:
        """Take (v, half-width) pairs; negative half-widths close the ends."""
        squares = [(v, w * abs(w)) for v, w in points]
        self.square = Profile(squares, blur)
        slopes = [((a[0] + b[0]) / 2, (b[1] - a[1]) / (b[0] - a[0])) for a, b in pairwise(squares)]
        self._slope = Profile(slopes, blur)

    def inside(self, u: Field, v: Field) -> tuple[Field, Field]:
        """Return the share 1 - u²/w² (≤ 1, negative outside) and the distance to the edge."""
        square = self.square(v)
        gap = square - u * u
        slope = self._slope(v)
        distance = gap / np.sqrt(slope * slope + 4.0 * u * u + 1e-4)
        return gap / np.maximum(square, 1e-4), distance


def head_outline(shape: Shape) -> Outline:
    """Return the outline of skull and face."""
    h = shape.head
    chin = h.chin
    return Outline(
        [
            (SKULL_TOP - 0.10, -0.20),
            (SKULL_TOP, 0.0),
            (SKULL_TOP + 0.015, 0.13),
            (SKULL_TOP + 0.060, 0.203),
            (-0.34, 0.92 * h.temple),
            (-0.22, h.temple),
            (-0.08, 0.5 * (h.temple + h.cheek)),
            (0.04, h.cheek),
            (0.12, 0.985 * h.cheek),
            (0.20, 0.5 * h.cheek + 0.5 * h.jaw),
            (0.262, h.jaw),
            (0.5 * (0.262 + chin - 0.045), 0.56 * h.jaw + 0.44 * h.chin_width),
            (chin - 0.045, h.chin_width),
            (chin - 0.020, 0.75 * h.chin_width),
            (chin, 0.0),
            (chin + 0.10, -0.20),
        ]
    )
