"""The area that arranges the panes: each can be moved, hidden, or given the whole area."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QWidget

from e4s_studio.gui.widgets.title_bar import TitleBar, TitledDock

if TYPE_CHECKING:
    from PySide6.QtCore import QByteArray

_EDGES = Qt.Orientation


class Arrangement(StrEnum):
    """A ready-made arrangement of the panes."""

    PAINT = "paint"
    EVEN = "even"
    COMPARE = "compare"


class PaneArea(QMainWindow):
    """Panes in docks of their own, inside the window.

    Signals
    -------
    maximised(bool)
        Whether one pane has the whole area now.
    """

    maximised = Signal(bool)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowFlags(Qt.WindowType.Widget)
        self.setDockNestingEnabled(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.docks: dict[str, TitledDock] = {}
        self._before: QByteArray | None = None

    def add_pane(self, name: str, title: str, pane: QWidget) -> TitledDock:
        """Add a pane under `name`, right of those that are there."""
        dock = TitledDock(self, title, f"{name}Pane", pane, can_maximise=True)
        dock.title_bar.maximise_asked.connect(lambda: self.toggle_maximised(name))
        self.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock, _EDGES.Horizontal)
        self.docks[name] = dock
        return dock

    def title_bar(self, name: str) -> TitleBar:
        """Return the title bar of a pane."""
        return self.docks[name].title_bar

    def arrange(self, arrangement: Arrangement) -> None:
        """Take a ready-made arrangement; panes that were hidden come back."""
        self.restore_maximised()
        source, canvas, result = (self.docks[name] for name in ("source", "canvas", "result"))
        for dock in (source, canvas, result):
            dock.setFloating(False)
            self.removeDockWidget(dock)
        if arrangement is Arrangement.EVEN:
            self._put_in_row(source, canvas, result)
        elif arrangement is Arrangement.PAINT:
            self._put_large(canvas, result, source)
        else:
            self._put_large(result, canvas, source)

    @property
    def is_maximised(self) -> bool:
        """Whether one pane has the whole area."""
        return self._before is not None

    def toggle_maximised(self, name: str) -> None:
        """Give a pane the whole area, or put all panes back."""
        if self.is_maximised:
            self.restore_maximised()
            return
        self._before = self.saveState()
        for other, dock in self.docks.items():
            dock.setVisible(other == name)
        self.maximised.emit(True)

    def restore_maximised(self) -> None:
        """Put all panes back where they were before one was maximised."""
        before, self._before = self._before, None
        if before is not None:
            self.maximised.emit(False)
            # Only in the room that was there before do the panes get their sizes back.
            layout = self.window().layout()
            if layout is not None:
                layout.activate()
            self.restoreState(before)

    def pane_at_cursor(self) -> str:
        """Return the name of the pane under the cursor, else of the one with the focus."""
        # Where panes moved under a pointer that rests, no event has told them so.
        pointed = QApplication.widgetAt(QCursor.pos())
        for name, dock in self.docks.items():
            if pointed is not None and dock.isAncestorOf(pointed):
                return name
        focused = [name for name, dock in self.docks.items() if _has_focus(dock)]
        return focused[0] if focused else "canvas"

    def _put_in_row(self, *docks: QDockWidget) -> None:
        for dock in docks:
            self.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock, _EDGES.Horizontal)
            dock.show()
        self.resizeDocks(list(docks), [self.width() // 3] * len(docks), _EDGES.Horizontal)

    def _put_large(self, large: QDockWidget, upper: QDockWidget, lower: QDockWidget) -> None:
        self.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, large, _EDGES.Horizontal)
        self.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, upper, _EDGES.Horizontal)
        self.splitDockWidget(upper, lower, _EDGES.Vertical)
        for dock in (large, upper, lower):
            dock.show()
        width = max(3, self.width())
        self.resizeDocks([large, upper], [width * 3 // 5, width * 2 // 5], _EDGES.Horizontal)
        self.resizeDocks([upper, lower], [100, 100], _EDGES.Vertical)


def _has_focus(dock: QDockWidget) -> bool:
    focused = dock.window().focusWidget()
    return focused is not None and dock.isAncestorOf(focused)
