"""What is drawn over a whole photograph: faces, alignment frame, preview of the crop."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF, QTransform

from e4s_studio.core.quad import EYE_REACH

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from e4s_studio.core.face import Face
    from e4s_studio.core.quad import Quad
    from e4s_studio.gui.panes.quad_frame import QuadFrame

_HANDLE: Final = 6.0
"""Half the side of a handle, in logical pixels."""
REACH: Final = 11.0
"""Logical pixels within which a handle is caught."""
PREVIEW: Final = 168
"""Side of the crop's preview, in logical pixels."""
MARGIN: Final = 12
_SHADE: Final = QColor(0, 0, 0, 95)
_INK: Final = QColor(255, 255, 255)
DARK: Final = QColor(0, 0, 0, 170)
_FAINT: Final = QColor(255, 255, 255, 150)

# Where a face from the front has eyes and mouth, in parts of the crop's side: by the published
# quad's formula, for a mouth as far below the eyes as 1.1 of the distance between them.
_MOUTH: Final = 1.1
EYES: Final = tuple(
    (0.5 + side / (4 * EYE_REACH), 0.5 - 0.1 * _MOUTH / (2 * EYE_REACH)) for side in (-1, 1)
)
MOUTH: Final = tuple((0.5 + side * 0.09, EYES[0][1] + _MOUTH / (2 * EYE_REACH)) for side in (-1, 1))
_EYE_RING: Final = 0.045


def to_points(transform: QTransform) -> QTransform:
    """Return the transform from the quad's points, which have pixel centres at whole numbers."""
    return QTransform.fromTranslate(0.5, 0.5) * transform


def frame_polygon(quad: Quad, transform: QTransform) -> QPolygonF:
    """Return a quad's outline in logical pixels."""
    return to_points(transform).map(QPolygonF([QPointF(x, y) for x, y in quad.corners]))


def face_rectangle(face: Face, transform: QTransform) -> QRectF:
    """Return the box around a face in logical pixels."""
    x0, y0, x1, y1 = face.box
    return to_points(transform).mapRect(QRectF(QPointF(x0, y0), QPointF(x1, y1)))


def draw_shade(painter: QPainter, room: QRectF, quad: Quad, transform: QTransform) -> None:
    """Dim everything outside the frame."""
    path = QPainterPath()
    path.addRect(room)
    path.addPolygon(frame_polygon(quad, transform))
    path.closeSubpath()
    painter.fillPath(path, _SHADE)


def draw_face(painter: QPainter, face: Face, transform: QTransform, *, lit: bool) -> None:
    """Draw a face that can be picked, with its confidence."""
    place = face_rectangle(face, transform)
    radius = min(place.width(), place.height()) * 0.12
    painter.setBrush(QColor(255, 255, 255, 40) if lit else Qt.BrushStyle.NoBrush)
    for pen in (QPen(DARK, 3.0), QPen(_INK if lit else _FAINT, 1.6 if lit else 1.2)):
        painter.setPen(pen)
        painter.drawRoundedRect(place, radius, radius)
    _draw_tag(painter, place, _percent(face), QColor(0, 0, 0, 170))


def draw_frame(
    painter: QPainter, frame: QuadFrame, transform: QTransform, accent: QColor, face: Face | None
) -> None:
    """Draw the frame with its handles, guides for eyes and mouth, and the face's confidence."""
    quad, points = frame.quad, to_points(transform)
    corners = [points.map(QPointF(x, y)) for x, y in quad.corners]
    top = (corners[0] + corners[3]) / 2
    knob = points.map(QPointF(*frame.knob(REACH / abs(transform.m11()))))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (QPen(DARK, 3.5), QPen(accent, 2.0)):
        painter.setPen(pen)
        painter.drawPolygon(QPolygonF(corners))
        painter.drawLine(top, knob)
    _draw_features(painter, quad, points)
    painter.setPen(QPen(DARK, 1.2))
    painter.setBrush(_INK)
    for corner in corners:
        painter.drawRect(
            QRectF(corner - QPointF(_HANDLE, _HANDLE), QSizeF(2 * _HANDLE, 2 * _HANDLE))
        )
    painter.drawEllipse(knob, _HANDLE + 1, _HANDLE + 1)
    if face is not None:
        place = face_rectangle(face, transform)
        _draw_tag(painter, place, _percent(face), accent.darker(150))


