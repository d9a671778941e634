"""Face, hair, background, neck and ears of a crop, from their usual places and their colours.

Lengths are in eye distances from the eyes' middle, v downwards (`FaceFrame.grid`). The places are
those of an average adult head: face 2.2 wide and 3.0 high, ears at the height of the nose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from e4s_studio.engine.parse.colour import Colours
from e4s_studio.engine.parse.walker import RandomWalker

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from e4s_studio.engine.parse.frame import FaceFrame

    Plane = NDArray[np.float32]

FACE, HAIR, BACKGROUND, NECK, EARS = range(5)

HAIRLINE: Final = -1.22
WIDEST: Final = 0.25
HALF_WIDTH: Final = 1.08
MOST_REACH: Final = 1.6
GREY_CHROMA: Final = 2.0
SKIN_TONES: Final = 3
SKIN_SPREAD: Final = np.array([24, 8, 9], dtype=np.float32)
"""Standard deviations of one tone, 8-bit Lab."""
ROUNDS: Final = 4
COLOUR_WEIGHT: Final = 1.1
SHARPENING: Final = 1.5
"""Colours are learned from the surer pixels: probabilities to this power."""
DOUBTED: Final = 0.02
"""A colour never rules a region out altogether."""


def head_regions(lab: Plane, frame: FaceFrame) -> Plane:
    """Return the probability of face, hair, background, neck and ears at every pixel.

    Parameters
    ----------
    lab
        (S, S, 3) float32, the crop in 8-bit Lab (`lab_of`).
    frame
        The crop's frame.

    Returns
    -------
    (S, S, 5) float32 that sum to 1 over the last axis; brows, eyes, nose and mouth are "face".
    """
    u, v = frame.grid(lab.shape[0])
    lean = np.float32(frame.lean) * (v / np.float32(frame.drop)).clip(0, 1.8)
    u = np.asarray(u - lean, np.float32)  # along the face's own axis
    alike = _like_skin(lab, u, v)
    left, right = _face_ends(alike, u, v)
    u = np.asarray(u * HALF_WIDTH / np.where(u < 0, left, right), np.float32)
    bald = _baldness(alike, lab, u, v)
    colours, walker = Colours(lab), RandomWalker(lab)
    prior = _prior(u, v, frame.drop, (1.0, 1.0), bald)
    belief = prior.copy()
    belief[..., HAIR] *= 1 - 0.8 * alike  # a high forehead teaches hair no colours
    for turn in range(ROUNDS):
        if turn:
            prior = _prior(u, v, frame.drop, _hair_falls(belief, u, v), bald)
        evidence = prior * (_likelihood(colours, belief) + DOUBTED) ** COLOUR_WEIGHT
        belief = walker.smooth(evidence / evidence.sum(axis=-1, keepdims=True))
    return belief


def _likelihood(colours: Colours, belief: Plane) -> Plane:
    weight = belief**SHARPENING
    likely = np.stack([colours.likelihood(weight[..., k]) for k in range(belief.shape[2])], -1)
    # Ears are skin; so few pixels learn no colours of their own.
    likely[..., EARS] = 0.7 * likely[..., FACE] + 0.3 * likely[..., EARS]
    likely[..., FACE] = 0.8 * likely[..., FACE] + 0.2 * likely[..., EARS]
    return np.asarray(likely / (likely.sum(axis=-1, keepdims=True) + 1e-12), np.float32)


def _prior(u: Plane, v: Plane, drop: float, falls: tuple[float, float], bald: float) -> Plane:
    """Return where the regions usually lie, (S, S, 5) summing to 1.

    `falls` says, for the left and the right, how surely hair hangs below the jaw.
    """
    chin = 0.5 * 1.80 + 0.5 * (drop + 0.80)
    rim = _face_rim(u, v, chin)
    face = _rise(-rim / (0.07 + 0.08 * _rise((-0.9 - v) / 0.1)))  # foreheads differ most
    deep = _rise(-(rim + 0.25) / 0.05)
    fringe = _rise(-(v + 0.55) / 0.08)
    neck = (
        0.9
        * _rise((v - chin + 0.35) / 0.08)
        * _rise((0.72 + 0.25 * (v - chin).clip(0, 1) - np.abs(u)) / 0.1)
    )
    neck = np.maximum(neck, 0.01 * _rise((v - chin + 0.6) / 0.1) + 1e-4)
    ears = 0.6 * _rise((1 - np.hypot((np.abs(u) - 1.12) / 0.20, (v - 0.38) / 0.45)) / 0.15)
    scalp = bald * _scalp(u, v)
    hair = _hair(u, v, falls) * (1 - 0.9 * scalp)
    chances = np.stack(
        [
            face + 0.6 * (1 - face) * scalp + 0.001,
            ((1 - face) * hair + face * np.where(fringe > 0.5, 0.10, 0.03) * (1 - 0.6 * deep))
            * (1 - 0.9 * neck * _rise((0.5 - np.abs(u)) / 0.08))
            * (1 - 0.5 * ears),
            ((1 - face) * (0.25 + 0.75 * (1 - hair)) + 0.0005)
            * (1 - 0.75 * neck)
            * (1 - 0.6 * ears)
            * (1 - 0.8 * scalp),
            (1 - face) * neck + 0.02 * face * _rise((v - chin + 0.5) / 0.05),
            (1 - face) * ears + 1e-4,
        ],
        axis=-1,
    )
    return np.asarray(chances / chances.sum(axis=-1, keepdims=True), np.float32)


def _face_rim(u: Plane, v: Plane, chin: float) -> Plane:
    """Return about the signed distance to the face's outline, negative inside."""
    across = np.abs(u) / HALF_WIDTH
    above = ((WIDEST - v) / (WIDEST - HAIRLINE)).clip(0, None)
    below = ((v - WIDEST) / (chin - WIDEST)).clip(0, None)
    forehead = (across**2.6 + above**2.6) ** (1 / 2.6)
    jaw = (across**1.9 + below**1.9) ** (1 / 1.9)
    return np.asarray((np.where(v < WIDEST, forehead, jaw) - 1) * 1.3, np.float32)


