"""Rows of a settings dock: a name, a slider, and its value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from e4s_studio.gui.widgets.slider import Slider

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


PADDING: Final = 8
"""Room that the style sheet takes around a label's text."""


class SliderRow(QWidget):
    """A named slider with its value at the right.

    Parameters
    ----------
    name
        What it sets.
    limits
        (minimum, maximum, home) as whole numbers.
    text
        How a value is written.
    parent
        The widget that owns it.
    """

    edited = Signal(int, int)
    released = Signal()

    def __init__(
        self,
        name: str,
        limits: tuple[int, int, int],
        text: Callable[[int], str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._text = text
        self.name = QLabel(name, self)
        self.slider = Slider(*limits, self)
        self.slider.setAccessibleName(name)
        self.value = QLabel(self)
        self.value.setObjectName("value")
        self.value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        width = max(self.value.fontMetrics().horizontalAdvance(text(end)) for end in limits)
        self.value.setFixedWidth(width + PADDING)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.name)
        row.addWidget(self.slider, 1)
        row.addWidget(self.value)
        self.slider.valueChanged.connect(lambda value: self.value.setText(text(value)))
        self.slider.edited.connect(self.edited)
        self.slider.released.connect(self.released)
        self.show_value(self.slider.value())

    def show_value(self, value: int) -> None:
        """Show `value` without reporting an edit."""
        self.slider.show_value(value)
        self.value.setText(self._text(value))

    def setToolTip(self, text: str) -> None:
        """Explain the setting, wherever the cursor rests on the row."""
        for widget in (self.name, self.slider, self.value):
            widget.setToolTip(text)


def align_names(rows: Sequence[SliderRow]) -> None:
    """Give the names of `rows` one width, so that their sliders start in one line."""
    metrics = rows[0].name.fontMetrics()
    width = max(metrics.horizontalAdvance(row.name.text()) for row in rows)
    for row in rows:
        row.name.setFixedWidth(width + PADDING)
