"""Cards over the panes: the first-start hint, and notices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from e4s_studio.gui.theme import name_icon
from e4s_studio.gui.widgets.layouts import sentence_label

if TYPE_CHECKING:
    from collections.abc import Callable

_FOOT: Final = 16
"""Logical pixels below the hint."""
_HEAD: Final = 38
"""Logical pixels above a notice: the panes' title bars stay visible."""
SIDE: Final = 12
_SHOWN_FOR_MS: Final = 12_000


class Card(QFrame):
    """A frame over `parent` that keeps its place when the parent changes size."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._room = parent
        parent.installEventFilter(self)
        self.hide()

    def pop_up(self) -> None:
        """Show the card at its place."""
        self.place()
        self.show()
        self.raise_()

    def place(self) -> None:
        """Move the card to its place over the parent."""
        raise NotImplementedError

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the place when the panes change size."""
        if event.type() == QEvent.Type.Resize and not self.isHidden():
            self.place()
        return super().eventFilter(watched, event)


class Hint(Card):
    """The first steps, at the lower edge, until the artist closes them.

    Signals
    -------
    closed()
        The artist has read it.
    """

    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
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
        self.button = QPushButton(self.tr("Start"), self)
        self.button.setObjectName("primary")
        self.button.setMinimumWidth(96)
        self.button.clicked.connect(self.hide)
        self.button.clicked.connect(self.closed)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(10)
        column.addWidget(title)
        column.addLayout(grid)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignRight)

    def place(self) -> None:
        """Move to the middle of the lower edge."""
        self.adjustSize()
        room = self._room.rect()
        self.move((room.width() - self.width()) // 2, room.height() - self.height() - _FOOT)

    def _steps(self) -> list[str]:
        return [
            self.tr("<b>Open</b> two photographs, or drop them on the source and target panes."),
            self.tr("<b>Paint</b> the map to change a shape; choose the region at the right."),
            self.tr("<b>Slide</b> each region between the target's and the source's texture."),
        ]


class Notice(Card):
    """A sentence at the upper edge, which does not interrupt the work.

    It is closed by its cross, or by its `timer`; that waits while the pointer is on the notice or
    another window is active.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self.sentence = sentence_label(self)
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.offer = QPushButton(self.tr("Go on"), self)
        self.offer.setObjectName("primary")
        self.offer.clicked.connect(self._take_offer)
        self._act: Callable[[], object] | None = None
        close = QToolButton(self)
        close.setIconSize(QSize(14, 14))
        close.setAutoRaise(True)
        close.setToolTip(self.tr("Close"))
        name_icon(close, "close")
        close.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 8, 8)
        row.addWidget(self.sentence, 1)
        row.addWidget(self.offer, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self.timer = QTimer(self)
        self.timer.setSingleShot(True)
        self.timer.setInterval(_SHOWN_FOR_MS)
        self.timer.timeout.connect(self._expire)

    def say(self, sentence: str, offer: str = "", act: Callable[[], object] | None = None) -> None:
        """Show a sentence in place of the last one.

        Parameters
        ----------
        sentence
            What the artist reads.
        offer
            The text of a button beside it; empty for no button.
        act
            Called when the button is clicked.
        """
        self.sentence.setText(sentence)
        self.offer.setText(offer)
        self.offer.setVisible(bool(offer))
        self._act = act
        self.pop_up()
        self.timer.start()

    def place(self) -> None:
        """Move to the middle of the upper edge."""
        room = self._room.rect()
        width = min(520, room.width() - 2 * SIDE)
        self.setFixedWidth(width)
        self.adjustSize()
        self.move((room.width() - width) // 2, _HEAD)

    def _expire(self) -> None:
        """Hide, unless the artist is reading it, or has not seen it in this window yet."""
        if self.underMouse() or not self.isActiveWindow():
            self.timer.start()
        else:
            self.hide()

    def _take_offer(self) -> None:
        self.hide()
        if self._act is not None:
            self._act()
