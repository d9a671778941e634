"""Where face, hair, background, neck and ears usually lie in an aligned crop.

Lengths are in eye distances from the eyes' middle, v downwards (`FaceFrame.grid`). The places are
those of an average adult head: face 2.2 wide and 3.0 high, ears at the height of the nose.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from e4s_studio.engine.parsing.curves import rise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Plane = NDArray[np.float32]

FACE, HAIR, BACKGROUND, NECK, EARS = range(5)

_HAIRLINE: Final = -1.22
_WIDEST: Final = 0.25
HALF_WIDTH: Final = 1.08


@dataclass(frozen=True)
class Signs:
    """What a first look says of a head, each but the first from 0 to 1.

    Parameters
    ----------
    drop
        How far the mouth lies below the eyes, in eye distances.
    bald
        How surely the crown is skin.
    fringe
        How surely hair covers the forehead.
    falls
        How surely hair hangs below the jaw, at the left and at the right.
    """

    drop: float
    bald: float
    fringe: float
    falls: tuple[float, float] = (1.0, 1.0)


def usual_places(u: Plane, v: Plane, signs: Signs) -> Plane:
    """Return the probability of each region before any colour is looked at.

    Parameters
    ----------
    u, v
        (S, S) float32 coordinates, u from the face's own axis.
    signs
        What is known of this head.

    Returns
    -------
    (S, S, 5) float32 that sum to 1 over the last axis.
    """
    chin = 0.5 * 1.80 + 0.5 * (signs.drop + 0.80)
    rim = _face_rim(u, v, chin)
    face = rise(-rim / (0.07 + 0.08 * rise((-0.9 - v) / 0.1)))  # foreheads differ most
    neck = _neck(u, v, chin)
    ears = 0.6 * rise((1 - np.hypot((np.abs(u) - 1.12) / 0.20, (v - 0.38) / 0.45)) / 0.15)
    scalp = signs.bald * rise((1 - np.hypot(u / 1.35, (v + 0.1) / 1.80)) / 0.05)
    hair = _hair(u, v, signs.falls) * (1 - 0.9 * scalp)
    over_face = _hair_over_face(v, rim, signs.fringe)
    below = 1 - 0.9 * neck * rise((0.5 - np.abs(u)) / 0.08)
    chances = np.empty((*u.shape, 5), np.float32)
    chances[..., FACE] = face + 0.6 * (1 - face) * scalp + 0.001
    chances[..., HAIR] = ((1 - face) * hair + face * over_face) * below * (1 - 0.5 * ears)
    chances[..., BACKGROUND] = (1 - face) * (0.25 + 0.75 * (1 - hair)) + 0.0005
    chances[..., BACKGROUND] *= (1 - 0.75 * neck) * (1 - 0.6 * ears) * (1 - 0.8 * scalp)
    chances[..., NECK] = (1 - face) * neck + 0.02 * face * rise((v - chin + 0.5) / 0.05)
    chances[..., EARS] = (1 - face) * ears + 1e-4
    return np.asarray(chances / chances.sum(axis=-1, keepdims=True), np.float32)


def _face_rim(u: Plane, v: Plane, chin: float) -> Plane:
    """Return about the signed distance to the face's outline, negative inside."""
    across = np.abs(u) / HALF_WIDTH
    above = ((_WIDEST - v) / (_WIDEST - _HAIRLINE)).clip(0, None)
    below = ((v - _WIDEST) / (chin - _WIDEST)).clip(0, None)
    forehead = (across**2.6 + above**2.6) ** (1 / 2.6)
    jaw = (across**1.9 + below**1.9) ** (1 / 1.9)
    return np.asarray((np.where(v < _WIDEST, forehead, jaw) - 1) * 1.3, np.float32)


def _neck(u: Plane, v: Plane, chin: float) -> Plane:
    widening = 0.72 + 0.25 * (v - chin).clip(0, 1)
    neck = 0.9 * rise((v - chin + 0.35) / 0.08) * rise((widening - np.abs(u)) / 0.1)
    return np.asarray(np.maximum(neck, 0.01 * rise((v - chin + 0.6) / 0.1) + 1e-4), np.float32)


def _hair_over_face(v: Plane, rim: Plane, fringe: float) -> Plane:
    deep = rise(-(rim + 0.25) / 0.05)
    forehead = np.where(v < -0.55, 0.10 * (1 - 0.6 * deep), 0.03 * (1 - 0.6 * deep))
    covered = 0.4 * fringe * rise((-0.30 - v) / 0.05)
    return np.asarray(np.maximum(forehead, covered), np.float32)


def _hair(u: Plane, v: Plane, falls: tuple[float, float]) -> Plane:
    hangs = np.where(u < 0, *falls)
    crown = rise((1 - np.hypot(u / 1.55, (v + 0.25) / 1.75)) / 0.08)
    cap = 0.8 * crown * rise((0.35 - v) / 0.15)
    strands = 0.4 * rise((1.9 - np.abs(u)) / 0.15) * rise((v - 0.1) / 0.15)
    strands *= 1 - (1 - hangs) * rise((v - 1.0) / 0.12)
    least = 0.12 * np.where(v > 1, np.minimum(hangs, 1), 1) + 0.01
    return np.asarray(np.maximum(np.maximum(cap, strands), least), np.float32)
