"""The view that all panes share (zoom, pan and mirror), and moving it with the mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QNativeGestureEvent, QTransform, QWheelEvent

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

SMALLEST_ZOOM: Final = 1 / 32
LARGEST_ZOOM: Final = 64.0
FIT_MARGIN: Final = 0.97
"""Part of a viewport that a fitted picture fills."""


ZOOM_PER_NOTCH: Final = 1.25
_NOTCH: Final = 120
"""Wheel angle of one notch, in eighths of a degree."""
_PRESSES: Final = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick)


class ViewTransform(QObject):
    """What part of a picture the panes show, how large, and whether mirrored.

    Each pane passes its own viewport (its size in logical pixels), so that panes of different
    sizes show the same picture point at their centre at the same zoom; while the view is fitted,
    each pane fits the picture into itself.

    The zoom is in logical screen pixels per picture pixel. Picture points are in image
    coordinates of the aligned crop, whatever the resolution of what a pane draws there.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._picture = QSizeF(1024, 1024)
        self._centre = QPointF(512, 512)
        self._zoom = 1.0
        self._fitted = True
        self._mirrored = False

    @property
    def picture(self) -> QSizeF:
        """The picture's size in its own pixels."""
        return QSizeF(self._picture)

    @property
    def is_fitted(self) -> bool:
        """Whether every pane fits the picture into itself."""
        return self._fitted

    @property
    def is_mirrored(self) -> bool:
        """Whether left and right are exchanged on the screen."""
        return self._mirrored

    def set_picture(self, size: QSizeF) -> None:
        """Take the size of a new picture, and fit it if the size is another one."""
        if size != self._picture and not size.isEmpty():
            self._picture = QSizeF(size)
            self._centre = QPointF(size.width() / 2, size.height() / 2)
            self._fitted = True
            self.changed.emit()

    def zoom(self, viewport: QSizeF) -> float:
        """Return the zoom in a viewport."""
        if not self._fitted:
            return self._zoom
        across = viewport.width() / self._picture.width()
        down = viewport.height() / self._picture.height()
        # A pane without a layout has no size, but its transform must be invertible.
        return max(min(across, down) * FIT_MARGIN, 1e-6)

    def transform(self, viewport: QSizeF) -> QTransform:
        """Return the transform from picture points to a viewport's points."""
        zoom = self.zoom(viewport)
        transform = QTransform()
        transform.translate(viewport.width() / 2, viewport.height() / 2)
        transform.scale(-zoom if self._mirrored else zoom, zoom)
        transform.translate(-self._centre.x(), -self._centre.y())
        return transform

    def to_picture(self, point: QPointF, viewport: QSizeF) -> QPointF:
        """Return the picture point under a viewport's point."""
        back, _ = self.transform(viewport).inverted()
        return back.map(point)

    def to_viewport(self, rectangle: QRectF, viewport: QSizeF) -> QRectF:
        """Return where a rectangle of the picture lies in a viewport."""
        return self.transform(viewport).mapRect(rectangle)

    def fit(self) -> None:
        """Show the whole picture in every pane."""
        self._fitted = True
        self._centre = QPointF(self._picture.width() / 2, self._picture.height() / 2)
        self.changed.emit()

    def set_zoom(self, zoom: float, viewport: QSizeF, about: QPointF | None = None) -> None:
        """Zoom so that the picture point under `about` stays there.

        Parameters
        ----------
        zoom
            Logical pixels per picture pixel; kept within the limits.
        viewport
            The size of the pane that zooms.
        about
            A point of the viewport; its centre by default.
        """
        middle = QPointF(viewport.width() / 2, viewport.height() / 2)
        fixed = middle if about is None else about
        held = self.to_picture(fixed, viewport)
        self._zoom, self._fitted = _limited(zoom), False
        moved = self.to_picture(fixed, viewport) - held
        self._set_centre(self._centre - moved)

    def zoom_by(self, factor: float, viewport: QSizeF, about: QPointF | None = None) -> None:
        """Zoom by a factor about a viewport's point, its centre by default."""
        self.set_zoom(self.zoom(viewport) * factor, viewport, about)

    def look_at(self, point: QPointF, zoom: float) -> None:
        """Show a picture point in the middle of every pane.

        Parameters
        ----------
        point
            In image coordinates.
        zoom
            Logical pixels per picture pixel; kept within the limits.
        """
        self._zoom, self._fitted = _limited(zoom), False
        self._set_centre(point)

    def show_actual_size(self, device_pixel_ratio: float, viewport: QSizeF) -> None:
        """Show one picture pixel on one pixel of the screen."""
        self.set_zoom(1 / device_pixel_ratio, viewport)

    def pan_by(self, delta: QPointF, viewport: QSizeF) -> None:
        """Move the picture by logical pixels. Its centre never leaves the picture."""
        zoom = self.zoom(viewport)
        self._zoom, self._fitted = zoom, False
        across = -delta.x() if self._mirrored else delta.x()
        self._set_centre(self._centre - QPointF(across / zoom, delta.y() / zoom))

    def set_mirrored(self, mirrored: bool) -> None:  # noqa: FBT001 - a slot of a toggled signal
        """Exchange left and right on the screen; the picture itself stays as it is."""
        if mirrored != self._mirrored:
            self._mirrored = mirrored
            self.changed.emit()

    def _set_centre(self, centre: QPointF) -> None:
        self._centre = QPointF(
            min(max(centre.x(), 0.0), self._picture.width()),
            min(max(centre.y(), 0.0), self._picture.height()),
        )
        self.changed.emit()


