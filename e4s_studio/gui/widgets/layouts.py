"""Rows and columns of widgets, and the labels that dialogs and docks have in common."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtGui import QPaintEvent
    from PySide6.QtWidgets import QLayout

    Item = QWidget | QLayout | int | None | tuple[QWidget | QLayout, int]
    Margins = tuple[int, int, int, int]


def row(*items: Item, margins: Margins | None = None, spacing: int | None = None) -> QBoxLayout:
    """Return a layout from left to right.

    Parameters
    ----------
    items
        Widgets and layouts, each alone or with its stretch factor; a number is a space in logical
        pixels, None is a space that stretches.
    margins
        Left, top, right and bottom, in logical pixels; None for the style's.
    spacing
        Between the items, in logical pixels; None for the style's.
    """
    return _filled(QHBoxLayout(), items, margins, spacing)


def column(*items: Item, margins: Margins | None = None, spacing: int | None = None) -> QBoxLayout:
    """Return a layout from top to bottom; the parameters are those of `row`."""
    return _filled(QVBoxLayout(), items, margins, spacing)


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


def _filled(
    layout: QBoxLayout, items: Iterable[Item], margins: Margins | None, spacing: int | None
) -> QBoxLayout:
    if margins is not None:
        layout.setContentsMargins(*margins)
    if spacing is not None:
        layout.setSpacing(spacing)
    for each in items:
        item, stretch = each if isinstance(each, tuple) else (each, 0)
        if item is None:
            layout.addStretch(1)
        elif isinstance(item, int):
            layout.addSpacing(item)
        elif isinstance(item, QWidget):
            layout.addWidget(item, stretch)
        else:
            layout.addLayout(item, stretch)
    return layout
