"""Face, hair, background, neck and ears of a crop, from their usual places and their colours."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from e4s_studio.engine.parsing import skin
from e4s_studio.engine.parsing.colour import Colours
from e4s_studio.engine.parsing.places import EARS, FACE, HAIR, Signs, usual_places
from e4s_studio.engine.parsing.walker import RandomWalker

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from e4s_studio.engine.parsing.frame import FaceFrame

    Plane = NDArray[np.float32]

_ROUNDS: Final = 4
_COLOUR_WEIGHT: Final = 1.1
_USUAL_WEIGHT: Final = 0.4
_LEARNED_WEIGHT: Final = 0.9
_SHARPENING: Final = 1.5
"""Colours are learned from the surer pixels: probabilities to this power."""
_DOUBTED: Final = 0.02
"""A colour never rules a region out altogether."""


def head_regions(lab: Plane, frame: FaceFrame, learned: Plane) -> Plane:
    """Return the probability of face, hair, background, neck and ears at every pixel.

    Usual places weighed by colours give a first belief; what it believes teaches the colours of
    the next round. A random walker smooths every round along the picture.

    Parameters
    ----------
    lab
        (S, S, 3) float32, the crop in 8-bit Lab (`lab_of`).
    frame
        The crop's frame.
    learned
        (S, S, 5) float32, the probabilities of the built-in parser: they count besides the usual
        places.

    Returns
    -------
    (S, S, 5) float32 that sum to 1 over the last axis, in the order of
    `e4s_studio.engine.parsing.places`; brows, eyes, nose and mouth are "face".
    """
    u, v = frame.grid(lab.shape[0])
    lean = np.float32(frame.lean) * (v / np.float32(frame.drop)).clip(0, 1.8)
    u = np.asarray(u - lean, np.float32)  # along the face's own axis
    alike = skin.like_skin(lab, u, v)
    u = skin.seen_from_front(alike, u, v)
    signs = Signs(frame.drop, skin.baldness(alike, lab, u, v), skin.fringe(alike, u, v))
    colours, walker = Colours(lab), RandomWalker(lab)
    prior = _pooled(usual_places(u, v, signs), learned)
    belief = prior.copy()
    belief[..., HAIR] *= 1 - 0.8 * alike  # a high forehead teaches hair no colours
    belief[..., FACE] *= 0.25 + 0.75 * alike  # nor a fringe the face
    for turn in range(_ROUNDS):
        if turn:
            signs = replace(signs, falls=_hair_falls(belief, u, v))
            prior = _pooled(usual_places(u, v, signs), learned)
        evidence = prior * (_likelihood(colours, belief) + _DOUBTED) ** _COLOUR_WEIGHT
        belief = walker.smooth(evidence / evidence.sum(axis=-1, keepdims=True))
    return belief


def _pooled(usual: Plane, learned: Plane) -> Plane:
    """Return usual places weighed by what the network sees, (S, S, 5)."""
    both = (usual + _DOUBTED) ** _USUAL_WEIGHT * (learned + _DOUBTED) ** _LEARNED_WEIGHT
    return np.asarray(both / both.sum(axis=-1, keepdims=True), np.float32)


def _likelihood(colours: Colours, belief: Plane) -> Plane:
    weight = belief**_SHARPENING
    likely = np.stack([colours.likelihood(weight[..., k]) for k in range(belief.shape[2])], -1)
    # Ears are skin; so few pixels learn no colours of their own.
    likely[..., EARS] = 0.7 * likely[..., FACE] + 0.3 * likely[..., EARS]
    likely[..., FACE] = 0.8 * likely[..., FACE] + 0.2 * likely[..., EARS]
    return np.asarray(likely / (likely.sum(axis=-1, keepdims=True) + 1e-12), np.float32)


def _hair_falls(belief: Plane, u: Plane, v: Plane) -> tuple[float, float]:
    """Say for either side how surely hair passes the jaw: dark clothes below are then not hair."""
    sides = []
    for side in (-1, 1):
        beside = (u * side > 1.15) & (u * side < 1.75) & (v > 0.75) & (v < 1.45)
        share = float(belief[..., HAIR][beside].mean()) if beside.any() else 0.25
        sides.append(min(max(3 * share - 0.3, 0.06), 1.0))
    return sides[0], sides[1]
