"""A picture that covers the crop, whatever its own resolution."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from e4s_studio.gui.canvas.photograph import PhotographPainter, image_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtCore import QRectF, QSize
    from PySide6.QtGui import QImage, QPainter, QTransform


class Picture:
    """An RGB picture over the whole crop.

    Parameters
    ----------
    pixels
        (h, w, 3) uint8 RGB. Coarse results are smaller than the crop.
    """

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        self.pixels = pixels
        self._painter = PhotographPainter()
        self._painter.set_image(image_of(pixels))

    @property
    def image(self) -> QImage:
        """The picture at its own resolution."""
        return self._painter.image

    def draw(self, painter: QPainter, transform: QTransform, crop: QRectF) -> None:
        """Draw the picture over the rectangle `crop` of picture points."""
        scaling = painter.device().devicePixelRatioF()
        on_screen = transform.mapRect(crop).size() * scaling
        room = on_screen.boundedTo(crop.size()).toSize()
        if self.pixels.shape[1] < room.width():
            self._enlarge(room)
        self._painter.paint(painter, transform, crop, scaling)

    def _enlarge(self, size: QSize) -> None:
        """Bring a coarse picture to the size at which it is seen, at most the crop's.

        Its own pixels would show as squares.
        """
        if self.image.size() != size:
            to = (size.width(), size.height())
            enlarged = cv2.resize(self.pixels, to, interpolation=cv2.INTER_CUBIC)
            self._painter.set_image(image_of(np.asarray(enlarged, dtype=np.uint8)))
