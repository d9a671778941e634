"""A heat map of how far two results differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FULL_HEAT: Final = 48
"""Difference, in 8-bit levels of the channel that differs most, from which it is fully hot."""
DIMMED: Final = 0.35
"""Brightness left to the picture under the heat."""


def heat_picture(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the picture `after`, grey and dimmed, with what changed glowing on it.

    Parameters
    ----------
    before, after
        (h, w, 3) uint8 RGB, of any two sizes; the map has the size of `after`.

    Returns
    -------
    (h, w, 3) uint8 RGB
    """
    height, width = after.shape[:2]
    if before.shape != after.shape:
        resized = cv2.resize(before, (width, height), interpolation=cv2.INTER_AREA)
        before = np.asarray(resized, dtype=np.uint8)
    change = cv2.absdiff(before, after).max(axis=2)
    heat = np.minimum(change.astype(np.uint16) * 255 // FULL_HEAT, 255).astype(np.uint8)
    glow = cv2.cvtColor(cv2.applyColorMap(heat, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB)
    grey = cv2.cvtColor(after, cv2.COLOR_RGB2GRAY)
    dimmed = cv2.convertScaleAbs(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), alpha=DIMMED)
    share = heat.astype(np.float32)[..., None] / 255
    return np.asarray(dimmed * (1 - share) + glow * share, dtype=np.uint8)
