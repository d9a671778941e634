"""Labels: for text of any length, for sentences, for headings and hints."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QLabel, QSizePolicy

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent
    from PySide6.QtWidgets import QWidget


class ElidedLabel(QLabel):
    """Shows the beginning and the end of a text of any length; the tool tip shows all of it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def setText(self, text: str) -> None:
        """Show another text, without markup."""
        super().setText(text)
        self.setToolTip(f"<span>{html.escape(text)}</span>" if text else "")

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        """Draw what fits; file names differ at their ends."""
        painter, room = QPainter(self), self.contentsRect()
        text = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideMiddle, room.width()
        )
        role = self.foregroundRole()
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        self.style().drawItemText(
            painter, room, flags, self.palette(), self.isEnabled(), text, role
        )
        painter.end()


def sentence_label(parent: QWidget) -> QLabel:
    """Return an empty label that wraps and shows text without markup, file names included."""
    label = QLabel(parent)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def hint_label(text: str, parent: QWidget, width: int = 0) -> QLabel:
    """Return a faint explanation that wraps and asks for its height at `width`."""
    label = QLabel(text, parent)
    label.setObjectName("heading")
    label.setWordWrap(True)
    label.setMinimumWidth(width)
    return label
