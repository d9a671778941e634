"""Head, neck, ears and clothes: where each lies, how high, and the skin regions they make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from e4s_studio.train.portraits.fields import Field, Profile, bump, cover, ridge, step
from e4s_studio.train.portraits.geometry import OUTSIDE, Box, Frame, Outline, head_outline, window
from e4s_studio.train.portraits.relief import head_height, nose_height, nostrils

if TYPE_CHECKING:
    from e4s_studio.train.portraits.shape import Shape


TORSO: Final = ((-0.7, 0.18), (0.7, 0.7))
"""Corners (u, v) of the rectangle in which neck and clothes are drawn."""


@dataclass(frozen=True)
class Part:
    """A body part: distance to its edge (positive inside) and its height, (H, W) each."""

    distance: Field
    height: Field

    def crop(self, box: Box) -> Part:
        """Return a part of the picture."""
        return Part(self.distance[box], self.height[box])


def head(shape: Shape, at: Frame) -> Part:
    """Skull and face."""
    near = window(at, shape, (-0.36, -0.56), (0.36, shape.head.chin + 0.03))
    share, inside = head_outline(shape).inside(near.u, near.v)
    whole = Part(np.full_like(at.u, OUTSIDE), np.zeros_like(at.u))
    whole.distance[near.box] = inside
    whole.height[near.box] = head_height(shape, near.u, near.v, share)
    nose = window(at, shape, (-0.14, -0.14), (0.14, 0.22))
    whole.height[nose.box] += nose_height(shape, nose.u, nose.v)
    return whole


def neck(shape: Shape, at: Frame) -> Part:
    """Neck and shoulders; they do not turn with the head but lean."""
    near = window(at, shape, *TORSO)
    whole = Part(np.full_like(at.u, OUTSIDE), np.zeros_like(at.u))
    whole.distance[near.box], whole.height[near.box] = _neck(shape, near)
    return whole


def _neck(shape: Shape, at: Frame) -> tuple[Field, Field]:
    wide, lean = shape.head.neck, shape.head.lean
    across = at.x - lean * (at.y - 0.2) * 2.0 - 0.5 * shape.pose[0]
    outline = Outline(
        [
            (0.0, 0.9 * wide),
            (0.34, 0.98 * wide),
            (0.41, 1.06 * wide),
            (0.455, 1.35 * wide),
            (0.49, 2.0 * wide),
            (0.54, 0.9 * shape.head.shoulders),
            (0.66, 1.2 * shape.head.shoulders),
        ],
        0.014,
    )
    share, distance = outline.inside(across, at.y)
    height = 0.16 * np.sqrt(np.maximum(share, 0.0)) - 0.05
    side = np.abs(across)
    tendon = side - (0.88 * wide - 1.25 * (at.y - 0.30) * wide / 0.2)
    height += 0.010 * ridge(tendon, 0.020) * step(at.y, 0.34, 0.42)
    height -= 0.010 * bump(side, at.y, (0.0, 0.505), (0.030, 0.030))
    return distance, height


def cloth_distance(shape: Shape, at: Frame, body: Part) -> Field:
    """Distance to the collar's edge, positive on the cloth."""
    near = window(at, shape, *TORSO)
    collar, lean = shape.head.collar, shape.head.lean
    side = np.abs(near.x - lean * 0.6 - 0.5 * shape.pose[0])
    low = 0.478 + 0.11 * collar
    slope = 0.25 + 0.75 * collar
    line = low - slope * (np.sqrt(side * side + 0.0016) - 0.04)
    line = 0.400 + 0.02 * np.logaddexp(0.0, (line - 0.400) / 0.02)
    distance = np.full_like(at.u, OUTSIDE)
    distance[near.box] = np.minimum(near.y - line, body.distance[near.box] + 0.010)
    return distance


def ear_place(shape: Shape, side: int) -> tuple[float, float, float]:
    """Return u, v of an ear's centre and how much of it shows; `side` is -1 or 1."""
    covered = shape.hair.length > 0 and shape.hair.curtain > 0.3
    most = 0.2 if covered else 1.4
    turned = max(0.0, min(most, shape.ears.out - 9.0 * side * shape.pose[0]))
    return side * (shape.head.cheek + 0.010 * turned), shape.ears.height, turned


def ear(shape: Shape, at: Frame, side: int) -> Part:
    """Return one ear: a tilted oval with a rim and a hollow."""
    centre, height, _ = ear_place(shape, side)
    low, high = sorted((centre - side * 0.05, centre + side * 0.08))
    near = window(at, shape, (low, height - 0.14), (high, height + 0.14))
    whole = Part(np.full_like(at.u, OUTSIDE), np.zeros_like(at.u))
    whole.distance[near.box], whole.height[near.box] = _ear(shape, near, side)
    return whole


def _ear(shape: Shape, at: Frame, side: int) -> tuple[Field, Field]:
    centre, height, turned = ear_place(shape, side)
    length, wide = shape.ears.length, 0.016 + 0.020 * turned
    dv = at.v - height
    du = (at.u - centre) * side - 0.16 * -dv - 0.006
    q = (du / (wide * (1.0 - 0.9 * np.clip(dv, -0.2, 0.2)))) ** 2 + (dv / length) ** 2
    radius = np.sqrt(q + 1e-6)
    distance = (1.0 - radius) * wide
    rim = ridge(radius - 0.84, 0.10) * step(dv, 0.09, 0.02)
    hollow = bump(du, dv, (-0.2 * wide, 0.004), (0.45 * wide, 0.036))
    z = 0.05 + 0.016 * np.maximum(1.0 - q, 0.0) + 0.012 * rim - 0.020 * hollow
    lobe = bump(du, dv, (-0.1 * wide, 0.080), (0.5 * wide, 0.020))
    return distance, z + 0.008 * lobe


def nose_distance(shape: Shape, at: Frame) -> Field:
    """Distance to the edge of the nose's region, positive inside."""
    nose, place = shape.nose, nostrils(shape)
    wide = Profile(
        [
            (-0.060, 0.85 * nose.bridge),
            (-0.02, 0.95 * nose.bridge),
            (0.04, 1.15 * nose.bridge),
            (place.wing[1] - 0.030, 0.72 * nose.width),
            (place.wing[1] - 0.010, 1.06 * nose.width),
            (place.wing[1] + 0.010, 1.08 * nose.width),
            (nose.base + 0.006, 0.80 * nose.width),
            (nose.base + 0.020, 0.40 * nose.width),
        ],
        0.006,
    )
    side = np.abs(at.u)
    bottom = nose.base + 0.014 - 1.1 * np.maximum(side - 0.022, 0.0) ** 1.2
    return np.asarray(np.minimum.reduce([wide(at.v) - side, at.v + 0.055, bottom - at.v]))


def visible(distance: Field, pixel: float) -> Field:
    """Antialiased coverage of a part."""
    return cover(distance, 1.3 * pixel)
