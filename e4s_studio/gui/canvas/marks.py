"""What is drawn over the canvas for the current tool: outlines, boxes, proposals, the midline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF

from e4s_studio.core import brush
from e4s_studio.core.geometry import Box, Line

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtGui import QTransform

    from e4s_studio.core.brush import Dab, Stencil
    from e4s_studio.gui.tools.tool import Preview
    from e4s_studio.gui.tools.toolbox import MidlineTool

LIGHT: Final = QColor(255, 255, 255)
DARK: Final = QColor(0, 0, 0, 170)
MARGIN: Final = 4.0
"""Logical pixels that marks reach beyond their own points."""

_PIXELS_SHOWN: Final = 6.0
"""Zoom from which the brush's outline follows the borders of the covered pixels."""

_HANDLE: Final = 6.0
"""Radius of a handle in logical pixels."""

_SMALLEST_CURSOR: Final = 3.0
"""Radius in logical pixels below which a cross helps to find the brush."""


def draw_path(painter: QPainter, path: QPainterPath, *, dashed: bool = False) -> None:
    """Draw a path that is visible on any picture: light on dark."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(DARK, 2.5))
    painter.drawPath(path)
    pen = QPen(LIGHT, 1.2)
    if dashed:
        pen.setDashPattern([4, 4])
    painter.setPen(pen)
    painter.drawPath(path)


def cursor_path(dab: Dab, transform: QTransform, *, pixels: bool) -> QPainterPath:
    """Return a brush's exact outline in logical pixels.

    Parameters
    ----------
    dab
        The brush in image coordinates.
    transform
        From image coordinates to logical pixels.
    pixels
        Whether the outline follows whole pixels where they are large, for a hard brush.
    """
    zoom = abs(transform.m11())
    path = QPainterPath()
    if pixels and zoom >= _PIXELS_SHOWN:
        everywhere = Box.around([(dab.x, dab.y)], margin=dab.radius + 1)
        return transform.map(_outline(brush.disc(dab, everywhere)))
    centre, radius = transform.map(QPointF(dab.x, dab.y)), dab.radius * zoom
    path.addEllipse(centre, radius, radius)
    if radius < _SMALLEST_CURSOR:
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            path.moveTo(centre + QPointF(dx, dy) * (radius + 3))
            path.lineTo(centre + QPointF(dx, dy) * (radius + 8))
    return path


def outline_path(preview: Preview, transform: QTransform) -> QPainterPath:
    """Return a tool's unfinished path and box, in logical pixels."""
    path = QPainterPath()
    if preview.outline:
        path.addPolygon(transform.map(QPolygonF([QPointF(x, y) for x, y in preview.outline])))
    if preview.box is not None:
        path.addRect(transform.mapRect(rectangle(preview.box)))
    return path


def midline_path(line: Line, transform: QTransform, viewport: QSizeF) -> QPainterPath:
    """Return the midline across the whole viewport, in logical pixels."""
    mapped = transform.map(QLineF(line.x0, line.y0, line.x1, line.y1))
    mapped.setLength(2 * (viewport.width() + viewport.height()) + mapped.length())
    middle = mapped.p1() - (mapped.p2() - mapped.p1())
    path = QPainterPath(middle)
    path.lineTo(mapped.p2())
    return path


def handles_path(tool: MidlineTool, transform: QTransform) -> QPainterPath:
    """Return the midline's two handles, in logical pixels."""
    path = QPainterPath()
    for x, y in tool.handles():
        path.addEllipse(transform.map(QPointF(x, y)), _HANDLE, _HANDLE)
    return path


def ring_path(place: tuple[float, float], radius: float, transform: QTransform) -> QPainterPath:
    """Return a ring around a place, both in image coordinates, in logical pixels."""
    path = QPainterPath()
    seen = radius * abs(transform.m11())
    path.addEllipse(transform.map(QPointF(*place)), seen, seen)
    return path


def proposal_image(proposal: Stencil, colour: QColor) -> QImage:
    """Return an image of a proposal: tinted pixels, its edge in light and dark dashes."""
    mask = proposal.mask
    edge = mask & ~_eroded(mask)
    y, x = np.indices(mask.shape)
    light = (x + y) // 4 % 2 == 0
    pixels = np.zeros((*mask.shape, 4), dtype=np.uint8)
    pixels[mask] = (colour.blue() // 2, colour.green() // 2, colour.red() // 2, 128)
    pixels[edge & light] = 255
    pixels[edge & ~light] = (0, 0, 0, 255)
    height, width = mask.shape
    image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)
    return image.copy()


def rectangle(box: Box) -> QRectF:
    """Return a box as Qt's rectangle, in image coordinates."""
    return QRectF(box.left, box.top, box.width, box.height)


def _outline(stencil: Stencil) -> QPainterPath:
    """Return the outline of a convex stencil along its pixels' edges, in image coordinates."""
    rows = np.flatnonzero(stencil.mask.any(axis=1))
    starts = stencil.mask.argmax(axis=1)[rows] + stencil.box.left
    width = stencil.mask.shape[1]
    ends = stencil.box.left + width - stencil.mask[:, ::-1].argmax(axis=1)[rows]
    tops = rows + stencil.box.top
    right = list(zip(ends.tolist(), tops.tolist(), strict=True))
    left = list(zip(starts.tolist(), tops.tolist(), strict=True))[::-1]
    corners = [QPointF(x, y + down) for x, y in right for down in (0, 1)]
    corners += [QPointF(x, y + down) for x, y in left for down in (1, 0)]
    path = QPainterPath()
    path.addPolygon(QPolygonF(corners))
    path.closeSubpath()
    return path


def _eroded(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    inner = np.pad(mask, 1)
    return inner[:-2, 1:-1] & inner[2:, 1:-1] & inner[1:-1, :-2] & inner[1:-1, 2:]
