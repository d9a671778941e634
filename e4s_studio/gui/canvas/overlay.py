"""What lies over the photograph: the coloured label map, and the parser's doubt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtGui import QImage

from e4s_studio.core.commands import Layer
from e4s_studio.core.geometry import Box
from e4s_studio.core.layers import FULL
from e4s_studio.core.regions import PALETTE, Region

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from e4s_studio.core.document import Document

_FAINTEST: Final = 0.25
"""Strength of a region's colour where its soft amount is 0; it is 1 where the amount is full."""

_STRIPE: Final = 6
"""Width of the stripes over original pixels, in pixels of the crop."""

_STRIPE_STRENGTH: Final = 0.7

_SHOWN_FROM: Final = 0.5
"""Smallest doubt that is shown; below it the likeliest region is clear enough."""
_FULL_FROM: Final = 0.9
DOUBT_STRIPE: Final = 8
"""Width of the stripes, in pixels of the crop; the picture stays visible between them."""
_ON_STRIPES: Final = 0.85
_BETWEEN: Final = 0.15
"""Opacity of the strongest doubt on the stripes and between them."""
_DOUBT_COLOUR: Final = (255, 48, 144)
"""A pink that neither regions nor faces have."""


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
    outline_width
        Width of the outlines on either side of a border, in pixels of the crop.
    hidden
        Regions that are left out.
    """

    opacity: float = 0.45
    shown: bool = True
    outlines: bool = False
    outline_width: int = 1
    hidden: frozenset[Region] = frozenset()


class Overlay:
    """A premultiplied ARGB picture as large as the label map.

    White stripes mark the occluder, where the target's own pixels are kept. A low texture amount
    makes the colour faint. The background is transparent.
    """

    def __init__(self) -> None:
        self._pixels = np.zeros((1, 1), dtype=np.uint32)  # 0xAARRGGBB, premultiplied
        self._image = _image_of(self._pixels)

    @property
    def image(self) -> QImage:
        """The picture; it shares its memory with the overlay."""
        return self._image

    def refresh(self, document: Document, box: Box, style: OverlayStyle) -> Box:
        """Redraw the overlay where the document changed.

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
        if self._pixels.shape != canvas.shape:
            self._pixels = np.zeros(canvas.shape, dtype=np.uint32)
            self._image = _image_of(self._pixels)
            box = canvas
        # A pixel's outline depends on its neighbours.
        box = box.expanded(style.outline_width).intersection(canvas)
        labels = document.pixels(Layer.LABELS)
        drawn = _colours(style.hidden).take(labels[box.slices])
        if style.outlines:
            drawn *= _edges(labels, box, style.outline_width)
        self._pixels[box.slices] = drawn
        self._draw_mattes(document, box)
        return box

    def _draw_mattes(self, document: Document, box: Box) -> None:
        """Show both mattes over freshly drawn colours."""
        occluder = document.pixels(Layer.OCCLUDER)[box.slices]
        amount = document.pixels(Layer.AMOUNT)[box.slices]
        matted = np.nonzero((occluder != 0) | (amount != FULL))
        drawn = self._pixels[box.slices]
        striped = (matted[0] + matted[1] + box.left + box.top) // _STRIPE % 2 == 0
        drawn[matted] = _matted(drawn[matted], occluder[matted], amount[matted], striped)


class DoubtOverlay:
    """A premultiplied ARGB picture of the doubt, transparent where the artist has painted."""

    def __init__(self) -> None:
        self._alpha: NDArray[np.uint8] | None = None
        self._pixels = np.zeros((1, 1), np.uint32)
        self.image = QImage()

    def show(self, doubt: NDArray[np.float32] | None) -> None:
        """Show another (S, S) doubt, 0 to 1; None shows nothing."""
        if doubt is None:
            self._alpha, self.image = None, QImage()
            return
        height, width = doubt.shape[:2]
        self._pixels = np.zeros((height, width), np.uint32)
        strength = ((doubt - _SHOWN_FROM) / (_FULL_FROM - _SHOWN_FROM)).clip(0, 1)
        striped = np.add.outer(np.arange(height), np.arange(width)) // DOUBT_STRIPE % 2 == 0
        strength *= np.where(striped, _ON_STRIPES, _BETWEEN)
        self._alpha = (255 * strength).astype(np.uint8)
        self.image = _image_of(self._pixels)

    def refresh(self, document: Document, box: Box) -> None:
        """Redraw a box of the picture."""
        if self._alpha is None or self._alpha.shape != document.box.shape:
            return
        painted = document.pixels(Layer.PAINTED)[box.slices]
        alpha = np.where(painted, 0, self._alpha[box.slices]).astype(np.uint32)
        pixels = alpha << 24
        for colour, place in zip(_DOUBT_COLOUR, (16, 8, 0), strict=True):
            pixels |= (alpha * colour // 255) << place
        self._pixels[box.slices] = pixels


def _colours(hidden: frozenset[Region]) -> NDArray[np.uint32]:
    """Return (12,) uint32: each region's colour, 0 if it is transparent."""
    red, green, blue = PALETTE.astype(np.uint32).T
    table: NDArray[np.uint32] = 0xFF000000 | (red << 16) | (green << 8) | blue
    table[[int(region) for region in hidden | {Region.BACKGROUND}]] = 0
    return table


def _edges(labels: NDArray[np.uint8], box: Box, width: int) -> NDArray[np.bool_]:
    """Return which pixels of a box lie within `width` of another region, (height, width) bool."""
    around = box.expanded(width).intersection(Box.of(labels))
    near = labels[around.slices]
    edges = np.zeros(near.shape, dtype=np.bool_)
    for step in range(1, width + 1):
        across, down = near[:, step:] != near[:, :-step], near[step:] != near[:-step]
        edges[:, step:] |= across
        edges[:, :-step] |= across
        edges[step:] |= down
        edges[:-step] |= down
    inside: NDArray[np.bool_] = edges[box.shifted(-around.left, -around.top).slices]
    return inside


def _matted(
    drawn: NDArray[np.uint32],
    occluder: NDArray[np.uint8],
    amount: NDArray[np.uint8],
    striped: NDArray[np.bool_],
) -> NDArray[np.uint32]:
    """Return (N,) premultiplied pixels that show both mattes; all arguments are (N,)."""
    original = occluder / np.float32(FULL)
    strength = _FAINTEST + (1 - _FAINTEST) * (amount / np.float32(FULL))
    # Integers in 256ths: floats on four channels take ten times as long.
    kept = (256 * strength * (1 - original)).astype(np.uint16)[:, None]
    mixed = (drawn.view(np.uint8).reshape(-1, 4) * kept) >> 8
    mixed += (FULL * _STRIPE_STRENGTH * original * striped).astype(np.uint16)[:, None]
    return mixed.astype(np.uint8).view(np.uint32)[:, 0]


def _image_of(pixels: NDArray[np.uint32]) -> QImage:
    height, width = pixels.shape
    return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)