def draw_preview(painter: QPainter, levels: list[QImage], quad: Quad, place: QRectF) -> None:
    """Draw the crop that a quad cuts out.

    Parameters
    ----------
    painter
        It draws in logical pixels.
    levels
        The photograph, and copies of half the size each (`halved_levels`).
    quad
        The quad.
    place
        Where the crop goes.
    """
    side = place.width()
    wanted = quad.side / (side * painter.device().devicePixelRatioF())
    level = levels[min(max(int(wanted).bit_length() - 1, 0), len(levels) - 1)]
    painter.save()
    painter.setClipRect(place)
    painter.fillRect(place, QColor(0, 0, 0))
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    shrunk = QTransform.fromScale(
        levels[0].width() / level.width(), levels[0].height() / level.height()
    )
    painter.setTransform(shrunk * _to_place(quad, place) * painter.transform())
    painter.drawImage(QPointF(0, 0), level)
    painter.restore()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(DARK, 3.0))
    painter.drawRect(place)
    painter.setPen(QPen(_INK, 1.2))
    painter.drawRect(place)


def halved_levels(image: QImage) -> list[QImage]:
    """Return a picture and copies of half the size each, until both sides are below 257 pixels."""
    levels = [image]
    while max(levels[-1].width(), levels[-1].height()) > 256:
        last = levels[-1]
        levels.append(
            last.scaled(
                max(1, last.width() // 2),
                max(1, last.height() // 2),
                Qt.AspectRatioMode.IgnoreAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        )
    return levels


def _to_place(quad: Quad, place: QRectF) -> QTransform:
    """Return the transform from the photograph's image coordinates into a rectangle."""
    # Rounded, so that Qt recognises plain rotations, which it draws faster.
    (a, b, c), (d, e, f), (g, h, i) = quad.to_crop(2).round(10).tolist()
    crop = QTransform(a, d, g, b, e, h, c, f, i)  # Qt has row vectors
    scale = place.width() / 2
    to_crop = QTransform.fromTranslate(-0.5, -0.5) * crop * QTransform.fromTranslate(0.5, 0.5)
    scaled = to_crop * QTransform.fromScale(scale, scale)
    return scaled * QTransform.fromTranslate(place.left(), place.top())


def _draw_features(painter: QPainter, quad: Quad, points: QTransform) -> None:
    """Draw guides for eyes and mouth, to align a face by hand."""
    origin = QPointF(*quad.corners[0])
    across, down = QPointF(*quad.corners[3]) - origin, QPointF(*quad.corners[1]) - origin

    def at(x: float, y: float) -> QPointF:
        return points.map(origin + across * x + down * y)

    path = QPainterPath()
    for x, y in EYES:
        middle = at(x, y)
        radius = math.hypot(*(at(x + _EYE_RING, y) - middle).toTuple())
        path.addEllipse(middle, radius, radius)
    path.moveTo(at(*MOUTH[0]))
    path.lineTo(at(*MOUTH[1]))
    for pen in (QPen(DARK, 3.0), QPen(_INK, 1.5)):
        painter.setPen(pen)
        painter.drawPath(path)


def _percent(face: Face) -> str:
    return f"{round(face.confidence * 100)} %"


def _draw_tag(painter: QPainter, place: QRectF, text: str, shade: QColor) -> None:
    """Write above the upper left corner of a rectangle."""
    metrics = painter.fontMetrics()
    size = QSizeF(metrics.horizontalAdvance(text) + 8, metrics.height() + 1)
    tag = QRectF(QPointF(place.left(), place.top() - size.height() - 2), size)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(shade)
    painter.drawRoundedRect(tag, 3, 3)
    painter.setPen(_INK)
    painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, text)
