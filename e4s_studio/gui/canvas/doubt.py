"""The parser's doubt over the canvas, and the walk from one doubtful spot to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from PySide6.QtGui import QImage

from e4s_studio.core.commands import Layer
from e4s_studio.engine.doubt import doubtful_spots

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from e4s_studio.core.document import Document
    from e4s_studio.core.geometry import Box

    Plane = NDArray[np.float32]

SHOWN_FROM: Final = 0.5
"""Smallest doubt that is shown; below it the likeliest region is clear enough."""
FULL_FROM: Final = 0.9
STRIPE: Final = 8
"""Width of the stripes, in pixels of the crop; the picture stays visible between them."""
ON_STRIPES: Final = 0.85
BETWEEN: Final = 0.15
"""Opacity of the strongest doubt on the stripes and between them."""
COLOUR: Final = (255, 48, 144)
"""A pink that neither regions nor faces have."""


class DoubtOverlay:
    """A premultiplied ARGB picture of the doubt, transparent where the artist has painted."""

    def __init__(self) -> None:
        self._alpha: NDArray[np.uint8] | None = None
        self._pixels = np.zeros((1, 1), np.uint32)
        self.image = QImage()

    def show(self, doubt: Plane | None) -> None:
        """Show another (S, S) doubt, 0 to 1; None shows nothing."""
        if doubt is None:
            self._alpha, self.image = None, QImage()
            return
        height, width = doubt.shape[:2]
        self._pixels = np.zeros((height, width), np.uint32)
        strength = ((doubt - SHOWN_FROM) / (FULL_FROM - SHOWN_FROM)).clip(0, 1)
        striped = np.add.outer(np.arange(height), np.arange(width)) // STRIPE % 2 == 0
        strength *= np.where(striped, ON_STRIPES, BETWEEN)
        self._alpha = (255 * strength).astype(np.uint8)
        self.image = QImage(
            self._pixels.data,
            width,
            height,
            4 * width,
            QImage.Format.Format_ARGB32_Premultiplied,
        )

    def refresh(self, document: Document, box: Box) -> None:
        """Redraw a box of the picture."""
        if self._alpha is None or self._alpha.shape != document.box.shape:
            return
        painted = document.pixels(Layer.PAINTED)[box.slices]
        alpha = np.where(painted, 0, self._alpha[box.slices]).astype(np.uint32)
        pixels = alpha << 24
        for colour, place in zip(COLOUR, (16, 8, 0), strict=True):
            pixels |= (alpha * colour // 255) << place
        self._pixels[box.slices] = pixels


class Spot(NamedTuple):
    """A doubtful spot: its image coordinates, its number, and how many there are."""

    x: float
    y: float
    number: int
    total: int


class DoubtWalk:
    """Steps through the doubtful spots, the most doubtful first, and starts again at the end.

    Parameters
    ----------
    doubt
        (S, S) float32, 0 to 1.
    """

    def __init__(self, doubt: Plane) -> None:
        self._spots = doubtful_spots(doubt)
        self._place: tuple[int, int] | None = None

    def step(self, step: int, painted: NDArray[np.uint8]) -> Spot | None:
        """Step forward or back; spots that were painted over are left out.

        Parameters
        ----------
        step
            1 or -1.
        painted
            (S, S) uint8: not 0 where the artist has painted.

        Returns
        -------
        The spot; None if none is left.
        """
        spots = [spot for spot in self._spots if not painted[spot]]
        if not spots:
            return None
        if self._place in spots:
            place = (spots.index(self._place) + step) % len(spots)
        else:
            place = 0 if step > 0 else len(spots) - 1
        self._place = spots[place]
        row, column = spots[place]
        return Spot(column + 0.5, row + 0.5, place + 1, len(spots))
