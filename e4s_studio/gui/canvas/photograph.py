"""Pictures on the screen: crisp pixels when magnified, smooth when reduced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QTransform

_CRISP_FROM: Final = 2.0
"""Screen pixels per picture pixel from which single pixels are visible."""


def image_of(pixels: NDArray[np.uint8]) -> QImage:
    """Return an image for the screen.

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

    A reduced picture is scaled once, with an area filter, and cached: redrawing a part of it costs
    no more than a copy.
    """

    def __init__(self) -> None:
        self._image = QImage()
        self._reduced = QImage()

    @property
    def image(self) -> QImage:
        """The picture at its full size; null if there is none."""
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
            Its clip region limits what is drawn.
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
        smooth = magnified < _CRISP_FROM
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
        """Scale a coarse picture up, at most to the crop's size, so that no squares show."""
        if self.image.size() != size:
            to = (size.width(), size.height())
            enlarged = cv2.resize(self.pixels, to, interpolation=cv2.INTER_CUBIC)
            self._painter.set_image(image_of(np.asarray(enlarged, dtype=np.uint8)))
