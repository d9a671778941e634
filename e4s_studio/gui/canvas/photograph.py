"""A photograph on the screen: crisp pixels when magnified, smooth when reduced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QTransform

CRISP_FROM: Final = 2.0
"""Screen pixels per picture pixel from which single pixels are to be seen."""


def image_of(pixels: NDArray[np.uint8]) -> QImage:
    """Return a picture for the screen.

    Parameters
    ----------
    pixels
        (H, W, 3) uint8 RGB.
    """
    height, width = pixels.shape[:2]
    contiguous = np.ascontiguousarray(pixels)
    image = QImage(contiguous.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return image.convertToFormat(QImage.Format.Format_RGB32)


class PhotographPainter:
    """Draws a picture through a view's transform.

    A reduced picture is scaled once, with an area filter, and kept: drawing a part of it again
    costs no more than copying it.
    """

    def __init__(self) -> None:
        self._image = QImage()
        self._reduced = QImage()

    @property
    def image(self) -> QImage:
        """The picture at its full size; null where there is none."""
        return self._image

    def set_image(self, image: QImage) -> None:
        """Draw another picture from now on."""
        self._image, self._reduced = image, QImage()

    def paint(
        self, painter: QPainter, transform: QTransform, picture: QRectF, device_pixel_ratio: float
    ) -> None:
        """Draw the picture.

        Parameters
        ----------
        painter
            Its clip says what needs drawing.
        transform
            From picture points to logical pixels.
        picture
            The rectangle, in picture points, that the picture fills.
        device_pixel_ratio
            Device pixels per logical pixel.
        """
        if self._image.isNull():
            return
        on_screen = transform.mapRect(picture).size() * device_pixel_ratio
        magnified = on_screen.width() / self._image.width()
        painter.save()
        painter.setTransform(transform, combine=True)
        smooth = magnified < CRISP_FROM
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        drawn = self._image if magnified >= 1 else self._reduced_to(on_screen.toSize())
        painter.drawImage(picture, drawn)
        painter.restore()

    def _reduced_to(self, size: QSize) -> QImage:
        if self._reduced.size() != size:
            self._reduced = self._image.scaled(
                size.expandedTo(QSize(1, 1)),
                Qt.AspectRatioMode.IgnoreAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        return self._reduced
