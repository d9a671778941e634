"""The slim title of a pane or dock: its name, a detail, and buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QLabel, QToolButton, QWidget

from e4s_studio.gui.icons import name_icon
from e4s_studio.gui.widgets.elided import ElidedLabel

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent


class TitleBar(QWidget):
    """A title bar that drags its dock, as Qt's own does.

    Parameters
    ----------
    dock
        The dock that it heads.
    can_maximise
        Whether it has a button to give the dock the whole window.

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
        """Give a pane the whole window; leave other docks to Qt."""
        if self._can_maximise:
            self.maximise_asked.emit()
        else:
            super().mouseDoubleClickEvent(event)

    def insert(self, button: QToolButton) -> None:
        """Put a button of the pane's own left of the others."""
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
        The main window it belongs to.
    title
        What the artist reads.
    name
        The object name under which the layout is kept.
    content
        The widget inside.
    can_maximise
        Whether the title bar has a button to give the dock the whole window.
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
