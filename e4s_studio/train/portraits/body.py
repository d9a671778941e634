"""Head, neck, ears and clothes: outlines, heights over the picture plane, and skin regions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from e4s_studio.train.portraits.fields import Field, Profile, bump, cover, ridge, step
from e4s_studio.train.portraits.geometry import (
    EYE_LINE,
    OUTSIDE,
    SKULL_TOP,
    Box,
    Frame,
    Outline,
    head_outline,
    window,
)

if TYPE_CHECKING:
    from e4s_studio.train.portraits.shape import Shape


@dataclass(frozen=True)
class Nostrils:
    """Positions of the nostrils and the nose's wings, in head coordinates (u > 0)."""

    hole: tuple[float, float]
    wing: tuple[float, float]
    tip: float


def nostrils(shape: Shape) -> Nostrils:
    """Place them from the nose's base and width."""
    nose = shape.nose
    return Nostrils(
        hole=(0.42 * nose.width, nose.base - 0.004),
        wing=(0.78 * nose.width, nose.base - 0.020),
        tip=nose.base - 0.032,
    )


def _base(shape: Shape, share: Field, v: Field) -> Field:
    """Return the head's height without features: elliptic across, a face's profile along v."""
    chin = shape.head.chin
    depth = Profile(
        [
            (SKULL_TOP, 0.02),
            (-0.42, 0.13),
            (-0.34, 0.195),
            (-0.22, 0.235),
            (-0.10, 0.246),
            (0.0, 0.236),
            (0.10, 0.236),
            (0.22, 0.242),
            (0.30, 0.230),
            (chin - 0.06, 0.222),
            (chin - 0.022, 0.19),
            (chin, 0.12),
            (chin + 0.02, 0.06),
        ],
        0.016,
    )
    round_share = np.clip(share, 0.0, 1.0)
    flat = 1.0 - (1.0 - round_share) ** 1.25
    return depth(v) * np.sqrt(flat)


def _nose_height(shape: Shape, u: Field, v: Field) -> Field:
    """Return the height of bridge, tip and wings over the face, (H, W)."""
    side = np.abs(u)
    nose, place = shape.nose, nostrils(shape)
    high = Profile(
        [
            (-0.13, 0.0),
            (-0.085, 0.0),
            (-0.045, 0.012),
            (-0.01, 0.022),
            (0.04, 0.040 + 0.006 * nose.bump),
            (place.tip - 0.02, 0.064),
            (place.tip + 0.010, 0.066),
            (nose.base - 0.010, 0.046),
            (nose.base + 0.010, 0.019),
            (nose.base + 0.034, 0.0),
            (nose.base + 0.060, 0.0),
        ],
        0.010,
    )
    wide = Profile(
        [
            (-0.08, 0.032),
            (-0.02, 0.72 * nose.bridge),
            (0.06, 0.80 * nose.bridge),
            (place.tip, 0.48 * nose.width),
        ],
        0.02,
    )
    slope = side / wide(v)
    z = nose.relief * high(v) * np.exp(-0.5 * np.abs(slope) ** 2.2)
    z += 0.016 * nose.tip * bump(side, v, (0.0, place.tip), (0.026, 0.022))
    wings = bump(side, v, place.wing, (0.016, 0.016))
    z -= 0.008 * bump(side, v, (place.wing[0] + 0.026, place.wing[1] + 0.004), (0.012, 0.020))
    return z + 0.030 * wings - 0.014 * bump(side, v, place.hole, (0.012, 0.007))


def _fold(shape: Shape, side: Field, v: Field) -> Field:
    """Return the nasolabial fold, deeper in a smile."""
    smile = max(0.0, shape.mouth.lift) / 0.022
    top, bottom = shape.nose.base - 0.03, shape.mouth.centre + 0.03
    line = Profile(
        [
            (top, 0.80 * shape.nose.width),
            (0.5 * (top + bottom), 1.02 * shape.mouth.width),
            (bottom, shape.mouth.width + 0.034),
        ],
        0.02,
    )
    across = side - line(v)
    along = step(v, top - 0.01, top + 0.03) * step(v, bottom + 0.03, bottom - 0.05)
    cheek = step(across, -0.014, 0.018) * np.exp(-np.maximum(across, 0.0) / 0.06)
    return np.asarray((0.0015 + 0.008 * smile) * along * cheek)


