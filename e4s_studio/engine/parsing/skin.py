"""What a crop's skin colours say of the head: how far it is turned, bald, or under a fringe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from e4s_studio.engine.parsing.curves import rise
from e4s_studio.engine.parsing.places import HALF_WIDTH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Plane = NDArray[np.float32]

_SKIN_TONES: Final = 3
_SKIN_SPREAD: Final = np.array([24, 8, 9], dtype=np.float32)
"""Standard deviations of one tone of light skin, 8-bit Lab."""
_MOST_REACH: Final = 1.6
"""Eye distances from the eyes' middle within which a cheek ends."""
_GREY_CHROMA: Final = 2.0


def like_skin(lab: Plane, u: Plane, v: Plane) -> Plane:
    """Return how alike each pixel is to cheeks, nose or forehead, (S, S), 0 to 1.

    Light counts less than colour, since it differs across a face.
    """
    cheeks = (np.abs(np.abs(u) - 0.5) < 0.22) & (np.abs(v - 0.6) < 0.3)
    bridge = (np.abs(u) < 0.1) & (v > 0) & (v < 0.5)
    sure = cheeks | bridge
    if sure.sum() < _SKIN_TONES:
        return np.zeros_like(u)
    alike = _like_tones(lab, lab[sure])
    if _mean(alike[_forehead(u, v)]) > 0.15:  # under a fringe the forehead is no skin
        alike = _like_tones(lab, lab[sure | _forehead(u, v)])
    return alike


def seen_from_front(alike: Plane, u: Plane, v: Plane) -> Plane:
    """Return u as it would be were the head not turned: the cheek that shows more is narrowed."""
    left, right = _face_ends(alike, u, v)
    return np.asarray(u * HALF_WIDTH / np.where(u < 0, left, right), np.float32)


def baldness(alike: Plane, lab: Plane, u: Plane, v: Plane) -> float:
    """Say how surely the crown is skin, 0 to 1: a grey picture must show it more clearly."""
    crown = (np.abs(u) < 0.6) & (v > -1.6) & (v < -1.35)
    colourful = float(np.abs(lab[..., 1:] - 128).mean()) > _GREY_CHROMA
    return float(rise(np.float32((_mean(alike[crown]) - (0.5 if colourful else 0.78)) / 0.05)))


def fringe(alike: Plane, u: Plane, v: Plane) -> float:
    """Say how surely hair covers the forehead, 0 to 1."""
    return float(rise(np.float32((0.25 - _mean(alike[_forehead(u, v)])) / 0.05)))


def _forehead(u: Plane, v: Plane) -> NDArray[np.bool_]:
    return np.asarray((np.abs(u) < 0.5) & (v > -0.75) & (v < -0.5), np.bool_)


def _like_tones(lab: Plane, skin: Plane) -> Plane:
    # Dark skin differs by less, in light and in colour.
    spread = _SKIN_SPREAD * np.float32(np.clip(np.median(skin[:, 0]) / 170, 0.4, 1.1))
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.01)
    cv2.setRNGSeed(0)
    no_labels = np.zeros((len(skin), 1), np.int32)
    pixels = np.asarray(skin / spread, np.float32)
    _, _, tones = cv2.kmeans(pixels, _SKIN_TONES, no_labels, stop, 2, cv2.KMEANS_PP_CENTERS)
    away = [((lab / spread - tone) ** 2).sum(axis=-1) for tone in np.asarray(tones)]
    return np.asarray(np.exp(-0.5 * np.min(away, axis=0)), np.float32)


def _face_ends(alike: Plane, u: Plane, v: Plane) -> tuple[float, float]:
    """Return how far the face reaches to the left and to the right, from where its skin ends.

    Where no end is seen on either side (a background like skin) the face is taken to be seen from
    the front.
    """
    cheeks = (v > 0.3) & (v < 0.9)
    out = np.arange(0.7, _MOST_REACH + 0.05, 0.05)
    ends = []
    for side in (-1, 1):
        strips = np.array([_mean(alike[cheeks & (np.abs(u * side - x) < 0.03)]) for x in out])
        ends.append(float(out[strips < 0.3][0]) if (strips < 0.3).any() else _MOST_REACH)
    if min(ends) >= _MOST_REACH:
        return HALF_WIDTH, HALF_WIDTH
    left, right = (HALF_WIDTH + min(max(0.7 * (end - 1.1), 0), 0.3) for end in ends)
    return left, right


def _mean(values: Plane) -> float:
    return float(values.mean()) if values.size else 0.0