def _limited(zoom: float) -> float:
    return min(max(zoom, SMALLEST_ZOOM), LARGEST_ZOOM)


class Navigator(QObject):
    """Turns a pane's wheel, middle-button drags and pinches into changes of its view.

    It is an event filter of the pane, its parent: the wheel zooms about the cursor, the middle
    button pans, a pinch zooms. `pan_button` is a second button that pans. `view` is what it
    moves; a pane may replace it.

    Signals
    -------
    panned(QPointF)
        The pointer pans and is at this point of the pane.
    """

    panned = Signal(QPointF)

    def __init__(self, pane: QWidget, view: ViewTransform) -> None:
        super().__init__(pane)
        self._pane = pane
        self.view = view
        self._last: QPointF | None = None
        self._held = Qt.MouseButton.NoButton
        self.pan_button = Qt.MouseButton.MiddleButton
        pane.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the events that navigate and leave all others to the pane."""
        if isinstance(event, QWheelEvent):
            return self._wheel(event)
        if isinstance(event, QMouseEvent):
            return self._mouse(event)
        if isinstance(event, QNativeGestureEvent):
            return self._pinch(event)
        return super().eventFilter(watched, event)

    @property
    def viewport(self) -> QSizeF:
        """The pane's size in logical pixels."""
        return QSizeF(self._pane.size())

    def _wheel(self, event: QWheelEvent) -> bool:
        notches = event.angleDelta().y() / _NOTCH
        if notches:
            self.view.zoom_by(ZOOM_PER_NOTCH**notches, self.viewport, event.position())
        event.accept()
        return True

    def _pinch(self, event: QNativeGestureEvent) -> bool:
        if event.gestureType() is not Qt.NativeGestureType.ZoomNativeGesture:
            return False
        self.view.zoom_by(1 + event.value(), self.viewport, event.position())
        return True

    def _mouse(self, event: QMouseEvent) -> bool:
        kind = event.type()
        if kind in _PRESSES and self._last is None:
            if event.button() in (Qt.MouseButton.MiddleButton, self.pan_button):
                self._last, self._held = event.position(), event.button()
                return True
            return False
        if self._last is None:
            return False
        if kind is QEvent.Type.MouseMove:
            self.view.pan_by(event.position() - self._last, self.viewport)
            self._last = event.position()
            self.panned.emit(self._last)
        elif kind is QEvent.Type.MouseButtonRelease and event.button() is self._held:
            self._last = None
        return True
