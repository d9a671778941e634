"""One region's row: colour, name, texture amount, shape, eye and lock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QToolButton, QWidget

from e4s_studio.core.regions import SWAPPED_TEXTURE, Region
from e4s_studio.core.settings import ShapeSource
from e4s_studio.gui.icons import name_icon
from e4s_studio.gui.names import region_name
from e4s_studio.gui.widgets.slider import Slider

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QMouseEvent

SWATCH: Final = 16
VALUE_WIDTH: Final = 40
SHAPE_WIDTH: Final = 20
BUTTON_WIDTH: Final = 20
SPACING: Final = 3
HEIGHT: Final = 26


class RegionRow(QWidget):
    """The controls of one region.

    Signals
    -------
    amount_edited(int, int)
        The new amount in percent and the number of the gesture.
    amount_released()
        The gesture is over.
    shape_chosen(ShapeSource), eye_toggled(bool), lock_toggled(bool), chosen()
        The artist's other wishes.
    """

    amount_edited = Signal(int, int)
    amount_released = Signal()
    shape_chosen = Signal(object)
    eye_toggled = Signal(bool)
    lock_toggled = Signal(bool)
    chosen = Signal()
    stepped = Signal(int)

    def __init__(self, region: Region, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.region = region
        self.setObjectName("regionRow")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(HEIGHT)
        self.slider = self._make_slider()
        self.value = _fixed_label("", VALUE_WIDTH, Qt.AlignmentFlag.AlignRight)
        self.shapes = self._make_shapes()
        self.eye = self._make_toggle("eye", "eye-off")
        self.lock = self._make_toggle("unlock", "lock")
        self.eye.setToolTip(self.tr("Hide this region's overlay on the canvas"))
        self.lock.setToolTip(self.tr("Lock: no tool changes this region"))
        name = region_name(region)
        self.eye.setAccessibleName(self.tr("Hide {0}").format(name))
        self.lock.setAccessibleName(self.tr("Lock {0}").format(name))
        for button in self.shapes.values():
            button.setAccessibleName(f"{name}: {button.toolTip()}")
        self.eye.toggled.connect(self.eye_toggled)
        self.lock.toggled.connect(self.lock_toggled)
        self._lay_out()

    def show_amount(self, amount: float) -> None:
        """Show a texture amount, 0 to 1."""
        percent = round(amount * 100)
        self.slider.show_value(percent)
        self.value.setText(self.tr("{0} %").format(percent))

    def show_shape(self, shape: ShapeSource) -> None:
        """Show where the region's shape comes from."""
        self.shapes[shape].setChecked(True)

    def show_chosen(self, *, chosen: bool) -> None:
        """Show whether the tools paint with this region."""
        if bool(self.property("chosen")) != chosen:
            self.setProperty("chosen", chosen)
            self.style().unpolish(self)
            self.style().polish(self)

    def show_eye(self, *, hidden: bool) -> None:
        """Show whether the region's overlay is hidden."""
        _set_quietly(self.eye, checked=hidden)

    def show_lock(self, *, locked: bool) -> None:
        """Show whether the region is locked."""
        _set_quietly(self.lock, checked=locked)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Paint with this region."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go to the row above or below; Enter chooses the region."""
        key = Qt.Key(event.key())
        if key in {Qt.Key.Key_Up, Qt.Key.Key_Down}:
            self.stepped.emit(1 if key == Qt.Key.Key_Down else -1)
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.chosen.emit()
        else:
            super().keyPressEvent(event)

    def _make_slider(self) -> Slider:
        slider = Slider(0, 100, 100 * (self.region in SWAPPED_TEXTURE), self)
        slider.setAccessibleName(self.tr("{0} texture").format(region_name(self.region)))
        slider.setToolTip(
            self.tr(
                "Texture amount: left is the target's, right the source's.\n"
                "Double-click resets, the wheel moves by 5."
            )
        )
        slider.edited.connect(self._amount_edited)
        slider.released.connect(self.amount_released)
        return slider

    def _make_shapes(self) -> dict[ShapeSource, QToolButton]:
        texts = {
            ShapeSource.TARGET: (self.tr("T"), self.tr("Shape as in the target")),
            ShapeSource.SOURCE: (self.tr("S"), self.tr("Shape as in the source")),
            ShapeSource.PAINTED: (self.tr("P"), self.tr("Shape as painted by hand")),
        }
        group = QButtonGroup(self)
        buttons = {}
        for shape, (text, tip) in texts.items():
            button = QToolButton(self)
            button.setObjectName("shape")
            button.setCheckable(True)
            button.setText(text)
            button.setToolTip(tip)
            button.setFixedSize(SHAPE_WIDTH, 20)
            button.clicked.connect(lambda _on, chosen=shape: self.shape_chosen.emit(chosen))
            group.addButton(button)
            buttons[shape] = button
        return buttons

    def _make_toggle(self, name: str, checked: str) -> QToolButton:
        button = QToolButton(self)
        button.setCheckable(True)
        button.setIconSize(QSize(16, 16))
        button.setFixedSize(BUTTON_WIDTH, 22)
        name_icon(button, name, checked=checked)
        return button

    def _lay_out(self) -> None:
        swatch = QLabel(self)
        swatch.setFixedWidth(SWATCH + 2)
        swatch.setPixmap(swatch_picture(self.region, self.devicePixelRatioF()))
        name = _fixed_label(region_name(self.region), name_width(self), Qt.AlignmentFlag.AlignLeft)
        name.setToolTip(self.tr("Click to paint with this region"))
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 0, 4, 0)
        row.setSpacing(SPACING)
        row.addWidget(swatch)
        row.addWidget(name)
        row.addWidget(self.slider, 1)
        row.addWidget(self.value)
        row.addSpacing(4)
        shapes = QHBoxLayout()
        shapes.setSpacing(0)
        for button in self.shapes.values():
            shapes.addWidget(button)
        row.addLayout(shapes)
        row.addWidget(self.eye)
        row.addWidget(self.lock)

    def _amount_edited(self, percent: int, gesture: int) -> None:
        self.value.setText(self.tr("{0} %").format(percent))
        self.amount_edited.emit(percent, gesture)


def name_width(widget: QWidget) -> int:
    """Return the width that the longest region name needs in the font of `widget`."""
    metrics = widget.fontMetrics()
    return max(metrics.horizontalAdvance(region_name(region)) for region in Region) + 4


def swatch_picture(region: Region, scaling: float) -> QPixmap:
    """Return the region's palette colour as a rounded square, crisp at `scaling`."""
    side = round(SWATCH * scaling)
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(*region.colour))
    painter.setPen(QColor(128, 128, 128))
    inset = 0.5 + side / 16
    painter.drawRoundedRect(
        pixmap.rect().toRectF().adjusted(inset, inset, -inset, -inset), side / 6, side / 6
    )
    painter.end()
    pixmap.setDevicePixelRatio(scaling)
    return pixmap


def _fixed_label(text: str, width: int, alignment: Qt.AlignmentFlag) -> QLabel:
    label = QLabel(text)
    label.setObjectName("value")
    label.setMinimumWidth(width)
    label.setMaximumWidth(width)
    label.setAlignment(alignment | Qt.AlignmentFlag.AlignVCenter)
    return label


def _set_quietly(button: QToolButton, *, checked: bool) -> None:
    button.blockSignals(True)
    button.setChecked(checked)
    button.blockSignals(False)