def _hair(u: Plane, v: Plane, falls: tuple[float, float]) -> Plane:
    hangs = np.where(u < 0, *falls)
    crown = _rise((1 - np.hypot(u / 1.55, (v + 0.25) / 1.75)) / 0.08)
    cap = 0.8 * crown * _rise((0.35 - v) / 0.15)
    strands = 0.4 * _rise((1.9 - np.abs(u)) / 0.15) * _rise((v - 0.1) / 0.15)
    strands *= 1 - (1 - hangs) * _rise((v - 1.0) / 0.12)
    least = 0.12 * np.where(v > 1, np.minimum(hangs, 1), 1) + 0.01
    return np.asarray(np.maximum(np.maximum(cap, strands), least), np.float32)


def _hair_falls(belief: Plane, u: Plane, v: Plane) -> tuple[float, float]:
    """Say for either side how surely hair passes the jaw: dark clothes below are then not hair."""
    sides = []
    for side in (-1, 1):
        beside = (u * side > 1.15) & (u * side < 1.75) & (v > 0.75) & (v < 1.45)
        share = float(belief[..., HAIR][beside].mean()) if beside.any() else 0.25
        sides.append(min(max(3 * share - 0.3, 0.06), 1.0))
    return sides[0], sides[1]


def _face_ends(alike: Plane, u: Plane, v: Plane) -> tuple[float, float]:
    """Return how far the face reaches to the left and to the right, from where its skin ends.

    A head turned aside shows more of one cheek. Where no end is seen on either side (a background
    like skin), the face is taken to be seen from the front.
    """
    cheeks = (v > 0.3) & (v < 0.9)
    out = np.arange(0.7, MOST_REACH + 0.05, 0.05)
    ends = []
    for side in (-1, 1):
        strips = np.array([_mean(alike[cheeks & (np.abs(u * side - x) < 0.03)]) for x in out])
        ends.append(float(out[strips < 0.3][0]) if (strips < 0.3).any() else MOST_REACH)
    if min(ends) >= MOST_REACH:
        return HALF_WIDTH, HALF_WIDTH
    left, right = (HALF_WIDTH + min(max(0.7 * (end - 1.1), 0), 0.3) for end in ends)
    return left, right


def _mean(values: Plane) -> float:
    return float(values.mean()) if values.size else 0.0


def _like_skin(lab: Plane, u: Plane, v: Plane) -> Plane:
    """Return how alike each pixel is to cheeks, forehead or nose, 0 to 1; light counts less."""
    cheeks = (np.abs(np.abs(u) - 0.5) < 0.22) & (np.abs(v - 0.6) < 0.3)
    forehead = (np.abs(u) < 0.5) & (v > -0.75) & (v < -0.5)
    bridge = (np.abs(u) < 0.1) & (v > 0) & (v < 0.5)
    skin = lab[cheeks | forehead | bridge] / SKIN_SPREAD
    if len(skin) < SKIN_TONES:
        return np.zeros_like(u)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.01)
    cv2.setRNGSeed(0)
    no_labels = np.zeros((len(skin), 1), np.int32)
    _, _, tones = cv2.kmeans(skin, SKIN_TONES, no_labels, stop, 2, cv2.KMEANS_PP_CENTERS)
    away = [((lab / SKIN_SPREAD - tone) ** 2).sum(axis=-1) for tone in tones]
    return np.asarray(np.exp(-0.5 * np.min(away, axis=0)), np.float32)


def _scalp(u: Plane, v: Plane) -> Plane:
    return _rise((1 - np.hypot(u / 1.15, (v + 0.2) / 1.75)) / 0.05)


def _baldness(alike: Plane, lab: Plane, u: Plane, v: Plane) -> float:
    """Say how surely the crown is skin, 0 to 1: a grey picture must show it more clearly."""
    crown = (np.abs(u) < 0.6) & (v > -1.6) & (v < -1.35)
    colourful = float(np.abs(lab[..., 1:] - 128).mean()) > GREY_CHROMA
    return float(_rise(np.float32((_mean(alike[crown]) - (0.5 if colourful else 0.78)) / 0.05)))


def _rise(x: NDArray[np.floating] | np.float32) -> Plane:
    """Return the logistic function: 0 far below 0, 1 far above."""
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -30, 30))), np.float32)
