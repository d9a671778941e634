"""A whole photograph on which a face is picked and the alignment quad is placed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QPainter, QPalette, QTransform
from PySide6.QtWidgets import QSizePolicy, QWidget

from e4s_studio.core.face import face_at
from e4s_studio.gui.canvas.photograph import PhotographPainter, image_of
from e4s_studio.gui.canvas.view import FIT_MARGIN, ZOOM_PER_NOTCH, Navigator, ViewTransform
from e4s_studio.gui.panes import face_marks
from e4s_studio.gui.panes.quad_frame import Grip, QuadFrame, central_quad

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray
    from PySide6.QtGui import QMouseEvent, QPaintEvent

    from e4s_studio.core.face import Face
    from e4s_studio.core.quad import Point, Quad

_FAR: Final = 10
"""How much larger a key's step is with Shift."""
_NUDGE: Final = 1.0
"""Logical pixels that an arrow key moves the frame."""
TURN: Final = 0.5
"""Degrees."""
_GROW: Final = 1.005
_CLICK: Final = 4.0
"""Logical pixels within which a press and its release are a click."""
_SAME: Final = 0.2
"""A frame that differs from a face's quad by less than this part of its side is that face's."""

_CURSORS: Final = {
    Grip.MOVE: Qt.CursorShape.SizeAllCursor,
    Grip.SCALE: Qt.CursorShape.SizeFDiagCursor,
    Grip.TURN: Qt.CursorShape.CrossCursor,
}


