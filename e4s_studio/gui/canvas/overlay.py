"""The coloured overlay of the label map, kept as a picture and renewed where it changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtGui import QImage

from e4s_studio.core.commands import Layer
from e4s_studio.core.geometry import Box
from e4s_studio.core.regions import PALETTE, REGION_COUNT, Region

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from e4s_studio.core.document import Document

FAINTEST: Final = 0.25
"""Strength of a region's colour where its soft amount is 0; it is 1 where the amount is full."""

STRIPE: Final = 6
"""Width of the stripes over original pixels, in pixels of the crop."""

STRIPE_STRENGTH: Final = 0.7


@dataclass(frozen=True)
class OverlayStyle:
    """How the overlay is shown.

    Attributes
    ----------
    opacity
        0 to 1.
    shown
        Whether it is shown at all.
    outlines
        Whether only the regions' outlines are drawn.
    hidden
        Regions that are left out.
    """

    opacity: float = 0.45
    shown: bool = True
    outlines: bool = False
    hidden: frozenset[Region] = frozenset()


class Overlay:
    """A premultiplied ARGB picture as large as the label map.

    Where the occluder holds, the region's colour gives way to white stripes: the target's own
    pixels win there. Where the soft amount is low the colour is faint. The background is clear.
    """

    def __init__(self) -> None:
        self._pixels = np.zeros((1, 1, 4), dtype=np.uint8)  # blue, green, red, alpha
        self._image = _image_of(self._pixels)

    @property
    def image(self) -> QImage:
        """The picture; it shares its memory with the overlay."""
        return self._image

    def refresh(self, document: Document, box: Box, style: OverlayStyle) -> Box:
        """Draw the overlay anew where the document changed.

        Parameters
        ----------
        document
            The document, with a target.
        box
            The changed pixels.
        style
            Outlines and hidden regions.

        Returns
        -------
        Box
            The pixels of the picture that may have changed.
        """
        canvas = document.box
        if self._pixels.shape[:2] != canvas.shape:
            self._pixels = np.zeros((*canvas.shape, 4), dtype=np.uint8)
            self._image = _image_of(self._pixels)
            box = canvas
        # A pixel's outline depends on its neighbours.
        box = Box(box.left - 1, box.top - 1, box.right + 1, box.bottom + 1).intersection(canvas)
        labels = document.pixels(Layer.LABELS)
        drawn = _colours(style.hidden)[labels[box.slices]]
        if style.outlines:
            drawn[~_edges(labels, box)] = 0
        occluder = document.pixels(Layer.OCCLUDER)[box.slices]
        amount = document.pixels(Layer.AMOUNT)[box.slices]
        if occluder.any() or (amount != 255).any():
            drawn = _matted(drawn, occluder, amount, box)
        self._pixels[box.slices] = drawn
        return box


def _colours(hidden: frozenset[Region]) -> NDArray[np.uint8]:
    """Return (12, 4) uint8: blue, green, red and alpha of each region."""
    table = np.full((REGION_COUNT, 4), 255, dtype=np.uint8)
    table[:, :3] = PALETTE[:, ::-1]
    table[[int(region) for region in hidden | {Region.BACKGROUND}]] = 0
    return table


def _edges(labels: NDArray[np.uint8], box: Box) -> NDArray[np.bool_]:
    """Return which pixels of a box have a neighbour of another region, (height, width) bool."""
    canvas = Box.of(labels)
    around = Box(box.left - 1, box.top - 1, box.right + 1, box.bottom + 1).intersection(canvas)
    near = labels[around.slices]
    edges = np.zeros(near.shape, dtype=np.bool_)
    across, down = near[:, 1:] != near[:, :-1], near[1:] != near[:-1]
    edges[:, 1:] |= across
    edges[:, :-1] |= across
    edges[1:] |= down
    edges[:-1] |= down
    inside: NDArray[np.bool_] = edges[box.shifted(-around.left, -around.top).slices]
    return inside


def _matted(
    drawn: NDArray[np.uint8], occluder: NDArray[np.uint8], amount: NDArray[np.uint8], box: Box
) -> NDArray[np.uint8]:
    """Return premultiplied pixels that show both mattes."""
    original = occluder.astype(np.float32)[..., None] / 255
    strength = FAINTEST + (1 - FAINTEST) * amount.astype(np.float32)[..., None] / 255
    x, y = box.centres()
    stripes = ((x + y) // STRIPE % 2 == 0)[..., None] * original * (255 * STRIPE_STRENGTH)
    mixed: NDArray[np.float32] = drawn * strength * (1 - original) + stripes
    return mixed.astype(np.uint8)


def _image_of(pixels: NDArray[np.uint8]) -> QImage:
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)
