"""Mouse, pen and keys on the canvas, passed to the current tool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, QPointF, QSizeF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPointingDevice, QTabletEvent
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QLineEdit, QTextEdit

from e4s_studio.gui.tools.tool import Point, Pointer, ToolKind

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from e4s_studio.core.regions import Region
    from e4s_studio.gui.canvas.view import ViewTransform
    from e4s_studio.gui.tools.toolbox import Toolbox

_HOLDING: Final[dict[int, ToolKind]] = {
    Qt.Key.Key_Space: ToolKind.PAN,
    Qt.Key.Key_Alt: ToolKind.PICK,
}
"""Keys that switch to a tool for as long as they are held."""

_STEPS: Final[dict[int, QPointF]] = {
    Qt.Key.Key_Left: QPointF(-1, 0),
    Qt.Key.Key_Right: QPointF(1, 0),
    Qt.Key.Key_Up: QPointF(0, -1),
    Qt.Key.Key_Down: QPointF(0, 1),
}
_ENDING: Final = (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter)
_LONG_STEP: Final = 10
_WRITING: Final = (QLineEdit, QAbstractSpinBox, QTextEdit)


class CanvasInput(QObject):
    """Passes the events of a canvas to the current tool.

    The keyboard moves the pointer as well: arrow keys by one pixel, with Shift by ten, and Return
    clicks there. Return without such a move accepts what the tool proposes.

    Signals
    -------
    moved()
        The pointer moved or a gesture changed; the tool's preview may differ.
    pointed(object)
        The pointer is over this `Region`, or over none (None).
    """

    moved = Signal()
    pointed = Signal(object)

    def __init__(self, canvas: QWidget, toolbox: Toolbox, view: ViewTransform) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._toolbox = toolbox
        self._view = view
        self._on_screen: QPointF | None = None
        self._pressed = False
        self._stepped = False
        self._pointed: Region | None = None
        canvas.installEventFilter(self)

    @property
    def place(self) -> Point | None:
        """Where the pointer is, in image coordinates; None while it is outside the canvas."""
        if self._on_screen is None:
            return None
        point = self._view.to_picture(self._on_screen, self._viewport())
        return point.x(), point.y()

    def point_at(self, position: QPointF) -> None:
        """Note where the pointer is while no tool receives its events."""
        self._on_screen = QPointF(position)
        self.follow()

    def follow(self) -> None:
        """Update the pointer's place in the picture after the view has moved."""
        self._point()
        self.moved.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the events for the tools and leave all others."""
        if isinstance(event, QTabletEvent):
            return self._tablet(event)
        if isinstance(event, QMouseEvent):
            return self._mouse(event)
        if isinstance(event, QKeyEvent) and not self._toolbox.document.is_empty:
            return self._key(event)
        if event.type() is QEvent.Type.Enter:
            self._enter()
        elif event.type() is QEvent.Type.Leave and not self._pressed:
            self._on_screen = None
            self.follow()
        elif event.type() is QEvent.Type.FocusOut:
            self._toolbox.let_go()
        return super().eventFilter(watched, event)

    # Mouse and pen

    def _mouse(self, event: QMouseEvent) -> bool:
        pointer = self._pointer(event.position(), event.modifiers())
        self._stepped = False
        kind = event.type()
        if kind is QEvent.Type.MouseMove:
            if not event.buttons() & Qt.MouseButton.LeftButton:
                # The release went to a dialog or another window.
                self._release(pointer, event.modifiers())
            self._move(pointer)
        elif event.button() is not Qt.MouseButton.LeftButton:
            return False
        elif kind is QEvent.Type.MouseButtonPress:
            self._press(pointer, event.modifiers())
        elif kind is QEvent.Type.MouseButtonDblClick:
            self._press(pointer, event.modifiers())
            self._toolbox.tool.double_click(pointer)
        elif kind is QEvent.Type.MouseButtonRelease:
            self._release(pointer, event.modifiers())
        self.moved.emit()
        return True

    def _tablet(self, event: QTabletEvent) -> bool:
        """Take a pen's event; only for panning Qt turns it into a mouse event."""
        if self._toolbox.kind is ToolKind.PAN:
            event.ignore()
            return True
        pressure = event.pressure() if self._pressed or event.pressure() > 0 else 1.0
        pointer = self._pointer(event.position(), event.modifiers(), pressure)
        kind = event.type()
        if kind is QEvent.Type.TabletMove:
            self._move(pointer)
        elif event.button() is not Qt.MouseButton.LeftButton:
            return False
        elif kind is QEvent.Type.TabletPress:
            if event.pointerType() is QPointingDevice.PointerType.Eraser:
                self._toolbox.hold(ToolKind.ERASER)
            self._press(pointer, event.modifiers())
        elif kind is QEvent.Type.TabletRelease:
            self._release(pointer, event.modifiers())
            if event.pointerType() is QPointingDevice.PointerType.Eraser:
                self._toolbox.let_go()
        event.accept()
        self.moved.emit()
        return True

    def _press(self, pointer: Pointer, modifiers: Qt.KeyboardModifier) -> None:
        if self._toolbox.document.is_empty:
            return
        if modifiers & Qt.KeyboardModifier.AltModifier:
            self._toolbox.hold(ToolKind.PICK)
        self._pressed = True
        self._toolbox.reach_for(pointer)
        self._toolbox.tool.press(pointer)

    def _move(self, pointer: Pointer) -> None:
        if self._pressed:
            self._toolbox.tool.drag(pointer)
        else:
            self._toolbox.reach_for(pointer)
            self._toolbox.tool.hover(pointer)

    def _release(self, pointer: Pointer, modifiers: Qt.KeyboardModifier) -> None:
        if not self._pressed:
            return
        self._pressed = False
        self._toolbox.tool.release(pointer)
        if not modifiers & Qt.KeyboardModifier.AltModifier:
            self._let_go_of(ToolKind.PICK)
        if not self._canvas.rect().contains(QPointF(self._on_screen or QPointF()).toPoint()):
            self._on_screen = None

    def _pointer(
        self, position: QPointF, modifiers: Qt.KeyboardModifier, pressure: float = 1.0
    ) -> Pointer:
        self._on_screen = QPointF(position)
        self._point()
        place = self._view.to_picture(position, self._viewport())
        return Pointer(
            place.x(),
            place.y(),
            pressure=pressure,
            shift=bool(modifiers & Qt.KeyboardModifier.ShiftModifier),
            ctrl=bool(modifiers & Qt.KeyboardModifier.ControlModifier),
            scale=1 / self._view.zoom(self._viewport()),
            across=position.x(),
        )

    # Keys

    def _key(self, event: QKeyEvent) -> bool:
        key = event.key()  # an int: keyboards have keys that Qt.Key does not name
        if event.type() is QEvent.Type.ShortcutOverride:
            # During a gesture its own keys take precedence over the window's shortcuts.
            event.setAccepted(key in _ENDING and self._toolbox.tool.is_busy)
            return event.isAccepted()
        pressed = event.type() is QEvent.Type.KeyPress
        if key in _HOLDING:
            if not event.isAutoRepeat():
                self._hold(_HOLDING[key], pressed=pressed)
            return True
        taken = pressed and self._pressed_key(key, event.modifiers())
        if taken:
            self.moved.emit()
        return taken

    def _hold(self, kind: ToolKind, *, pressed: bool) -> None:
        if pressed:
            self._toolbox.hold(kind)
        else:
            self._let_go_of(kind)

    def _let_go_of(self, kind: ToolKind) -> None:
        if self._toolbox.kind is kind:
            self._toolbox.let_go()

    def _pressed_key(self, key: int, modifiers: Qt.KeyboardModifier) -> bool:
        if key == Qt.Key.Key_Escape:
            self._pressed = False
            return self._toolbox.tool.cancel()
        if key in _ENDING:
            moved, self._stepped = self._stepped, False
            return (not moved and self._toolbox.tool.accept()) or self._click(modifiers)
        if key in _STEPS:
            far = _LONG_STEP if modifiers & Qt.KeyboardModifier.ShiftModifier else 1
            self._step(_STEPS[key] * far)
            return True
        return False

    def _click(self, modifiers: Qt.KeyboardModifier) -> bool:
        if self._on_screen is None or self._pressed:
            return False
        pointer = self._pointer(self._on_screen, modifiers)
        self._press(pointer, modifiers)
        self._release(pointer, modifiers)
        return True

    def _step(self, step: QPointF) -> None:
        middle = QPointF(self._canvas.width() / 2, self._canvas.height() / 2)
        start = middle if self._on_screen is None else self._on_screen
        self._stepped = True
        self._move(self._pointer(start + step, Qt.KeyboardModifier.NoModifier))

    # Geometry

    def _viewport(self) -> QSizeF:
        return QSizeF(self._canvas.size())

    def _point(self) -> None:
        """Report which region the pointer is over."""
        place = self.place
        region = None
        if place is not None and not self._toolbox.document.is_empty:
            region = self._toolbox.region_at(*place)
        if region is not self._pointed:
            self._pointed = region
            self.pointed.emit(region)

    def _enter(self) -> None:
        """Take the focus when the pointer enters, unless a text field has it."""
        if not isinstance(QApplication.focusWidget(), _WRITING):
            self._canvas.setFocus(Qt.FocusReason.MouseFocusReason)