def _features(shape: Shape, side: Field, v: Field) -> Field:
    head, mouth, e = shape.head, shape.mouth, shape.eyes.spacing
    smile = max(0.0, shape.mouth.lift) / 0.022
    z = -0.034 * head.sockets * bump(side, v, (e - 0.020, EYE_LINE - 0.008), (0.050, 0.028))
    z += 0.016 * bump(side, v, (e, EYE_LINE + 0.002), (0.040, 0.024))
    z += (0.005 + 0.011 * head.brow_ridge) * bump(
        side, v, (0.115, EYE_LINE - 0.062), (0.075, 0.022)
    )
    z += 0.020 * head.cheekbones * bump(side, v, (0.160, 0.070), (0.055, 0.038))
    z += 0.018 * smile * bump(side, v, (0.135, 0.105), (0.045, 0.045))
    z -= 0.013 * bump(side, v, (0.170, 0.220), (0.045, 0.065))
    z += 0.018 * bump(side, v, (0.0, mouth.centre), (0.085, 0.060))
    z -= 0.012 * bump(side, v, (0.0, mouth.centre + 0.066), (0.065, 0.016))
    z += 0.020 * head.chin_relief * bump(side, v, (0.0, head.chin - 0.058), (0.050, 0.032))
    z -= 0.004 * bump(side, v, (0.0, mouth.centre - 0.046), (0.009, 0.020))
    return z - 0.006 * ridge(side - mouth.width - 0.008, 0.012) * ridge(
        v - mouth.centre + mouth.lift, 0.014
    )


def _bags(shape: Shape, side: Field, v: Field) -> Field:
    """Return the soft arc below each eye."""
    across = side - shape.eyes.spacing
    arc = v - (EYE_LINE + 0.043 - 3.2 * across * across)
    return 0.0035 * ridge(arc - 0.004, 0.010) * ridge(across, 0.045)


def _head_height(shape: Shape, u: Field, v: Field, share: Field) -> Field:
    """Return the height of the face without its nose, (H, W), in the picture's width.

    `share` is 1 - u²/w² from the head's outline.
    """
    side = np.abs(u)
    z = _base(shape, share, v)
    z += _features(shape, side, v)
    return z + _fold(shape, side, v) + _bags(shape, side, v)


_TORSO: Final = ((-0.7, 0.18), (0.7, 0.7))
"""Corners (u, v) of the rectangle in which neck and clothes are drawn."""


@dataclass(frozen=True)
class Part:
    """A body part: distance to its edge (positive inside) and its height, (H, W) each."""

    distance: Field
    height: Field

    @classmethod
    def placed(cls, at: Frame, box: Box, distance: Field, height: Field) -> Part:
        """Return a part that is known in a rectangle of a frame, and lies nowhere else."""
        part = cls(np.full_like(at.u, OUTSIDE), np.zeros_like(at.u))
        part.distance[box], part.height[box] = distance, height
        return part


def head(shape: Shape, at: Frame) -> Part:
    """Return skull and face."""
    near = window(at, shape, (-0.36, -0.56), (0.36, shape.head.chin + 0.03))
    share, inside = head_outline(shape).inside(near.u, near.v)
    whole = Part.placed(at, near.box, inside, _head_height(shape, near.u, near.v, share))
    nose = window(at, shape, (-0.14, -0.14), (0.14, 0.22))
    whole.height[nose.box] += _nose_height(shape, nose.u, nose.v)
    return whole


def neck(shape: Shape, at: Frame) -> Part:
    """Return neck and shoulders, which lean but do not turn with the head."""
    near = window(at, shape, *_TORSO)
    return Part.placed(at, near.box, *_neck(shape, near))


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
    """Return the distance to the collar's edge, positive on the clothes."""
    near = window(at, shape, *_TORSO)
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
    """Return u, v of an ear's centre and how much it stands out; `side` is -1 or 1."""
    covered = shape.hair.length > 0 and shape.hair.curtain > 0.3
    most = 0.2 if covered else 1.4
    turned = max(0.0, min(most, shape.ears.out - 9.0 * side * shape.pose[0]))
    return side * (shape.head.cheek + 0.010 * turned), shape.ears.height, turned


def ear(shape: Shape, at: Frame, side: int) -> Part:
    """Return one ear: a tilted oval with a rim and a hollow."""
    centre, height, _ = ear_place(shape, side)
    low, high = sorted((centre - side * 0.05, centre + side * 0.08))
    near = window(at, shape, (low, height - 0.14), (high, height + 0.14))
    return Part.placed(at, near.box, *_ear(shape, near, side))


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
    """Return the distance to the edge of the nose's region, positive inside."""
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
