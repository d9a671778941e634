"""What panes do by event filters: show that they have the keyboard focus, and take files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, QRect, Qt, Signal
from PySide6.QtGui import QColor, QDropEvent, QFocusEvent, QPainter, QPalette, QRegion
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

WIDTH: Final = 3
"""Width in logical pixels: two of the theme's colour, and an inner one that contrasts with it."""
_LINE: Final = 2

_BY_KEYS: Final = frozenset(
    {
        Qt.FocusReason.TabFocusReason,
        Qt.FocusReason.BacktabFocusReason,
        Qt.FocusReason.ShortcutFocusReason,
    }
)
_BACK_AGAIN: Final = frozenset(
    {
        Qt.FocusReason.ActiveWindowFocusReason,
        Qt.FocusReason.PopupFocusReason,
        Qt.FocusReason.MenuBarFocusReason,
    }
)
"""The focus was in another window or a menu meanwhile: the frame is as before."""


class FocusFrame(QWidget):
    """A frame over the edge of a pane that got the focus by the keyboard.

    With mouse or pen the artist knows where the focus is, and no colour beside the picture should
    disturb the view then. Buttons behave alike: only the keyboard gives them the focus.

    Parameters
    ----------
    pane
        The pane; it must have its other event filters already.
    """

    def __init__(self, pane: QWidget) -> None:
        super().__init__(pane)
        self._pane = pane
        self._came_by_keys = False
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        pane.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the pane's focus and size; the pane still gets the events."""
        kind = event.type()
        if isinstance(event, QFocusEvent):
            self._follow(event)
        elif kind in {QEvent.Type.MouseButtonPress, QEvent.Type.TabletPress}:
            self._came_by_keys = False
            self.hide()
        elif kind == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        """Draw two lines, one of which is visible on any picture."""
        colour = self.palette().color(QPalette.ColorRole.Accent)
        inside = self.rect().adjusted(_LINE, _LINE, -_LINE, -_LINE)
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour)
        painter.fillRect(inside, _opposite(colour))
        painter.end()

    def _follow(self, event: QFocusEvent) -> None:
        if event.gotFocus() and event.reason() not in _BACK_AGAIN:
            self._came_by_keys = event.reason() in _BY_KEYS
        if event.gotFocus() and self._came_by_keys:
            self._place()
            self.show()
            self.raise_()
        else:
            self.hide()

    def _place(self) -> None:
        whole = QRect(0, 0, self._pane.width(), self._pane.height())
        self.setGeometry(whole)
        # Without the mask, painting on the canvas would repaint the frame as well.
        self.setMask(QRegion(whole) - QRegion(whole.adjusted(WIDTH, WIDTH, -WIDTH, -WIDTH)))


def _opposite(colour: QColor) -> QColor:
    """Return black or white, whichever contrasts more with a colour."""
    red, green, blue = (part**2.2 for part in (colour.redF(), colour.greenF(), colour.blueF()))
    # Both contrast equally at a luminance of 0.18 (WCAG).
    is_light = 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18
    return QColor(Qt.GlobalColor.black if is_light else Qt.GlobalColor.white)


class Drops(QObject):
    """Takes the local files that are dropped on a widget.

    Signals
    -------
    dropped(list[Path])
        Files were dropped.
    """

    dropped = Signal(object)

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        widget.setAcceptDrops(True)
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take drags and drops of local files and leave all other events."""
        taken = {QEvent.Type.DragEnter, QEvent.Type.DragMove, QEvent.Type.Drop}
        if event.type() not in taken or not isinstance(event, QDropEvent):
            return super().eventFilter(watched, event)
        paths = _local_files(event)
        if not paths:
            event.ignore()
            return True
        event.acceptProposedAction()
        if event.type() == QEvent.Type.Drop:
            self.dropped.emit(paths)
        return True


def _local_files(event: QDropEvent) -> list[Path]:
    return [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
