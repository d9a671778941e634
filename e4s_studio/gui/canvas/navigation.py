"""Zooming and panning with the mouse, the same in every pane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, QPointF, QSizeF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QNativeGestureEvent, QWheelEvent

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from e4s_studio.gui.canvas.view import ViewTransform

ZOOM_PER_NOTCH: Final = 1.25
NOTCH: Final = 120
"""Wheel angle of one notch, in eighths of a degree."""

PRESSES: Final = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick)


class Navigator(QObject):
    """Turns a pane's wheel, middle-button drags and pinches into changes of its view.

    Install it as the pane's event filter (its parent becomes the pane): the wheel zooms about the
    cursor, the middle button pans, a pinch zooms. `pan_button` lets another button pan as well,
    while a pane's hand tool is on. `view` is what it moves; a pane may exchange it.

    Signals
    -------
    panned(QPointF)
        The pointer is at this point of the pane and pans.
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

    @property
    def is_panning(self) -> bool:
        """Whether a button is held and pans."""
        return self._last is not None

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
        notches = event.angleDelta().y() / NOTCH
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
        if kind in PRESSES and self._last is None:
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
