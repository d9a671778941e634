"""Docks with slim title bars, and the area that arranges the panes with them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QToolButton,
    QWidget,
)

from e4s_studio.gui.theme import name_icon
from e4s_studio.gui.widgets.layouts import ElidedLabel

if TYPE_CHECKING:
    from PySide6.QtCore import QByteArray
    from PySide6.QtGui import QMouseEvent

_EDGES = Qt.Orientation


class Arrangement(StrEnum):
    """A ready-made arrangement of the panes."""

    PAINT = "paint"
    EVEN = "even"
    COMPARE = "compare"


class PaneArea(QMainWindow):
    """The panes, each in a dock, in the middle of the window.

    Signals
    -------
    maximised(bool)
        Whether one pane fills the area now.
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
        """Add a pane under `name`, to the right of the others."""
        dock = TitledDock(self, title, f"{name}Pane", pane, can_maximise=True)
        dock.title_bar.maximise_asked.connect(lambda: self.toggle_maximised(name))
        self.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock, _EDGES.Horizontal)
        self.docks[name] = dock
        return dock

    def title_bar(self, name: str) -> TitleBar:
        """Return the title bar of a pane."""
        return self.docks[name].title_bar

    def arrange(self, arrangement: Arrangement) -> None:
        """Arrange the panes; hidden panes are shown again."""
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
        """Whether one pane fills the area."""
        return self._before is not None

    def toggle_maximised(self, name: str) -> None:
        """Let a pane fill the area, or restore all panes."""
        if self.is_maximised:
            self.restore_maximised()
            return
        self._before = self.saveState()
        for other, dock in self.docks.items():
            dock.setVisible(other == name)
        self.maximised.emit(True)

    def restore_maximised(self) -> None:
        """Restore the panes as they were before one was maximised."""
        before, self._before = self._before, None
        if before is not None:
            self.maximised.emit(False)
            # The panes get their sizes back only if the area has its former size first.
            layout = self.window().layout()
            if layout is not None:
                layout.activate()
            self.restoreState(before)

    def pane_at_cursor(self) -> str:
        """Return the name of the pane under the cursor, else of the focused one."""
        # Panes that moved under a resting pointer have received no event.
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


class TitleBar(QWidget):
    """The slim title bar of a dock: its name, a detail, and buttons.

    Parameters
    ----------
    dock
        The dock.
    can_maximise
        Whether it has a button that maximises the dock.

    Signals
    -------
    maximise_asked()
        The button was clicked, or the bar double-clicked.
    """

    maximise_asked = Signal()

    def __init__(self, dock: QDockWidget, *, can_maximise: bool = False) -> None:
        super().__init__(dock)
        self.setObjectName("titleBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._can_maximise = can_maximise
        name = QLabel(dock.windowTitle(), self)
        self.detail = ElidedLabel(self)
        self.detail.setObjectName("detail")
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(6, 2, 3, 2)
        self.row.setSpacing(2)
        self.row.addWidget(name)
        self.row.addWidget(self.detail, 1)
        if can_maximise:
            button = self._button("maximise", self.tr("Give this pane the whole window, and back"))
            button.clicked.connect(self.maximise_asked)
        close = self._button("close", self.tr("Hide; the View menu brings it back"))
        close.clicked.connect(dock.close)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Maximise a pane; Qt handles other docks."""
        if self._can_maximise:
            self.maximise_asked.emit()
        else:
            super().mouseDoubleClickEvent(event)

    def insert(self, button: QToolButton) -> None:
        """Put a button of the pane to the left of the others."""
        button.setIconSize(QSize(16, 16))
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.row.insertWidget(2, button)

    def _button(self, icon: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setIconSize(QSize(14, 14))
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        name_icon(button, icon)
        self.row.addWidget(button)
        return button


class TitledDock(QDockWidget):
    """A dock with a slim title bar.

    Parameters
    ----------
    parent
        The main window.
    title
        The visible name.
    name
        The object name, under which the layout is stored.
    content
        The widget inside.
    can_maximise
        Whether the title bar has a button that maximises the dock.
    """

    def __init__(
        self,
        parent: QWidget,
        title: str,
        name: str,
        content: QWidget,
        *,
        can_maximise: bool = False,
    ) -> None:
        super().__init__(title, parent)
        self.setObjectName(name)
        self.setWidget(content)
        self.title_bar = TitleBar(self, can_maximise=can_maximise)
        self.setTitleBarWidget(self.title_bar)
