"""A sentence that went wrong, over the panes, where it does not stop the work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from e4s_studio.gui.icons import name_icon

if TYPE_CHECKING:
    from collections.abc import Callable

# Below the panes' title bars, whose names it must not cover.
MARGIN: Final = 38
SIDE: Final = 12
SHOWN_FOR_MS: Final = 12_000


class Notice(QFrame):
    """A card at the upper edge of `parent`, closed by its cross or by itself after a while.

    It waits while the pointer is on it, and for an artist who is elsewhere.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._room = parent
        self.setObjectName("notice")
        self.sentence = QLabel(self)
        self.sentence.setWordWrap(True)
        self.sentence.setTextFormat(Qt.TextFormat.PlainText)  # file names may look like markup
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
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SHOWN_FOR_MS)
        self._timer.timeout.connect(self._expire)
        parent.installEventFilter(self)
        self.hide()

    def say(self, sentence: str, offer: str = "", act: Callable[[], object] | None = None) -> None:
        """Show a sentence, in place of the last one.

        Parameters
        ----------
        sentence
            What the artist reads.
        offer
            What stands on a button beside it; no button where it is empty.
        act
            Called when that is clicked.
        """
        self.sentence.setText(sentence)
        self.offer.setText(offer)
        self.offer.setVisible(bool(offer))
        self._act = act
        self._place()
        self.show()
        self.raise_()
        self._timer.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay at the upper edge when the panes change size."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def _expire(self) -> None:
        """Go, unless it is being read, or nobody was there to read it."""
        if self.underMouse() or not self.isActiveWindow():
            self._timer.start()
        else:
            self.hide()

    def _take_offer(self) -> None:
        self.hide()
        if self._act is not None:
            self._act()

    def _place(self) -> None:
        room = self._room.rect()
        width = min(520, room.width() - 2 * SIDE)
        self.setFixedWidth(width)
        self.adjustSize()
        self.move((room.width() - width) // 2, MARGIN)