class FaceCanvas(QWidget):
    """Shows a photograph, its faces and the frame. A click picks a face, handles move the frame.

    Signals
    -------
    moved()
        The frame has moved, or another face is picked.
    accepted(), left()
        The artist accepted the frame, or left without one.
    """

    moved = Signal()
    accepted = Signal()
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = ViewTransform(self)
        self.view.changed.connect(self.update)
        self._photograph = PhotographPainter()
        self._levels: list[QImage] = []
        self._faces: list[Face] = []
        self._picked: Face | None = None
        self.frame = QuadFrame(central_quad(64, 64), (64, 64))
        self._first = self.frame.quad
        self._hovered: Face | None = None
        self._pressed: QPointF | None = None
        self._panned: QPointF | None = None
        Navigator(self, self.view)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Photograph with its faces"))

    @property
    def quad(self) -> Quad:
        """Where the frame is."""
        return self.frame.quad

    @property
    def faces(self) -> list[Face]:
        """The faces that are shown."""
        return list(self._faces)

    @property
    def picked(self) -> Face | None:
        """The face that the frame belongs to; None if it was placed by hand."""
        return self._picked

    def show_photograph(self, pixels: NDArray[np.uint8], quad: Quad | None) -> None:
        """Show an (H, W, 3) uint8 RGB photograph with its quad; None puts one in the middle."""
        height, width = pixels.shape[:2]
        self._photograph.set_image(image_of(pixels))
        self._levels = face_marks.halved_levels(self._photograph.image)
        self._first = quad or central_quad(width, height)
        self.frame = QuadFrame(self._first, (width, height))
        self._faces, self._picked, self._hovered = [], None, None
        self.view.set_picture(QSizeF(width, height))
        self._fit()
        self.update()

    def forget_photograph(self) -> None:
        """Free the memory that the photograph takes."""
        self._photograph.set_image(QImage())
        self._levels = []

    def show_faces(self, faces: list[Face]) -> None:
        """Show the faces that were found, the highest confidence first."""
        self._faces = list(faces)
        self._picked = next((face for face in faces if _is_near(face.quad, self.quad)), None)
        self.update()
        self.moved.emit()

    def pick(self, face: Face) -> None:
        """Put the frame around a face."""
        self._picked = face
        self.frame.put(face.quad)
        self._changed()

    def reset(self) -> None:
        """Move the frame back to the picked face, or to where it was first."""
        self.frame.put(self._first if self._picked is None else self._picked.quad)
        self._changed()

    def sizeHint(self) -> QSize:
        """Return a size at which faces can be recognised."""
        return QSize(720, 560)

    # Mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Grab a handle, the frame, or the photograph."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._pressed = event.position()
        if not self.frame.press(self._point(event.position()), self._reach()):
            self._panned = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag what is grabbed, or show what a press would do."""
        place = event.position()
        if self._pressed is None:
            self._hover(place)
        elif self._is_click(place):
            return
        elif self._panned is not None:
            self.view.pan_by(place - self._panned, QSizeF(self.size()))
            self._panned = place
        else:
            snap = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self.frame.drag(self._point(place), snap=snap)
            self._changed()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Release; a click without a drag picks the face under the pointer."""
        if event.button() != Qt.MouseButton.LeftButton or self._pressed is None:
            return
        clicked = self._is_click(event.position())
        held = self.frame.grip
        self.frame.release()
        self._pressed = self._panned = None
        face = face_at(self._faces, self._point(event.position()))
        if clicked and held in {None, Grip.MOVE} and face is not None:
            self.pick(face)
        self._hover(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Accept the face under the pointer."""
        face = face_at(self._faces, self._point(event.position()))
        if event.button() == Qt.MouseButton.LeftButton and face is not None:
            self._pressed = None
            self.pick(face)
            self.accepted.emit()

    def leaveEvent(self, event: QEvent) -> None:
        """Highlight no face."""
        self._hovered = None
        self.update()
        super().leaveEvent(event)

    def _hover(self, place: QPointF) -> None:
        point = self._point(place)
        grip = self.frame.grip_at(point, self._reach())
        face = None if grip in {Grip.SCALE, Grip.TURN} else face_at(self._faces, point)
        if face is self._picked:
            face = None
        if face is not None:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        else:
            self.setCursor(Qt.CursorShape.OpenHandCursor if grip is None else _CURSORS[grip])
        if face is not self._hovered:
            self._hovered = face
            self.update()

    def _is_click(self, place: QPointF) -> bool:
        pressed = self._pressed or place
        still = self._panned in (None, self._pressed) and not self.frame.has_moved
        return still and (place - pressed).manhattanLength() <= _CLICK

    # Keys

    def event(self, event: QEvent) -> bool:
        """Take the keys of this view before any shortcut of the window does."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            others = event.modifiers() & ~(
                Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
            )
            if not others and event.key() in self._commands():
                event.accept()
                return True
        return super().event(event)

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: A002, FBT001, ARG002 - Qt's own
        """Keep Tab, which goes from face to face."""
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move, rotate or scale the frame, go from face to face, accept or leave."""
        shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        command = self._commands(_FAR if shift else 1).get(event.key())
        if command is None:
            super().keyPressEvent(event)
        else:
            command()

    def _commands(self, far: int = 1) -> dict[int, Callable[[], object]]:
        """Return what each key does; `far` multiplies the steps of the frame."""
        key, frame, adjust = Qt.Key, self.frame, self._adjust
        step, angle, size = far * _NUDGE / self._zoom(), far * TURN, _GROW**far
        zoom = partial(self.view.zoom_by, viewport=QSizeF(self.size()))
        return {
            key.Key_Left: partial(adjust, frame.move, -step, 0),
            key.Key_Right: partial(adjust, frame.move, step, 0),
            key.Key_Up: partial(adjust, frame.move, 0, -step),
            key.Key_Down: partial(adjust, frame.move, 0, step),
            **dict.fromkeys((key.Key_Comma, key.Key_Less), partial(adjust, frame.turn, -angle)),
            **dict.fromkeys((key.Key_Period, key.Key_Greater), partial(adjust, frame.turn, angle)),
            **dict.fromkeys(
                (key.Key_BracketLeft, key.Key_BraceLeft), partial(adjust, frame.scale, 1 / size)
            ),
            **dict.fromkeys(
                (key.Key_BracketRight, key.Key_BraceRight), partial(adjust, frame.scale, size)
            ),
            **dict.fromkeys((key.Key_Return, key.Key_Enter), self.accepted.emit),
            key.Key_Escape: self._escape,
            key.Key_Tab: partial(self._step, 1),
            key.Key_Backtab: partial(self._step, -1),
            key.Key_Home: self.reset,
            key.Key_0: self._fit,
            key.Key_Plus: partial(zoom, ZOOM_PER_NOTCH),
            key.Key_Minus: partial(zoom, 1 / ZOOM_PER_NOTCH),
        }

    def _adjust(self, change: Callable[..., None], *amounts: float) -> None:
        change(*amounts)
        self._changed()

    def _escape(self) -> None:
        """Undo the unfinished gesture; without one, leave."""
        self._pressed = self._panned = None
        if self.frame.cancel():
            self._changed()
        else:
            self.left.emit()

    def _fit(self) -> None:
        """Show the whole photograph, and all handles of the frame."""
        self.view.fit()
        shown = self._transform().inverted()[0].mapRect(QRectF(self.rect()))
        if not shown.contains(self._handles()):
            both = self._handles().united(QRectF(QPointF(0, 0), self.view.picture))
            zoom = min(self.width() / both.width(), self.height() / both.height()) * FIT_MARGIN
            self.view.look_at(both.center(), zoom)

    def _handles(self) -> QRectF:
        """Return the bounding box of the frame and its knob, in the photograph."""
        frame = face_marks.frame_polygon(self.quad, QTransform()).boundingRect()
        reach = self._reach()
        knob = QRectF(0, 0, 2 * reach, 2 * reach)
        knob.moveCenter(QPointF(*self.frame.knob(reach)))
        return frame.united(knob)

    def _step(self, step: int) -> None:
        """Pick the next face, in the order of their confidence."""
        if self._faces:
            place = -1 if self._picked is None else self._faces.index(self._picked)
            if self._picked is None and step < 0:
                place = 0
            self.pick(self._faces[(place + step) % len(self._faces)])

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw photograph, faces, frame and the crop to come."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), self.palette().color(QPalette.ColorRole.Dark))
        if not self._levels:
            return
        transform = self._transform()
        whole = QRectF(QPointF(0, 0), self.view.picture)
        self._photograph.paint(painter, transform, whole, self.devicePixelRatioF())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        face_marks.draw_shade(painter, QRectF(self.rect()), self.quad, transform)
        for face in self._faces[::-1]:
            if face is not self._picked:
                face_marks.draw_face(painter, face, transform, lit=face is self._hovered)
        accent = self.palette().color(QPalette.ColorRole.Link)
        face_marks.draw_frame(painter, self.frame, transform, accent, self._picked)
        face_marks.draw_preview(painter, self._levels, self.quad, self._preview_place())
        painter.end()

    def _preview_place(self) -> QRectF:
        """Return the lower corner that is further from the frame."""
        side = min(face_marks.PREVIEW, self.width() / 3, self.height() / 3)
        top = self.height() - side - face_marks.MARGIN
        middle = self._transform().map(QPointF(*self.quad.centre)).x()
        on_left = middle > self.width() / 2
        left = face_marks.MARGIN if on_left else self.width() - side - face_marks.MARGIN
        return QRectF(left, top, side, side)

    def _changed(self) -> None:
        self.update()
        self.moved.emit()

    # Where things are

    def _transform(self) -> QTransform:
        return self.view.transform(QSizeF(self.size()))

    def _zoom(self) -> float:
        return self.view.zoom(QSizeF(self.size()))

    def _reach(self) -> float:
        return face_marks.REACH / self._zoom()

    def _point(self, place: QPointF) -> Point:
        """Return the photograph's point under a point of the widget, in quad coordinates."""
        point = self.view.to_picture(place, QSizeF(self.size()))
        return point.x() - 0.5, point.y() - 0.5


def _is_near(first: Quad, second: Quad) -> bool:
    return bool(abs(first.points - second.points).max() <= _SAME * second.side)
