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
    red, green, blue = cv2.split(cv2.absdiff(before, after))
    change = cv2.max(cv2.max(red, green), blue)
    heat = cv2.convertScaleAbs(change, alpha=255 / FULL_HEAT)
    glow = cv2.cvtColor(cv2.applyColorMap(heat, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB)
    grey = cv2.cvtColor(after, cv2.COLOR_RGB2GRAY)
    dimmed = cv2.convertScaleAbs(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), alpha=DIMMED)
    share = heat.astype(np.float32) / 255
    return np.asarray(cv2.blendLinear(glow, dimmed, share, 1 - share), dtype=np.uint8)
