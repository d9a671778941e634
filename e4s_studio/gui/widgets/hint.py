"""The first-start hint: three steps, over the panes, until it is closed."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

MARGIN: Final = 16


class Hint(QFrame):
    """A card at the lower edge of `parent`.

    Signals
    -------
    closed()
        The artist has read it.
    """

    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._room = parent
        self.setObjectName("hint")
        title = QLabel(self.tr("<b>Three steps to a swap</b>"), self)
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(7)
        for row, text in enumerate(self._steps()):
            number = QLabel(str(row + 1), self)
            number.setObjectName("step")
            number.setAlignment(Qt.AlignmentFlag.AlignCenter)
            words = QLabel(text, self)
            words.setTextFormat(Qt.TextFormat.RichText)
            grid.addWidget(number, row, 0)
            grid.addWidget(words, row, 1)
        close = QPushButton(self.tr("Start"), self)
        close.setObjectName("primary")
        close.setMinimumWidth(96)
        close.clicked.connect(self._close)
        self.button = close
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(10)
        column.addWidget(title)
        column.addLayout(grid)
        column.addLayout(foot)
        parent.installEventFilter(self)
        self.hide()

    def pop_up(self) -> None:
        """Show the card at its place."""
        self.adjustSize()
        self._place()
        self.show()
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay at the lower edge when the panes change size."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _steps(self) -> list[str]:
        return [
            self.tr("<b>Open</b> two photographs, or drop them on the source and target panes."),
            self.tr("<b>Paint</b> the map to change a shape; pick the region at the right."),
            self.tr("<b>Slide</b> each region between the target's and the source's texture."),
        ]

    def _close(self) -> None:
        self.hide()
        self.closed.emit()

    def _place(self) -> None:
        room = self._room.rect()
        self.move((room.width() - self.width()) // 2, room.height() - self.height() - MARGIN)
