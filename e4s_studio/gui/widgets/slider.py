"""A slider whose gestures are single edits, and the rows of a dock that are made with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPalette, QPen
from PySide6.QtWidgets import QAbstractSlider, QHBoxLayout, QLabel, QSizePolicy, QWidget

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtGui import QKeyEvent, QMouseEvent, QPaintEvent, QWheelEvent

_KNOB: Final = 13
_GROOVE: Final = 4
_WHEEL_STEP: Final = 5
_WHEEL_NOTCH: Final = 120


_PADDING: Final = 8
"""Horizontal padding of a label in the style sheet."""


class Slider(QAbstractSlider):
    """A horizontal slider. One gesture (a drag, a key, a wheel notch) is one edit.

    Parameters
    ----------
    minimum, maximum
        The range of whole numbers.
    home
        The value that a double click (or Backspace) returns to.
    parent
        The widget that owns it.

    Signals
    -------
    edited(int, int)
        The artist changed the value: the new value and the number of the gesture. All moves of
        one drag carry one number. Values set by the program are not edits.
    released()
        The gesture is over.
    """

    edited = Signal(int, int)
    released = Signal()

    def __init__(
        self, minimum: int, maximum: int, home: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setOrientation(Qt.Orientation.Horizontal)
        self.setRange(minimum, maximum)
        self.setSingleStep(1)
        self.setPageStep(10)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.home = home
        self.mixed = False
        self._gesture = 0
        self._wheel = 0
        self.setValue(home)

    def show_value(self, value: int, *, mixed: bool = False) -> None:
        """Show `value` without reporting an edit; `mixed` if it stands for different values."""
        self.mixed = mixed
        self.blockSignals(True)
        self.setValue(value)
        self.blockSignals(False)
        self.update()

    def sizeHint(self) -> QSize:
        """Return a comfortable size."""
        return QSize(110, _KNOB + 7)

    def minimumSizeHint(self) -> QSize:
        """Return the smallest size for precise dragging."""
        return QSize(48, _KNOB + 5)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Start a drag at the cursor."""
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        self._gesture += 1
        self.setSliderDown(True)
        self._edit(self._value_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the cursor."""
        if self.isSliderDown():
            self._edit(self._value_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the drag."""
        if event.button() == Qt.MouseButton.LeftButton and self.isSliderDown():
            self.setSliderDown(False)
            self.released.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Return to the home value."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._step_to(self.home)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Move by five for each notch; the small steps of a touch pad add up."""
        self._wheel += event.angleDelta().y() or event.angleDelta().x()
        notches = int(self._wheel / _WHEEL_NOTCH)
        self._wheel -= notches * _WHEEL_NOTCH
        if notches:
            self._step_to(self.value() + notches * _WHEEL_STEP)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move by one or ten, to an end, or home."""
        steps = {
            Qt.Key.Key_Left: self.value() - self.singleStep(),
            Qt.Key.Key_Right: self.value() + self.singleStep(),
            Qt.Key.Key_PageDown: self.value() - self.pageStep(),
            Qt.Key.Key_PageUp: self.value() + self.pageStep(),
            Qt.Key.Key_Home: self.minimum(),
            Qt.Key.Key_End: self.maximum(),
            Qt.Key.Key_Backspace: self.home,
            Qt.Key.Key_Delete: self.home,
        }
        key = Qt.Key(event.key())
        if key in steps:
            self._step_to(steps[key])
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        """Draw the groove, its filled part and the knob."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        middle, knob = self.height() / 2, self.knob_x()
        left, right = _KNOB / 2, self.width() - _KNOB / 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(palette.color(QPalette.ColorRole.Mid))
        painter.drawRoundedRect(_bar(left, right, middle), _GROOVE / 2, _GROOVE / 2)
        painter.setBrush(self._filling())
        painter.drawRoundedRect(_bar(left, knob, middle), _GROOVE / 2, _GROOVE / 2)
        rim = QPalette.ColorRole.Link if self.hasFocus() else QPalette.ColorRole.Window
        painter.setPen(QPen(palette.color(rim), 2))
        ink = palette.color(QPalette.ColorRole.Text)
        painter.setBrush(palette.color(QPalette.ColorRole.Mid) if self.mixed else ink)
        painter.drawEllipse(QPointF(knob, middle), _KNOB / 2 - 1, _KNOB / 2 - 1)
        painter.end()

    def _filling(self) -> QColor:
        if not self.isEnabled():
            return self.palette().color(QPalette.ColorRole.Mid)
        return self.palette().color(QPalette.ColorRole.Link)

    def knob_x(self) -> float:
        """Return where the middle of the knob is, in pixels from the left edge."""
        share = (self.value() - self.minimum()) / (self.maximum() - self.minimum())
        return _KNOB / 2 + share * (self.width() - _KNOB)

    def _value_at(self, x: float) -> int:
        share = (x - _KNOB / 2) / max(1, self.width() - _KNOB)
        return self.minimum() + round(share * (self.maximum() - self.minimum()))

    def _step_to(self, value: int) -> None:
        self._gesture += 1
        self._edit(value)
        self.released.emit()

    def _edit(self, value: int) -> None:
        bounded = min(max(value, self.minimum()), self.maximum())
        if bounded == self.value() and not self.mixed:
            return
        self.mixed = False
        self.setValue(bounded)
        self.update()
        self.edited.emit(bounded, self._gesture)


def _bar(left: float, right: float, middle: float) -> QRectF:
    return QRectF(left, middle - _GROOVE / 2, right - left, _GROOVE)


class SliderRow(QWidget):
    """A named slider with its value at the right.

    Parameters
    ----------
    name
        The visible name.
    limits
        (minimum, maximum, home) as whole numbers.
    text
        Returns the text of a value.
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
        self.value.setFixedWidth(width + _PADDING)
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
        """Set the tool tip of all parts of the row."""
        for widget in (self.name, self.slider, self.value):
            widget.setToolTip(text)


def align_names(rows: Sequence[SliderRow]) -> None:
    """Give the names of `rows` one width, so that their sliders are aligned."""
    metrics = rows[0].name.fontMetrics()
    width = max(metrics.horizontalAdvance(row.name.text()) for row in rows)
    for row in rows:
        row.name.setFixedWidth(width + _PADDING)
