"""The whole photograph with the swap in it, as large as a screen shows it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from e4s_studio.engine.finishing.paste import into_photograph

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from e4s_studio.core.portrait import Portrait
    from e4s_studio.engine.finishing.compose import Composite

LONGEST_SIDE: Final = 2048
"""Pixels; larger photographs are reduced, since they are shown at once and not written."""


@dataclass(frozen=True, eq=False)
class Overview:
    """A portrait's whole photograph, reduced for the screen where it is larger.

    Attributes
    ----------
    portrait
        The portrait with the reduced photograph, and its quad in that.
    """

    portrait: Portrait

    @classmethod
    def of(cls, portrait: Portrait) -> Overview:
        """Return the overview of a portrait."""
        photograph = portrait.photograph
        height, width = photograph.shape[:2]
        ratio = LONGEST_SIDE / max(height, width)
        if ratio >= 1:
            return cls(portrait)
        size = max(round(width * ratio), 1), max(round(height * ratio), 1)
        small = cv2.resize(photograph, size, interpolation=cv2.INTER_AREA)
        # Whole numbers are pixel centres: the grid's edge, half a pixel before, stays.
        quad = (portrait.quad + 0.5) * (np.array(size) / (width, height)) - 0.5
        return cls(replace(portrait, photograph=np.asarray(small, np.uint8), quad=quad))

    @property
    def original(self) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB: the photograph without the swap."""
        return self.portrait.photograph

    def with_swap(self, composite: Composite) -> NDArray[np.uint8]:
        """Return the photograph with a composed crop in it, (H, W, 3) uint8 RGB."""
        return into_photograph(self.portrait, composite)
