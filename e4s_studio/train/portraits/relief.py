"""The head as a height over the picture plane, so that light can be laid on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from e4s_studio.train.portraits.fields import Field, Profile, bump, ridge, step
from e4s_studio.train.portraits.geometry import EYE_LINE, SKULL_TOP

if TYPE_CHECKING:
    from e4s_studio.train.portraits.shape import Shape


@dataclass(frozen=True)
class Nostrils:
    """Where the nose's holes and wings lie, in head coordinates (u > 0)."""

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
    """Return the head without features: an ellipse across, a face's profile along."""
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


def nose_height(shape: Shape, u: Field, v: Field) -> Field:
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
    """Fold the cheek from the nose's wing past the mouth's corner, deeper in a smile."""
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


def head_height(shape: Shape, u: Field, v: Field, share: Field) -> Field:
    """Return the height of the face without its nose, (H, W), in the picture's width.

    `share` is 1 - u²/w² from the head's outline.
    """
    side = np.abs(u)
    z = _base(shape, share, v)
    z += _features(shape, side, v)
    return z + _fold(shape, side, v) + _bags(shape, side, v)
