"""Where a parser was in doubt, and a walk through those places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Plane = NDArray[np.float32]

REACH: Final = 1 / 64
"""Of the crop's side: doubt is averaged over this much, so that thin region borders, which are
always in doubt, count less than open patches."""
_APART: Final = 1 / 8
_LEAST: Final = 0.55
"""Averaged doubt of a spot: with less, a portrait has more of them than anybody walks through."""


def doubt_of(chances: Plane) -> Plane:
    """Return 1 less the margin between the two likeliest regions.

    Parameters
    ----------
    chances
        (S, S, K) float32, K >= 2 probabilities that sum to 1.

    Returns
    -------
    (S, S) float32, 0 (sure) to 1 (a guess).
    """
    best, second = chances[..., 0], np.zeros_like(chances[..., 0])
    for index in range(1, chances.shape[2]):
        plane = chances[..., index]
        second = np.maximum(second, np.minimum(best, plane))
        best = np.maximum(best, plane)
    return np.asarray((1 - (best - second)).clip(0, 1), np.float32)


def doubtful_spots(doubt: Plane) -> list[tuple[int, int]]:
    """Return the places to look at, the most doubtful first.

    Parameters
    ----------
    doubt
        (S, S) float32 in [0, 1].

    Returns
    -------
    Rows and columns (y, x) of spots at least an eighth of the side apart; empty where the parser
    was sure everywhere.
    """
    side = max(doubt.shape)
    left = np.asarray(cv2.GaussianBlur(doubt, (0, 0), max(side * REACH, 0.5)), np.float32)
    spots: list[tuple[int, int]] = []
    while True:
        y, x = (int(i) for i in np.unravel_index(left.argmax(), left.shape))
        if left[y, x] < _LEAST:
            return spots
        spots.append((y, x))
        cv2.circle(left, (x, y), max(round(side * _APART), 1), 0.0, cv2.FILLED)
